/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes: list and show.
 */
#include <string.h>

#include "api/v1/handlers.h"
#include "api/v1/views.h"
#include "api/version.h"
#include "base/ident.h"
#include "objects/states.h"
#include "rpc/client.h"

#define NODE_LIST_PARAMS                                                                           \
    {"instance_uuid", CI_PARAM_UUID, 1, CI_BELOW_NOTHING, false},                                  \
        {"associated", CI_PARAM_BOOL, 1, CI_BELOW_NOTHING, false},                                 \
        {"maintenance", CI_PARAM_BOOL, 1, CI_BELOW_NOTHING, false},                                \
        {"retired", CI_PARAM_BOOL, 1, CI_BELOW_NOTHING, false},                                    \
        {"provision_state", CI_PARAM_STRING, CI_API_PROVISION_STATE_FILTER, CI_BELOW_406, false},  \
        CI_PAGE_PARAMS,                                                                            \
        {"driver", CI_PARAM_STRING, CI_API_DRIVER_FILTER, CI_BELOW_406_NAMED, false},              \
        {"resource_class", CI_PARAM_STRING, CI_API_RESOURCE_CLASS, CI_BELOW_406_NAMED, false},     \
        {"fault", CI_PARAM_STRING, CI_API_FAULT, CI_BELOW_406_NAMED, false},                       \
        {"conductor_group", CI_PARAM_STRING, CI_API_NODE_CONDUCTOR_GROUP, CI_BELOW_406_NAMED,      \
         false},                                                                                   \
        {"conductor", CI_PARAM_STRING, CI_API_CONDUCTORS, CI_BELOW_406_NAMED, false},              \
        {"owner", CI_PARAM_STRING, CI_API_NODE_OWNER, CI_BELOW_406_NAMED, false},                  \
        {"description_contains", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},                     \
        {"lessee", CI_PARAM_STRING, CI_API_NODE_LESSEE, CI_BELOW_406_NAMED, false},                \
        {"project", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},                                  \
        {"shard", CI_PARAM_LIST, CI_API_NODE_SHARD, CI_BELOW_406_NAMED, false},                    \
        {"sharded", CI_PARAM_BOOL, CI_API_NODE_SHARD, CI_BELOW_406_NAMED, false},                  \
        {"parent_node", CI_PARAM_STRING, CI_API_PARENT_CHILD_NODES, CI_BELOW_406_NAMED, false},    \
        {"include_children", CI_PARAM_BOOL, CI_API_PARENT_CHILD_NODES, CI_BELOW_406_NAMED, false}, \
    {                                                                                              \
        "instance_name", CI_PARAM_STRING, CI_API_NODE_INSTANCE_NAME, CI_BELOW_406_TEXT, false      \
    }

const struct ci_param ci_params_nodes_list[] = {
    NODE_LIST_PARAMS,
    {"chassis_uuid", CI_PARAM_UUID, 1, CI_BELOW_NOTHING, false},
    {"fields", CI_PARAM_LIST, CI_API_FETCHING_SUBSET_OF_FIELDS, CI_BELOW_406, false},
    {"detail", CI_PARAM_BOOL, CI_API_ENABLE_DETAIL_QUERY, CI_BELOW_400, false},
    {0},
};

const struct ci_param ci_params_nodes_detail[] = {
    NODE_LIST_PARAMS,
    {"chassis_uuid", CI_PARAM_UUID, 1, CI_BELOW_NOTHING, false},
    {0},
};

/* Of a chassis; its UUID is in the path. */
const struct ci_param ci_params_chassis_nodes[] = {
    NODE_LIST_PARAMS,
    {"fields", CI_PARAM_LIST, CI_API_FETCHING_SUBSET_OF_FIELDS, CI_BELOW_406, false},
    {"detail", CI_PARAM_BOOL, CI_API_ENABLE_DETAIL_QUERY, CI_BELOW_400, false},
    {0},
};

