/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power of a machine that has no controller, by the agent that runs on it: it can be rebooted, and
 * it is on as long as the agent calls in.
 */
#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "drivers/agent_boot.h"
#include "drivers/agent_client.h"
#include "objects/info.h"
#include "objects/states.h"

/* How long a machine takes to go down. */
enum { DOWN_S = 30 };

static const char *const states[] = {CI_REBOOT, CI_SOFT_REBOOT, NULL};

static bool validate(struct ci_task *task)
{
    bool fast_track, alive;

    if (!ci_info_fast_track(task->ctx, task->node, &fast_track))
        return false;
    if (!fast_track)
        return ci_fail_text(task->ctx, InvalidParameterValue,
                            "Fast track mode must be enabled to use the agent power interface");
    if (!ci_agent_is_alive(task, &alive))
        return false;
    return alive || ci_fail_text(task->ctx, InvalidParameterValue,
                                 "Agent seems offline for node %s, the agent power interface "
                                 "cannot be used",
                                 task->node->uuid);
}

static bool get_state(struct ci_task *task, const char **ret_state)
{
    bool alive;

    if (!ci_agent_is_alive(task, &alive))
        return false;
    if (!alive)
        ci_error_log(task->ctx, "Nothing is heard of an agent, its machine may be off", "node=%s",
                     task->node->uuid);
    *ret_state = alive ? CI_POWER_ON : NULL;
    return true;
}

/* The agent that boots has another address, and a token of its own unless it was given before. */
static bool forget(struct ci_task *task)
{
    static const char *const url[] = {"agent_url", NULL};
    static const char *const token[] = {"agent_secret_token", NULL};
    json_t *info;

    return ci_info_read(task->ctx, task->node->driver_internal_info, &info) &&
           (json_is_true(json_object_get(info, "agent_secret_token_pregenerated")) ||
            ci_internal_info_drop(task->ctx, task->node, token)) &&
           ci_internal_info_drop(task->ctx, task->node, url) && ci_node_save(task->ctx, task->node);
}

static bool reboot(struct ci_task *task, int64_t timeout_s)
{
    json_t *command;

    (void)timeout_s;
    if (!ci_agent_command(task, "standby.run_image", json_object(), CI_AGENT_BEGIN, &command) ||
        !forget(task))
        return false;
    ci_task_pause(task, DOWN_S);
    return true;
}

static bool set_state(struct ci_task *task, const char *state, int64_t timeout_s)
{
    if (ci_one_of(state, states))
        return reboot(task, timeout_s);
    return ci_fail(task->ctx, PowerStateFailure, state);
}

const struct ci_power ci_agent_power = {
    .base = {.type = "power", .name = "agent", .validate = validate},
    .get_state = get_state,
    .set_state = set_state,
    .reboot = reboot,
    .supported_states = states,
    .no_force = true};
