/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Port groups: ports of a node that act as one. The API creates them; a conductor of the node
 * changes and deletes them.
 */
#include "objects/portgroup.h"

#include "api/routes.h"
#include "api/schema.h"
#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/v1/resource.h"
#include "api/v1/views.h"
#include "api/version.h"
#include "base/config.h"
#include "base/ident.h"
#include "objects/wire.h"

/* The last is known from the version that brought it, but works in every version. */
#define PORTGROUP_LIST_PARAMS                                                                      \
    {"address", CI_PARAM_MAC, 1, CI_BELOW_NOTHING, false}, CI_PAGE_PARAMS,                         \
        {"shard", CI_PARAM_LIST, CI_API_PORTGROUP_SHARD, CI_BELOW_406_NAMED, false},               \
    {                                                                                              \
        "conductor_groups", CI_PARAM_LIST, CI_API_PORT_PORTGROUP_CONDUCTOR_GROUP_FILTER,           \
            CI_BELOW_NOTHING, false                                                                \
    }

const struct ci_param ci_params_portgroups_list[] = {
    PORTGROUP_LIST_PARAMS,
    {"node", CI_PARAM_UUID_OR_NAME, 1, CI_BELOW_NOTHING, false},
    {"fields", CI_PARAM_LIST, 1, CI_BELOW_NOTHING, false},
    {"detail", CI_PARAM_BOOL, CI_API_ENABLE_DETAIL_QUERY, CI_BELOW_400, false},
    {0},
};
const struct ci_param ci_params_portgroups_detail[] = {
    PORTGROUP_LIST_PARAMS,
    {"node", CI_PARAM_UUID_OR_NAME, 1, CI_BELOW_NOTHING, false},
    {0},
};

/* Below a node. */
const struct ci_param ci_params_node_portgroups[] = {
    PORTGROUP_LIST_PARAMS,
    {"fields", CI_PARAM_LIST, 1, CI_BELOW_NOTHING, false},
    {"detail", CI_PARAM_BOOL, CI_API_ENABLE_DETAIL_QUERY, CI_BELOW_400, false},
    {0},
};
const struct ci_param ci_params_node_portgroups_detail[] = {PORTGROUP_LIST_PARAMS, {0}};

static const char *uuid_of(const struct ci_view_row *row)
{
    size_t length;

    return ci_view_value(row, ci_portgroup_uuid_n, &length);
}

static void write_links(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    (void)n;
    ci_view_links(text, row, "portgroups", uuid_of(row));
}

static void write_ports(struct ci_text *text, const struct ci_view_row *row, size_t n)
{
    (void)n;
    ci_view_sublinks(text, row, "portgroups", uuid_of(row), "ports");
}

static const char *virtual_sql(const struct ci_request *req, size_t field)
{
    (void)req;
    return field == ci_portgroup_node_uuid_n
               ? "(SELECT n.uuid FROM nodes n WHERE n.id = portgroups.node_id)"
               : NULL;
}

static bool not_found(struct ci_ctx *ctx, const char *key)
{
    return ci_fail(ctx, PortgroupNotFound, key);
}

static const short needs_uuid[] = {ci_portgroup_uuid_n, -1};
static const struct ci_extra extras[] = {
    {"links", CI_API_PORTGROUPS, CI_EXTRA_ALWAYS | CI_EXTRA_ASKED, NULL, needs_uuid, write_links,
     CI_SCHEMA_LINKS, "The port group itself."},
    {"ports", CI_API_PORTGROUPS, CI_EXTRA_ASKED, NULL, needs_uuid, write_ports, CI_SCHEMA_LINKS,
     "Its ports."},
};
static const char *const list_fields[] = {"uuid", "address", "name", NULL};

static const struct ci_ownership owned = {
    .family = "portgroup",
    .kind = "node",
    .owner = CI_OF_NODE("portgroups", "owner"),
    .lessee = CI_OF_NODE("portgroups", "lessee"),
    .of_project = "node_id IN (SELECT id FROM nodes WHERE ? IN (owner, lessee))",
};

const struct ci_view ci_portgroup_view = {
    .owned = &owned,
    .type = &ci_portgroup_type,
    .collection = "portgroups",
    .key = "uuid",
    .list_fields = list_fields,
    .extras = extras,
    .extra_count = sizeof extras / sizeof extras[0],
    .virtual_sql = virtual_sql,
    .not_found = not_found,
    .default_sort = "id",
    .field_words = CI_FIELDS_QUOTED,
};

static const struct ci_field_rule fields[] = {
    {"category", "{\"type\": [\"string\", \"null\"], \"maxLength\": 80}"},
    {"node_uuid", "{\"type\": \"string\"}"},
    {"physical_network", "{\"type\": [\"string\", \"null\"], \"maxLength\": 64}"},
    {"uuid", "{\"type\": [\"string\", \"null\"]}"},
    {0},
};
static const char *const required[] = {"node_uuid", NULL};
static const char *const patchable[] = {"address",
                                        "extra",
                                        "mode",
                                        "name",
                                        "node_uuid",
                                        "properties",
                                        "standalone_ports_supported",
                                        "physical_network",
                                        "category",
                                        NULL};

static bool check(struct ci_request *req, json_t *document)
{
    static const char *const uuids[] = {"node_uuid", "uuid", NULL};

    return ci_document_mac(req, document, "address") && ci_document_uuids(req, document, uuids) &&
           ci_document_bools(req, document, &ci_portgroup_type);
}

