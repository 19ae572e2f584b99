/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deployment and rebuild: put an instance on a node by running its deploy steps.
 */
#include "conductor/deploy.h"

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "conductor/calls.h"
#include "conductor/console.h"
#include "conductor/course.h"
#include "conductor/history.h"
#include "conductor/instance.h"
#include "conductor/limits.h"
#include "conductor/machine.h"
#include "conductor/power.h"
#include "drivers/agent_logs.h"
#include "objects/info.h"

/* What a call asks for; lives in the task's arena. */
struct deployment {
    const json_t *configdrive; /* an object, a text or NULL */
    const json_t *steps;       /* an array or NULL */
};

static const char *clean_up_after(struct ci_task *task, const char *message)
{
    const struct ci_deploy *deploy = task->hardware->deploy;

    if (!deploy->clean_up || deploy->clean_up(task))
        return NULL;
    return ci_printf(task->ctx->mem, "%s. Also failed to clean up due to: %s", message,
                     ci_error_take(task->ctx));
}

bool ci_deploy_fail(struct ci_task *task, const char *message, bool clean_up)
{
    static const char *const deploying[] = {CI_STATE_DEPLOYING, CI_STATE_DEPLOYWAIT,
                                            CI_STATE_DEPLOYFAIL, NULL};
    struct ci_node *node = task->node;
    const char *more = NULL;

    ci_error_log(task->ctx, "Deployment failed", "node=%s error=%s", node->uuid, message);
    ci_history_error(task, CI_STATE_DEPLOYING, message);
    if (!ci_node_save(task->ctx, node))
        return false;
    if (clean_up)
        more = clean_up_after(task, message);
    if (ci_one_of(node->provision_state, deploying)) {
        ci_node_set_deploy_step(node, "{}");
        if (!ci_flow_wipe(task, CI_FLOW_DEPLOY))
            return false;
    }
    if (more)
        ci_history_error(task, CI_STATE_DEPLOYING, more);
    return ci_node_save(task->ctx, node) && ci_machine_move(task, CI_EVENT_fail, NULL, NULL, NULL);
}

/* The same for what ctx->error says, under some words. */
static bool fail_with(struct ci_task *task, const char *words, bool clean_up)
{
    const char *reason = ci_error_take(task->ctx);

    return ci_deploy_fail(task, ci_printf(task->ctx->mem, "%s%s", words, reason), clean_up);
}

static const char *words(const struct ci_task *task)
{
    (void)task;
    return "deployment";
}

static const char *step_failed(struct ci_task *task, const json_t *step, const char *reason)
{
    if (ci_same(task->node->provision_state, CI_STATE_DEPLOYFAIL))
        return NULL;
    return ci_printf(task->ctx->mem, "Deploy step %s failed: %s.", ci_step_id(task->ctx, step),
                     reason);
}

/* A console that was open before is opened again. */
static bool open_console(struct ci_task *task)
{
    return ci_console_reopen(
        task,
        ci_printf(task->ctx->mem,
                  "Failed to start console while deploying the node %s: ", task->node->uuid),
        ".", NULL);
}

static bool ends_well(struct ci_task *task)
{
    ci_flow_note_end(task, CI_FLOW_DEPLOY, words(task));
    ci_node_set_deploy_step(task->node, NULL);
    if (!ci_flow_wipe(task, CI_FLOW_DEPLOY) || !ci_node_save(task->ctx, task->node) ||
        !open_console(task) || !ci_machine_move(task, CI_EVENT_done, NULL, NULL, NULL))
        return false;
    ci_info(task->ctx, "Deployed", "node=%s instance=%s", task->node->uuid,
            task->node->instance_uuid ? task->node->instance_uuid : "None");
    return true;
}

static bool fail(struct ci_task *task, const char *message)
{
    return ci_deploy_fail(task, message, true);
}

static bool abort_deployment(struct ci_task *task);
static bool go_on(struct ci_task *task);

const struct ci_course ci_deploy_course = {
    .flow = CI_FLOW_DEPLOY,
    .empty_step = true,
    .words = words,
    .ends_well = ends_well,
    .fail = fail,
    .step_failed = step_failed,
    .abort = abort_deployment,
    .go_on = go_on,
};

