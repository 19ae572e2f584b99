/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"

/*
 * PATCH bodies: which fields may be changed, in which version, and what comes out of it.
 */

/* The shape of every patch: JSON Schema as text. */
extern const char *const ci_patch_schema;

/* What a resource lets be patched. */
struct ci_patch_rules {
    const struct ci_type *type;
    const char *const *allowed; /* names in the order of Ironic's message; ends with NULL */
    const json_t *schema;       /* of the patched document: ci_schema_of_type() */
    bool versions_elsewhere;    /* the controller checks what the version has */
};

/*
 * Checks req->json as a patch: its shape, that it touches allowed fields only, and that the
 * version has what it sets (removing is not checked, as in Ironic). Fails with
 * InvalidParameterValue, Invalid or NotAcceptable.
 */
ci_must_check bool ci_patch_check(struct ci_request *req, const struct ci_patch_rules *rules);

/* The last value the patch gives the path ("/name"), or NULL. */
const json_t *ci_patch_value(const struct ci_request *req, const char *path);

/* Does any operation touch the path or what is below it? */
bool ci_patch_touches(const struct ci_request *req, const char *path);

/* Does the first one? Ironic asks no other where it asks for the version of what is patched. */
bool ci_patch_begins_with(const struct ci_request *req, const char *path);

/*
 * Applies the patch to the object's document, to which `more` (borrowed, may be NULL) adds what
 * is no field of it (chassis_uuid). Gives the result, pruned to the schema and checked by it.
 * Fails with PatchError, ClientSideError or InvalidParameterValue.
 */
ci_must_check bool ci_patch_apply(struct ci_request *req, const struct ci_patch_rules *rules,
                                  const void *object, const json_t *more, json_t **ret_document);

/* Sets in the object what differs in the document, and marks it changed. */
ci_must_check bool ci_patch_update(struct ci_request *req, const struct ci_patch_rules *rules,
                                   void *object, const json_t *document);

/*
 * Sets in a new object what the document of a create holds; members that are not fields are
 * left to the caller. Without a UUID it gets one. Fails with NotAcceptable for fields newer than
 * the version that are not null.
 */
ci_must_check bool ci_create_fill(struct ci_request *req, void *object, const json_t *document);

/*
 * Turns members that are to be boolean into true or false ("yes", "0", …), and checks that
 * members that are to be UUIDs are; absent and null ones are left alone. Names end with NULL.
 */
ci_must_check bool ci_document_bools(struct ci_request *req, json_t *document,
                                     const struct ci_type *type);
ci_must_check bool ci_document_uuids(struct ci_request *req, const json_t *document,
                                     const char *const *names);
/* Checks that the member, where it is there and no null, is a MAC address, and puts it in order. */
ci_must_check bool ci_document_mac(struct ci_request *req, json_t *document, const char *name);
