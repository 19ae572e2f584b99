/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The states of a node: shown, and changed where it is not provisioning: power, boot mode,
 * secure boot, console.
 */
#include <string.h>

#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/v1/views.h"
#include "api/version.h"
#include "objects/states.h"
#include "rpc/client.h"

const struct ci_param ci_params_power[] = {
    {"target", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, true},
    {"timeout", CI_PARAM_INT, 1, CI_BELOW_NOTHING, false},
    {0},
};
const struct ci_param ci_params_boot_mode[] = {
    {"target", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, true},
    {0},
};
const struct ci_param ci_params_secure_boot[] = {
    {"target", CI_PARAM_BOOL, 1, CI_BELOW_NOTHING, false},
    {0},
};
const struct ci_param ci_params_console[] = {
    {"enabled", CI_PARAM_BOOL, 1, CI_BELOW_NOTHING, true},
    {0},
};

const char *const ci_node_states_fields[] = {"console_enabled",      "last_error",
                                             "power_state",          "provision_state",
                                             "target_power_state",   "target_provision_state",
                                             "provision_updated_at", "raid_config",
                                             "target_raid_config",   "boot_mode",
                                             "secure_boot",          NULL};

/* What may not be seen of a node is redacted here, too, where there is something to see. */
static bool write_field(struct ci_text *text, const struct ci_view_row *row, size_t field,
                        const char *value, size_t length)
{
    return (value || field != ci_node_last_error_n) &&
           ci_node_view.write(text, row, field, value, length);
}

bool ci_node_states_show(struct ci_request *req)
{
    const struct ci_view view = {.type = &ci_node_type,
                                 .owned = ci_node_view.owned,
                                 .collection = "nodes",
                                 .key = "uuid",
                                 .write = write_field};
    struct ci_node *node;
    bool found;

    if (!ci_request_node(req, &node))
        return false;
    return ci_view_some(req, &view, ci_node_states_fields, "uuid = $1", 1, &node->uuid, &found) &&
           (found || ci_fail(req->ctx, NodeNotFound, node->uuid));
}

/* Where the client may look how the work goes on. */
static bool accepted(struct ci_request *req)
{
    return ci_reply_location(req, "/v1/nodes/%s/states", req->idents[0]);
}

static bool refuse_power(struct ci_request *req, const struct ci_node *node, const char *target,
                         const char *state)
{
    return ci_fail(req->ctx, InvalidStateRequested, target, node->uuid, state ? state : "None");
}

static bool check_power(struct ci_request *req, const struct ci_node *node, const char *target)
{
    static const char *const targets[] = {CI_POWER_ON,    CI_POWER_OFF,      CI_REBOOT,
                                          CI_SOFT_REBOOT, CI_SOFT_POWER_OFF, NULL};
    const struct ci_arg *timeout = ci_arg(req, "timeout");
    bool soft = strcmp(target, CI_SOFT_REBOOT) == 0 || strcmp(target, CI_SOFT_POWER_OFF) == 0;
    bool off = strcmp(target, CI_SOFT_POWER_OFF) == 0 || strcmp(target, CI_POWER_OFF) == 0;

    if ((soft || (timeout->given && timeout->number != 0)) &&
        !ci_version_needs(req, CI_API_SOFT_POWER_OFF))
        return false;
    if (timeout->given && timeout->number < 1)
        return ci_fail_text(req->ctx, Invalid, "timeout has to be positive integer");
    if (!ci_one_of(target, targets))
        return refuse_power(req, node, target, node->power_state);
    if (ci_same(node->provision_state, CI_STATE_CLEANING) ||
        ci_same(node->provision_state, CI_STATE_CLEANWAIT))
        return refuse_power(req, node, target, node->provision_state);
    if (off && ci_is_true(node->disable_power_off))
        return ci_fail(req->ctx, PowerStateFailure, target);
    return true;
}

bool ci_power_set(struct ci_request *req)
{
    const char *target = ci_arg_text(req, "target");
    const struct ci_arg *timeout = ci_arg(req, "timeout");
    struct ci_node *node;
    const char *host;
    json_t *args, *result;

    if (!ci_request_node(req, &node) || !ci_rpc_host_of_node(req->ctx, node, &host) ||
        !check_power(req, node, target))
        return false;
    args = json_pack("{s:s, s:o}", "new_state", target, "timeout",
                     timeout->given ? json_integer(timeout->number) : json_null());
    return ci_rpc_node(req->ctx, node, CI_RPC_change_node_power_state, args, &result) &&
           accepted(req);
}

