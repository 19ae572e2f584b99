/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ramdisk calling in: it looks up its node and how to behave, and tells that it lives.
 *
 * These paths are public, so that they say as little as they can: a node that is not there and
 * one in another state are the same 404.
 */
#include <string.h>

#include "api/v1/handlers.h"
#include "api/v1/ramdisk.h"
#include "api/v1/views.h"
#include "api/version.h"
#include "base/config.h"
#include "base/ident.h"
#include "base/log.h"
#include "objects/info.h"
#include "objects/states.h"
#include "objects/wire.h"
#include "rpc/client.h"

const struct ci_param ci_params_lookup[] = {
    {"addresses", CI_PARAM_LIST, 1, CI_BELOW_NOTHING, false},
    {"node_uuid", CI_PARAM_UUID, 1, CI_BELOW_NOTHING, false},
    {0},
};
const struct ci_param ci_params_heartbeat[] = {
    {"callback_url", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, true},
    {"agent_version", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    {"agent_token", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    {"agent_verify_ca", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    {"agent_status", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    {"agent_status_message", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    {0},
};

bool ci_ramdisk_check_enabled(struct ci_request *req)
{
    return req->ctx->config->api.enable_ramdisk_endpoints ||
           ci_fail(req->ctx, HTTPForbidden, req->path);
}

bool ci_ramdisk_not_found(struct ci_request *req, const char *why, const char *node)
{
    ci_error_clear(req->ctx);
    ci_warning(req->ctx, "A ramdisk is not let in", "node=%s why=\"%s\"", node, why);
    return ci_fail(req->ctx, NotFound);
}

/* The member of a stored object, or NULL. */
static json_t *member(struct ci_request *req, const char *stored, const char *key)
{
    json_t *object;

    if (!stored)
        return NULL;
    if (ci_json_read(req->ctx, stored, strlen(stored), &ci_json_trusted, &object))
        return json_object_get(object, key);
    ci_error_clear(req->ctx);
    return NULL;
}

static bool check_state(struct ci_request *req, const struct ci_node *node)
{
    bool fast_track;

    if (!req->ctx->config->api.restrict_lookup)
        return true;
    if (!ci_info_fast_track(req->ctx, node, &fast_track))
        return false;
    return ci_state_is(node->provision_state,
                       fast_track ? CI_STATE_MAY_LOOKUP_FAST : CI_STATE_MAY_LOOKUP) ||
           ci_ramdisk_not_found(req, "of its state", node->uuid);
}

bool ci_ramdisk_answer(struct ci_request *req, const struct ci_node *node, json_t *token)
{
    static const char *const fields[] = {"uuid", "properties", "instance_info",
                                         "driver_internal_info", NULL};
    const struct ci_view view = {.type = &ci_node_type,
                                 .collection = "nodes",
                                 .key = "uuid",
                                 .extras = ci_node_view.extras,
                                 .extra_count = 1, /* the links */
                                 .write = ci_node_view.write};
    json_t *config = ci_json(req->ctx, ci_ramdisk_config(req, node, token));
    bool found;

    ci_text_add(req->reply, "{\"node\": ");
    if (!ci_view_some(req, &view, fields, "uuid = $1", 1, &node->uuid, &found))
        return false;
    if (!found)
        return ci_ramdisk_not_found(req, "it is gone", node->uuid);
    ci_text_add(req->reply, ", \"config\": ");
    ci_json_print(req->reply, config);
    ci_text_add(req->reply, "}");
    return true;
}

bool ci_ramdisk_call(struct ci_request *req, const struct ci_node *node, enum ci_rpc_method method,
                     json_t *args, json_t **ret_result)
{
    if (ci_rpc_node(req->ctx, node, method, args, ret_result))
        return true;
    /* A node without a conductor is told with 400 here. */
    if (ci_failed_with(req->ctx, CI_ERR_NoValidHost))
        req->ctx->error->status = 400;
    return false;
}

bool ci_ramdisk_token(struct ci_request *req, const struct ci_node *node, json_t **ret_token)
{
    json_t *result = NULL;
    struct ci_node *with_token;

    if (!ci_ramdisk_call(req, node, CI_RPC_get_node_with_token, NULL, &result) ||
        !ci_wire_read_answer(req->ctx, result, &ci_node_type, &with_token))
        return false;
    *ret_token = member(req, with_token->driver_internal_info, "agent_secret_token");
    return true;
}

static bool find(struct ci_request *req, const char *uuid, const char *const *macs,
                 struct ci_node **ret_node)
{
    if (uuid ? ci_node_load(req->ctx, uuid, ret_node)
             : ci_node_load_addresses(req->ctx, macs, ret_node))
        return true;
    if (!ci_failed_with(req->ctx, CI_ERR_NodeNotFound) &&
        !ci_failed_with(req->ctx, CI_ERR_DuplicateNodeOnLookup))
        return false;
    return ci_ramdisk_not_found(req, req->ctx->error->message, uuid ? uuid : "-");
}

/* The addresses that are some, as they are stored. */
static const char *const *valid_macs(struct ci_request *req, const char *const *addresses)
{
    const char **macs;
    size_t n = 0;

    while (addresses && addresses[n])
        n++;
    macs = ci_alloc_array(req->ctx->mem, n + 1, sizeof *macs);
    n = 0;
    for (; addresses && *addresses; addresses++) {
        if (ci_mac_is_valid(*addresses))
            macs[n++] = ci_mac_normal(req->ctx->mem, *addresses);
    }
    macs[n] = NULL;
    return macs;
}

bool ci_lookup(struct ci_request *req)
{
    const char *uuid = ci_arg_text(req, "node_uuid");
    const char *const *macs = valid_macs(req, ci_arg(req, "addresses")->list);
    json_t *token = NULL;
    struct ci_node *node;

    if (!ci_ramdisk_check_enabled(req))
        return false;
    if (!uuid && !macs[0])
        return ci_fail(req->ctx, IncompleteLookup);
    if (!find(req, uuid, macs, &node) || !check_state(req, node))
        return false;
    if (ci_api_has(req, AGENT_TOKEN))
        return ci_ramdisk_token(req, node, &token) && ci_ramdisk_answer(req, node, token);
    /* Unlike Ironic, an old version does not show a token that another ramdisk was given. */
    if (member(req, node->driver_internal_info, "agent_secret_token"))
        token = ci_json(req->ctx, json_string("******"));
    return ci_ramdisk_answer(req, node, token);
}

/* Arguments that came with a version, in the order in which Ironic looks at them. */
static bool check_versions(struct ci_request *req)
{
    const char *version = ci_arg_text(req, "agent_version");
    const char *status = ci_arg_text(req, "agent_status");
    const char *message = ci_arg_text(req, "agent_status_message");

    if (version && version[0] && !ci_api_has(req, AGENT_VERSION_HEARTBEAT))
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "Field \"agent_version\" not recognised");
    if (((status && status[0]) || (message && message[0])) && !ci_api_has(req, HEARTBEAT_STATUS))
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "Fields \"agent_status\" and \"agent_status_message\" not recognised.");
    if (ci_arg(req, "agent_verify_ca")->given && !ci_api_has(req, HEARTBEAT_VERIFY_CA))
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "Field \"agent_verify_ca\" not recognised in this version");
    return true;
}

/* Newer releases want a URL of HTTP; the ramdisk of anaconda sends an empty one. */
static bool check_url(struct ci_request *req, const struct ci_node *node, const char *url)
{
    const char *colon = strchr(url, ':');
    const char *scheme = ci_strndup(req->ctx->mem, url, colon ? (size_t)(colon - url) : 0);
    const json_t *known = member(req, node->driver_internal_info, "agent_url");

    if (url[0] && !strcasestr(scheme, "http") && ci_version_is_after_21_4(req->ctx))
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "An issue with the supplied \"callback_url\" has been detected.");
    if (json_is_string(known) && strcmp(json_string_value(known), url) != 0) {
        ci_warning(req->ctx, "A heartbeat with another callback URL is refused", "node=%s",
                   node->uuid);
        return ci_fail_text(req->ctx, Invalid,
                            "Detected change in ramdisk provided \"callback_url\"");
    }
    return true;
}

static bool check_agent(struct ci_request *req)
{
    static const char *const states[] = {"start", "end", "error", NULL};
    const char *status = ci_arg_text(req, "agent_status");

    if (!ci_arg(req, "agent_token")->given)
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "Agent token is required for heartbeat processing.");
    return !status || ci_one_of(status, states) ||
           ci_fail_text(req->ctx, InvalidParameterValue,
                        "Agent status is invalid. Valid states are start,end,error.");
}

bool ci_heartbeat(struct ci_request *req)
{
    const char *url = ci_arg_text(req, "callback_url");
    struct ci_node *node;
    json_t *args, *result;

    if (!ci_ramdisk_check_enabled(req) || !check_versions(req) || !ci_request_node(req, &node) ||
        !check_url(req, node, url) || !check_agent(req))
        return false;
    args = json_object();
    for (const struct ci_param *param = req->route->params; param->name; param++) {
        const char *text = ci_arg_text(req, param->name);

        json_object_set_new(args, param->name, text ? json_string(text) : json_null());
    }
    return ci_ramdisk_call(req, node, CI_RPC_heartbeat, args, &result);
}