static bool abort_deployment(struct ci_task *task)
{
    const struct ci_deploy *driver = task->hardware->deploy;

    if (!driver->clean_up || driver->clean_up(task))
        return ci_course_aborted(task, &ci_deploy_course);
    ci_error_log(task->ctx, "Cleaning up an aborted deployment failed", "node=%s error=%s",
                 task->node->uuid, ci_error_take(task->ctx));
    ci_history_error(task, CI_STATE_DEPLOYING,
                     "Failed to clean up deploying after aborting the operation");
    return ci_node_save(task->ctx, task->node);
}

/* The steps to be run; *ret_any is false, and the failure dealt with, when there are none. */
static bool set_steps(struct ci_task *task, const struct deployment *wanted, bool *ret_any)
{
    json_t *info;

    if (json_array_size(wanted->steps) > 0 &&
        (!ci_internal_info_set(task->ctx, task->node, "user_deploy_steps",
                               json_deep_copy(wanted->steps)) ||
         !ci_node_save(task->ctx, task->node)))
        return false;
    *ret_any = false;
    if (!ci_steps_set_deploy(task, true, true))
        return fail_with(task, "Cannot get deploy steps; failed to deploy: ", true);
    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info))
        return false;
    *ret_any = json_array_size(json_object_get(info, "deploy_steps")) > 0;
    return *ret_any || ci_deploy_fail(task, "No deploy steps returned by the driver", true);
}

static bool keep_configdrive(struct ci_task *task, const json_t *configdrive)
{
    return ci_instance_keep_configdrive(task, configdrive) && ci_node_save(task->ctx, task->node);
}

static bool deploy(struct ci_task *task, const struct deployment *wanted)
{
    const struct ci_deploy *driver = task->hardware->deploy;
    bool any;

    if (!ci_flow_wipe(task, CI_FLOW_DEPLOY))
        return false;
    if (wanted->configdrive && !keep_configdrive(task, wanted->configdrive))
        return fail_with(task, "Failed to prepare the configdrive. Exception: ", false);
    if (driver->prepare && !driver->prepare(task))
        return fail_with(task, "Failed to prepare to deploy: ", false);
    if (!set_steps(task, wanted, &any))
        return false;
    if (!any)
        return true;
    ci_node_set_conductor_affinity(task->node, ci_task_conductor(task)->id);
    if (!ci_node_save(task->ctx, task->node))
        return false;
    ci_flow_note_start(task, CI_FLOW_DEPLOY, words(task));
    return ci_course_run(task, &ci_deploy_course, 0);
}

static void deploy_work(struct ci_task *task, void *arg)
{
    if (!deploy(task, arg))
        ci_course_ends_unexpectedly(task, &ci_deploy_course);
}

bool ci_deploy_set_failed(struct ci_task *task, const char *message, bool collect_logs)
{
    if (collect_logs)
        ci_agent_collect_logs(task, NULL);
    if (!ci_deploy_fail(task, message, false))
        return false;
    if (task->ctx->config->deploy.power_off_after_deploy_failure &&
        !ci_power_action(task, CI_POWER_OFF, 0))
        ci_error_log(task->ctx, "A node that failed to be deployed stays on", "node=%s error=%s",
                     task->node->uuid, ci_error_take(task->ctx));
    ci_node_set_last_error(task->node, message); /* which the power forgets */
    return ci_node_save(task->ctx, task->node);
}

static bool check_boot_mode(struct ci_task *task)
{
    const char *const *refused = task->ctx->config->conductor.disallowed_deployment_boot_modes;
    json_t *properties;
    const char *mode;

    if (!refused || !refused[0])
        return true;
    if (!ci_info_read(task->ctx, task->node->properties, &properties) ||
        !ci_json_opt_string(task->ctx, properties, "boot_mode", "", &mode))
        return false;
    if (ci_one_of(mode, refused))
        return ci_fail(task->ctx, BootModeNotAllowed, mode, "provisioning");
    return true;
}

static bool check_node(struct ci_task *task, enum ci_event event)
{
    const struct ci_node *node = task->node;

    if (ci_is_true(node->maintenance))
        return ci_fail(task->ctx, NodeInMaintenance, "provisioning", node->uuid);
    if (event == CI_EVENT_rebuild && ci_is_true(node->protected))
        return ci_fail(task->ctx, NodeProtected, node->uuid);
    if (!ci_machine_allows(node->provision_state, event))
        return ci_fail(task->ctx, InvalidStateRequested, ci_event_name(event), node->uuid,
                       node->provision_state);
    return check_boot_mode(task);
}

