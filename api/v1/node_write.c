/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes: create, patch and delete. The conductor does the work; here is what can be refused
 * before it is asked.
 */
#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "api/network_data.h"
#include "api/notify.h"
#include "api/patch.h"
#include "api/policy.h"
#include "api/schema.h"
#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/v1/views.h"
#include "api/version.h"
#include "base/config.h"
#include "base/ident.h"
#include "objects/allocation.h"
#include "objects/chassis.h"
#include "objects/row.h"
#include "objects/states.h"
#include "objects/wire.h"
#include "rpc/client.h"

const struct ci_param ci_params_node_patch[] = {
    {"reset_interfaces", CI_PARAM_BOOL, CI_API_RESET_INTERFACES, CI_BELOW_406, false},
    {0},
};

#define DESCRIPTION_MAX 4096
#define TEXT "{\"type\": [\"string\", \"null\"], \"maxLength\": 65535}"

static const struct ci_field_rule rules[] = {
    {"boot_mode", "{\"type\": [\"string\", \"null\"], \"maxLength\": 16}"},
    {"chassis_uuid", "{\"type\": [\"string\", \"null\"]}"},
    {"driver", "{\"type\": \"string\", \"maxLength\": 255}"},
    {"description", "{\"type\": [\"string\", \"null\"], \"maxLength\": 4096}"},
    {"instance_name", "{\"type\": [\"string\", \"null\"], \"minLength\": 1, \"maxLength\": 255}"},
    {"instance_uuid", "{\"type\": [\"string\", \"null\"]}"},
    {"network_data", "{\"type\": [\"object\", \"null\"]}"},
    {"parent_node", "{\"type\": [\"string\", \"null\"], \"maxLength\": 36}"},
    {"protected_reason", TEXT},
    {"resource_class", "{\"type\": [\"string\", \"null\"], \"maxLength\": 80}"},
    {"retired_reason", TEXT},
    {"uuid", "{\"type\": [\"string\", \"null\"]}"},
    {0},
};

static const char *const required[] = {"driver", NULL};
static const char *const uuids[] = {"chassis_uuid", "instance_uuid", "uuid", NULL};

/* In the order in which Ironic's message names them. */
static const char *const patchable[] = {"automated_clean",
                                        "bios_interface",
                                        "boot_interface",
                                        "chassis_uuid",
                                        "conductor_group",
                                        "console_interface",
                                        "deploy_interface",
                                        "description",
                                        "disable_power_off",
                                        "driver",
                                        "driver_info",
                                        "extra",
                                        "inspect_interface",
                                        "instance_info",
                                        "instance_name",
                                        "instance_uuid",
                                        "lessee",
                                        "maintenance",
                                        "management_interface",
                                        "name",
                                        "network_data",
                                        "network_interface",
                                        "owner",
                                        "power_interface",
                                        "properties",
                                        "protected",
                                        "protected_reason",
                                        "raid_interface",
                                        "rescue_interface",
                                        "resource_class",
                                        "retired",
                                        "retired_reason",
                                        "shard",
                                        "storage_interface",
                                        "vendor_interface",
                                        "parent_node",
                                        "firmware_interface",
                                        NULL};

static const json_t *create_schema;
static struct ci_patch_rules patch_rules = {.type = &ci_node_type, .allowed = patchable};
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_schemas(void)
{
    create_schema = ci_schema_of_type(&ci_node_type, CI_CREATE, rules, required);
    patch_rules.schema = ci_schema_of_type(&ci_node_type, CI_PATCH, rules, required);
}

const json_t *ci_node_create_schema(void)
{
    pthread_once(&once, make_schemas);
    return create_schema;
}

const struct ci_patch_rules *ci_node_patch_rules(void)
{
    pthread_once(&once, make_schemas);
    return &patch_rules;
}

/* Words that would be taken for something else in a path. */
static bool check_name(struct ci_request *req, const char *name, const char *refusal)
{
    static const char *const reserved[] = {"maintenance", "management", "states", "vendor_passthru",
                                           "detail",      "validate",   NULL};

    if (ci_one_of(name, reserved))
        return ci_fail_text(req->ctx, Invalid,
                            "The word \"%s\" is reserved and can not be used as a node name. "
                            "Reserved words are: maintenance, management, states, "
                            "vendor_passthru, detail, validate.",
                            name);
    if (!ci_uuid_is_like(name) &&
        (ci_api_has(req, UNRESTRICTED_NODE_NAME) ? ci_name_is_valid(name)
                                                 : ci_hostname_is_valid(name)))
        return true;
    return ci_fail_text(req->ctx, Invalid, "%s '%.255s'", refusal, name);
}

