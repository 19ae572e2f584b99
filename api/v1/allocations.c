/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocations: list, show, patch and delete, by themselves and below a node.
 */
#include "api/v1/allocations.h"

#include <pthread.h>
#include <string.h>

#include "api/notify.h"
#include "api/schema.h"
#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/v1/views.h"
#include "api/version.h"
#include "base/ident.h"
#include "base/jsontext.h"
#include "objects/wire.h"
#include "rpc/client.h"

const struct ci_param ci_params_allocations_list[] = {
    {"node", CI_PARAM_UUID_OR_NAME, 1, CI_BELOW_NOTHING, false},
    {"resource_class", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    {"state", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    {"marker", CI_PARAM_UUID, 1, CI_BELOW_NOTHING, false},
    {"limit", CI_PARAM_INT, 1, CI_BELOW_NOTHING, false},
    {"sort_key", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    {"sort_dir", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    {"fields", CI_PARAM_LIST, 1, CI_BELOW_NOTHING, false},
    {"owner", CI_PARAM_STRING, CI_API_ALLOCATION_OWNER, CI_BELOW_406, false},
    {0},
};

static void write_text(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    ci_jsontext_string(text, ci_view_extra_value(row, n));
}

static bool not_found(struct ci_ctx *ctx, const char *key)
{
    return ci_fail(ctx, AllocationNotFound, key);
}

static const short needs_uuid[] = {ci_allocation_uuid_n, -1};
static const struct ci_extra extras[] = {
    {"links", CI_API_ALLOCATION, CI_EXTRA_ALWAYS | CI_EXTRA_ASKED, NULL, needs_uuid,
     ci_view_write_links, CI_SCHEMA_LINKS, "The allocation itself."},
    {"node_uuid", CI_API_ALLOCATION, CI_EXTRA_ASKED,
     "(SELECT n.uuid FROM nodes n WHERE n.id = allocations.node_id)", NULL, write_text,
     CI_SCHEMA_UUID, "The node it got."},
};
/* All of them: a list shows no less than an item. */
static const char *const list_fields[] = {
    "uuid",  "created_at",     "updated_at", "candidate_nodes", "extra",     "last_error", "name",
    "owner", "resource_class", "state",      "traits",          "node_uuid", NULL};

static const struct ci_ownership owned = {
    .family = "allocation",
    .kind = "allocation",
    .owner = "owner",
    .of_project = "owner = ?",
    .param = "owner",
};

const struct ci_view ci_allocation_view = {
    .owned = &owned,
    .type = &ci_allocation_type,
    .collection = "allocations",
    .key = "uuid",
    .list_fields = list_fields,
    .extras = extras,
    .extra_count = sizeof extras / sizeof extras[0],
    .not_found = not_found,
    .default_sort = "id",
    .field_words = CI_FIELDS_KNOWN,
};

static const struct ci_field_rule rules[] = {
    {"candidate_nodes", "{\"type\": [\"array\", \"null\"], \"items\": {\"type\": \"string\"}}"},
    {"resource_class", "{\"type\": [\"string\", \"null\"], \"maxLength\": 80}"},
    {"traits", "{\"type\": [\"array\", \"null\"], \"items\": {\"type\": \"string\", "
               "\"minLength\": 1, \"maxLength\": 255}}"},
    {"uuid", "{\"type\": [\"string\", \"null\"]}"},
    {"node", "{\"type\": [\"string\", \"null\"]}"},
    {0},
};
static const char *const patchable[] = {"name", "extra", NULL};
static struct ci_patch_rules may = {.type = &ci_allocation_type, .allowed = patchable};
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_schema(void)
{
    may.schema = ci_schema_of_type(&ci_allocation_type, CI_CREATE | CI_PATCH, rules, NULL);
}

const struct ci_patch_rules *ci_allocation_rules(void)
{
    pthread_once(&once, make_schema);
    return &may;
}

/* A node of a parameter or a body that is not there is the client's fault. */
bool ci_allocation_node(struct ci_request *req, const char *ident, struct ci_node **ret_node)
{
    if (ci_request_node_ident(req, ident, ret_node))
        return true;
    if (ci_failed_with(req->ctx, CI_ERR_NodeNotFound))
        req->ctx->error->status = 400;
    return false;
}

/* Whoever may list but not see what is listed sees nothing of the list. */
static bool ask_each(const struct ci_view_row *row)
{
    const struct ci_policy_record record = ci_view_record(row);

    return ci_policy_ask(row->req, "baremetal:allocation:get", &record);
}

bool ci_allocations_list(struct ci_request *req)
{
    static const char *const columns[][2] = {
        {"resource_class", "resource_class = ?"}, {"state", "state = ?"}, {"owner", "owner = ?"}};
    struct ci_list_options options = {.always_detail = !ci_arg(req, "fields")->given,
                                      .keep = req->ctx->who.is_admin ? NULL : ask_each};
    const char *ident = ci_arg_text(req, "node");
    struct ci_filter filter;
    struct ci_node *node;

    ci_filter_init(&filter, req->ctx->mem);
    if (ident) {
        if (!ci_allocation_node(req, ident, &node))
            return false;
        ci_filter_add(&filter, "node_id = ?",
                      ci_printf(req->ctx->mem, "%lld", (long long)node->id));
    }
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        if (ci_arg_text(req, columns[i][0]))
            ci_filter_add(&filter, columns[i][1], ci_arg_text(req, columns[i][0]));
    }
    return ci_view_list(req, &ci_allocation_view, &filter, &options);
}

bool ci_allocation_show(struct ci_request *req)
{
    return ci_view_show(req, &ci_allocation_view);
}

/* The allocation that has the node of the path. */
static bool load_of_node(struct ci_request *req, const struct ci_node *node,
                         struct ci_allocation **ret_allocation)
{
    if (!ci_allocation_load_of_node(req->ctx, node->id, ret_allocation))
        return false;
    return *ret_allocation ||
           ci_fail_status(req->ctx, AllocationNotFound, 404,
                          "Allocation for node %.255s was not found", req->idents[0]);
}

bool ci_node_allocation_show(struct ci_request *req)
{
    struct ci_allocation *allocation;
    struct ci_node *node;

    return ci_allocation_node(req, req->idents[0], &node) && load_of_node(req, node, &allocation) &&
           ci_view_reply(req, &ci_allocation_view, allocation->uuid);
}

/* An allocation as rules are asked with it. */
static struct ci_policy_record record_of(const struct ci_allocation *allocation)
{
    return (struct ci_policy_record){.kind = "allocation", .owner = allocation->owner};
}

/* The allocation of the path, which the route's rule lets the caller have. */
static bool enter(struct ci_request *req, struct ci_allocation **ret_allocation)
{
    struct ci_policy_record record;

    if (!ci_allocation_load(req->ctx, req->idents[0], ret_allocation))
        return false;
    record = record_of(*ret_allocation);
    return ci_policy_enter(req, &record, not_found, req->idents[0]);
}

/* Any conductor lets it go; `node` is the one that it has, or NULL. */
static bool delete (struct ci_request *req, const struct ci_allocation *allocation,
                    const struct ci_node *node)
{
    const struct ci_told told[] = {{"node_uuid", node ? node->uuid : NULL}, {.name = NULL}};
    json_t *message, *result;

    return ci_notify_start(req->ctx, allocation, "delete", told) &&
           ci_notify_done(req->ctx, allocation, "delete", told,
                          ci_wire_write(req->ctx, allocation, &message) &&
                              ci_rpc_any(req->ctx, CI_RPC_destroy_allocation,
                                         json_pack("{s:O}", "allocation", message), &result));
}

bool ci_allocation_delete_route(struct ci_request *req)
{
    struct ci_allocation *allocation;
    struct ci_node *node = NULL;

    if (!enter(req, &allocation))
        return false;
    if (allocation->node_id != CI_NULL_INT && ci_notify_wants(req->ctx, CI_NOTIFY_ERROR) &&
        !ci_node_load_id(req->ctx, allocation->node_id, &node))
        return false;
    return delete (req, allocation, node);
}

bool ci_node_allocation_delete(struct ci_request *req)
{
    struct ci_allocation *allocation;
    struct ci_policy_record record;
    struct ci_node *node;

    if (!ci_request_node_ident(req, req->idents[0], &node) || !load_of_node(req, node, &allocation))
        return false;
    record = record_of(allocation);
    return ci_policy_granted(req, &record) && delete (req, allocation, node);
}

bool ci_allocation_name_check(struct ci_request *req, const json_t *document, const char *what)
{
    const json_t *value = json_object_get(document, "name");
    const char *name = json_string_value(value);

    if (!name || !name[0] || (strlen(name) == json_string_length(value) && ci_name_is_valid(name)))
        return true;
    return ci_fail_text(req->ctx, Invalid, "Cannot %s allocation with invalid name '%.200s'", what,
                        name);
}

bool ci_allocation_patch_route(struct ci_request *req)
{
    const struct ci_patch_rules *allowed = ci_allocation_rules();
    struct ci_allocation *allocation;
    json_t *document;

    return ci_patch_check(req, allowed) && enter(req, &allocation) &&
           ci_patch_apply(req, allowed, allocation, NULL, &document) &&
           ci_allocation_name_check(req, document, "update") &&
           ci_patch_update(req, allowed, allocation, document) &&
           ci_notify_start(req->ctx, allocation, "update", NULL) &&
           ci_notify_done(req->ctx, allocation, "update", NULL,
                          ci_allocation_save(req->ctx, allocation)) &&
           ci_view_reply(req, &ci_allocation_view, allocation->uuid);
}
