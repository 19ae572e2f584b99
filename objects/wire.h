/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/json.h"
#include "objects/object.h"

/*
 * Objects <-> the versioned JSON of messages (ironic_object.name, .version, .data, .changes).
 */

/*
 * The object as message, backported to the version of the pinned release: fields that came
 * later are left out. Nested traits go as the TraitList version of that release.
 */
ci_must_check bool ci_wire_write(struct ci_ctx *ctx, const void *object, json_t **ret_value);

/* The same at a given minor version. Fails with IncompatibleObjectVersion above our own. */
ci_must_check bool ci_wire_write_at(struct ci_ctx *ctx, const void *object, int minor,
                                    json_t **ret_value);

/* Field number n alone, at our own version: a new reference of the caller's. */
ci_must_check bool ci_wire_field(struct ci_ctx *ctx, const void *object, size_t n,
                                 json_t **ret_value);

/* The frame of an object around its data, which is stolen: a new reference of the caller's. */
json_t *ci_wire_envelope(struct ci_ctx *ctx, const char *name, int major, int minor, json_t *data);

/* Which side of a call reads it: an older object's filled-in fields count as changed on a server.
 */
enum ci_wire_side { CI_WIRE_CLIENT, CI_WIRE_SERVER };

/*
 * Makes an object of a message; unknown fields are ignored. Fails with
 * IncompatibleObjectVersion, UnsupportedObjectError or Invalid.
 */
ci_must_check bool ci_wire_read(struct ci_ctx *ctx, const json_t *value, enum ci_wire_side side,
                                void *ret_object);

/*
 * The object of that type which a peer answered a call with. What is none is the peer's doing and
 * nobody's who asks us: it fails with IronicException, 500; IncompatibleObjectVersion stays.
 */
ci_must_check bool ci_wire_read_answer(struct ci_ctx *ctx, const json_t *value,
                                       const struct ci_type *type, void *ret_object);

/* Is this a message of an object? (Has ironic_object.name.) */
bool ci_wire_is_object(const json_t *value);
