/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ramdisk of an agent: how it is booted, whether it lives, and how it ends.
 */
#include "drivers/agent_boot.h"

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "drivers/agent_client.h"
#include "objects/info.h"
#include "objects/states.h"

#define US_PER_S INT64_C(1000000)

bool ci_agent_manages_boot(const struct ci_task *task)
{
    return task->ctx->config->agent.manage_agent_boot;
}

static bool prepare_boot(struct ci_task *task)
{
    const struct ci_boot *boot = task->hardware->boot;

    return ci_internal_info_set(task->ctx, task->node, "agent_start_attempted", json_true()) &&
           ci_node_save(task->ctx, task->node) && ci_optional(boot->prepare_ramdisk, task);
}

bool ci_agent_prepare_boot(struct ci_task *task)
{
    return !ci_agent_manages_boot(task) || prepare_boot(task);
}

bool ci_agent_clean_boot(struct ci_task *task)
{
    return !ci_agent_manages_boot(task) ||
           ci_optional(task->hardware->boot->clean_up_ramdisk, task);
}

bool ci_agent_prepare_instance(struct ci_task *task)
{
    return ci_optional(task->hardware->boot->prepare_instance, task) ||
           ci_fail_text(task->ctx, InstanceDeployFailure,
                        "Failed to prepare instance for booting: %s", ci_error_take(task->ctx));
}

bool ci_agent_power_down(struct ci_task *task)
{
    return ci_is_true(task->node->disable_power_off) || task->set_power(task, CI_POWER_OFF, 0);
}

bool ci_agent_power_down_unseen(struct ci_task *task)
{
    if (!ci_agent_power_down(task))
        return false;
    ci_node_set_power_state(task->node, CI_POWER_ON);
    return ci_node_save(task->ctx, task->node);
}

bool ci_agent_power_up(struct ci_task *task)
{
    return task->set_power(task,
                           ci_is_true(task->node->disable_power_off) ? CI_REBOOT : CI_POWER_ON, 0);
}

/* Was the flow asked for without a ramdisk? */
static bool has_no_ramdisk(struct ci_task *task, bool *ret_none)
{
    static const char *const cleaning[] = {CI_STATE_CLEANING, CI_STATE_CLEANWAIT, NULL};
    static const char *const servicing[] = {CI_STATE_SERVICING, CI_STATE_SERVICEWAIT, NULL};
    const char *state = task->node->provision_state, *key = "";
    json_t *info;

    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info))
        return false;
    if (ci_one_of(state, cleaning))
        key = "cleaning_disable_ramdisk";
    else if (ci_one_of(state, servicing))
        key = "service_disable_ramdisk";
    *ret_none = json_is_true(json_object_get(info, key));
    return true;
}

bool ci_agent_reboot(struct ci_task *task)
{
    bool none, fast_track;

    if (!has_no_ramdisk(task, &none))
        return false;
    if (!none) {
        if (!ci_agent_is_fast_track(task, &fast_track))
            return false;
        if (fast_track && !ci_is_true(task->node->disable_power_off) &&
            !task->set_power(task, CI_POWER_OFF, 0))
            return false;
        if (!prepare_boot(task))
            return false;
    }
    return task->set_power(task, CI_REBOOT, 0);
}

static bool is_recent(const struct ci_task *task, int64_t time_us)
{
    return time_us != CI_NULL_TIME &&
           time_us >= ci_time_now_us() - task->ctx->config->deploy.fast_track_timeout * US_PER_S;
}

bool ci_agent_is_alive(struct ci_task *task, bool *ret_alive)
{
    static const char *const inspection[] = {CI_STATE_INSPECTING, CI_STATE_INSPECTWAIT, NULL};
    const struct ci_node *node = task->node;
    int64_t heard_us = CI_NULL_TIME;
    const char *heard;
    json_t *info;

    if (!ci_info_read(task->ctx, node->driver_internal_info, &info))
        return false;
    heard = ci_agent_text(info, "agent_last_heartbeat");
    if (*heard && !ci_time_parse(heard, &heard_us))
        heard_us = CI_NULL_TIME;
    *ret_alive =
        (ci_same(node->power_state, CI_POWER_ON) &&
         is_recent(task, node->inspection_finished_at)) ||
        ((*ci_agent_text(info, "agent_url") || ci_one_of(node->provision_state, inspection)) &&
         is_recent(task, heard_us));
    return true;
}

