/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ramdisk sending what an inspection has found.
 *
 * It may not know which node it is on: its MAC addresses and those of the BMC tell, and must not
 * tell of different nodes. The path is public: who is wrong in any way hears 404, no more.
 */
#include <string.h>

#include "api/notify.h"
#include "api/schema.h"
#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/v1/ramdisk.h"
#include "api/version.h"
#include "base/config.h"
#include "base/ident.h"
#include "base/log.h"
#include "db/db.h"
#include "objects/states.h"
#include "objects/wire.h"

const struct ci_param ci_params_continue_inspection[] = {
    {"node_uuid", CI_PARAM_UUID, 1, CI_BELOW_NOTHING, false},
    {0},
};

const char *const ci_inspection_schema =
    "{\"type\": \"object\", \"required\": [\"inventory\"], \"additionalProperties\": true, "
    "\"properties\": {\"inventory\": {\"type\": \"object\", \"required\": [\"interfaces\"], "
    "\"additionalProperties\": true, \"properties\": {"
    "\"bmc_address\": {\"type\": [\"string\", \"null\"]}, "
    "\"bmc_v6address\": {\"type\": [\"string\", \"null\"]}, "
    "\"interfaces\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"object\", "
    "\"required\": [\"mac_address\"], \"additionalProperties\": true, "
    "\"properties\": {\"mac_address\": {\"type\": \"string\"}}}}}}}}";

/* By what a ramdisk is known; lists end with NULL. */
struct marks {
    const char *const *macs, *const *bmcs;
    const char *uuid; /* or NULL */
};

static const char *const *macs_of(struct ci_request *req, const json_t *inventory)
{
    const json_t *interfaces = json_object_get(inventory, "interfaces");
    size_t count = json_array_size(interfaces), n = 0;
    const char **macs = ci_alloc_array(req->ctx->mem, count + 1, sizeof *macs);

    for (size_t i = 0; i < count; i++) {
        const char *mac =
            json_string_value(json_object_get(json_array_get(interfaces, i), "mac_address"));

        if (ci_mac_is_valid(mac))
            macs[n++] = ci_mac_normal(req->ctx->mem, mac);
    }
    return macs;
}

static const char *const *bmcs_of(struct ci_request *req, const json_t *inventory)
{
    static const char *const keys[] = {"bmc_address", "bmc_v6address"};
    const char **bmcs = ci_alloc_array(req->ctx->mem, 3, sizeof *bmcs);
    size_t n = 0;

    for (size_t i = 0; i < 2; i++) {
        const json_t *value = json_object_get(inventory, keys[i]);

        if (ci_json_kind(value) == CI_JSON_STRING && json_string_length(value) > 0)
            bmcs[n++] = json_string_value(value);
    }
    return bmcs;
}

/* Several nodes for what one ramdisk says of itself: which they are is for the log alone. */
static bool conflict(struct ci_request *req, const char *what, const char *node)
{
    return ci_ramdisk_not_found(req, what, node);
}

/* The node of the MAC addresses; *node stays when no node has any of them. */
static bool find_by_macs(struct ci_request *req, const struct marks *marks, struct ci_node **node)
{
    struct ci_node *found;

    if (!marks->macs[0])
        return true;
    if (!ci_node_load_addresses(req->ctx, marks->macs, &found)) {
        if (ci_failed_with(req->ctx, CI_ERR_DuplicateNodeOnLookup))
            return conflict(req, "its MAC addresses are those of several nodes", "-");
        if (!ci_failed_with(req->ctx, CI_ERR_NodeNotFound))
            return false;
        ci_error_clear(req->ctx);
        return true;
    }
    if (*node && !ci_same((*node)->uuid, found->uuid))
        return conflict(req, "its MAC addresses are those of another node", found->uuid);
    *node = found;
    return true;
}

static bool shares_address(const json_t *cached, const char *const *addresses)
{
    for (size_t i = 0; i < json_array_size(cached); i++) {
        const json_t *one = json_array_get(cached, i);

        if (ci_json_kind(one) == CI_JSON_STRING && ci_one_of(json_string_value(one), addresses))
            return true;
    }
    return false;
}

/* Nodes that wait for a ramdisk and whose BMC has one of the addresses: their UUIDs. */
static bool waiting_by_bmc(struct ci_request *req, const char *const *bmcs,
                           const char *const **ret_uuids)
{
    const char *state = CI_STATE_INSPECTWAIT, **uuids;
    struct ci_rows *rows;
    size_t n = 0;

    if (!ci_db_query(req->ctx,
                     "SELECT uuid, driver_internal_info FROM nodes WHERE provision_state = $1 AND "
                     "driver_internal_info LIKE '%\"lookup_bmc_addresses\"%'",
                     1, &state, &rows))
        return false;
    uuids = ci_alloc_array(req->ctx->mem, rows->count + 1, sizeof *uuids);
    for (size_t i = 0; i < rows->count; i++) {
        const char *text = ci_row_text(rows, i, 1);
        json_t *info;

        if (!ci_json_read(req->ctx, text, strlen(text), &ci_json_trusted, &info))
            return false;
        if (shares_address(json_object_get(info, "lookup_bmc_addresses"), bmcs))
            uuids[n++] = ci_row_text(rows, i, 0);
    }
    *ret_uuids = uuids;
    return true;
}

