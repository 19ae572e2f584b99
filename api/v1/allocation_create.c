/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocations: create. A conductor writes them and looks for a node; a node that is in use may be
 * named instead, which gets its allocation afterwards (backfilling).
 */
#include <string.h>

#include "api/notify.h"
#include "api/policy.h"
#include "api/schema.h"
#include "api/v1/allocations.h"
#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/v1/views.h"
#include "api/version.h"
#include "base/config.h"
#include "base/ident.h"
#include "objects/wire.h"
#include "rpc/client.h"

#define CANDIDATES_MAX 1000

static bool check_traits(struct ci_request *req, const char *name, const json_t *document)
{
    const json_t *trait;
    size_t i;

    json_array_foreach(json_object_get(document, "traits"), i, trait)
    {
        if (!ci_schema_check_trait(req->ctx, name, json_string_value(trait)))
            return false;
    }
    return true;
}

/* What is said of the body before it is asked who may. */
static bool check_shape(struct ci_request *req, const json_t *document)
{
    static const char *const uuids[] = {"uuid", NULL};
    bool newer = ci_version_is_after_21_4(req->ctx);
    const char *name = newer ? NULL : "allocation";

    if (!ci_schema_check(req->ctx, ci_allocation_rules()->schema, name, document))
        return false;
    if (json_object_get(document, "node") && !ci_api_has(req, ALLOCATION_BACKFILL) && newer)
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "Schema error: Additional properties are not allowed ('node' was "
                            "unexpected)");
    return check_traits(req, name, document) && ci_document_uuids(req, document, uuids);
}

/* NULL for a text without a character, too. */
static const char *owner_of(const json_t *document)
{
    const char *owner = json_string_value(json_object_get(document, "owner"));

    return owner && owner[0] ? owner : NULL;
}

static bool check_owner_version(struct ci_request *req, const json_t *document)
{
    return !json_object_get(document, "owner") || ci_version_needs(req, CI_API_ALLOCATION_OWNER);
}

/* May the caller create it as it is: until the new defaults what is nobody's needs more. */
static bool may_create(struct ci_request *req, const json_t *document, bool new_defaults)
{
    return ci_policy_ask(req, "baremetal:allocation:create", NULL) &&
           check_owner_version(req, document) &&
           (new_defaults || owner_of(document) ||
            ci_policy_ask(req, "baremetal:allocation:create_pre_rbac", NULL));
}

static void set_owner(json_t *document, const char *project)
{
    json_object_set_new(document, "owner", project ? json_string(project) : json_null());
}

/* Whoever may not may still create what becomes their project's. */
static bool create_own(struct ci_request *req, json_t *document, bool new_defaults)
{
    const char *owner = owner_of(document), *project = req->ctx->who.project_id;

    if (project && owner && strcmp(project, owner) != 0)
        return false;
    ci_error_clear(req->ctx);
    if (owner && !new_defaults && !ci_policy_ask(req, "baremetal:allocation:create_pre_rbac", NULL))
        return false;
    if (!ci_policy_ask(req, "baremetal:allocation:create_restricted", NULL) ||
        !check_owner_version(req, document))
        return false;
    set_owner(document, project);
    return true;
}

/* With the new defaults what a project's token makes belongs to the project. */
static bool settle_owner(struct ci_request *req, json_t *document)
{
    const char *owner = owner_of(document), *project = req->ctx->who.project_id;

    if (ci_same(req->ctx->who.system_scope, "all"))
        return true;
    if (!owner)
        set_owner(document, project);
    else if (!ci_same(owner, project) &&
             !ci_policy_is(req, "baremetal:allocation:create_restricted", NULL))
        return ci_fail_text(req->ctx, NotAuthorized,
                            "Cannot create allocation with an owner Project ID value %.255s not "
                            "matching the requester Project ID %.255s. Policy "
                            "baremetal:allocation:create_restricted is required for this "
                            "capability.",
                            owner, project ? project : "None");
    return true;
}

