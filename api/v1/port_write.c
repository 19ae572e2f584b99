/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports: create, patch and delete. A conductor of the node writes them; here is what can be
 * refused before it is asked.
 */
#include <pthread.h>
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
#include "objects/row.h"
#include "objects/states.h"
#include "objects/wire.h"
#include "rpc/client.h"

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
#define PATCHABLE_MAX 16

/* What a release takes whose newest version is that of its place; made on first use. */
#define VERSIONS_MAX 256
static struct by_version {
    const char *patchable[PATCHABLE_MAX];
    struct ci_patch_rules rules; /* the schema is that of create, too */
} by_version[VERSIONS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of by_version */

int ci_port_since(const char *name)
{
    int n = ci_field_find(&ci_port_type, name);

    if (strcmp(name, "node_ident") == 0)
        return CI_API_PORT_NODENAME;
    if (strcmp(name, "portgroup_uuid") == 0)
        return CI_API_PORTGROUPS_SUBCONTROLLERS;
    return n < 0 ? 1 : ci_port_type.fields[n].rest;
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

static void make(struct by_version *made, int max)
{
    static const char *const required[] = {"address", NULL};
    /* New with each call, and ours to fit. */
    json_t *schema = (json_t *)(uintptr_t)ci_schema_of_type(&ci_port_type, CI_CREATE | CI_PATCH,
                                                            fields, required);
    json_t *properties = json_object_get(schema, "properties"), *property;
    const char *name;
    size_t n = 0;
    void *next;

    json_object_foreach_safe(properties, next, name, property)
    {
        if (ci_port_since(name) > max)
            json_object_del(properties, name);
    }
    require_node(schema, max);
    for (size_t i = 0; patchable[i]; i++) {
        if (ci_port_since(patchable[i]) <= max)
            made->patchable[n++] = patchable[i];
    }
    made->rules = (struct ci_patch_rules){.type = &ci_port_type,
                                          .allowed = made->patchable,
                                          .schema = schema,
                                          .versions_elsewhere = true};
}

const struct ci_patch_rules *ci_port_rules(int max)
{
    struct by_version *found = &by_version[max % VERSIONS_MAX];

    pthread_mutex_lock(&lock);
    if (!found->rules.schema)
        make(found, max);
    pthread_mutex_unlock(&lock);
    return &found->rules;
}

static const struct ci_patch_rules *rules_of(const struct ci_request *req)
{
    return ci_port_rules(ci_version_max(req->ctx));
}

static bool check_address(struct ci_request *req, json_t *document)
{
    const json_t *value = json_object_get(document, "address");
    const char *address = json_string_value(value);

    if (strlen(address) != json_string_length(value) || !ci_mac_is_valid(address))
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "Expected valid MAC address for address: %.200s", address);
    return json_object_set_new(document, "address",
                               json_string(ci_mac_normal(req->ctx->mem, address))) == 0;
}

/* What the schema, which it fits, does not say. */
static bool check_document(struct ci_request *req, json_t *document)
{
    static const char *const node[] = {"node_uuid", NULL};
    static const char *const others[] = {"portgroup_uuid", "uuid", NULL};

    return check_address(req, document) && ci_document_uuids(req, document, node) &&
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

/* By what a client wrote in a body; a text with a NUL in it names no node. */
static bool load_node(struct ci_request *req, const json_t *ident, struct ci_node **ret_node)
{
    const char *text = json_string_value(ident);

    if (strlen(text) != json_string_length(ident))
        return ci_fail(req->ctx, NodeNotFound, text);
    return ci_request_node_ident(req, text, ret_node);
}

static bool find_node(struct ci_request *req, const json_t *document, struct ci_node **ret_node)
{
    const json_t *ident = json_object_get(document, "node_ident");
    const char *uuid = json_string_value(json_object_get(document, "node_uuid"));

    if (ident && !ci_version_needs(req, CI_API_PORT_NODENAME))
        return false;
    if (load_node(req, ident ? ident : json_object_get(document, "node_uuid"), ret_node))
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
        if (!ci_version_needs(req, ci_port_since(name)))
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

/* What is done with a port: the conductor's method, its argument, what listeners call it. */
struct deed {
    enum ci_rpc_method method;
    const char *argument, *action;
};
static const struct deed creating = {CI_RPC_create_port, "port_obj", "create"},
                         updating = {CI_RPC_update_port, "port_obj", "update"},
                         destroying = {CI_RPC_destroy_port, "port", "delete"};

/* Hands the port to a conductor of the node. */
static bool send(struct ci_request *req, const struct ci_node *node, const struct deed *deed,
                 const struct ci_port *port, const struct ci_portgroup *portgroup)
{
    const struct ci_told told[] = {{"node_uuid", node->uuid},
                                   {"portgroup_uuid", portgroup ? portgroup->uuid : NULL},
                                   {.name = NULL}};
    json_t *message, *result = NULL;
    bool done;

    ci_notify_crud(req->ctx, port, deed->action, CI_NOTIFY_START, told);
    done = ci_wire_write(req->ctx, port, &message) &&
           ci_rpc_node(req->ctx, node, deed->method, json_pack("{s:O}", deed->argument, message),
                       &result);
    return ci_notify_done(req->ctx, ci_notify_answer(req->ctx, result, port), deed->action, told,
                          done);
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
           ci_reply_location(req, "/v1/ports/%s", port->uuid) && ci_port_reply(req, port->uuid);
}

bool ci_port_create_route(struct ci_request *req)
{
    json_t *document = req->json ? req->json : ci_json(req->ctx, json_object());
    struct ci_portgroup *portgroup;
    struct ci_node *node;

    return ci_schema_check(req->ctx, rules_of(req)->schema, "port", document) &&
           check_document(req, document) && find_node(req, document, &node) &&
           ci_policy_granted(req, &CI_POLICY_NODE(node)) && check_versions(req, document) &&
           find_portgroup(req, document, &portgroup) && check_smartnic(req, document) &&
           check_physical_network(req, document) &&
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

static bool load(struct ci_request *req, const char *ident, struct ci_port **ret_port,
                 struct ci_node **ret_node)
{
    struct ci_port *port;

    if (!ci_row_load(req->ctx, &ci_port_type, ci_port_where(ident), 1, &ident, &port))
        return false;
    if (!port)
        return ci_fail(req->ctx, PortNotFound, ident);
    *ret_port = port;
    return ci_node_load_id(req->ctx, port->node_id, ret_node) &&
           ci_policy_enter(req, &CI_POLICY_NODE(*ret_node), ci_port_view.not_found, ident);
}

/* Why is not said, so that nobody learns of nodes that are not theirs. */
static bool refuse_node(struct ci_request *req, const json_t *value)
{
    const char *shown = ci_json_kind(value) == CI_JSON_STRING ? json_string_value(value)
                                                              : ci_json_repr(req->ctx->mem, value);

    ci_error_clear(req->ctx);
    if (!ci_version_is_after_21_4(req->ctx))
        return ci_fail_status(req->ctx, NodeNotFound, 400, "Node %.200s could not be found.",
                              shown);
    return ci_fail_text(req->ctx, Invalid,
                        "Unable to apply the requested node_uuid '%.200s'. Requested value was "
                        "invalid.",
                        shown);
}

/* The node that the patched port shall belong to: one of the same owner. */
static bool find_new_node(struct ci_request *req, struct ci_node **node)
{
    const json_t *value = ci_patch_value(req, "/node_uuid");
    struct ci_node *wanted;

    if (!value)
        return true;
    if (ci_json_kind(value) != CI_JSON_STRING)
        return refuse_node(req, value);
    if (!load_node(req, value, &wanted))
        return ci_failed_with(req->ctx, CI_ERR_NodeNotFound) && refuse_node(req, value);
    if (!ci_same((*node)->owner, wanted->owner))
        return refuse_node(req, value);
    *node = wanted;
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
    if (ci_same(node->provision_state, CI_STATE_INSPECTING) && ci_api_has(req, INSPECT_WAIT))
        return ci_fail_status(req->ctx, ClientSideError, 409,
                              "Cannot update port \"%s\" on \"%s\" while it is in state \"%s\".",
                              port->uuid, node->uuid, CI_STATE_INSPECTING);
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

    if (!ci_patch_update(req, rules_of(req), port, document))
        return false;
    if (port->node_id != node->id)
        ci_port_set_node_id(port, node->id);
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
    if (!find_new_node(req, &node) || !ci_patch_apply(req, rules_of(req), port, more, &document))
        return false;
    json_object_set_new(document, "node_uuid", json_string(node->uuid));
    if (!find_portgroup(req, document, &portgroup) || !check_document(req, document) ||
        !update(req, port, node, document, portgroup) || !check_state(req, port, node, portgroup) ||
        (ci_patch_touches(req, "/physical_network") && !check_physical_network(req, document)))
        return false;
    return send(req, node, &updating, port, portgroup) && ci_port_reply(req, port->uuid);
}

bool ci_port_patch_route(struct ci_request *req)
{
    struct ci_port *port;
    struct ci_node *node;

    return ci_patch_check(req, rules_of(req)) && check_patch_versions(req) &&
           load(req, req->idents[0], &port, &node) && patch_port(req, port, node);
}

bool ci_port_delete_route(struct ci_request *req)
{
    struct ci_portgroup *portgroup = NULL;
    struct ci_port *port;
    struct ci_node *node;

    return load(req, req->idents[0], &port, &node) &&
           (!ci_notify_wants(req->ctx, CI_NOTIFY_ERROR) || portgroup_of(req, port, &portgroup)) &&
           send(req, node, &destroying, port, portgroup);
}