/* Several nodes may share a BMC's name; the MAC addresses must decide between them. */
static bool find_by_bmc(struct ci_request *req, const struct marks *marks, struct ci_node **node)
{
    const char *const *uuids;

    if (!marks->bmcs[0])
        return true;
    if (!waiting_by_bmc(req, marks->bmcs, &uuids))
        return false;
    if (!uuids[0])
        return true;
    if (*node)
        return ci_one_of((*node)->uuid, uuids) ||
               conflict(req, "its BMC is that of another node", uuids[0]);
    if (uuids[1])
        return conflict(req, "its BMC is that of several nodes", uuids[0]);
    return ci_node_load(req->ctx, uuids[0], node);
}

/* *ret_node stays NULL when nothing is known of the machine. */
static bool look_up(struct ci_request *req, const struct marks *marks, struct ci_node **ret_node)
{
    struct ci_node *node = NULL;

    if (marks->uuid && !ci_node_load(req->ctx, marks->uuid, &node))
        return ci_failed_with(req->ctx, CI_ERR_NodeNotFound) &&
               ci_ramdisk_not_found(req, "there is no such node", marks->uuid);
    if (!find_by_macs(req, marks, &node))
        return false;
    if (node && !ci_same(node->provision_state, CI_STATE_INSPECTWAIT))
        return ci_ramdisk_not_found(req, "of its state", node->uuid);
    if (!find_by_bmc(req, marks, &node))
        return false;
    *ret_node = node;
    return true;
}

/* A machine that nobody knows becomes a node; the ramdisk hears nothing of what goes wrong. */
static bool enroll(struct ci_request *req, struct ci_node **ret_node)
{
    const struct ci_config *config = req->ctx->config;
    struct ci_node *node = ci_object_new(req->ctx->mem, &ci_node_type);
    const struct ci_told *told;
    json_t *message, *result = NULL;
    bool done;

    if (!config->auto_discovery.enabled)
        return ci_ramdisk_not_found(req, "no node is like it", "-");
    ci_node_set_uuid(node, ci_uuid_new(req->ctx->mem));
    ci_node_set_driver(node, config->auto_discovery.driver);
    ci_node_set_conductor_group(node, config->DEFAULT.default_conductor_group
                                          ? config->DEFAULT.default_conductor_group
                                          : "");
    ci_node_set_resource_class(node, config->DEFAULT.default_resource_class);
    ci_node_set_provision_state(node, CI_STATE_ENROLL);
    told = ci_told_of_node(req->ctx, node);
    ci_notify_crud(req->ctx, node, "create", CI_NOTIFY_START, told);
    done = ci_wire_write(req->ctx, node, &message) &&
           ci_rpc_new_node(req->ctx, node, CI_RPC_create_node,
                           json_pack("{s:O}", "node_obj", message), &result);
    if (!ci_notify_done(req->ctx, ci_notify_answer(req->ctx, result, node), "create", told, done)) {
        ci_error_log(req->ctx, "A discovered machine cannot be enrolled", "error=%s",
                     req->ctx->error->message);
        ci_error_clear(req->ctx);
        return ci_fail(req->ctx, IronicException);
    }
    *ret_node = node;
    return true;
}

/* The node, how it is to behave, and its token; up to 1.1 the node's name alone. */
static bool answer(struct ci_request *req, const struct ci_node *node)
{
    json_t *token;

    if (ci_api_has(req, CONTINUE_INSPECTION))
        return ci_ramdisk_token(req, node, &token) && ci_ramdisk_answer(req, node, token);
    return ci_reply_json(req, json_pack("{s:s}", "uuid", node->uuid));
}

static bool check_body(struct ci_request *req)
{
    const json_t *body = req->json ? req->json : ci_json(req->ctx, json_object());
    json_t *schema;

    return ci_json_read(req->ctx, ci_inspection_schema, strlen(ci_inspection_schema),
                        &ci_json_trusted, &schema) &&
           ci_schema_check(req->ctx, schema, "data", body);
}

bool ci_continue_inspection(struct ci_request *req)
{
    struct marks marks = {.uuid = ci_arg_text(req, "node_uuid")};
    struct ci_node *node = NULL;
    json_t *inventory, *data, *result;

    if (!check_body(req) || !ci_ramdisk_check_enabled(req))
        return false;
    if (marks.uuid && !ci_api_has(req, CONTINUE_INSPECTION))
        return ci_fail_text(req->ctx, NotFound, "API version 1.%d or newer is required",
                            CI_API_CONTINUE_INSPECTION);
    inventory = json_object_get(req->json, "inventory");
    marks.macs = macs_of(req, inventory);
    marks.bmcs = bmcs_of(req, inventory);
    if (!marks.macs[0] && !marks.bmcs[0] && !marks.uuid)
        return ci_fail_text(req->ctx, BadRequest, "No lookup information provided");
    if (!look_up(req, &marks, &node))
        return false;
    data = ci_json(req->ctx, json_copy(req->json));
    json_object_del(data, "inventory");
    if (!node) {
        if (!enroll(req, &node))
            return false;
        json_object_set_new(data, "auto_discovered", json_true());
    }
    /* The token first: it needs the lock, which processing then holds for long. */
    return answer(req, node) &&
           ci_ramdisk_call(req, node, CI_RPC_continue_inspection,
                           json_pack("{s:O, s:O}", "inventory", inventory, "plugin_data", data),
                           &result);
}
