/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports: list and show, by themselves and below a node.
 */
#include "api/v1/ports.h"

#include <inttypes.h>

#include "api/v1/handlers.h"
#include "api/v1/views.h"
#include "api/version.h"
#include "base/ident.h"
#include "objects/portgroup.h"

/* Two filters are known from the version that brought them, but work in every version. */
#define PORT_LIST_PARAMS                                                                           \
    {"node", CI_PARAM_UUID_OR_NAME, 1, CI_BELOW_NOTHING, false},                                   \
        {"node_uuid", CI_PARAM_UUID, 1, CI_BELOW_NOTHING, false},                                  \
        {"address", CI_PARAM_MAC, 1, CI_BELOW_NOTHING, false},                                     \
        {"marker", CI_PARAM_UUID, 1, CI_BELOW_NOTHING, false},                                     \
        {"limit", CI_PARAM_INT, 1, CI_BELOW_NOTHING, false},                                       \
        {"sort_key", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},                                 \
        {"sort_dir", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},                                 \
        {"portgroup", CI_PARAM_UUID_OR_NAME, CI_API_PORTGROUPS_SUBCONTROLLERS, CI_BELOW_406,       \
         false},                                                                                   \
        {"shard", CI_PARAM_LIST, CI_API_NODE_SHARD, CI_BELOW_406_NAMED, false},                    \
        {"description_contains", CI_PARAM_STRING, CI_API_PORT_DESCRIPTION, CI_BELOW_NOTHING,       \
         false},                                                                                   \
    {                                                                                              \
        "conductor_groups", CI_PARAM_LIST, CI_API_PORT_PORTGROUP_CONDUCTOR_GROUP_FILTER,           \
            CI_BELOW_NOTHING, false                                                                \
    }

const struct ci_param ci_params_ports_list[] = {
    PORT_LIST_PARAMS,
    {"fields", CI_PARAM_LIST, CI_API_FETCHING_SUBSET_OF_FIELDS, CI_BELOW_406, false},
    {"detail", CI_PARAM_BOOL, CI_API_ENABLE_DETAIL_QUERY, CI_BELOW_400, false},
    {0},
};
const struct ci_param ci_params_ports_detail[] = {PORT_LIST_PARAMS, {0}};

/* A list parameter with something in it, or NULL. */
static const char *const *words(const struct ci_request *req, const char *name)
{
    const struct ci_arg *arg = ci_arg(req, name);

    return arg->given && arg->list[0] ? arg->list : NULL;
}

static const char *number(struct ci_request *req, int64_t value)
{
    return ci_printf(req->ctx->mem, "%" PRId64, value);
}

static bool add_portgroup(struct ci_request *req, struct ci_filter *filter, const char *ident)
{
    struct ci_portgroup *portgroup;

    if (!ci_portgroup_load(req->ctx, ident, &portgroup))
        return false;
    ci_filter_add(filter, "portgroup_id = ?", number(req, portgroup->id));
    return true;
}

static bool add_node(struct ci_request *req, struct ci_filter *filter, const char *ident)
{
    struct ci_node *node;

    if (!ci_request_node_ident(req, ident, &node))
        return false;
    ci_filter_add(filter, "node_id = ?", number(req, node->id));
    return true;
}

/* Which filters go together is Ironic's choice. */
static bool check_together(struct ci_request *req, const char *node)
{
    const char *portgroup = ci_arg_text(req, "portgroup");

    if ((node != NULL) + (portgroup != NULL) + (words(req, "shard") != NULL) > 1)
        return ci_fail(req->ctx, OperationNotPermitted);
    if (words(req, "conductor_groups") && (node || portgroup || ci_arg_text(req, "address")))
        return ci_fail_text(req->ctx, Invalid,
                            "Filtering by conductor_groups cannot be combined with node_ident, "
                            "portgroup_ident, or node address filters.");
    return true;
}

static bool add_filters(struct ci_request *req, struct ci_filter *filter, const char *node)
{
    const char *portgroup = ci_arg_text(req, "portgroup"), *address = ci_arg_text(req, "address");
    const char *description = ci_arg_text(req, "description_contains");

    if (portgroup && !add_portgroup(req, filter, portgroup))
        return false;
    if (node && !add_node(req, filter, node))
        return false;
    /* An address is looked up alone, and not at all where a node or a port group is named. */
    if (!portgroup && !node && address) {
        ci_filter_add(filter, "address = ?", address);
        return true;
    }
    if (words(req, "shard"))
        ci_filter_any(filter, "node_id IN (SELECT id FROM nodes WHERE shard IN (",
                      words(req, "shard"), "))");
    if (words(req, "conductor_groups"))
        ci_filter_any(filter, "node_id IN (SELECT id FROM nodes WHERE conductor_group IN (",
                      words(req, "conductor_groups"), "))");
    if (description && description[0])
        ci_filter_contains(filter, req->ctx->mem, "description", description);
    return true;
}

static bool list(struct ci_request *req, const char *node, bool detail)
{
    struct ci_list_options options = {.always_detail = detail,
                                      .path = detail ? "ports/detail" : NULL};
    struct ci_filter filter;

    ci_filter_init(&filter, req->ctx->mem);
    return check_together(req, node) && add_filters(req, &filter, node) &&
           ci_view_list(req, &ci_port_view, &filter, &options);
}

/* node_uuid= beats node=, which may be a name where the version has them. */
static bool list_all(struct ci_request *req, bool detail)
{
    const char *uuid = ci_arg_text(req, "node_uuid"), *node = ci_arg_text(req, "node");

    if (!uuid && node && !ci_uuid_is_like(node) && !ci_version_needs(req, CI_API_NODE_NAME))
        return false;
    return list(req, uuid ? uuid : node, detail);
}

bool ci_ports_list(struct ci_request *req)
{
    return list_all(req, false);
}

bool ci_ports_detail(struct ci_request *req)
{
    return list_all(req, true);
}

/*
 * Below a node. Ironic knows the node by its UUID only there, and when it is not found speaks of
 * a port group that nobody asked for.
 */
static bool list_of_node(struct ci_request *req, bool detail)
{
    const char *uuid = req->idents[0];
    struct ci_node *node;

    if (!ci_uuid_is_like(uuid))
        return ci_fail(req->ctx, PortgroupNotFound, "None");
    if (ci_node_load(req->ctx, uuid, &node))
        return list(req, uuid, detail); /* Which asks whether the node may be seen. */
    if (!ci_failed_with(req->ctx, CI_ERR_NodeNotFound))
        return false;
    ci_error_clear(req->ctx);
    return ci_fail(req->ctx, PortgroupNotFound, "None");
}

bool ci_node_ports(struct ci_request *req)
{
    return list_of_node(req, false);
}

bool ci_node_ports_detail(struct ci_request *req)
{
    return list_of_node(req, true);
}

/* A port has one address of its own: below a node it can only be listed. */
bool ci_node_port(struct ci_request *req)
{
    return ci_version_is_after_21_4(req->ctx) ? ci_fail(req->ctx, MalformedRequestURI)
                                              : ci_fail(req->ctx, OperationNotPermitted);
}

bool ci_port_show(struct ci_request *req)
{
    return ci_view_show(req, &ci_port_view);
}