static bool authorize(struct ci_request *req, json_t *document)
{
    bool new_defaults = req->ctx->config->oslo_policy.enforce_new_defaults;

    if (!may_create(req, document, new_defaults) &&
        (!ci_failed_with(req->ctx, CI_ERR_HTTPForbidden) ||
         !create_own(req, document, new_defaults)))
        return false;
    return ci_allocation_name_check(req, document, "create") &&
           (req->ctx->who.is_admin || !new_defaults || settle_owner(req, document));
}

static bool check_backfill(struct ci_request *req, const json_t *document)
{
    if (ci_api_has(req, ALLOCATION_BACKFILL) ||
        !json_string_length(json_object_get(document, "node")))
        return true;
    return ci_fail_text(req->ctx, Invalid,
                        "Cannot set node when creating an allocation in this API version");
}

/* The node to be taken, or NULL. */
static bool find_node(struct ci_request *req, const json_t *document, struct ci_node **ret_node)
{
    const json_t *value = json_object_get(document, "node");
    const char *ident = json_string_value(value);

    *ret_node = NULL;
    if (!ident || !ident[0])
        return true;
    if (strlen(ident) != json_string_length(value))
        return ci_fail_status(req->ctx, NodeNotFound, 400, "Node %.255s could not be found.",
                              ident);
    return ci_allocation_node(req, ident, ret_node);
}

/* The nodes among n idents; the value after them, if there is one, is whose they must be. */
static const char *question(struct ci_request *req, size_t n, bool of_project)
{
    struct ci_text *list = ci_text_new(req->ctx->mem, 16384);

    for (size_t i = 1; i <= n; i++)
        ci_text_printf(list, i == 1 ? "$%zu" : ", $%zu", i);
    return ci_printf(
        req->ctx->mem, "SELECT uuid, name FROM nodes WHERE (uuid IN (%1$s) OR name IN (%1$s))%2$s",
        list->bytes,
        of_project ? ci_printf(req->ctx->mem, " AND $%zu IN (owner, lessee)", n + 1) : "");
}

/* The project whose nodes alone the caller may name, or NULL. */
static const char *own_project(struct ci_request *req)
{
    return ci_policy_is(req, "baremetal:allocation:create_restricted", NULL)
               ? NULL
               : req->ctx->who.project_id;
}

static const char *uuid_of(const struct ci_rows *rows, const char *ident)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (ci_same(ci_row_text(rows, i, 0), ident) || ci_same(ci_row_text(rows, i, 1), ident))
            return ci_row_text(rows, i, 0);
    }
    return NULL;
}

/* The texts that may name a node; others are missing at once. */
static size_t read_idents(const json_t *list, const char **idents, struct ci_text *missing)
{
    const json_t *one;
    size_t i, n = 0;

    json_array_foreach(list, i, one)
    {
        const char *ident = json_string_value(one);

        if (strlen(ident) == json_string_length(one) &&
            (ci_uuid_is_like(ident) || ci_name_is_valid(ident)))
            idents[n++] = ident;
        else
            ci_text_printf(missing, "%s%.100s", missing->length > 0 ? ", " : "", ident);
    }
    return n;
}

static bool refuse_missing(struct ci_request *req, const struct ci_text *missing)
{
    return ci_fail_status(req->ctx, NodeNotFound, 400, "Nodes cannot be found: %s", missing->bytes);
}

/* Turns names of candidate nodes into UUIDs, in the document. */
static bool find_candidates(struct ci_request *req, json_t *document)
{
    struct ci_text *missing = ci_text_new(req->ctx->mem, 900);
    const json_t *list = json_object_get(document, "candidate_nodes");
    const char *idents[CANDIDATES_MAX + 1], *project = own_project(req);
    struct ci_rows *rows;
    json_t *uuids;
    size_t n;

    if (json_array_size(list) == 0)
        return true;
    if (json_array_size(list) > CANDIDATES_MAX)
        return ci_fail_text(req->ctx, InvalidParameterValue, "candidate_nodes has too many values");
    n = read_idents(list, idents, missing);
    if (n < json_array_size(list))
        return refuse_missing(req, missing);
    idents[n] = project;
    if (!ci_db_query(req->ctx, question(req, n, project), n + (project != NULL), idents, &rows))
        return false;
    uuids = json_array();
    /* The texts of the list are still read. */
    (void)ci_json(req->ctx, json_incref((json_t *)(uintptr_t)list));
    json_object_set_new(document, "candidate_nodes", uuids);
    for (size_t i = 0; i < n; i++) {
        const char *uuid = uuid_of(rows, idents[i]);

        if (!uuid)
            ci_text_printf(missing, "%s%.100s", missing->length > 0 ? ", " : "", idents[i]);
        else
            json_array_append_new(uuids, json_string(uuid));
    }
    return missing->length == 0 || refuse_missing(req, missing);
}

