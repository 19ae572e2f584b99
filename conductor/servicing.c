/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servicing: steps on a node that keeps its instance.
 */
#include "conductor/servicing.h"

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "conductor/calls.h"
#include "conductor/course.h"
#include "conductor/history.h"
#include "conductor/machine.h"
#include "conductor/power.h"
#include "objects/info.h"

#define FAULT "service failure"

/* What a call asks for; lives in the task's arena. */
struct servicing {
    const json_t *steps;
    bool no_ramdisk;
};

static bool tear_down(struct ci_task *task)
{
    const struct ci_deploy *deploy = task->hardware->deploy;

    return !deploy->tear_down_service || deploy->tear_down_service(task);
}

/* Deals with a failure: told, maintenance when a step had begun, and the move to service failed. */
static bool fail(struct ci_task *task, const char *message)
{
    struct ci_node *node = task->node;
    json_t *step;

    ci_error_log(task->ctx, "Servicing failed", "node=%s error=%s", node->uuid, message);
    if (!ci_flow_step(task, CI_FLOW_SERVICE, &step))
        return false;
    if (!tear_down(task)) {
        ci_error_clear(task->ctx);
        message = ci_printf(task->ctx->mem, "%s. Also failed to tear down servicing.", message);
    }
    ci_node_set_service_step(node, "{}");
    if (!ci_flow_wipe_flags(task, CI_FLOW_SERVICE) || !ci_flow_wipe_agent(task))
        return false;
    ci_history_error(task, CI_STATE_SERVICING, message);
    if (step)
        ci_course_set_fault(node, FAULT, message);
    if (task->ctx->config->conductor.poweroff_in_servicefail &&
        !ci_power_action(task, CI_POWER_OFF, 0))
        ci_warning(task->ctx, "A node that failed to be serviced stays on", "node=%s error=%s",
                   node->uuid, ci_error_take(task->ctx));
    if (!ci_node_save(task->ctx, node))
        return false;
    return ci_same(node->provision_state, CI_STATE_SERVICEFAIL) ||
           ci_machine_move(task, CI_EVENT_fail, NULL, NULL, NULL);
}

static const char *words(const struct ci_task *task)
{
    (void)task;
    return "servicing";
}

/* The machine as it was before the ramdisk was tried: off, torn down, its instance booted. */
static bool restore(struct ci_task *task)
{
    const struct ci_hardware *hardware = task->hardware;
    json_t *info;
    bool tried;

    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info))
        return false;
    tried = json_is_true(json_object_get(info, "agent_start_attempted"));
    if (tried && !ci_power_action(task, CI_POWER_OFF, 0))
        return false;
    if (!tear_down(task))
        return false;
    return !tried ||
           ((!hardware->boot->prepare_instance || hardware->boot->prepare_instance(task)) &&
            ci_power_action(task, CI_POWER_ON, 0));
}

static bool ends_well(struct ci_task *task);
static bool abort_service(struct ci_task *task);

const struct ci_course ci_service_course = {
    .flow = CI_FLOW_SERVICE,
    .words = words,
    .ends_well = ends_well,
    .fail = fail,
    .step_failed = ci_course_step_failed,
    .abort = abort_service,
};

static bool ends_well(struct ci_task *task)
{
    bool no_ramdisk;

    ci_node_set_service_step(task->node, NULL);
    if (!ci_course_no_ramdisk(task, &ci_service_course, &no_ramdisk) ||
        !ci_flow_wipe(task, CI_FLOW_SERVICE) || !ci_node_save(task->ctx, task->node))
        return false;
    ci_flow_note_end(task, CI_FLOW_SERVICE, words(task));
    if (!no_ramdisk && !tear_down(task))
        return ci_course_fail(task, &ci_service_course, "Failed to tear down from service for node",
                              ", reason");
    ci_info(task->ctx, "Service complete", "node=%s", task->node->uuid);
    return ci_machine_move(task, CI_EVENT_done, NULL, NULL, NULL);
}

static bool abort_service(struct ci_task *task)
{
    if (restore(task))
        return ci_course_aborted(task, &ci_service_course);
    ci_error_log(task->ctx, "Tearing down service failed", "node=%s error=%s", task->node->uuid,
                 ci_error_take(task->ctx));
    ci_history_error(task, CI_STATE_SERVICING,
                     "Failed to tear down service after aborting the operation");
    return ci_node_save(task->ctx, task->node);
}

static bool note(struct ci_task *task, const struct servicing *wanted)
{
    return ci_flow_wipe(task, CI_FLOW_SERVICE) &&
           ci_internal_info_set(task->ctx, task->node, "service_steps",
                                json_deep_copy(wanted->steps)) &&
           ci_internal_info_set(task->ctx, task->node, "service_disable_ramdisk",
                                json_boolean(wanted->no_ramdisk)) &&
           ci_node_save(task->ctx, task->node);
}

