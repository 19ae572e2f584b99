/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rescue and unrescue: boot a node into a ramdisk for repair, and back into its instance.
 */
#include "conductor/rescue.h"

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/password.h"
#include "base/text.h"
#include "conductor/calls.h"
#include "conductor/flow.h"
#include "conductor/history.h"
#include "conductor/instance.h"
#include "conductor/machine.h"
#include "conductor/power.h"
#include "drivers/agent.h"
#include "objects/info.h"

#define FAULT "rescue abort failure"

static const char *const agent_url[] = {"agent_url", NULL};

bool ci_rescue_forget_password(struct ci_task *task)
{
    return ci_instance_set(task, "rescue_password", NULL) &&
           ci_instance_set(task, "hashed_rescue_password", NULL);
}

static bool keep_password(struct ci_task *task, const char *password)
{
    const char *hash;

    return ci_password_hash(task->ctx, password,
                            task->ctx->config->conductor.rescue_password_hash_algorithm, &hash) &&
           ci_instance_set(task, "rescue_password", json_string(password)) &&
           ci_instance_set(task, "hashed_rescue_password", json_string(hash));
}

/* Deals with ctx->error: told, and the move to a failed state. */
static bool fail(struct ci_task *task, const char *words)
{
    const char *reason = ci_error_take(task->ctx);

    ci_error_log(task->ctx, "Rescue or unrescue failed", "node=%s error=%s", task->node->uuid,
                 reason);
    ci_history_error(task, CI_HISTORY_RESCUE, ci_printf(task->ctx->mem, "%s%s", words, reason));
    return ci_machine_move(task, CI_EVENT_fail, NULL, NULL, NULL);
}

static bool rescue(struct ci_task *task)
{
    enum ci_outcome outcome = CI_DONE;

    if (task->hardware->rescue->rescue(task, &outcome))
        return ci_machine_move(task, outcome == CI_WAIT ? CI_EVENT_wait : CI_EVENT_done, NULL, NULL,
                               NULL);
    if (!ci_rescue_forget_password(task))
        ci_error_clear(task->ctx); /* the driver's failure is what counts */
    return fail(task, "Failed to rescue: ");
}

static void rescue_work(struct ci_task *task, void *arg)
{
    (void)arg;
    if (rescue(task))
        ci_info(task->ctx, "Rescue ended or waits", "node=%s state=%s", task->node->uuid,
                task->node->provision_state);
}

/* Not to be rescued: the password goes, the driver's reason stays. */
static bool refuse(struct ci_task *task)
{
    struct ci_ctx *ctx = task->ctx;
    struct ci_error *why = ctx->error;
    const struct ci_node *node = task->node;

    ctx->error = NULL;
    if (!ci_rescue_forget_password(task) || !ci_node_save(ctx, task->node))
        return false;
    if (why->class == CI_ERR_InvalidStateRequested || why->class == CI_ERR_NoFreeConductorWorker) {
        ctx->error = why;
        return false;
    }
    return ci_fail(ctx, InstanceRescueFailure, node->instance_uuid ? node->instance_uuid : "None",
                   node->uuid, ci_printf(ctx->mem, "Validation failed: %s", why->message));
}

static bool check_interfaces(struct ci_task *task)
{
    const struct ci_hardware *hardware = task->hardware;

    return (!hardware->power->base.validate || hardware->power->base.validate(task)) &&
           (!hardware->rescue->base.validate || hardware->rescue->base.validate(task)) &&
           (!hardware->network->base.validate || hardware->network->base.validate(task));
}

bool ci_call_do_node_rescue(struct ci_call *call)
{
    const char *password;
    struct ci_task *task;

    if (!ci_call_need(call, "rescue_password", &password) ||
        !ci_call_take(call, CI_EXCLUSIVE, "node rescue", &task))
        return false;
    if (ci_is_true(task->node->maintenance))
        return ci_fail(call->ctx, NodeInMaintenance, "rescuing", task->node->uuid);
    if (!ci_machine_allows(task->node->provision_state, CI_EVENT_rescue))
        return ci_fail(call->ctx, InvalidStateRequested, "rescue", task->node->uuid,
                       task->node->provision_state);
    if (!ci_flow_wipe_agent(task) || !keep_password(task, password) ||
        !ci_node_save(call->ctx, task->node))
        return false;
    if (!check_interfaces(task))
        return refuse(task);
    ci_task_name_work(task, "_do_node_rescue");
    return ci_machine_ask(task, "rescue", CI_EVENT_rescue, NULL, rescue_work, NULL) || refuse(task);
}