/* Filters that compare a column with the value as it is. */
static const struct {
    const char *param, *expression;
} equals[] = {
    {"instance_uuid", "instance_uuid = ?"},
    {"provision_state", "provision_state = ?"},
    {"driver", "driver = ?"},
    {"resource_class", "resource_class = ?"},
    {"fault", "fault = ?"},
    {"conductor_group", "conductor_group = ?"},
    {"owner", "owner = ?"},
    {"lessee", "lessee = ?"},
    {"instance_name", "instance_name = ?"},
};

/* Filters that are true or false. */
static const struct {
    const char *param, *if_true, *if_false;
} truths[] = {
    {"associated", "instance_uuid IS NOT NULL", "instance_uuid IS NULL"},
    {"maintenance", "maintenance", "NOT maintenance"},
    {"retired", "retired", "NOT retired"},
    {"sharded", "shard IS NOT NULL", "shard IS NULL"},
};

static bool check_values(struct ci_request *req)
{
    const char *state = ci_arg_text(req, "provision_state");
    const char *fault = ci_arg_text(req, "fault");
    bool services = ci_version_max(req->ctx) >= CI_API_SERVICE;
    const char *const faults[] = {"power failure", "clean failure", "rescue abort failure",
                                  services ? "service failure" : NULL, NULL};

    if (state && !ci_state_exists(state))
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "Provision state \"%.200s\" is not valid", state);
    if (fault && !ci_one_of(fault, faults))
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "Unrecognized fault \"%.200s\" is specified, allowed faults are "
                            "('power failure', 'clean failure', 'rescue abort failure'%s)",
                            fault, services ? ", 'service failure'" : "");
    return true;
}