static bool check_boot_modes(struct ci_request *req, const json_t *properties)
{
    const char *capabilities = json_string_value(json_object_get(properties, "capabilities"));
    const char *const *refused = req->ctx->config->api.disallowed_enrollment_boot_modes;
    const char *const *pairs;

    if (!capabilities || !refused || !refused[0])
        return true;
    for (pairs = ci_split(req->ctx->mem, capabilities, ','); *pairs; pairs++) {
        if (strncmp(*pairs, "boot_mode:", 10) == 0 && ci_one_of(*pairs + 10, refused))
            return ci_fail_text(req->ctx, InvalidParameterValue,
                                "Boot mode %.100s is not allowed for new nodes.", *pairs + 10);
    }
    return true;
}

/* chassis_uuid of a document becomes the node's chassis_id; null takes it out. */
static bool set_chassis(struct ci_request *req, struct ci_node *node, const json_t *document)
{
    const char *uuid = json_string_value(json_object_get(document, "chassis_uuid"));
    struct ci_chassis *chassis;

    if (!uuid) {
        if (node->chassis_id != CI_NULL_INT)
            ci_node_set_chassis_id(node, CI_NULL_INT);
        return true;
    }
    if (!ci_chassis_load(req->ctx, uuid, &chassis)) {
        if (ci_failed_with(req->ctx, CI_ERR_ChassisNotFound))
            req->ctx->error->status = 400;
        return false;
    }
    if (node->chassis_id != chassis->id)
        ci_node_set_chassis_id(node, chassis->id);
    return true;
}

/* A parent may be named; it is kept by UUID, and must belong to the same owner. */
static bool check_parent(struct ci_request *req, json_t *document)
{
    const char *parent = json_string_value(json_object_get(document, "parent_node"));
    const char *owner = json_string_value(json_object_get(document, "owner"));
    struct ci_node *node = NULL;

    if (!parent)
        return true;
    if (!ci_node_load(req->ctx, parent, &node) && !ci_failed_with(req->ctx, CI_ERR_NodeNotFound))
        return false;
    if (node && ci_same(node->owner, owner))
        return json_object_set_new(document, "parent_node", json_string(node->uuid)) == 0;
    ci_error_clear(req->ctx);
    return ci_fail_text(req->ctx, Invalid,
                        "Unable to apply the requested parent_node '%.255s'. Requested value was "
                        "invalid.",
                        parent);
}

/* Clients can see which drivers there are, so asking for another one is their fault: 400. */
static bool is_served(struct ci_request *req, const struct ci_node *node)
{
    const char *host;

    if (ci_rpc_host_of_node(req->ctx, node, &host))
        return true;
    if (ci_failed_with(req->ctx, CI_ERR_NoValidHost))
        req->ctx->error->status = 400;
    return false;
}

