/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Provision verbs: what may be asked of a node, in which version, with which arguments. The
 * order of the checks is Ironic's, since clients see which one is first.
 */
#include <ctype.h>
#include <string.h>

#include "api/policy.h"
#include "api/schema.h"
#include "api/v1/contract.h"
#include "api/v1/handlers.h"
#include "api/v1/runbook_use.h"
#include "api/v1/steps.h"
#include "api/version.h"
#include "base/config.h"
#include "objects/states.h"
#include "rpc/client.h"

const struct ci_param ci_params_provision[] = {
    {"target", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, true},
    {"configdrive", CI_PARAM_JSON, 1, CI_BELOW_NOTHING, false},
    {"clean_steps", CI_PARAM_JSON, 1, CI_BELOW_NOTHING, false},
    {"deploy_steps", CI_PARAM_JSON, 1, CI_BELOW_NOTHING, false},
    {"rescue_password", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    {"disable_ramdisk", CI_PARAM_BOOL, 1, CI_BELOW_NOTHING, false},
    {"service_steps", CI_PARAM_JSON, CI_API_SERVICE, CI_BELOW_NOTHING, false},
    {"runbook", CI_PARAM_STRING, CI_API_RUNBOOKS, CI_BELOW_NOTHING, false},
    {0},
};

#define TYPES_CONFIGDRIVE "<class 'NoneType'>, <class 'dict'>, <class 'str'>"
#define TYPES_STEPS "<class 'NoneType'>, <class 'list'>"

static bool is_target(const char *target, const char *a, const char *b)
{
    return strcmp(target, a) == 0 || (b && strcmp(target, b) == 0);
}

static bool wrong_type(struct ci_request *req, const char *types, const char *name)
{
    const struct ci_arg *arg = ci_arg(req, name);

    return ci_fail_text(req->ctx, InvalidParameterValue, "Expected types %s for %s: %s", types,
                        name, arg->text ? arg->text : ci_json_repr(req->ctx->mem, arg->json));
}

/* 1: the kinds of the arguments. */
static bool check_types(struct ci_request *req)
{
    static const char *const steps[] = {"clean_steps", "deploy_steps", "service_steps"};
    const struct ci_arg *drive = ci_arg(req, "configdrive");

    if (drive->given && !drive->text && ci_json_kind(drive->json) != CI_JSON_OBJECT)
        return wrong_type(req, TYPES_CONFIGDRIVE, "configdrive");
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        const struct ci_arg *arg = ci_arg(req, steps[i]);

        if (arg->given && (!arg->json || ci_json_kind(arg->json) != CI_JSON_ARRAY))
            return wrong_type(req, TYPES_STEPS, steps[i]);
    }
    return true;
}

/* 7: can the state be left by the verb? */
static bool check_verb(struct ci_request *req, const struct ci_node *node, const char *target)
{
    if (ci_state_allows_verb(node->provision_state, target))
        return true;
    if (node->reservation)
        return ci_fail(req->ctx, NodeLocked, node->uuid, node->reservation);
    return ci_fail(req->ctx, InvalidStateRequested, target, node->uuid,
                   node->provision_state ? node->provision_state : "None");
}

static bool check_base64(const char *text)
{
    for (; *text; text++) {
        if (!isalnum((unsigned char)*text) && !strchr("+/=\r\n\t ", *text))
            return false;
    }
    return true;
}

const char *const ci_configdrive_schema =
    "{\"type\": \"object\", \"properties\": {\"meta_data\": {\"type\": \"object\"}, "
    "\"network_data\": {\"type\": \"object\"}, \"user_data\": {\"type\": [\"object\", "
    "\"array\", \"string\", \"null\"]}, \"vendor_data\": {\"type\": \"object\"}}, "
    "\"additionalProperties\": false}";

