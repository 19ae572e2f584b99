/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hangs on a node: maintenance, boot device, NMI, validation, traits and VIFs.
 */
#include <stdlib.h>
#include <string.h>

#include "api/notify.h"
#include "api/patch.h"
#include "api/schema.h"
#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/v1/traits.h"
#include "api/v1/views.h"
#include "api/version.h"
#include "base/ident.h"
#include "objects/wire.h"
#include "rpc/client.h"

const struct ci_param ci_params_maintenance[] = {
    {"reason", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    {0},
};
const struct ci_param ci_params_boot_device[] = {
    {"boot_device", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, true},
    {"persistent", CI_PARAM_BOOL, 1, CI_BELOW_NOTHING, false},
    {0},
};
const struct ci_param ci_params_validate[] = {
    {"node", CI_PARAM_UUID_OR_NAME, 1, CI_BELOW_NOTHING, false},
    {"node_uuid", CI_PARAM_UUID, 1, CI_BELOW_NOTHING, false},
    {0},
};

static bool set_maintenance(struct ci_request *req, bool on, const char *reason)
{
    json_t *message, *result = NULL;
    struct ci_node *node;
    bool done;

    if (!ci_request_node(req, &node))
        return false;
    ci_node_set_maintenance(node, on);
    ci_node_set_maintenance_reason(node, reason);
    if (!on)
        ci_node_set_fault(node, NULL);
    (void)ci_told_of_node(req->ctx, node); /* for its traits: this payload has no chassis */
    ci_notify_crud(req->ctx, node, "maintenance_set", CI_NOTIFY_START, NULL);
    done = ci_wire_write(req->ctx, node, &message) &&
           ci_rpc_new_node(req->ctx, node, CI_RPC_update_node,
                           json_pack("{s:O}", "node_obj", message), &result);
    return ci_notify_done(req->ctx, ci_notify_answer(req->ctx, result, node), "maintenance_set",
                          NULL, done);
}

bool ci_maintenance_set(struct ci_request *req)
{
    return set_maintenance(req, true, ci_arg_text(req, "reason"));
}

bool ci_maintenance_clear(struct ci_request *req)
{
    return set_maintenance(req, false, NULL);
}

/* A call without arguments whose result is the answer. */
static bool ask(struct ci_request *req, enum ci_rpc_method method, json_t **ret_result)
{
    struct ci_node *node;

    return ci_request_node(req, &node) &&
           ci_rpc_node(req->ctx, node, method, json_object(), ret_result);
}

bool ci_boot_device_show(struct ci_request *req)
{
    json_t *result;

    return ask(req, CI_RPC_get_boot_device, &result) && ci_reply_json(req, json_incref(result));
}

bool ci_boot_device_supported(struct ci_request *req)
{
    json_t *result;

    return ask(req, CI_RPC_get_supported_boot_devices, &result) &&
           ci_reply_json(req, json_pack("{s:O}", "supported_boot_devices", result));
}

bool ci_boot_device_set(struct ci_request *req)
{
    struct ci_node *node;
    json_t *result;

    return ci_request_node(req, &node) &&
           ci_rpc_node(req->ctx, node, CI_RPC_set_boot_device,
                       json_pack("{s:s, s:b}", "device", ci_arg_text(req, "boot_device"),
                                 "persistent", ci_arg_true(req, "persistent", false)),
                       &result);
}

bool ci_nmi_inject(struct ci_request *req)
{
    json_t *result;

    if (req->json && json_object_size(req->json) > 0)
        return ci_schema_check(
            req->ctx,
            ci_json(req->ctx, json_pack("{s:{}, s:b}", "properties", "additionalProperties", 0)),
            "body", req->json);
    return ask(req, CI_RPC_inject_nmi, &result);
}

bool ci_node_validate(struct ci_request *req)
{
    const char *ident = ci_arg_text(req, "node");
    struct ci_node *node;
    json_t *result;

    if (ident && !ci_uuid_is_like(ident) && !ci_version_needs(req, CI_API_NODE_NAME))
        return false;
    if (!ident)
        ident = ci_arg_text(req, "node_uuid");
    if (!ident)
        return ci_fail_text(req->ctx, InvalidUuidOrName,
                            "Expected a logical name or UUID but received None.");
    return ci_request_node_ident(req, ident, &node) &&
           ci_rpc_node(req->ctx, node, CI_RPC_validate_driver_interfaces, json_object(), &result) &&
           ci_reply_json(req, json_incref(result));
}

bool ci_node_validate_ident(struct ci_request *req)
{
    json_t *result;

    return ask(req, CI_RPC_validate_driver_interfaces, &result) &&
           ci_reply_json(req, json_incref(result));
}

bool ci_traits_show(struct ci_request *req)
{
    static const char *const fields[] = {"traits", NULL};
    const struct ci_view view = {.type = &ci_node_type,
                                 .collection = "nodes",
                                 .key = "uuid",
                                 .virtual_sql = ci_node_view.virtual_sql,
                                 .write = ci_node_view.write};
    struct ci_node *node;
    bool found;

    if (!ci_request_node(req, &node))
        return false;
    return ci_view_some(req, &view, fields, "uuid = $1", 1, &node->uuid, &found) &&
           (found || ci_fail(req->ctx, NodeNotFound, node->uuid));
}

static const struct ci_traits_of traits_of = {"node", "nodes"};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The node's traits as they will be, sorted: listeners are told them before they are so. */
static void tell_traits(struct ci_request *req, struct ci_node *node, enum ci_rpc_method method,
                        const json_t *args)
{
    const json_t *given = json_object_get(args, "traits"), *one;
    const bool adds = method == CI_RPC_add_node_traits;
    json_t *names = ci_json(req->ctx, json_array()), *before;
    const char **sorted;
    size_t i, n = 0;

    if (!node->traits ||
        !ci_json_read(req->ctx, node->traits, strlen(node->traits), &ci_json_trusted, &before)) {
        ci_error_clear(req->ctx);
        before = names;
    }
    sorted = ci_alloc_array(req->ctx->mem, json_array_size(before) + json_array_size(given) + 1,
                            sizeof *sorted);
    json_array_foreach(before, i, one)
    {
        const char *name = json_string_value(one);

        if (adds ? !json_is_true(json_object_get(args, "replace")) && !ci_traits_hold(given, name)
                 : json_is_array(given) && !ci_traits_hold(given, name))
            sorted[n++] = name;
    }
    for (i = 0; adds && i < json_array_size(given); i++)
        sorted[n++] = json_string_value(json_array_get(given, i));
    qsort(sorted, n, sizeof *sorted, by_name);
    for (i = 0; i < n; i++) {
        if (i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0)
            json_array_append_new(names, json_string(sorted[i]));
    }
    node->traits = ci_json_text(req->ctx->mem, names);
}

static bool change_traits(struct ci_request *req, enum ci_rpc_method method, json_t *args)
{
    const struct ci_told *told;
    struct ci_node *node;
    json_t *result;

    if (!ci_request_node(req, &node)) {
        json_decref(args);
        return false;
    }
    told = ci_told_of_node(req->ctx, node);
    if (told)
        tell_traits(req, node, method, args);
    ci_notify_crud(req->ctx, node, "update", CI_NOTIFY_START, told);
    if (ci_notify_done(req->ctx, node, "update", told,
                       ci_rpc_node(req->ctx, node, method, args, &result)))
        return true;
    if (!ci_failed_with(req->ctx, CI_ERR_NodeTraitNotFound))
        return false;
    /* A conductor of Ironic's calls the node by the number of its row. */
    ci_error_clear(req->ctx);
    return ci_fail(req->ctx, NodeTraitNotFound, node->uuid, req->idents[1]);
}

bool ci_traits_set(struct ci_request *req)
{
    const json_t *traits;

    return ci_traits_read(req, &traits_of, &traits) &&
           change_traits(req, CI_RPC_add_node_traits,
                         json_pack("{s:O, s:b}", "traits", traits, "replace", 1));
}

bool ci_trait_add(struct ci_request *req)
{
    const char *trait = req->idents[1];

    if (!ci_schema_check_trait(req->ctx, "trait", trait))
        return false;
    if (req->json && json_object_size(req->json) > 0)
        return ci_traits_refuse(req, &traits_of);
    return change_traits(req, CI_RPC_add_node_traits,
                         json_pack("{s:[s], s:b}", "traits", trait, "replace", 0)) &&
           ci_reply_location(req, "/v1/nodes/%s/traits/%s", req->idents[0], trait);
}

bool ci_traits_clear(struct ci_request *req)
{
    return change_traits(req, CI_RPC_remove_node_traits, json_pack("{s:n}", "traits"));
}

bool ci_trait_remove(struct ci_request *req)
{
    return change_traits(req, CI_RPC_remove_node_traits,
                         json_pack("{s:[s]}", "traits", req->idents[1]));
}

bool ci_vifs_show(struct ci_request *req)
{
    json_t *result;

    return ask(req, CI_RPC_vif_list, &result) &&
           ci_reply_json(req, json_pack("{s:O}", "vifs", result));
}

const char *const ci_vif_schema = "{\"type\": \"object\", \"required\": [\"id\"], "
                                  "\"properties\": {\"id\": {\"type\": \"string\"}}}";

static bool check_vif(struct ci_request *req)
{
    const char *id, *const ports[] = {"port_uuid", "portgroup_uuid"};
    json_t *schema;

    if (!req->json)
        req->json = ci_json(req->ctx, json_object());
    if (!ci_json_read(req->ctx, ci_vif_schema, strlen(ci_vif_schema), &ci_json_trusted, &schema) ||
        !ci_schema_check(req->ctx, schema, "vif", req->json))
        return false;
    id = json_string_value(json_object_get(req->json, "id"));
    if (!ci_uuid_is_like(id) && !ci_name_is_valid(id))
        return ci_fail_text(req->ctx, InvalidParameterValue, "Expected UUID or name for id: %.255s",
                            id);
    if (!json_object_get(req->json, ports[0]) && !json_object_get(req->json, ports[1]))
        return true;
    if (!ci_version_needs(req, CI_API_NODE_VIF_ATTACH_PORT))
        return false;
    if (json_object_get(req->json, ports[0]) && json_object_get(req->json, ports[1]))
        return ci_fail_text(req->ctx, Invalid, "Cannot specify both port_uuid and portgroup_uuid");
    return ci_document_uuids(req, req->json, (const char *const[]){ports[0], ports[1], NULL});
}

bool ci_vif_attach(struct ci_request *req)
{
    struct ci_node *node;
    json_t *result;

    return check_vif(req) && ci_request_node(req, &node) &&
           ci_rpc_node(req->ctx, node, CI_RPC_vif_attach, json_pack("{s:O}", "vif_info", req->json),
                       &result);
}

bool ci_vif_detach(struct ci_request *req)
{
    struct ci_node *node;
    json_t *result;

    return ci_request_node(req, &node) &&
           ci_rpc_node(req->ctx, node, CI_RPC_vif_detach,
                       json_pack("{s:s}", "vif_id", req->idents[1]), &result);
}