static const char *lower(struct ci_arena *mem, const char *text)
{
    char *copy = ci_strdup(mem, text);

    for (char *c = copy; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    return copy;
}

/* As Ironic has it: a new node may come with null and {}, which a patch may not set. */
static bool check_new_network_data(struct ci_request *req, const json_t *value)
{
    return ci_json_kind(value) != CI_JSON_OBJECT || json_object_size(value) == 0 ||
           ci_network_data_check(req, value);
}

static bool check_document(struct ci_request *req, json_t *document)
{
    const json_t *network_data = json_object_get(document, "network_data");

    return ci_document_bools(req, document, &ci_node_type) &&
           ci_document_uuids(req, document, uuids) &&
           (!network_data || check_new_network_data(req, network_data)) &&
           check_parent(req, document);
}

/*
 * Administrators of projects may create nodes, which are their project's own; whoever may not, asks
 * to create nodes for all.
 */
static bool ask_create(struct ci_request *req, bool *ret_own)
{
    *ret_own = req->ctx->config->api.project_admin_can_manage_own_nodes &&
               ci_policy_is(req, "baremetal:node:create:self_owned_node", NULL);
    req->settled = true;
    return *ret_own || ci_policy_ask(req, "baremetal:node:create", NULL);
}

static bool set_own(struct ci_request *req, struct ci_node *node)
{
    const char *project = req->ctx->who.project_id;

    if (node->owner && node->owner[0] && !ci_same(node->owner, project))
        return ci_fail_text(req->ctx, Invalid,
                            "Cannot create a node as a project scoped admin with an owner other "
                            "than your own project.");
    ci_node_set_owner(node, project);
    return true;
}

/* What the client left out. */
static bool fill_defaults(struct ci_request *req, struct ci_node *node, const json_t *document,
                          bool own)
{
    const struct ci_config *config = req->ctx->config;

    if (!node->uuid)
        ci_node_set_uuid(node, ci_uuid_new(req->ctx->mem));
    if (!node->conductor_group || !node->conductor_group[0])
        ci_node_set_conductor_group(node, config->DEFAULT.default_conductor_group
                                              ? config->DEFAULT.default_conductor_group
                                              : "");
    ci_node_set_conductor_group(node, lower(req->ctx->mem, node->conductor_group));
    if (!node->resource_class || !node->resource_class[0])
        ci_node_set_resource_class(node, config->DEFAULT.default_resource_class);
    ci_node_set_provision_state(node, ci_api_has(req, ENROLL_STATE) ? CI_STATE_ENROLL
                                                                    : CI_STATE_AVAILABLE);
    if (own && !ci_same(req->ctx->who.system_scope, "all") && !set_own(req, node))
        return false;
    return set_chassis(req, node, document);
}

static bool create(struct ci_request *req, struct ci_node *node)
{
    const struct ci_told *told = ci_told_of_node(req->ctx, node);
    json_t *message, *result = NULL;
    bool done;

    ci_notify_crud(req->ctx, node, "create", CI_NOTIFY_START, told);
    done = ci_wire_write(req->ctx, node, &message) &&
           ci_rpc_new_node(req->ctx, node, CI_RPC_create_node,
                           json_pack("{s:O}", "node_obj", message), &result);
    return ci_notify_done(req->ctx, ci_notify_answer(req->ctx, result, node), "create", told, done);
}

bool ci_node_create_route(struct ci_request *req)
{
    struct ci_node *node = ci_object_new(req->ctx->mem, &ci_node_type);
    json_t *document = req->json ? req->json : ci_json(req->ctx, json_object());
    bool own;

    pthread_once(&once, make_schemas);
    if (!ci_schema_check(req->ctx, create_schema, "node", document) || !ask_create(req, &own) ||
        !check_document(req, document) ||
        !check_boot_modes(req, json_object_get(document, "properties")) ||
        !ci_create_fill(req, node, document))
        return false;
    if (node->name && !check_name(req, node->name, "Cannot create node with invalid name"))
        return false;
    if (!fill_defaults(req, node, document, own) || !is_served(req, node) || !create(req, node))
        return false;
    return ci_reply_location(req, "/v1/nodes/%s", node->uuid) && ci_node_reply(req, node->uuid);
}

/* Ironic takes the identifier in the path for the body. */
bool ci_node_create_at(struct ci_request *req)
{
    return ci_fail_text(req->ctx, InvalidParameterValue,
                        "Schema error for node: '%s' is not of type 'object'", req->idents[0]);
}

/* The patch that frees a node in maintenance from its instance is taken in any state. */
static bool frees_instance(const struct ci_request *req)
{
    const json_t *only = json_array_get(req->json, 0);

    return json_array_size(req->json) == 1 && json_object_size(only) == 2 &&
           strcmp(json_string_value(json_object_get(only, "op")), "remove") == 0 &&
           strcmp(json_string_value(json_object_get(only, "path")), "/instance_uuid") == 0;
}

static bool check_state(struct ci_request *req, const struct ci_node *node)
{
    if (ci_is_true(node->maintenance) && frees_instance(req))
        return true;
    if (node->target_provision_state && !ci_state_is(node->provision_state, CI_STATE_MAY_UPDATE))
        return ci_fail_status(req->ctx, ClientSideError, 409,
                              "Node %s can not be updated while a state transition is in progress.",
                              req->idents[0]);
    if (ci_same(node->provision_state, CI_STATE_INSPECTING) && ci_api_has(req, INSPECT_WAIT))
        return ci_fail_status(req->ctx, ClientSideError, 409,
                              "Cannot update node \"%s\" while it is in state \"%s\".", node->uuid,
                              CI_STATE_INSPECTING);
    return true;
}

/* A node that belongs to an owner's allocation keeps its own owner. */
static bool check_owner(struct ci_request *req, const struct ci_node *node)
{
    struct ci_allocation *allocation;
    const char *id;

    if (!ci_patch_value(req, "/owner"))
        return true;
    if (ci_same(node->provision_state, CI_STATE_ACTIVE) &&
        !ci_policy_is(req, "baremetal:node:update_owner_provisioned", &CI_POLICY_NODE(node)))
        return ci_fail_status(req->ctx, ClientSideError, 409,
                              "Cannot update owner of node \"%s\" while it is in state \"%s\".",
                              node->uuid, CI_STATE_ACTIVE);
    if (node->allocation_id == CI_NULL_INT)
        return true;
    id = ci_printf(req->ctx->mem, "%lld", (long long)node->allocation_id);
    if (!ci_row_load(req->ctx, &ci_allocation_type, "id = $1", 1, &id, &allocation))
        return false;
    if (!allocation || !allocation->owner)
        return true;
    return ci_fail_status(req->ctx, ClientSideError, 409,
                          "Cannot update owner of node \"%s\" while it is allocated to an "
                          "allocation with an  owner.",
                          node->uuid);
}

static bool check_patch(struct ci_request *req)
{
    const json_t *description, *name;

    if (!ci_patch_check(req, &patch_rules))
        return false;
    if (ci_patch_touches(req, "/chassis_uuid") && !ci_patch_value(req, "/chassis_uuid") &&
        !ci_version_needs(req, CI_API_UNSET_CHASSIS_UUID))
        return false;
    if (ci_arg_true(req, "reset_interfaces", false) && !ci_patch_value(req, "/driver"))
        return ci_fail_text(req->ctx, Invalid,
                            "The reset_interfaces parameter can only be used when changing the "
                            "node's driver.");
    description = ci_patch_value(req, "/description");
    if (description && json_string_length(description) > DESCRIPTION_MAX)
        return ci_fail_text(req->ctx, Invalid,
                            "Cannot update node with description exceeding %d characters",
                            DESCRIPTION_MAX);
    if (!ci_network_data_check(req, ci_patch_value(req, "/network_data")))
        return false;
    name = ci_patch_value(req, "/name");
    return !name || ci_json_kind(name) != CI_JSON_STRING ||
           check_name(req, json_string_value(name),
                      ci_printf(req->ctx->mem, "Node %s: Cannot change name to invalid name",
                                req->idents[0]));
}

/* The document's own names for what the node holds by number. */
static bool more_of(struct ci_request *req, const struct ci_node *node, json_t **ret_more)
{
    struct ci_chassis *chassis = NULL;

    if (node->chassis_id != CI_NULL_INT &&
        !ci_chassis_load_id(req->ctx, node->chassis_id, &chassis))
        return false;
    *ret_more =
        ci_json(req->ctx, json_pack("{s:s?}", "chassis_uuid", chassis ? chassis->uuid : NULL));
    return true;
}

static bool check_console(struct ci_request *req, const struct ci_node *node)
{
    if (!ci_fieldset_has(&node->object.changed, ci_node_driver_n) ||
        !ci_is_true(node->console_enabled))
        return true;
    return ci_fail_status(req->ctx, ClientSideError, 409,
                          "Node %s can not update the driver while the console is enabled. Please "
                          "stop the console first.",
                          req->idents[0]);
}

/* Nova tells the instance's name in instance_info; it names a node that has no such name yet. */
static void adopt_instance_name(struct ci_request *req, json_t *document)
{
    const char *display = json_string_value(
        json_object_get(json_object_get(document, "instance_info"), "display_name"));
    const char *name = json_string_value(json_object_get(document, "instance_name"));

    if (display && display[0] && strlen(display) <= 255 && (!name || !name[0]) &&
        ci_patch_touches(req, "/instance_info"))
        json_object_set_new(document, "instance_name", json_string(display));
}

static bool patch_node(struct ci_request *req, struct ci_node *node)
{
    json_t *more, *document;

    if (!more_of(req, node, &more) || !ci_patch_apply(req, &patch_rules, node, more, &document) ||
        !check_document(req, document))
        return false;
    adopt_instance_name(req, document);
    if (json_string_value(json_object_get(document, "conductor_group")))
        json_object_set_new(document, "conductor_group",
                            json_string(lower(req->ctx->mem, json_string_value(json_object_get(
                                                                 document, "conductor_group")))));
    return ci_patch_update(req, &patch_rules, node, document) && set_chassis(req, node, document);
}

static bool send_update(struct ci_request *req, struct ci_node *node, struct ci_node **ret_updated)
{
    json_t *message, *result;

    return ci_wire_write(req->ctx, node, &message) &&
           ci_rpc_new_node(req->ctx, node, CI_RPC_update_node,
                           json_pack("{s:O, s:b}", "node_obj", message, "reset_interfaces",
                                     ci_arg_true(req, "reset_interfaces", false)),
                           &result) &&
           ci_wire_read_answer(req->ctx, result, &ci_node_type, ret_updated);
}

static bool update(struct ci_request *req, struct ci_node *node)
{
    const struct ci_told *told = ci_told_of_node(req->ctx, node);
    struct ci_node *updated = node;
    bool done;

    ci_notify_crud(req->ctx, node, "update", CI_NOTIFY_START, told);
    done = send_update(req, node, &updated);
    if (!ci_notify_done(req->ctx, updated, "update", told, done))
        return false;
    req->reservation = updated->reservation;
    return ci_node_reply(req, node->uuid);
}

/* Which rule a changed path asks: the first row that it begins with. */
static const struct {
    const char *path, *rule;
} path_rules[] = {
    {"/instance_info", "baremetal:node:update_instance_info"},
    {"/extra", "baremetal:node:update_extra"},
    {"/driver_info", "baremetal:node:update:driver_info"},
    {"/properties", "baremetal:node:update:properties"},
    {"/chassis_uuid", "baremetal:node:update:chassis_uuid"},
    {"/instance_uuid", "baremetal:node:update:instance_uuid"},
    {"/instance_name", "baremetal:node:update_instance_info"},
    {"/lessee", "baremetal:node:update:lessee"},
    {"/owner", "baremetal:node:update:owner"},
    {"/driver", "baremetal:node:update:driver_interfaces"},
    {"/network_data", "baremetal:node:update:network_data"},
    {"/conductor_group", "baremetal:node:update:conductor_group"},
    {"/name", "baremetal:node:update:name"},
    {"/retired", "baremetal:node:update:retired"},
    {"/shard", "baremetal:node:update:shard"},
    {"/parent_node", "baremetal:node:update:parent_node"},
    {"/disable_power_off", "baremetal:node:update:disable_power_off"},
};

static bool is_interface(const char *path)
{
    for (const struct ci_since *kind = ci_driver_interfaces; kind->name; kind++) {
        size_t n = strlen(kind->name);

        if (strncmp(path + 1, kind->name, n) == 0 && strcmp(path + 1 + n, "_interface") == 0)
            return true;
    }
    return false;
}

static bool is_false(const json_t *value)
{
    static const char *const words[] = {"0", "f", "false", "off", "n", "no", NULL};

    if (json_is_string(value)) {
        for (size_t i = 0; words[i]; i++) {
            if (strcasecmp(json_string_value(value), words[i]) == 0)
                return true;
        }
    }
    return json_is_false(value) || (json_is_integer(value) && json_integer_value(value) == 0);
}

static const char *rule_of(const json_t *operation)
{
    const char *path = json_string_value(json_object_get(operation, "path"));

    if (strncmp(path, "/automated_clean", 16) == 0 && is_false(json_object_get(operation, "value")))
        return "baremetal:node:disable_cleaning";
    for (size_t i = 0; i < sizeof path_rules / sizeof path_rules[0]; i++) {
        if (strncmp(path, path_rules[i].path, strlen(path_rules[i].path)) == 0)
            return path_rules[i].rule;
    }
    return is_interface(path) ? "baremetal:node:update:driver_interfaces" : "baremetal:node:update";
}

/* The node, asked with a rule for each path; the general one comes last, as in Ironic. */
static bool patched_node(struct ci_request *req, struct ci_node **ret_node)
{
    size_t n = json_array_size(req->json), used = 0;
    const char **asked = ci_alloc_array(req->ctx->mem, n + 2, sizeof *asked);
    bool general = n == 0;

    for (size_t i = 0; i < n; i++) {
        const char *rule = rule_of(json_array_get(req->json, i));

        if (strcmp(rule, "baremetal:node:update") == 0)
            general = true;
        else
            asked[used++] = rule;
    }
    if (general)
        asked[used++] = "baremetal:node:update";
    return ci_request_node_by(req, asked, ret_node);
}

bool ci_node_patch_route(struct ci_request *req)
{
    struct ci_node *node;

    pthread_once(&once, make_schemas);
    return check_patch(req) && patched_node(req, &node) && check_state(req, node) &&
           check_owner(req, node) && patch_node(req, node) && is_served(req, node) &&
           check_console(req, node) && update(req, node);
}

bool ci_node_delete_route(struct ci_request *req)
{
    const struct ci_told *told;
    struct ci_node *node;
    json_t *result;

    if (!ci_request_node(req, &node))
        return false;
    told = ci_told_of_node(req->ctx, node);
    ci_notify_crud(req->ctx, node, "delete", CI_NOTIFY_START, told);
    return ci_notify_done(req->ctx, node, "delete", told,
                          is_served(req, node) && ci_rpc_node(req->ctx, node, CI_RPC_destroy_node,
                                                              json_object(), &result));
}