static bool check_drive_object(struct ci_request *req, const json_t *drive)
{
    const char *message;
    json_t *schema;

    if (!ci_json_read(req->ctx, ci_configdrive_schema, strlen(ci_configdrive_schema),
                      &ci_json_trusted, &schema))
        return false;
    message = ci_schema_fault(req->ctx, schema, drive);
    if (message)
        return ci_fail_text(req->ctx, InvalidParameterValue, "Invalid configdrive format: %s",
                            message);
    if (!ci_api_has(req, BUILD_CONFIGDRIVE))
        return ci_fail_text(req->ctx, ClientSideError,
                            "Providing a JSON object for configdrive is only supported starting "
                            "with API version 1.%d",
                            CI_API_BUILD_CONFIGDRIVE);
    if (json_object_get(drive, "vendor_data") && !ci_api_has(req, CONFIGDRIVE_VENDOR_DATA))
        return ci_fail_text(req->ctx, ClientSideError,
                            "Providing vendor_data in configdrive is only supported starting with "
                            "API version 1.%d",
                            CI_API_CONFIGDRIVE_VENDOR_DATA);
    return true;
}

/* 8 */
static bool check_configdrive(struct ci_request *req, const char *target)
{
    const struct ci_arg *drive = ci_arg(req, "configdrive");
    bool rebuild = ci_api_has(req, REBUILD_CONFIG_DRIVE);

    if (!drive->given || (drive->text && !drive->text[0]) ||
        (!drive->text && json_object_size(drive->json) == 0))
        return true;
    if (!is_target(target, "active", rebuild ? "rebuild" : NULL))
        return ci_fail_text(req->ctx, ClientSideError,
                            "Adding a config drive is only supported when setting provision state "
                            "to %s",
                            rebuild ? "active, rebuild" : "active");
    if (!drive->text)
        return check_drive_object(req, drive->json);
    if (strstr(drive->text, "://") || check_base64(drive->text))
        return true;
    return ci_fail_text(req->ctx, InvalidParameterValue,
                        "Invalid configdrive format: it is neither a JSON, nor a URL, nor a base64 "
                        "string");
}

/* 10 */
static bool check_ramdisk(struct ci_request *req, const char *target)
{
    int since = strcmp(target, "service") == 0 ? CI_API_SERVICE_DISABLE_RAMDISK
                                               : CI_API_CLEAN_DISABLE_RAMDISK;

    if (!ci_arg(req, "disable_ramdisk")->given)
        return true;
    if (req->version < since)
        return ci_fail_text(req->ctx, NotAcceptable,
                            "disable_ramdisk is not acceptable in this API version");
    if (is_target(target, "clean", "service"))
        return true;
    return ci_fail_text(req->ctx, ClientSideError,
                        "disable_ramdisk is supported only with manual cleaning or servicing");
}

static bool has_steps(const struct ci_request *req, const char *name)
{
    return json_array_size(ci_arg(req, name)->json) > 0;
}

static bool only_for(struct ci_request *req, const char *name, const char *targets)
{
    return ci_fail_text(req->ctx, ClientSideError,
                        "\"%s\" is only valid when setting target provision state to %s", name,
                        targets);
}

/* 11 to 17: arguments that go with one verb, and the versions of abort and service. */
static bool check_arguments(struct ci_request *req, const struct ci_node *node, const char *target)
{
    if (ci_arg(req, "clean_steps")->given && !is_target(target, "clean", NULL))
        return only_for(req, "clean_steps", "clean");
    if (has_steps(req, "deploy_steps")) {
        if (!ci_version_needs_named(req, CI_API_DEPLOY_STEPS))
            return false;
        if (!is_target(target, "active", "rebuild"))
            return only_for(req, "deploy_steps", "active or rebuild");
    }
    if (ci_arg(req, "rescue_password")->given && !is_target(target, "rescue", NULL))
        return only_for(req, "rescue_password", "rescue");
    if (is_target(target, "abort", NULL) && ci_same(node->provision_state, CI_STATE_INSPECTWAIT) &&
        !ci_version_needs(req, CI_API_INSPECTION_ABORT))
        return false;
    if (is_target(target, "abort", NULL) && ci_same(node->provision_state, CI_STATE_DEPLOYWAIT) &&
        !ci_version_needs(req, CI_API_DEPLOYWAIT_ABORT))
        return false;
    if (is_target(target, "unhold", NULL) && !ci_version_needs(req, CI_API_UNHOLD_VERB))
        return false;
    if (ci_arg(req, "service_steps")->given && !is_target(target, "service", NULL))
        return only_for(req, "service_steps", "service");
    return !is_target(target, "service", NULL) || ci_version_needs(req, CI_API_SERVICE);
}