/* Boots the ramdisk if any step may need it; *ret_outcome CI_WAIT: it will call. */
static bool prepare(struct ci_task *task, bool need, bool *no_ramdisk, enum ci_outcome *ret_outcome)
{
    const struct ci_deploy *deploy = task->hardware->deploy;

    *ret_outcome = CI_DONE;
    if (need && !*no_ramdisk)
        return !deploy->prepare_service || deploy->prepare_service(task, ret_outcome);
    *no_ramdisk = true;
    return ci_internal_info_set(task->ctx, task->node, "service_disable_ramdisk", json_true()) &&
           ci_node_save(task->ctx, task->node);
}

/* The list to run. Steps that nobody offers yet need the ramdisk, which may bring them. */
static bool set_steps(struct ci_task *task, const struct servicing *wanted, bool *ret_need)
{
    *ret_need = false;
    if (ci_steps_set_service(task, wanted->no_ramdisk))
        return ci_steps_need_ramdisk(task, CI_FLOW_SERVICE, wanted->steps, ret_need);
    if (!ci_failed_with(task->ctx, CI_ERR_InvalidParameterValue) || wanted->no_ramdisk)
        return false;
    ci_error_clear(task->ctx);
    *ret_need = true;
    return true;
}

static bool service(struct ci_task *task, const struct servicing *wanted)
{
    bool need, no_ramdisk = wanted->no_ramdisk;
    enum ci_outcome outcome;

    if (!ci_course_check_interfaces(task, no_ramdisk))
        return ci_course_fail(task, &ci_service_course, "Validation of node",
                              " for service failed");
    if (!note(task, wanted))
        return false;
    if (!set_steps(task, wanted, &need))
        return ci_course_fail(task, &ci_service_course, "Cannot service node", "");
    ci_flow_note_start(task, CI_FLOW_SERVICE, words(task));
    if (!prepare(task, need, &no_ramdisk, &outcome))
        return ci_course_fail(task, &ci_service_course, "Failed to prepare node", " for service");
    if (outcome == CI_WAIT)
        return ci_machine_move(task, CI_EVENT_wait, NULL, NULL, NULL);
    /* Nothing is to be waited for, so what nobody offers now is an error after all. */
    if (need && !ci_steps_set_service(task, no_ramdisk))
        return ci_course_fail(task, &ci_service_course, "Cannot service node", "");
    return ci_course_run(task, &ci_service_course, 0);
}

static void service_work(struct ci_task *task, void *arg)
{
    if (!service(task, arg))
        ci_course_ends_unexpectedly(task, &ci_service_course);
}

bool ci_call_do_node_service(struct ci_call *call)
{
    struct servicing *wanted = ci_new(call->ctx->mem, struct servicing);
    struct ci_task *task;

    wanted->steps = ci_call_json(call, "service_steps");
    if (!wanted->steps)
        wanted->steps = ci_json(call->ctx, json_array());
    if (!ci_call_bool(call, "disable_ramdisk", false, &wanted->no_ramdisk) ||
        !ci_call_take(call, CI_EXCLUSIVE, "node service", &task) ||
        !ci_course_check_asked(task, CI_FLOW_SERVICE, "service", "servicing", wanted->steps))
        return false;
    ci_task_name_work(task, "do_node_service");
    return ci_machine_ask(task, "service", CI_EVENT_service, CI_STATE_ACTIVE, service_work, wanted);
}

void ci_service_abort_work(struct ci_task *task, void *arg)
{
    (void)arg;
    ci_course_abort_work(task, &ci_service_course);
}

static void continue_work(struct ci_task *task, void *arg)
{
    (void)arg;
    if (!ci_course_go_on(task, &ci_service_course))
        ci_course_ends_unexpectedly(task, &ci_service_course);
}

void ci_service_unhold_work(struct ci_task *task, void *arg)
{
    if (ci_machine_move(task, CI_EVENT_resume, NULL, NULL, NULL))
        continue_work(task, arg);
}

bool ci_call_continue_node_service(struct ci_call *call)
{
    const struct ci_node *node;
    struct ci_task *task;

    if (!ci_call_take(call, CI_EXCLUSIVE_PATIENT, "continue node servicing", &task))
        return false;
    node = task->node;
    ci_task_name_work(task, "continue_node_service");
    if (ci_same(node->provision_state, CI_STATE_SERVICEWAIT))
        return ci_machine_move(task, CI_EVENT_resume, NULL, continue_work, NULL);
    return ci_fail_text(call->ctx, InvalidStateRequested,
                        "Cannot continue servicing on %s. Node is in %s state; should be in one of "
                        "service wait, servicing",
                        node->uuid, node->provision_state);
}
