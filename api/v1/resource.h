/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/notify.h"
#include "api/patch.h"
#include "api/view.h"
#include "rpc/client.h"

/*
 * What belongs to a node and is changed by its conductor: ports, port groups, volume connectors
 * and volume targets. They are shown, created, patched and deleted in the same steps; a row of
 * struct ci_resource says in what they differ.
 */

/* Bodies as a release takes them whose newest version is that of its place; made on first use. */
#define CI_RESOURCE_VERSIONS 256
#define CI_RESOURCE_PATCHABLE 16
struct ci_resource_bodies {
    const char *patchable[CI_RESOURCE_PATCHABLE];
    struct ci_patch_rules rules; /* the schema is that of create, too */
};

/* What is done with a thing: the call, the argument that it is, and what listeners call it. */
struct ci_deed {
    enum ci_rpc_method method;
    const char *argument, *action;
};

struct ci_resource {
    const struct ci_view *view;
    const char *body;   /* what messages call it: "portgroup" */
    const char *path;   /* "/v1/portgroups" */
    bool has_name;      /* its identifier may be a name */
    bool patches_later; /* a patch may set what is newer than the version, or the caller looks */

    /* Bodies. */
    const struct ci_field_rule *fields;
    const char *const *required, *const *patchable; /* in the order of Ironic's message */
    int (*since)(const char *name); /* of members that are no fields; NULL: the field table's */
    void (*fit)(json_t *schema, int max); /* what else a release differs in; NULL: nothing */
    struct ci_resource_bodies *bodies;    /* CI_RESOURCE_VERSIONS of them */
    /* What the schema, which the document fits, does not say; may normalise. NULL: nothing. */
    bool (*check)(struct ci_request *req, json_t *document);

    /* Creating, where the API does it itself. */
    bool (*no_node)(struct ci_request *req, const char *uuid); /* fails: there is no such node */
    bool (*finish)(struct ci_request *req, void *object);      /* before it is stored; or NULL */
    bool (*create)(struct ci_ctx *ctx, void *object);
    /* Of a patch whose shape is sound, before anything is loaded; NULL: nothing. */
    bool (*check_patch)(struct ci_request *req);
    /* Of a patched object and its document, before a conductor is asked; NULL: nothing. */
    bool (*may_patch)(struct ci_request *req, const void *object, const struct ci_node *node,
                      const json_t *document);

    struct ci_deed update, destroy;
    /* What follows an update; NULL: nothing. */
    bool (*after_patch)(struct ci_request *req, const void *object, const struct ci_node *node);
};

/* The bodies of a release whose newest version is 1.max, and of the one that is served. */
const struct ci_patch_rules *ci_resource_rules(const struct ci_resource *resource, int max);
const struct ci_patch_rules *ci_resource_rules_of(const struct ci_request *req,
                                                  const struct ci_resource *resource);

/* Since which version a body may have the member. */
int ci_resource_since(const struct ci_resource *resource, const char *name);

/* The condition that finds a row by its identifier, which is $1. */
const char *ci_resource_where(const struct ci_resource *resource, const char *ident);

/* Answers with the one that the path names, or that UUID names. Fails with its NotFound. */
ci_must_check bool ci_resource_show(struct ci_request *req, const struct ci_resource *resource);
ci_must_check bool ci_resource_reply(struct ci_request *req, const struct ci_resource *resource,
                                     const char *uuid);

/* Loads the one that the path names, with its node. Fails with its NotFound. */
ci_must_check bool ci_resource_load(struct ci_request *req, const struct ci_resource *resource,
                                    void *ret_object, struct ci_node **ret_node);

/*
 * The node that a client named in a body (a text). Fails with NodeNotFound.
 */
ci_must_check bool ci_resource_node(struct ci_request *req, const json_t *ident,
                                    struct ci_node **ret_node);

/*
 * The node below which something is to be created. Whoever may not create it is told so with
 * HTTPForbidden before they learn whether the node is there; then NodeNotFound, as above.
 */
ci_must_check bool ci_resource_parent(struct ci_request *req, const json_t *ident,
                                      struct ci_node **ret_node);

/*
 * Puts the node that the patch moves the object to in place of *node; it must have the same
 * owner. Why it is refused is not said, so that nobody learns of nodes that are not theirs.
 */
ci_must_check bool ci_resource_move(struct ci_request *req, struct ci_node **node);

/* Sets in the object what the document says, and the number of its node. */
ci_must_check bool ci_resource_update(struct ci_request *req, const struct ci_resource *resource,
                                      void *object, const struct ci_node *node,
                                      const json_t *document);

/* Fails with ClientSideError (409) while the node is inspected, from the version that says so. */
ci_must_check bool ci_resource_check_inspecting(struct ci_request *req, const char *what,
                                                const char *uuid, const struct ci_node *node);

/* Hands the object to a conductor of the node, and tells listeners. */
ci_must_check bool ci_resource_send(struct ci_request *req, const struct ci_node *node,
                                    const struct ci_deed *deed, const void *object,
                                    const struct ci_told *told);

/* The whole of POST, PATCH and DELETE. */
ci_must_check bool ci_resource_create(struct ci_request *req, const struct ci_resource *resource);
ci_must_check bool ci_resource_patch(struct ci_request *req, const struct ci_resource *resource);
ci_must_check bool ci_resource_delete(struct ci_request *req, const struct ci_resource *resource);

/* Conditions of lists: things of this node; of nodes in one of the shards or conductor groups. */
ci_must_check bool ci_resource_of_node(struct ci_request *req, struct ci_filter *filter,
                                       const char *ident);
void ci_resource_of_nodes(const struct ci_request *req, struct ci_filter *filter);

/* A list parameter with something in it, or NULL. */
const char *const *ci_resource_words(const struct ci_request *req, const char *name);