static bool no_node(struct ci_request *req, const char *uuid)
{
    return ci_fail_status(req->ctx, NodeNotFound, 400, "Node %s could not be found.", uuid);
}

static bool finish(struct ci_request *req, void *object)
{
    struct ci_portgroup *portgroup = object;

    if (portgroup->name && portgroup->name[0] && !ci_name_is_valid(portgroup->name))
        return ci_fail_text(req->ctx, ClientSideError,
                            "Cannot create portgroup with invalid name '%.200s'", portgroup->name);
    if (!portgroup->mode || !portgroup->mode[0])
        ci_portgroup_set_mode(portgroup, req->ctx->config->DEFAULT.default_portgroup_mode);
    return true;
}

static bool create(struct ci_ctx *ctx, void *object)
{
    return ci_portgroup_create(ctx, object);
}

static bool may_patch(struct ci_request *req, const void *object, const struct ci_node *node,
                      const json_t *document)
{
    const struct ci_portgroup *portgroup = object;
    const json_t *name = ci_patch_value(req, "/name");
    const char *text = json_string_value(name);

    if (!ci_api_has(req, PORTGROUP_MODE_PROPERTIES) &&
        (ci_patch_begins_with(req, "/mode") || ci_patch_begins_with(req, "/properties")))
        return ci_fail(req->ctx, NotAcceptable);
    if (text && text[0] && !ci_name_is_valid(text))
        return ci_fail_text(req->ctx, ClientSideError,
                            "Portgroup %s: Cannot change name to invalid name '%.200s'",
                            req->idents[0], text);
    if (!json_object_get(document, "mode"))
        return ci_fail_text(req->ctx, ClientSideError,
                            "'mode' is a mandatory attribute and can not be removed");
    return ci_resource_check_inspecting(req, "portgroup", portgroup->uuid, node);
}

/* Its ports are on the network that it is on. */
static bool after_patch(struct ci_request *req, const void *object, const struct ci_node *node)
{
    const struct ci_portgroup *portgroup = object;
    json_t *message, *result;

    if (!ci_patch_touches(req, "/physical_network"))
        return true;
    return ci_wire_write(req->ctx, object, &message) &&
           ci_rpc_node(req->ctx, node, CI_RPC_update_portgroup_physical_network,
                       json_pack("{s:O, s:s?}", "portgroup", message, "new_physical_network",
                                 portgroup->physical_network),
                       &result);
}

static struct ci_resource_bodies bodies[CI_RESOURCE_VERSIONS];

const struct ci_resource ci_portgroup_resource = {
    .view = &ci_portgroup_view,
    .body = "portgroup",
    .path = "/v1/portgroups",
    .has_name = true,
    .fields = fields,
    .required = required,
    .patchable = patchable,
    .patches_later = true,
    .bodies = bodies,
    .check = check,
    .no_node = no_node,
    .finish = finish,
    .create = create,
    .may_patch = may_patch,
    .update = {CI_RPC_update_portgroup, "portgroup_obj", "update"},
    .destroy = {CI_RPC_destroy_portgroup, "portgroup", "delete"},
    .after_patch = after_patch,
};

/* One filter at a time; up to 21.4 the node beats the address. */
static bool check_together(struct ci_request *req, const char *node)
{
    int count = (node != NULL) + (ci_arg_text(req, "address") != NULL) +
                (ci_resource_words(req, "shard") != NULL) +
                (ci_resource_words(req, "conductor_groups") != NULL);

    if (count <= 1 || !ci_version_is_after_21_4(req->ctx))
        return true;
    return ci_fail_text(req->ctx, Invalid,
                        "Filtering by node, address, or shard simultaneously is not supported.");
}

static bool list(struct ci_request *req, const char *node, bool detail)
{
    struct ci_list_options options = {.always_detail = detail,
                                      .path = detail ? "portgroups/detail" : NULL};
    const char *address = ci_arg_text(req, "address");
    struct ci_filter filter;

    ci_filter_init(&filter, req->ctx->mem);
    if (!check_together(req, node) || (node && !ci_resource_of_node(req, &filter, node)))
        return false;
    if (!node && address)
        ci_filter_add(&filter, "address = ?", address);
    ci_resource_of_nodes(req, &filter);
    return ci_view_list(req, &ci_portgroup_view, &filter, &options);
}

bool ci_portgroups_list(struct ci_request *req)
{
    return list(req, ci_arg_text(req, "node"), false);
}

bool ci_portgroups_detail(struct ci_request *req)
{
    return list(req, ci_arg_text(req, "node"), true);
}

bool ci_node_portgroups(struct ci_request *req)
{
    return list(req, req->idents[0], false);
}

bool ci_node_portgroups_detail(struct ci_request *req)
{
    return list(req, req->idents[0], true);
}

bool ci_portgroup_show(struct ci_request *req)
{
    return ci_resource_show(req, &ci_portgroup_resource);
}

bool ci_portgroup_create_route(struct ci_request *req)
{
    return ci_resource_create(req, &ci_portgroup_resource);
}

bool ci_portgroup_patch_route(struct ci_request *req)
{
    return ci_resource_patch(req, &ci_portgroup_resource);
}

bool ci_portgroup_delete_route(struct ci_request *req)
{
    return ci_resource_delete(req, &ci_portgroup_resource);
}