static bool check_interfaces(struct ci_task *task, const struct deployment *wanted)
{
    const struct ci_interface *power = &task->hardware->power->base;
    const struct ci_interface *deploy_interface = &task->hardware->deploy->base;
    const struct ci_error_kind *kind;

    if ((!power->validate || power->validate(task)) &&
        (!deploy_interface->validate || deploy_interface->validate(task)) &&
        ci_instance_check_traits(task) && ci_steps_check_deploy(task, wanted->steps, true))
        return true;
    if (!ci_failed_with(task->ctx, CI_ERR_InvalidParameterValue))
        return false;
    /* The failure is a deployment's, but the caller's fault: it keeps its status. */
    kind = ci_error_kind(task->ctx->error->class);
    return ci_fail_status(task->ctx, InstanceDeployFailure, kind->status,
                          "Failed to validate deploy or power info for node %s: %s",
                          task->node->uuid, ci_error_take(task->ctx));
}

/* What a deployment, or a rebuild, changes in instance_info before it begins. */
static bool prepare_info(struct ci_task *task, enum ci_event event)
{
    bool done =
        event == CI_EVENT_rebuild ? ci_instance_forget_image(task) : ci_instance_apply_lessee(task);

    return done && ci_instance_note_image(task) && ci_node_save(task->ctx, task->node);
}

bool ci_call_do_node_deploy(struct ci_call *call)
{
    struct deployment *wanted = ci_new(call->ctx->mem, struct deployment);
    enum ci_event event;
    struct ci_task *task;
    bool rebuild;

    wanted->configdrive = ci_call_json(call, "configdrive");
    wanted->steps = ci_call_json(call, "deploy_steps");
    if (!ci_call_bool(call, "rebuild", false, &rebuild) ||
        !ci_limit_deploying(call->ctx, "provisioning") ||
        !ci_call_take(call, CI_EXCLUSIVE, "node deployment", &task))
        return false;
    event = rebuild ? CI_EVENT_rebuild : CI_EVENT_deploy;
    if (!check_node(task, event) ||
        !ci_steps_check_allowed(call->ctx, CI_FLOW_DEPLOY, wanted->steps) ||
        !prepare_info(task, event) || !check_interfaces(task, wanted))
        return false;
    ci_task_name_work(task, "do_node_deploy");
    return ci_machine_ask(task, ci_event_name(event), event, NULL, deploy_work, wanted);
}

void ci_deploy_abort_work(struct ci_task *task, void *arg)
{
    (void)arg;
    ci_course_abort_work(task, &ci_deploy_course);
}

/* Has the list been made again since the ramdisk runs? */
static bool check_final(struct ci_task *task)
{
    json_t *info;

    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info))
        return false;
    if (json_is_true(json_object_get(info, "steps_validated")))
        return true;
    return ci_steps_renew_deploy(task);
}

static bool go_on(struct ci_task *task)
{
    if (!check_final(task))
        return ci_course_fail(task, &ci_deploy_course,
                              "Failed to validate the final deploy steps list for node", "");
    return ci_course_go_on(task, &ci_deploy_course);
}

static void continue_work(struct ci_task *task, void *arg)
{
    (void)arg;
    if (!go_on(task))
        ci_course_ends_unexpectedly(task, &ci_deploy_course);
}

bool ci_call_continue_node_deploy(struct ci_call *call)
{
    const struct ci_node *node;
    struct ci_task *task;

    if (!ci_call_take(call, CI_EXCLUSIVE_PATIENT, "continue node deploying", &task))
        return false;
    node = task->node;
    ci_task_name_work(task, "continue_node_deploy");
    if (ci_same(node->provision_state, CI_STATE_DEPLOYWAIT))
        return ci_machine_move(task, CI_EVENT_resume, NULL, continue_work, NULL);
    if (ci_same(node->provision_state, CI_STATE_DEPLOYING))
        return ci_task_spawn(task, continue_work, NULL);
    return ci_fail_text(call->ctx, InvalidStateRequested,
                        "Cannot continue deploying on %s. Node is in %s state; should be in one of "
                        "wait call-back, deploying",
                        node->uuid, node->provision_state);
}
