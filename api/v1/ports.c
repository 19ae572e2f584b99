/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports: list and show, by themselves and below a node.
 */
#include "api/v1/ports.h"

#include <inttypes.h>

#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/v1/views.h"
#include "api/version.h"
#include "base/ident.h"
#include "objects/portgroup.h"

#define PORTGROUP_PARAMS                                                                           \
    {                                                                                              \
        "portgroup", CI_PARAM_UUID_OR_NAME, CI_API_PORTGROUPS_SUBCONTROLLERS, CI_BELOW_406, false  \
    }

/* Two filters are known from the version that brought them, but work in every version. */
#define PORT_LIST_PARAMS                                                                           \
    {"node", CI_PARAM_UUID_OR_NAME, 1, CI_BELOW_NOTHING, false},                                   \
        {"node_uuid", CI_PARAM_UUID, 1, CI_BELOW_NOTHING, false},                                  \
        {"address", CI_PARAM_MAC, 1, CI_BELOW_NOTHING, false}, CI_PAGE_PARAMS,                     \
        {"shard", CI_PARAM_LIST, CI_API_NODE_SHARD, CI_BELOW_406_NAMED, false},                    \
        {"description_contains", CI_PARAM_STRING, CI_API_PORT_DESCRIPTION, CI_BELOW_NOTHING,       \
         false},                                                                                   \
    {                                                                                              \
        "conductor_groups", CI_PARAM_LIST, CI_API_PORT_PORTGROUP_CONDUCTOR_GROUP_FILTER,           \
            CI_BELOW_NOTHING, false                                                                \
    }

const struct ci_param ci_params_ports_list[] = {
    PORT_LIST_PARAMS,
    PORTGROUP_PARAMS,
    {"fields", CI_PARAM_LIST, CI_API_FETCHING_SUBSET_OF_FIELDS, CI_BELOW_406, false},
    {"detail", CI_PARAM_BOOL, CI_API_ENABLE_DETAIL_QUERY, CI_BELOW_400, false},
    {0},
};
const struct ci_param ci_params_ports_detail[] = {PORT_LIST_PARAMS, PORTGROUP_PARAMS, {0}};

/* Below a port group. */
const struct ci_param ci_params_portgroup_ports[] = {
    PORT_LIST_PARAMS,
    {"fields", CI_PARAM_LIST, CI_API_FETCHING_SUBSET_OF_FIELDS, CI_BELOW_406, false},
    {"detail", CI_PARAM_BOOL, CI_API_ENABLE_DETAIL_QUERY, CI_BELOW_400, false},
    {0},
};
const struct ci_param ci_params_portgroup_ports_detail[] = {PORT_LIST_PARAMS, {0}};

/* Whose ports are asked for, by the path or by the query. */
struct whose {
    const char *node, *portgroup; /* identifiers, or NULL */
};

/* A group of a node that may not be seen is not there. */
static bool find_portgroup(struct ci_request *req, const char *ident,
                           struct ci_portgroup **ret_portgroup)
{
    struct ci_node *node;

    if (!ci_portgroup_load(req->ctx, ident, ret_portgroup))
        return false;
    if (req->ctx->who.is_admin)
        return true;
    if (!ci_node_load_id(req->ctx, (*ret_portgroup)->node_id, &node))
        return false;
    return ci_policy_sees(req, &CI_POLICY_NODE(node)) ||
           ci_fail(req->ctx, PortgroupNotFound, ident);
}

static bool add_portgroup(struct ci_request *req, struct ci_filter *filter, const char *ident)
{
    struct ci_portgroup *portgroup;

    if (!find_portgroup(req, ident, &portgroup))
        return false;
    ci_filter_add(filter, "portgroup_id = ?", ci_printf(req->ctx->mem, "%" PRId64, portgroup->id));
    return true;
}

/* Which filters go together is Ironic's choice. */
static bool check_together(struct ci_request *req, const struct whose *whose)
{
    if ((whose->node != NULL) + (whose->portgroup != NULL) +
            (ci_resource_words(req, "shard") != NULL) >
        1)
        return ci_fail(req->ctx, OperationNotPermitted);
    if (ci_resource_words(req, "conductor_groups") &&
        (whose->node || whose->portgroup || ci_arg_text(req, "address")))
        return ci_fail_text(req->ctx, Invalid,
                            "Filtering by conductor_groups cannot be combined with node_ident, "
                            "portgroup_ident, or node address filters.");
    return true;
}

static bool add_filters(struct ci_request *req, struct ci_filter *filter, const struct whose *whose)
{
    const char *description = ci_arg_text(req, "description_contains");
    const char *address = ci_arg_text(req, "address");

    if (whose->portgroup && !add_portgroup(req, filter, whose->portgroup))
        return false;
    if (whose->node && !ci_resource_of_node(req, filter, whose->node))
        return false;
    /* An address is looked up alone, and not at all where a node or a port group is named. */
    if (!whose->portgroup && !whose->node && address) {
        ci_filter_add(filter, "address = ?", address);
        return true;
    }
    ci_resource_of_nodes(req, filter);
    if (description && description[0])
        ci_filter_contains(filter, req->ctx->mem, "description", description);
    return true;
}

static bool list(struct ci_request *req, const struct whose *whose, bool detail)
{
    struct ci_list_options options = {.always_detail = detail,
                                      .path = detail ? "ports/detail" : NULL};
    struct ci_filter filter;

    ci_filter_init(&filter, req->ctx->mem);
    return check_together(req, whose) && add_filters(req, &filter, whose) &&
           ci_view_list(req, &ci_port_view, &filter, &options);
}

/* node_uuid= beats node=, which may be a name where the version has them. */
static bool list_all(struct ci_request *req, bool detail)
{
    const char *uuid = ci_arg_text(req, "node_uuid"), *node = ci_arg_text(req, "node");

    if (!uuid && node && !ci_uuid_is_like(node) && !ci_version_needs(req, CI_API_NODE_NAME))
        return false;
    return list(
        req,
        &(struct whose){.node = uuid ? uuid : node, .portgroup = ci_arg_text(req, "portgroup")},
        detail);
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
 * a port group that nobody asked for; here also of a node that may not be seen.
 */
static bool list_of_node(struct ci_request *req, bool detail)
{
    const char *uuid = req->idents[0];
    struct ci_node *node;

    if (!ci_uuid_is_like(uuid))
        return ci_fail(req->ctx, PortgroupNotFound, "None");
    if (ci_request_node_ident(req, uuid, &node))
        return list(req, &(struct whose){.node = uuid, .portgroup = ci_arg_text(req, "portgroup")},
                    detail);
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

/* A port group is known by its UUID only here. */
static bool list_of_portgroup(struct ci_request *req, bool detail)
{
    const char *uuid = req->idents[0];

    if (!ci_uuid_is_like(uuid))
        return ci_fail(req->ctx, PortgroupNotFound, uuid);
    return list(req, &(struct whose){.node = ci_arg_text(req, "node_uuid"), .portgroup = uuid},
                detail);
}

bool ci_portgroup_ports(struct ci_request *req)
{
    return list_of_portgroup(req, false);
}

bool ci_portgroup_ports_detail(struct ci_request *req)
{
    return list_of_portgroup(req, true);
}

bool ci_port_show(struct ci_request *req)
{
    return ci_resource_show(req, &ci_port_resource);
}
