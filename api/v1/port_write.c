/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports: create, patch and delete. A conductor of the node writes them; here is what can be
 * refused before it is asked.
 */
#include <string.h>

#include "api/notify.h"
#include "api/patch.h"
#include "api/policy.h"
#include "api/schema.h"
#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/v1/ports.h"
#include "api/v1/views.h"
#include "api/version.h"
#include "base/ident.h"
#include "objects/portgroup.h"

#define NULLABLE_TEXT(max) "{\"type\": [\"string\", \"null\"], \"maxLength\": " max "}"
#define TEXT "{\"type\": \"string\"}"

static const struct ci_field_rule fields[] = {
    {"address", TEXT},
    {"available_for_dynamic_portgroup", "{\"type\": \"boolean\"}"},
    {"category", NULLABLE_TEXT("80")},
    {"node_ident", TEXT},
    {"node_uuid", TEXT},
    {"physical_network", NULLABLE_TEXT("64")},
    {"portgroup_uuid", "{\"type\": [\"string\", \"null\"]}"},
    {"uuid", "{\"type\": [\"string\", \"null\"]}"},
    {"vendor", NULLABLE_TEXT("32")},
    {0},
};

/* In the order in which Ironic's message names them. */
static const char *const patchable[] = {"address",
                                        "extra",
                                        "is_smartnic",
                                        "local_link_connection",
                                        "node_ident",
                                        "node_uuid",
                                        "physical_network",
                                        "portgroup_uuid",
                                        "pxe_enabled",
                                        "name",
                                        "description",
                                        "vendor",
                                        "category",
                                        "available_for_dynamic_portgroup",
                                        NULL};
static int since(const char *name)
{
    if (strcmp(name, "node_ident") == 0)
        return CI_API_PORT_NODENAME;
    return strcmp(name, "portgroup_uuid") == 0 ? CI_API_PORTGROUPS_SUBCONTROLLERS : 1;
}

/* One of the two names of the node, from the version that has two. */
static void require_node(json_t *schema, int max)
{
    if (max < CI_API_PORT_NODENAME)
        json_array_append_new(json_object_get(schema, "required"), json_string("node_uuid"));
    else
        json_object_set_new(
            schema, "oneOf",
            json_pack("[{s:[s]}, {s:[s]}]", "required", "node_ident", "required", "node_uuid"));
}

/* What the schema, which it fits, does not say. */
static bool check_document(struct ci_request *req, json_t *document)
{
    static const char *const node[] = {"node_uuid", NULL};
    static const char *const others[] = {"portgroup_uuid", "uuid", NULL};

    return ci_document_mac(req, document, "address") && ci_document_uuids(req, document, node) &&
           ci_document_bools(req, document, &ci_port_type) && ci_port_link_check(req, document) &&
           ci_document_uuids(req, document, others);
}

static bool check_physical_network(struct ci_request *req, const json_t *document)
{
    const char *name = json_string_value(json_object_get(document, "physical_network"));

    if (!name || name[0])
        return true;
    return ci_fail_text(req->ctx, Invalid,
                        "A non-empty value is required when setting physical_network");
}

/* A thing named in a body that is not there is the client's fault: 400 in place of 404. */
static bool missing(struct ci_request *req, enum ci_error_class class)
{
    if (ci_failed_with(req->ctx, class))
        req->ctx->error->status = 400;
    return false;
}

static bool find_portgroup(struct ci_request *req, const json_t *document,
                           struct ci_portgroup **ret_portgroup)
{
    const char *uuid = json_string_value(json_object_get(document, "portgroup_uuid"));

    *ret_portgroup = NULL;
    if (!uuid || !uuid[0])
        return true;
    return ci_portgroup_load(req->ctx, uuid, ret_portgroup) ||
           missing(req, CI_ERR_PortgroupNotFound);
}

static bool find_node(struct ci_request *req, const json_t *document, struct ci_node **ret_node)
{
    const json_t *ident = json_object_get(document, "node_ident");
    const char *uuid = json_string_value(json_object_get(document, "node_uuid"));

    if (ident && !ci_version_needs(req, CI_API_PORT_NODENAME))
        return false;
    if (ci_resource_parent(req, ident ? ident : json_object_get(document, "node_uuid"), ret_node))
        return true;
    if (!ci_failed_with(req->ctx, CI_ERR_NodeNotFound))
        return false;
    ci_error_clear(req->ctx);
    /* Ironic's words miss the name. */
    return ci_fail_status(req->ctx, NodeNotFound, 400, "Node %s could not be found.",
                          uuid ? uuid : "None");
}