const char *const ci_manual_steps_schema =
    "{\"type\": \"array\", \"items\": {\"type\": \"object\", "
    "\"required\": [\"interface\", \"step\"], \"properties\": {" CI_STEP_MEMBERS ", "
    "\"execute_on_child_nodes\": {\"type\": \"boolean\"}, "
    "\"limit_child_node_execution\": {\"type\": \"array\", \"items\": {\"type\": "
    "\"string\"}}, "
    "\"order\": " CI_STEP_NUMBER "}, \"additionalProperties\": false}}";
const char *const ci_deploy_steps_schema =
    "{\"type\": \"array\", \"items\": " CI_DEPLOY_STEP_SCHEMA "}";

/* 18: user steps of cleaning and servicing, or of deploying. */
static bool check_steps(struct ci_request *req, const char *name, bool deploy,
                        const char *const *refused)
{
    const json_t *steps = ci_arg(req, name)->json, *step;
    const char *text = deploy ? ci_deploy_steps_schema : ci_manual_steps_schema, *message, *full;
    json_t *schema;
    size_t i;

    if (!ci_json_read(req->ctx, text, strlen(text), &ci_json_trusted, &schema))
        return false;
    message = ci_schema_fault(req->ctx, schema, steps);
    if (message)
        return ci_fail_text(req->ctx, InvalidParameterValue, "Invalid %s: %s", name, message);
    json_array_foreach(steps, i, step)
    {
        full =
            ci_printf(req->ctx->mem, "%s.%s", json_string_value(json_object_get(step, "interface")),
                      json_string_value(json_object_get(step, "step")));
        if (refused && ci_one_of(full, refused))
            return ci_fail_text(req->ctx, InvalidParameterValue,
                                "%.*s step '%s' is not allowed. Disallowed by operator "
                                "configuration [api]disallow_%s.",
                                (int)strcspn(name, "_"), name, full, name);
    }
    return true;
}

static bool deploy(struct ci_request *req, const struct ci_node *node, const char *target)
{
    const struct ci_arg *drive = ci_arg(req, "configdrive");
    json_t *steps = (json_t *)(uintptr_t)ci_arg(req, "deploy_steps")->json, *args, *result;

    if (has_steps(req, "deploy_steps") &&
        !check_steps(req, "deploy_steps", true, req->ctx->config->api.disallow_deploy_steps))
        return false;
    args = json_pack("{s:b}", "rebuild", strcmp(target, "rebuild") == 0);
    json_object_set_new(args, "configdrive",
                        !drive->given ? json_null()
                        : drive->text ? json_string(drive->text)
                                      : json_incref((json_t *)(uintptr_t)drive->json));
    if (has_steps(req, "deploy_steps"))
        json_object_set(args, "deploy_steps", steps);
    return ci_rpc_node(req->ctx, node, CI_RPC_do_node_deploy, args, &result);
}

static bool clean(struct ci_request *req, const struct ci_node *node)
{
    json_t *args, *result;

    if (!has_steps(req, "clean_steps"))
        return ci_fail_text(req->ctx, ClientSideError,
                            "\"clean_steps\" is required when setting target provision state to "
                            "clean");
    if (!check_steps(req, "clean_steps", false, req->ctx->config->api.disallow_clean_steps))
        return false;
    args = json_pack("{s:O}", "clean_steps", ci_arg(req, "clean_steps")->json);
    if (ci_arg(req, "disable_ramdisk")->given)
        json_object_set_new(args, "disable_ramdisk",
                            json_boolean(ci_arg_true(req, "disable_ramdisk", false)));
    return ci_rpc_node(req->ctx, node, CI_RPC_do_node_clean, args, &result);
}