/* The two boot settings may be changed in states that stay as they are. */
static bool check_settled(struct ci_request *req, const struct ci_node *node)
{
    if (!ci_state_is(node->provision_state, CI_STATE_IS_UNSTABLE))
        return true;
    return ci_fail_status(
        req->ctx, ClientSideError, 409,
        "Node is in %s state. Since node is transitioning, the boot mode will not "
        "be set as this may interfere with ongoing changes and result in "
        "erroneous modification",
        node->provision_state);
}

static bool check_boot_version(struct ci_request *req)
{
    if (ci_api_has(req, NODE_CHANGE_BOOT_MODE))
        return true;
    return ci_fail_text(req->ctx, NotFound,
                        "This endpoint is supported starting with the API version 1.%d",
                        CI_API_NODE_CHANGE_BOOT_MODE);
}

bool ci_boot_mode_set(struct ci_request *req)
{
    const char *target = ci_arg_text(req, "target");
    static const char *const modes[] = {"bios", "uefi", NULL};
    struct ci_node *node;
    json_t *result;

    if (!ci_request_node(req, &node) || !check_boot_version(req))
        return false;
    if (!ci_one_of(target, modes))
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "Invalid boot mode %.100s requested for node. Allowed boot modes are: "
                            "bios, uefi",
                            target);
    return check_settled(req, node) &&
           ci_rpc_node(req->ctx, node, CI_RPC_change_node_boot_mode,
                       json_pack("{s:s}", "new_state", target), &result) &&
           accepted(req);
}

bool ci_secure_boot_set(struct ci_request *req)
{
    struct ci_node *node;
    json_t *result;

    if (!ci_request_node(req, &node) || !check_boot_version(req))
        return false;
    if (!ci_arg(req, "target")->given)
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "Invalid secure_boot None requested for node. Allowed secure_boot "
                            "states are: True, False) ");
    return check_settled(req, node) &&
           ci_rpc_node(req->ctx, node, CI_RPC_change_node_secure_boot,
                       json_pack("{s:b}", "new_state", ci_arg_true(req, "target", false)),
                       &result) &&
           accepted(req);
}

bool ci_console_show(struct ci_request *req)
{
    json_t *info = NULL;
    struct ci_node *node;
    bool enabled = true;

    if (!ci_request_node(req, &node))
        return false;
    if (!ci_rpc_node(req->ctx, node, CI_RPC_get_console_information, json_object(), &info)) {
        if (!ci_failed_with(req->ctx, CI_ERR_NodeConsoleNotEnabled))
            return false;
        ci_error_clear(req->ctx);
        enabled = false;
    }
    return ci_reply_json(req, json_pack("{s:b, s:O?}", "console_enabled", enabled, "console_info",
                                        enabled ? info : NULL));
}

bool ci_console_set(struct ci_request *req)
{
    struct ci_node *node;
    json_t *result;

    return ci_request_node(req, &node) &&
           ci_rpc_node(req->ctx, node, CI_RPC_set_console_mode,
                       json_pack("{s:b}", "enabled", ci_arg_true(req, "enabled", false)),
                       &result) &&
           ci_reply_location(req, "/v1/nodes/%s/states/console", req->idents[0]);
}

/* RAID is a standard interface that not all hardware has: what is missing is not found. */
bool ci_raid_set(struct ci_request *req)
{
    struct ci_node *node;
    json_t *result;

    if (!req->json)
        return ci_fail_text(req->ctx, MissingParameterValue,
                            "Missing mandatory parameter: target_raid_config");
    if (!json_is_object(req->json))
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "Expected types <class 'dict'> for target_raid_config: %.200s",
                            ci_json_repr(req->ctx->mem, req->json));
    if (!ci_request_node(req, &node))
        return false;
    if (ci_rpc_node(req->ctx, node, CI_RPC_set_target_raid_config,
                    json_pack("{s:O}", "target_raid_config", req->json), &result))
        return true;
    if (ci_failed_with(req->ctx, CI_ERR_UnsupportedDriverExtension))
        req->ctx->error->status = 404;
    return false;
}