static const char *lower(struct ci_arena *mem, const char *text)
{
    char *copy = ci_strdup(mem, text);

    for (char *c = copy; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    return copy;
}

static bool add_chassis(struct ci_request *req, struct ci_filter *filter, const char *uuid)
{
    struct ci_rows *rows;

    if (!ci_db_query(req->ctx, "SELECT id FROM chassis WHERE uuid = $1", 1, &uuid, &rows))
        return false;
    if (rows->count == 0)
        return ci_fail(req->ctx, ChassisNotFound, uuid);
    ci_filter_add(filter, "chassis_id = ?", ci_row_text(rows, 0, 0));
    return true;
}

static void add_shards(struct ci_filter *filter, const char *const *shards)
{
    if (shards[0])
        ci_filter_any(filter, "shard IN (", shards, ")");
    else
        ci_filter_add(filter, "1 = 0", NULL);
}

static void add_family(struct ci_request *req, struct ci_filter *filter)
{
    const char *parent = ci_arg_text(req, "parent_node");

    if (parent)
        ci_filter_add(filter, "parent_node = ?", parent);
    else if (!ci_arg_true(req, "include_children", false))
        ci_filter_add(filter, "parent_node IS NULL", NULL);
}

static void add_filters(struct ci_request *req, struct ci_filter *filter)
{
    for (size_t i = 0; i < sizeof equals / sizeof equals[0]; i++) {
        const char *value = ci_arg_text(req, equals[i].param);

        if (value)
            ci_filter_add(filter, equals[i].expression,
                          strcmp(equals[i].param, "conductor_group") == 0
                              ? lower(req->ctx->mem, value)
                              : value);
    }
    for (size_t i = 0; i < sizeof truths / sizeof truths[0]; i++) {
        if (ci_arg(req, truths[i].param)->given)
            ci_filter_add(filter,
                          ci_arg_true(req, truths[i].param, false) ? truths[i].if_true
                                                                   : truths[i].if_false,
                          NULL);
    }
    if (ci_arg(req, "shard")->given)
        add_shards(filter, ci_arg(req, "shard")->list);
    if (ci_arg_text(req, "description_contains"))
        ci_filter_contains(filter, req->ctx->mem, "description",
                           ci_arg_text(req, "description_contains"));
    if (ci_arg_text(req, "project")) {
        ci_filter_add(filter, "(owner = ?", ci_arg_text(req, "project"));
        ci_text_printf(filter->sql, " OR lessee = $%zu)", filter->n);
    }
    add_family(req, filter);
}

/* The conductor= filter asks the ring, row by row, as Ironic does after paging. */
static bool keep_of_conductor(const struct ci_view_row *row)
{
    struct ci_node node = {0};
    const char *host = NULL;
    size_t length;

    node.uuid = ci_view_value(row, ci_node_uuid_n, &length);
    node.driver = ci_view_value(row, ci_node_driver_n, &length);
    node.conductor_group = ci_view_value(row, ci_node_conductor_group_n, &length);
    if (!ci_rpc_host_of_node(row->req->ctx, &node, &host) &&
        ci_failed_with(row->req->ctx, CI_ERR_NoValidHost))
        ci_error_clear(row->req->ctx);
    return ci_same(host, ci_arg_text(row->req, "conductor"));
}

bool ci_nodes_filtered(struct ci_request *req, struct ci_filter *filter, bool detail,
                       const char *path)
{
    static const short needs[] = {ci_node_uuid_n, ci_node_driver_n, ci_node_conductor_group_n, -1};
    struct ci_list_options options = {
        .always_detail = detail, .path = path, .no_next = ci_arg(req, "instance_uuid")->given};
    struct ci_text *next = ci_text_new(req->ctx->mem, 256);

    if (!check_values(req))
        return false;
    add_filters(req, filter);
    if (ci_arg(req, "conductor")->given) {
        options.keep = keep_of_conductor;
        options.keep_needs = needs;
    }
    for (size_t i = 0; i < 3; i++) {
        if (ci_arg_true(req, truths[i].param, false))
            ci_text_printf(next, "%s=True&", truths[i].param);
    }
    options.next_args = next->bytes;
    return ci_view_list(req, &ci_node_view, filter, &options);
}

static bool list(struct ci_request *req, bool detail)
{
    const char *chassis = ci_arg_text(req, "chassis_uuid");
    struct ci_filter filter;

    ci_filter_init(&filter, req->ctx->mem);
    if (chassis && !add_chassis(req, &filter, chassis))
        return false;
    return ci_nodes_filtered(req, &filter, detail, detail ? "nodes/detail" : NULL);
}

bool ci_nodes_list(struct ci_request *req)
{
    return list(req, false);
}

bool ci_nodes_detail(struct ci_request *req)
{
    return list(req, true);
}

static bool show(struct ci_request *req, const char *ident, bool *ret_found)
{
    const char *where = ci_uuid_is_like(ident) ? "uuid = $1" : "name = $1";

    *ret_found = false;
    if (where[0] == 'n' && !ci_api_has(req, NODE_NAME))
        return true;
    return ci_view_one(req, &ci_node_view, where, 1, &ident, ret_found);
}

/* Are the fields asked for such as the version has? The node has to be there before, as in Ironic.
 */
static bool check_fields(struct ci_request *req)
{
    const struct ci_arg *fields = ci_arg(req, "fields");
    struct ci_node *node;
    struct ci_error *refusal;

    if (!fields->given || ci_view_check_fields(req, &ci_node_view, fields->list))
        return true;
    refusal = req->ctx->error;
    ci_error_clear(req->ctx);
    if (ci_request_node(req, &node))
        req->ctx->error = refusal;
    return false;
}

bool ci_node_show(struct ci_request *req)
{
    bool found;

    if (!check_fields(req) || !show(req, req->idents[0], &found))
        return false;
    if (!found && req->json_suffix_of && !show(req, req->json_suffix_of, &found))
        return false;
    return found || ci_fail(req->ctx, NodeNotFound,
                            req->json_suffix_of ? req->json_suffix_of : req->idents[0]);
}

bool ci_node_reply(struct ci_request *req, const char *uuid)
{
    bool found;

    if (!show(req, uuid, &found))
        return false;
    return found || ci_fail(req->ctx, NodeNotFound, uuid);
}