/* On create a member counts when it is there, even as null. */
static bool check_versions(struct ci_request *req, const json_t *document)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)document, name, value)
    {
        if (!ci_version_needs(req, ci_resource_since(&ci_port_resource, name)))
            return false;
    }
    return ci_port_link_versions(req, document);
}

static bool check_membership(struct ci_request *req, const json_t *document,
                             const struct ci_node *node, const struct ci_portgroup *portgroup)
{
    if (!portgroup)
        return true;
    if (portgroup->node_id != node->id)
        return ci_fail_text(req->ctx, Invalid,
                            "Port can not be added to a portgroup belonging to a different node.");
    if (!json_is_true(json_object_get(document, "pxe_enabled")) ||
        ci_is_true(portgroup->standalone_ports_supported))
        return true;
    return ci_fail_text(req->ctx, Conflict,
                        "Port group %s doesn't support standalone ports. This port cannot be "
                        "created as a member of that portgroup as the port's 'pxe_enabled' field "
                        "was set to True.",
                        portgroup->uuid);
}

static bool check_smartnic(struct ci_request *req, const json_t *document)
{
    return !json_is_true(json_object_get(document, "is_smartnic")) ||
           ci_port_link_smartnic(req, json_object_get(document, "local_link_connection"));
}

static const char *const required[] = {"address", NULL};
static struct ci_resource_bodies bodies[CI_RESOURCE_VERSIONS];

const struct ci_resource ci_port_resource = {
    .view = &ci_port_view,
    .body = "port",
    .path = "/v1/ports",
    .has_name = true,
    .patches_later = true,
    .fields = fields,
    .required = required,
    .patchable = patchable,
    .since = since,
    .fit = require_node,
    .bodies = bodies,
    .check = check_document,
    .update = {CI_RPC_update_port, "port_obj", "update"},
    .destroy = {CI_RPC_destroy_port, "port", "delete"},
};

static const struct ci_deed creating = {CI_RPC_create_port, "port_obj", "create"};

/* Hands the port to a conductor of the node; listeners are told of its group, too. */
static bool send(struct ci_request *req, const struct ci_node *node, const struct ci_deed *deed,
                 const struct ci_port *port, const struct ci_portgroup *portgroup)
{
    const struct ci_told told[] = {{"node_uuid", node->uuid},
                                   {"portgroup_uuid", portgroup ? portgroup->uuid : NULL},
                                   {.name = NULL}};

    return ci_resource_send(req, node, deed, port, told);
}

static bool create(struct ci_request *req, json_t *document, const struct ci_node *node,
                   const struct ci_portgroup *portgroup)
{
    struct ci_port *port = ci_object_new(req->ctx->mem, &ci_port_type);

    /* The row knows the node by its number. */
    json_object_del(document, "node_uuid");
    if (!ci_create_fill(req, port, document))
        return false;
    ci_port_set_node_id(port, node->id);
    if (portgroup)
        ci_port_set_portgroup_id(port, portgroup->id);
    if (!port->uuid)
        ci_port_set_uuid(port, ci_uuid_new(req->ctx->mem));
    return send(req, node, &creating, port, portgroup) &&
           ci_reply_location(req, "/v1/ports/%s", port->uuid) &&
           ci_resource_reply(req, &ci_port_resource, port->uuid);
}

bool ci_port_create_route(struct ci_request *req)
{
    json_t *document = req->json ? req->json : ci_json(req->ctx, json_object());
    struct ci_portgroup *portgroup;
    struct ci_node *node;

    return ci_schema_check(req->ctx, ci_resource_rules_of(req, &ci_port_resource)->schema, "port",
                           document) &&
           check_document(req, document) && find_node(req, document, &node) &&
           check_versions(req, document) && find_portgroup(req, document, &portgroup) &&
           check_smartnic(req, document) && check_physical_network(req, document) &&
           check_membership(req, document, node, portgroup) &&
           create(req, document, node, portgroup);
}

/* Does the patch set the path itself, or remove it or something below? */
static bool sets_or_removes(const struct ci_request *req, const char *path)
{
    const json_t *operation;
    size_t i, length = strlen(path);

    json_array_foreach(req->json, i, operation)
    {
        const char *touched = json_string_value(json_object_get(operation, "path"));
        const char *op = json_string_value(json_object_get(operation, "op"));

        if (strncmp(touched, path, length) == 0 &&
            (touched[length] == '\0' || (touched[length] == '/' && strcmp(op, "remove") == 0)))
            return true;
    }
    return false;
}