/* What the node that is to be taken says of what the body leaves out. */
static bool complete(struct ci_request *req, struct ci_allocation *allocation,
                     const struct ci_node *node)
{
    if (!allocation->resource_class || !allocation->resource_class[0]) {
        if (!node)
            return ci_fail_text(req->ctx, Invalid,
                                "The resource_class field is mandatory when not backfilling");
        ci_allocation_set_resource_class(allocation, node->resource_class);
    }
    if (node)
        ci_allocation_set_node_id(allocation, node->id);
    if (allocation->uuid && allocation->uuid[0])
        return true;
    ci_allocation_set_uuid(allocation, node && node->instance_uuid ? node->instance_uuid
                                                                   : ci_uuid_new(req->ctx->mem));
    return true;
}

/* To a conductor of the node, or to any. */
static bool send(struct ci_request *req, const struct ci_allocation *allocation,
                 const struct ci_node *node, json_t **ret_result)
{
    json_t *message;
    bool done;

    if (!ci_wire_write(req->ctx, allocation, &message))
        return false;
    message = json_pack("{s:O}", "allocation", message);
    *ret_result = NULL;
    ci_notify_crud(req->ctx, allocation, "create", CI_NOTIFY_START, NULL);
    done = node ? ci_rpc_new_node(req->ctx, node, CI_RPC_create_allocation, message, ret_result)
                : ci_rpc_any(req->ctx, CI_RPC_create_allocation, message, ret_result);
    return ci_notify_done(req->ctx, ci_notify_answer(req->ctx, *ret_result, allocation), "create",
                          NULL, done);
}

/*
 * Answers with the allocation as the conductor gave it back: it is at work on it, and the row may
 * say more already.
 */
static bool reply(struct ci_request *req, const char *uuid, const json_t *result)
{
    static const char *const moving[] = {"state", "last_error", "updated_at"};
    const json_t *data = json_object_get(result, "ironic_object.data");
    bool searching =
        ci_same(json_string_value(json_object_get(data, "state")), CI_ALLOCATION_ALLOCATING);
    json_t *shown;

    if (!ci_view_reply(req, &ci_allocation_view, uuid))
        return false;
    if (!searching)
        return true;
    if (!ci_json_read(req->ctx, req->reply->bytes, req->reply->length, &ci_json_trusted, &shown))
        return false;
    for (size_t i = 0; i < sizeof moving / sizeof moving[0]; i++) {
        json_t *value = json_object_get(data, moving[i]);

        json_object_set_new(shown, moving[i], value ? json_incref(value) : json_null());
    }
    json_object_set_new(shown, "node_uuid", json_null());
    req->reply = ci_text_new(req->ctx->mem, req->reply->limit);
    ci_text_add(req->reply, ci_json_text(req->ctx->mem, shown));
    return true;
}

bool ci_allocation_create_route(struct ci_request *req)
{
    struct ci_allocation *allocation = ci_object_new(req->ctx->mem, &ci_allocation_type);
    json_t *document = req->json ? req->json : ci_json(req->ctx, json_object()), *result;
    struct ci_node *node;

    return check_shape(req, document) && authorize(req, document) &&
           check_backfill(req, document) && find_node(req, document, &node) &&
           ci_create_fill(req, allocation, document) && complete(req, allocation, node) &&
           find_candidates(req, document) &&
           ci_field_from_json(req->ctx, allocation, ci_allocation_candidate_nodes_n,
                              json_object_get(document, "candidate_nodes")
                                  ? json_object_get(document, "candidate_nodes")
                                  : json_null()) &&
           send(req, allocation, node, &result) &&
           ci_reply_location(req, "/v1/allocations/%s", allocation->uuid) &&
           reply(req, allocation->uuid, result);
}
