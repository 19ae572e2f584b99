/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent in a node's ramdisk: its steps.
 */
#include "drivers/agent.h"

#include <string.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "drivers/agent_client.h"
#include "drivers/agent_node.h"
#include "objects/info.h"

const char *ci_agent_flow(enum ci_flow flow)
{
    static const char *const names[] = {"clean", "deploy", "service"};

    return names[flow];
}

/* Fails with the class of the flow. */
static bool fail(struct ci_task *task, enum ci_flow flow, const char *message)
{
    switch (flow) {
    case CI_FLOW_CLEAN:
        return ci_fail_text(task->ctx, NodeCleaningFailure, "%s", message);
    case CI_FLOW_DEPLOY:
        return ci_fail_text(task->ctx, InstanceDeployFailure, "%s", message);
    case CI_FLOW_SERVICE:
        return ci_fail_text(task->ctx, NodeServicingFailure, "%s", message);
    }
    return false;
}

static const char *cache_key(struct ci_task *task, enum ci_flow flow)
{
    return ci_printf(task->ctx->mem, "agent_cached_%s_steps", ci_agent_flow(flow));
}

/* The first of the keys that the object lacks, as Python prints a set; NULL when it has all. */
static const char *missing(struct ci_task *task, const json_t *object, const char *const *keys)
{
    const char *list = "";

    for (; *keys; keys++) {
        if (!json_object_get(object, *keys))
            list = ci_printf(task->ctx->mem, "%s%s'%s'", list, *list ? ", " : "", *keys);
    }
    return *list ? ci_printf(task->ctx->mem, "{%s}", list) : NULL;
}

/* The agent's steps by hardware manager become steps by interface. */
static bool sort_steps(struct ci_task *task, enum ci_flow flow, json_t *managers, json_t *sorted)
{
    static const char *const keys[] = {"interface", "step", "priority", NULL};
    const char *name, *lacking;
    json_t *list, *step;
    size_t i;

    json_object_foreach(managers, name, list)
    {
        json_array_foreach(list, i, step)
        {
            const char *interface = ci_agent_text(step, "interface");

            lacking = missing(task, step, keys);
            if (lacking)
                return fail(task, flow,
                            ci_printf(task->ctx->mem,
                                      "agent get_%s_steps for node %s returned an invalid %s "
                                      "step. Keys: %s are missing from step: %s.",
                                      ci_agent_flow(flow), task->node->uuid, ci_agent_flow(flow),
                                      lacking, ci_json_repr(task->ctx->mem, step)));
            if (flow == CI_FLOW_CLEAN)
                json_object_set_new(step, "requires_ramdisk", json_true());
            if (!json_object_get(sorted, interface))
                json_object_set_new(sorted, interface, json_array());
            json_array_append(json_object_get(sorted, interface), step);
        }
    }
    return true;
}

/* Keeps what an agent answered; saved. */
static bool keep_steps(struct ci_task *task, enum ci_flow flow, json_t *result)
{
    const char *const keys[] = {ci_printf(task->ctx->mem, "%s_steps", ci_agent_flow(flow)),
                                "hardware_manager_version", NULL};
    const char *lacking = missing(task, result, keys);
    json_t *sorted = ci_json(task->ctx, json_object()), *kept;

    if (lacking)
        return fail(task, flow,
                    ci_printf(task->ctx->mem,
                              "agent get_%s_steps for node %s returned an invalid result. Keys: %s "
                              "are missing from result: %s.",
                              ci_agent_flow(flow), task->node->uuid, lacking,
                              ci_json_repr(task->ctx->mem, result)));
    if (!sort_steps(task, flow, json_object_get(result, keys[0]), sorted))
        return false;
    kept = ci_json(task->ctx, json_object());
    json_object_set(kept, "hardware_manager_version", json_object_get(result, keys[1]));
    json_object_set(kept, cache_key(task, flow), sorted);
    json_object_set_new(kept, ci_printf(task->ctx->mem, "%s_refreshed", cache_key(task, flow)),
                        ci_info_time(ci_time_now_us()));
    return ci_internal_info_merge(task->ctx, task->node, kept) &&
           ci_node_save(task->ctx, task->node);
}

bool ci_agent_refresh_steps(struct ci_task *task, enum ci_flow flow)
{
    const char *name = ci_agent_flow(flow);
    json_t *node, *ports, *command, *result;

    if (!ci_agent_node(task, false, &node, &ports))
        return false;
    if (ci_agent_command(task, ci_printf(task->ctx->mem, "%s.get_%s_steps", name, name),
                         json_pack("{s:o, s:o}", "node", node, "ports", ports), CI_AGENT_END,
                         &command)) {
        result = json_object_get(command, "command_result");
        return keep_steps(task, flow,
                          json_is_object(result) ? result : ci_json(task->ctx, json_object()));
    }
    if (ci_failed_with(task->ctx, CI_ERR_AgentInProgress)) {
        ci_error_clear(task->ctx);
        return true;
    }
    if (flow != CI_FLOW_SERVICE || !ci_failed_with(task->ctx, CI_ERR_AgentAPIError))
        return false;
    ci_warning(task->ctx, "The agent knows no service steps", "node=%s error=%s", task->node->uuid,
               ci_error_take(task->ctx));
    return keep_steps(task, flow,
                      ci_json(task->ctx, json_pack("{s:{}, s:i}", "service_steps",
                                                   "hardware_manager_version", 0)));
}