bool ci_agent_is_fast_track(struct ci_task *task, bool *ret_fast_track)
{
    static const char *const servicing[] = {CI_STATE_SERVICING, CI_STATE_SERVICEWAIT,
                                            CI_STATE_SERVICEFAIL, CI_STATE_SERVICEHOLD, NULL};
    const struct ci_node *node = task->node;
    const char *power;
    bool enabled;

    *ret_fast_track = false;
    if (!ci_info_fast_track(task->ctx, node, &enabled))
        return false;
    if (!enabled || node->last_error || ci_one_of(node->provision_state, servicing))
        return true;
    if (!task->hardware->power->get_state(task, &power))
        return false;
    return !ci_same(power, CI_POWER_ON) || ci_agent_is_alive(task, ret_fast_track);
}

/* Off within [agent]post_deploy_get_power_state_retries? */
static bool comes_down(struct ci_task *task)
{
    const struct ci_config *config = task->ctx->config;
    const char *state;

    for (int64_t left = config->agent.post_deploy_get_power_state_retries; left >= 0; left--) {
        if (!task->hardware->power->get_state(task, &state))
            ci_error_clear(task->ctx); /* it is asked again */
        else if (ci_same(state, CI_POWER_OFF))
            return true;
        if (left > 0 && !ci_task_is_ending(task))
            ci_task_pause(task, config->agent.post_deploy_get_power_state_retry_interval);
    }
    return false;
}

bool ci_agent_power_off(struct ci_task *task)
{
    json_t *command;

    /* The answer to this one gets lost easily: what counts is the power state. */
    if (!ci_agent_command(task, "standby.power_off", json_object(), CI_AGENT_BEGIN, &command))
        ci_warning(task->ctx, "The agent does not power off", "node=%s error=%s", task->node->uuid,
                   ci_error_take(task->ctx));
    if (comes_down(task))
        return true;
    ci_warning(task->ctx, "The ramdisk stays on, it is powered off hard", "node=%s",
               task->node->uuid);
    return task->set_power(task, CI_POWER_OFF, 0);
}

/* Does the agent answer no more? */
static bool falls_silent(struct ci_task *task)
{
    const struct ci_config *config = task->ctx->config;
    json_t *commands;

    for (int64_t left = config->agent.post_deploy_get_power_state_retries; left >= 0; left--) {
        if (!ci_agent_commands(task, config->agent.max_command_attempts, &commands)) {
            bool gone = ci_failed_with(task->ctx, CI_ERR_AgentConnectionFailed);

            ci_error_clear(task->ctx);
            if (gone)
                return true;
        }
        if (left > 0)
            ci_task_pause(task, config->agent.post_deploy_get_power_state_retry_interval);
    }
    return false;
}

bool ci_agent_lock_down(struct ci_task *task, bool fail_if_gone)
{
    json_t *ignored;

    if (!fail_if_gone &&
        !ci_agent_commands(task, task->ctx->config->agent.max_command_attempts, &ignored)) {
        bool gone = ci_failed_with(task->ctx, CI_ERR_AgentConnectionFailed);

        ci_error_clear(task->ctx);
        if (gone)
            return true;
    }
    return ci_agent_command(task, "standby.sync", json_object(), CI_AGENT_END, &ignored) &&
           ci_agent_command(task, "system.lockdown", json_object(), CI_AGENT_BEGIN, &ignored) &&
           (falls_silent(task) ||
            ci_fail(task->ctx, AgentCommandTimeout, "system.lockdown", task->node->uuid));
}