static bool service(struct ci_request *req, const struct ci_node *node)
{
    json_t *result;

    if (!has_steps(req, "service_steps"))
        return ci_fail_text(req->ctx, ClientSideError,
                            "\"service_steps\" is required when setting target provision state to "
                            "service");
    return check_steps(req, "service_steps", false, req->ctx->config->api.disallow_service_steps) &&
           ci_rpc_node(req->ctx, node, CI_RPC_do_node_service,
                       json_pack("{s:O, s:b}", "service_steps", ci_arg(req, "service_steps")->json,
                                 "disable_ramdisk", ci_arg_true(req, "disable_ramdisk", false)),
                       &result);
}

static bool rescue(struct ci_request *req, const struct ci_node *node)
{
    const char *password = ci_arg_text(req, "rescue_password");
    json_t *result;

    if (!password || strspn(password, " \t\r\n") == strlen(password))
        return ci_fail_text(req->ctx, ClientSideError,
                            "A non-empty \"rescue_password\" is required when setting target "
                            "provision state to rescue");
    return ci_rpc_node(req->ctx, node, CI_RPC_do_node_rescue,
                       json_pack("{s:s}", "rescue_password", password), &result);
}

static bool act(struct ci_request *req, const struct ci_node *node, const char *target)
{
    json_t *result;

    if (is_target(target, "active", "deploy") || is_target(target, "rebuild", NULL))
        return deploy(req, node, target);
    if (is_target(target, "deleted", "undeploy"))
        return ci_rpc_node(req->ctx, node, CI_RPC_do_node_tear_down, json_object(), &result);
    if (is_target(target, "unrescue", NULL))
        return ci_rpc_node(req->ctx, node, CI_RPC_do_node_unrescue, json_object(), &result);
    if (is_target(target, "inspect", NULL))
        return ci_rpc_node(req->ctx, node, CI_RPC_inspect_hardware, json_object(), &result);
    if (is_target(target, "rescue", NULL))
        return rescue(req, node);
    if (is_target(target, "clean", NULL))
        return clean(req, node);
    if (is_target(target, "service", NULL))
        return service(req, node);
    return ci_rpc_node(req->ctx, node, CI_RPC_do_provisioning_action,
                       json_pack("{s:s}", "action", target), &result);
}

/* Steps have rules of their own; a runbook is asked for in their place. */
static bool ask_steps(struct ci_request *req, const struct ci_node *node)
{
    static const struct {
        const char *name, *rule;
    } guarded[] = {
        {"clean_steps", "baremetal:node:set_provision_state:clean_steps"},
        {"service_steps", "baremetal:node:set_provision_state:service_steps"},
    };

    if (ci_arg(req, "runbook")->given)
        return true;
    for (size_t i = 0; i < sizeof guarded / sizeof guarded[0]; i++) {
        if (has_steps(req, guarded[i].name) &&
            !ci_policy_ask(req, guarded[i].rule, &CI_POLICY_NODE(node)))
            return false;
    }
    return ci_steps_ask(req, ci_arg(req, "deploy_steps")->json, node) &&
           ci_steps_ask(req, ci_arg(req, "clean_steps")->json, node) &&
           ci_steps_ask(req, ci_arg(req, "service_steps")->json, node);
}

bool ci_provision_set(struct ci_request *req)
{
    const char *target = ci_arg_text(req, "target");
    struct ci_node *node;

    if (!check_types(req) || !ci_request_node(req, &node))
        return false;
    /* A verb that is newer than the API served is not known at all. */
    if (ci_verb_since(target) > ci_version_max(req->ctx))
        return ci_fail(req->ctx, InvalidStateRequested, target, node->uuid,
                       node->provision_state ? node->provision_state : "None");
    if (!ci_version_needs(req, ci_verb_since(target)))
        return false;
    if (!ask_steps(req, node))
        return false;
    if (is_target(target, "active", "rebuild") && ci_is_true(node->maintenance))
        return ci_fail(req->ctx, NodeInMaintenance, "provisioning", node->uuid);
    return check_verb(req, node, target) && check_configdrive(req, target) &&
           ci_runbook_use(req, node, target) && check_ramdisk(req, target) &&
           check_arguments(req, node, target) && act(req, node, target) &&
           ci_reply_location(req, "/v1/nodes/%s/states", req->idents[0]);
}