static void override_priority(json_t *step, const struct ci_agent_priority *priorities)
{
    for (; priorities && priorities->step; priorities++) {
        if (priorities->priority != CI_NULL_INT &&
            strcmp(ci_agent_text(step, "step"), priorities->step) == 0)
            json_object_set_new(step, "priority", json_integer(priorities->priority));
    }
}

static void append(json_t *steps, const json_t *list, const struct ci_agent_priority *priorities)
{
    json_t *step;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)list, i, step)
    {
        json_array_append_new(steps, json_copy(step));
        override_priority(json_array_get(steps, json_array_size(steps) - 1), priorities);
    }
}

bool ci_agent_add_steps(struct ci_task *task, enum ci_flow flow, const char *interface,
                        const struct ci_agent_priority *priorities, json_t *steps)
{
    const char *name;
    json_t *info, *cached, *list;

    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info))
        return false;
    cached = json_object_get(info, cache_key(task, flow));
    if (interface) {
        append(steps, json_object_get(cached, interface), priorities);
        return true;
    }
    json_object_foreach(cached, name, list) append(steps, list, priorities);
    return true;
}

bool ci_agent_run_step(struct ci_task *task, enum ci_flow flow, const json_t *step,
                       enum ci_outcome *ret_outcome)
{
    const char *name = ci_agent_flow(flow);
    json_t *node, *ports, *params, *command, *info;

    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info) ||
        !ci_agent_node(task, flow == CI_FLOW_DEPLOY, &node, &ports))
        return false;
    params = json_pack("{s:O, s:o, s:o}", "step", step, "node", node, "ports", ports);
    json_object_set(params, ci_printf(task->ctx->mem, "%s_version", name),
                    json_object_get(info, "hardware_manager_version"));
    if (!json_object_get(info, "hardware_manager_version"))
        json_object_set_new(params, ci_printf(task->ctx->mem, "%s_version", name), json_null());
    if (!ci_agent_command(task, ci_printf(task->ctx->mem, "%s.execute_%s_step", name, name), params,
                          CI_AGENT_BEGIN, &command))
        return false;
    if (!*ci_agent_text(command, "command_status"))
        return fail(task, flow,
                    ci_printf(task->ctx->mem, "Agent on node %s returned bad command result: %s",
                              task->node->uuid, ci_json_repr(task->ctx->mem, command)));
    *ret_outcome = CI_WAIT;
    return true;
}

static bool rescue(struct ci_task *task, json_t **ret_command)
{
    json_t *info;
    const char *hash, *plain;

    if (!ci_info_read(task->ctx, task->node->instance_info, &info))
        return false;
    hash = ci_agent_text(info, "hashed_rescue_password");
    plain = ci_agent_text(info, "rescue_password");
    if (!*hash)
        return ci_fail_text(task->ctx, IronicException,
                            "Agent rescue requires rescue_password in instance_info");
    if (ci_agent_command(task, "rescue.finalize_rescue",
                         json_pack("{s:s, s:b}", "rescue_password", hash, "hashed", 1),
                         CI_AGENT_BEGIN, ret_command))
        return true;
    if (!ci_failed_with(task->ctx, CI_ERR_AgentAPIError))
        return false;
    if (task->ctx->config->conductor.require_rescue_password_hashed)
        return ci_fail_text(task->ctx, InstanceRescueFailure,
                            "Unable to rescue node due to an out of date agent ramdisk. Please "
                            "contact the administrator to update the rescue ramdisk to contain an "
                            "ironic-python-agent version of at least 6.0.0.");
    ci_error_clear(task->ctx);
    return ci_agent_command(task, "rescue.finalize_rescue",
                            json_pack("{s:s}", "rescue_password", plain), CI_AGENT_BEGIN,
                            ret_command);
}

bool ci_agent_finalize_rescue(struct ci_task *task)
{
    const struct ci_node *node = task->node;
    const char *reason;
    json_t *command;

    if (!rescue(task, &command))
        reason = ci_error_take(task->ctx);
    else if (strcmp(ci_agent_text(command, "command_status"), "SUCCEEDED") != 0)
        reason = ci_printf(task->ctx->mem,
                           "Agent returned bad result for command "
                           "finalize_rescue: %s",
                           ci_agent_reason(task, command));
    else
        return true;
    return ci_fail(task->ctx, InstanceRescueFailure,
                   node->instance_uuid ? node->instance_uuid : "None", node->uuid, reason);
}