/* Ironic checks some fields only; later ones are patched in every version. */
static bool check_patch_versions(struct ci_request *req)
{
    static const struct {
        const char *path;
        int since;
    } checked[] = {
        {"/pxe_enabled", CI_API_PORT_ADVANCED_NET_FIELDS},
        {"/local_link_connection", CI_API_PORT_ADVANCED_NET_FIELDS},
        {"/portgroup_uuid", CI_API_PORTGROUPS_SUBCONTROLLERS},
        {"/physical_network", CI_API_PORT_PHYSICAL_NETWORK},
        {"/is_smartnic", CI_API_PORT_SMARTNIC},
        {"/local_link_connection/network_type", CI_API_LOCAL_LINK_CONNECTION_NETWORK_TYPE},
    };

    for (size_t i = 0; i < sizeof checked / sizeof checked[0]; i++) {
        if (sets_or_removes(req, checked[i].path) && !ci_version_needs(req, checked[i].since))
            return false;
    }
    return true;
}

static bool portgroup_of(struct ci_request *req, const struct ci_port *port,
                         struct ci_portgroup **ret_portgroup)
{
    *ret_portgroup = NULL;
    return port->portgroup_id == CI_NULL_INT ||
           ci_portgroup_load_id(req->ctx, port->portgroup_id, ret_portgroup);
}

static bool check_state(struct ci_request *req, const struct ci_port *port,
                        const struct ci_node *node, const struct ci_portgroup *portgroup)
{
    if (!ci_resource_check_inspecting(req, "port", port->uuid, node))
        return false;
    if (portgroup && ci_api_has(req, PORTGROUP_PHYSICAL_NETWORK) &&
        ci_patch_touches(req, "/physical_network"))
        return ci_fail_text(req->ctx, Invalid,
                            "physical_network cannot be changed while the port belongs to a "
                            "portgroup.");
    return true;
}

/* Sets what the document says, and the numbers behind its names. */
static bool update(struct ci_request *req, struct ci_port *port, const struct ci_node *node,
                   const json_t *document, const struct ci_portgroup *portgroup)
{
    int64_t portgroup_id = portgroup ? portgroup->id : CI_NULL_INT;

    if (!ci_resource_update(req, &ci_port_resource, port, node, document))
        return false;
    if (port->portgroup_id != portgroup_id)
        ci_port_set_portgroup_id(port, portgroup_id);
    return true;
}

static bool patch_port(struct ci_request *req, struct ci_port *port, struct ci_node *node)
{
    struct ci_portgroup *portgroup;
    json_t *more, *document;

    if (!portgroup_of(req, port, &portgroup))
        return false;
    more = ci_json(req->ctx,
                   json_pack("{s:s?}", "portgroup_uuid", portgroup ? portgroup->uuid : NULL));
    if (!ci_resource_move(req, &node) ||
        !ci_patch_apply(req, ci_resource_rules_of(req, &ci_port_resource), port, more, &document))
        return false;
    json_object_set_new(document, "node_uuid", json_string(node->uuid));
    if (!find_portgroup(req, document, &portgroup) || !check_document(req, document) ||
        !update(req, port, node, document, portgroup) || !check_state(req, port, node, portgroup) ||
        (ci_patch_touches(req, "/physical_network") && !check_physical_network(req, document)))
        return false;
    return send(req, node, &ci_port_resource.update, port, portgroup) &&
           ci_resource_reply(req, &ci_port_resource, port->uuid);
}

bool ci_port_patch_route(struct ci_request *req)
{
    struct ci_port *port;
    struct ci_node *node;

    return ci_patch_check(req, ci_resource_rules_of(req, &ci_port_resource)) &&
           check_patch_versions(req) && ci_resource_load(req, &ci_port_resource, &port, &node) &&
           patch_port(req, port, node);
}

bool ci_port_delete_route(struct ci_request *req)
{
    struct ci_portgroup *portgroup = NULL;
    struct ci_port *port;
    struct ci_node *node;

    return ci_resource_load(req, &ci_port_resource, &port, &node) &&
           (!ci_notify_wants(req->ctx, CI_NOTIFY_ERROR) || portgroup_of(req, port, &portgroup)) &&
           send(req, node, &ci_port_resource.destroy, port, portgroup);
}