static bool unrescue(struct ci_task *task)
{
    enum ci_outcome ignored;

    if (!task->hardware->rescue->unrescue(task, &ignored))
        return fail(task, "Failed to unrescue: ");
    return ci_flow_wipe_agent(task) && ci_machine_move(task, CI_EVENT_done, NULL, NULL, NULL);
}

static void unrescue_work(struct ci_task *task, void *arg)
{
    (void)arg;
    if (unrescue(task))
        ci_info(task->ctx, "Unrescue ended", "node=%s state=%s", task->node->uuid,
                task->node->provision_state);
}

bool ci_call_do_node_unrescue(struct ci_call *call)
{
    const struct ci_interface *power;
    const struct ci_node *node;
    struct ci_task *task;

    if (!ci_call_take(call, CI_EXCLUSIVE, "node unrescue", &task) ||
        !ci_internal_info_drop(call->ctx, task->node, agent_url))
        return false;
    node = task->node;
    if (ci_is_true(node->maintenance))
        return ci_fail(call->ctx, NodeInMaintenance, "unrescuing", node->uuid);
    power = &task->hardware->power->base;
    if (power->validate && !power->validate(task)) {
        if (!ci_failed_with(call->ctx, CI_ERR_InvalidParameterValue))
            return false;
        return ci_fail(
            call->ctx, InstanceUnrescueFailure, node->instance_uuid ? node->instance_uuid : "None",
            node->uuid,
            ci_printf(call->ctx->mem, "Validation failed: %s", ci_error_take(call->ctx)));
    }
    ci_task_name_work(task, "_do_node_unrescue");
    return ci_machine_ask(task, "unrescue", CI_EVENT_unrescue, NULL, unrescue_work, NULL);
}

static bool abort_rescue(struct ci_task *task)
{
    const struct ci_rescue *driver = task->hardware->rescue;
    struct ci_node *node = task->node;
    const char *message = "Failed to clean up rescue after aborting the operation";

    if (!driver->clean_up || driver->clean_up(task)) {
        ci_history_note(task, CI_HISTORY_RESCUE, "By request, the rescue operation was aborted.");
        return ci_internal_info_drop(task->ctx, node, agent_url) && ci_node_save(task->ctx, node);
    }
    ci_error_log(task->ctx, "Cleaning up an aborted rescue failed", "node=%s error=%s", node->uuid,
                 ci_error_take(task->ctx));
    ci_history_error(task, CI_HISTORY_RESCUE, message);
    ci_node_set_maintenance(node, true);
    ci_node_set_maintenance_reason(node, message);
    ci_node_set_fault(node, FAULT);
    return ci_node_save(task->ctx, node);
}

bool ci_rescue_fail(struct ci_task *task, const char *message)
{
    ci_error_log(task->ctx, "Rescue failed", "node=%s error=%s", task->node->uuid, message);
    if (!ci_power_action(task, CI_POWER_OFF, 0) ||
        !ci_optional(task->hardware->rescue->clean_up, task))
        message = ci_printf(task->ctx->mem,
                            "Rescue operation was unsuccessful, clean up failed for node: %s",
                            ci_error_take(task->ctx));
    ci_history_error(task, CI_HISTORY_RESCUE, message);
    return ci_internal_info_drop(task->ctx, task->node, agent_url) &&
           ci_node_save(task->ctx, task->node) &&
           (ci_same(task->node->provision_state, CI_STATE_RESCUEFAIL) ||
            ci_machine_move(task, CI_EVENT_fail, NULL, NULL, NULL));
}

static bool finish(struct ci_task *task)
{
    const struct ci_hardware *hardware = task->hardware;

    return ci_agent_finalize_rescue(task) &&
           ci_machine_move(task, CI_EVENT_resume, NULL, NULL, NULL) &&
           ci_optional(hardware->rescue->clean_up, task) &&
           ci_optional(hardware->network->configure_tenant_networks, task) &&
           ci_machine_move(task, CI_EVENT_done, NULL, NULL, NULL);
}

void ci_rescue_heartbeat(struct ci_task *task)
{
    const char *message;

    if (finish(task)) {
        ci_info(task->ctx, "Rescued", "node=%s", task->node->uuid);
        return;
    }
    message = ci_printf(task->ctx->mem, "Node failed to perform rescue operation: %s",
                        ci_error_take(task->ctx));
    (void)!ci_rescue_fail(task, message);
}

void ci_rescue_abort_work(struct ci_task *task, void *arg)
{
    (void)arg;
    if (abort_rescue(task))
        ci_info(task->ctx, "Rescue aborted", "node=%s", task->node->uuid);
}
