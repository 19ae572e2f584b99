/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cleaning.
 *
 * A manual cleaning is known by its target, manageable; the steps it was given are in
 * driver_internal_info before anything else happens.
 */
#include "conductor/clean.h"

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "conductor/calls.h"
#include "conductor/cleaning_runbook.h"
#include "conductor/course.h"
#include "conductor/history.h"
#include "conductor/limits.h"
#include "conductor/machine.h"
#include "conductor/power.h"
#include "objects/info.h"
#include "objects/releases.h"

#define FAULT "clean failure"

static bool is_manual(const struct ci_task *task)
{
    return ci_same(task->node->target_provision_state, CI_STATE_MANAGEABLE);
}

/* Where the node goes; named in every move, since the machine itself knows automated cleaning only.
 */
static const char *target_of(const struct ci_task *task)
{
    return is_manual(task) ? CI_STATE_MANAGEABLE : NULL;
}

static const char *words(const struct ci_task *task)
{
    return is_manual(task) ? "manual cleaning" : "automated cleaning";
}

/* Tears down what cleaning prepared; gives the message, longer by what went wrong here. */
static const char *tear_down(struct ci_task *task, const char *message)
{
    const struct ci_deploy *deploy = task->hardware->deploy;

    if (!deploy->tear_down_cleaning || deploy->tear_down_cleaning(task))
        return message;
    return ci_printf(task->ctx->mem, "%s. Also Failed to tear down cleaning on node %s, reason: %s",
                     message, task->node->uuid, ci_error_take(task->ctx));
}

bool ci_clean_fail(struct ci_task *task, const char *message, unsigned how)
{
    static const char *const cleaning[] = {CI_STATE_CLEANING, CI_STATE_CLEANWAIT,
                                           CI_STATE_CLEANFAIL, NULL};
    struct ci_node *node = task->node;
    json_t *step;

    ci_error_log(task->ctx, "Cleaning failed", "node=%s error=%s", node->uuid, message);
    if (!ci_flow_step(task, CI_FLOW_CLEAN, &step))
        return false;
    if (how & CI_CLEAN_TEAR_DOWN)
        message = tear_down(task, message);
    if (ci_one_of(node->provision_state, cleaning)) {
        ci_node_set_clean_step(node, "{}");
        if (!ci_flow_wipe_flags(task, CI_FLOW_CLEAN) || !ci_flow_wipe_agent(task))
            return false;
    }
    ci_history_error(task, CI_HISTORY_CLEANING, message);
    if (step)
        ci_course_set_fault(node, FAULT, message);
    if (task->ctx->config->conductor.poweroff_in_cleanfail &&
        !ci_power_action(task, CI_POWER_OFF, 0))
        ci_warning(task->ctx, "A node that failed to be cleaned stays on", "node=%s error=%s",
                   node->uuid, ci_error_take(task->ctx));
    if (!ci_node_save(task->ctx, node))
        return false;
    if (!(how & CI_CLEAN_SET_STATE) || ci_same(node->provision_state, CI_STATE_CLEANFAIL))
        return true;
    return ci_machine_move(task, CI_EVENT_fail, target_of(task), NULL, NULL);
}

static bool ends_skipped(struct ci_task *task)
{
    ci_node_set_clean_step(task->node, NULL);
    ci_info(task->ctx, "Automated cleaning is switched off", "node=%s", task->node->uuid);
    return ci_machine_move(task, CI_EVENT_done, NULL, NULL, NULL);
}

/* The node's own wish goes before the configuration's. */
static bool is_skipped(const struct ci_task *task)
{
    int8_t own = task->node->automated_clean;

    return own == CI_NULL_BOOL ? !task->ctx->config->conductor.automated_clean : !own;
}

static bool fail(struct ci_task *task, const char *message)
{
    return ci_clean_fail(task, message, CI_CLEAN_TEAR_DOWN | CI_CLEAN_SET_STATE);
}

static bool ends_well(struct ci_task *task);
static bool abort_cleaning(struct ci_task *task);

const struct ci_course ci_clean_course = {
    .flow = CI_FLOW_CLEAN,
    .words = words,
    .target = target_of,
    .ends_well = ends_well,
    .fail = fail,
    .step_failed = ci_course_step_failed,
    .abort = abort_cleaning,
};

static bool ends_well(struct ci_task *task)
{
    const struct ci_deploy *deploy = task->hardware->deploy;
    bool manual = is_manual(task), no_ramdisk;

    ci_node_set_clean_step(task->node, NULL);
    if (!ci_course_no_ramdisk(task, &ci_clean_course, &no_ramdisk) ||
        !ci_flow_wipe(task, CI_FLOW_CLEAN) || !ci_node_save(task->ctx, task->node))
        return false;
    if (!no_ramdisk && deploy->tear_down_cleaning && !deploy->tear_down_cleaning(task)) {
        const char *reason = ci_error_take(task->ctx);

        return ci_clean_fail(task,
                             ci_printf(task->ctx->mem,
                                       "Failed to tear down from cleaning for node %s, reason: %s",
                                       task->node->uuid, reason),
                             CI_CLEAN_SET_STATE);
    }
    ci_flow_note_end(task, CI_FLOW_CLEAN, words(task));
    ci_info(task->ctx, "Cleaning complete", "node=%s", task->node->uuid);
    return ci_machine_move(
        task, manual || ci_is_true(task->node->retired) ? CI_EVENT_manage : CI_EVENT_done, NULL,
        NULL, NULL);
}

static bool abort_cleaning(struct ci_task *task)
{
    const struct ci_deploy *deploy = task->hardware->deploy;

    if (deploy->tear_down_cleaning && !deploy->tear_down_cleaning(task)) {
        ci_error_log(task->ctx, "Tearing down cleaning failed", "node=%s error=%s",
                     task->node->uuid, ci_error_take(task->ctx));
        return ci_clean_fail(task, "Failed to tear down cleaning after aborting the operation", 0);
    }
    return ci_course_aborted(task, &ci_clean_course);
}

/*
 * The mark of steps that somebody wrote down. Services of older releases know a manual cleaning by
 * its target and have no runbooks; the mark is for those that know it.
 */
static bool mark_declared(struct ci_task *task)
{
    return (is_manual(task) && !ci_release_since(ci_release_pinned(task->ctx), "31.0")) ||
           ci_internal_info_set(task->ctx, task->node, "declarative_cleaning", json_true());
}

/* Notes what is to be done, before it begins. */
static bool note(struct ci_task *task, const struct ci_cleaning *wanted)
{
    struct ci_ctx *ctx = task->ctx;
    struct ci_node *node = task->node;

    if (!ci_flow_wipe(task, CI_FLOW_CLEAN))
        return false;
    if (wanted->steps &&
        (!ci_internal_info_set(ctx, node, "clean_steps", json_deep_copy(wanted->steps)) ||
         !ci_internal_info_set(ctx, node, "cleaning_disable_ramdisk",
                               json_boolean(wanted->no_ramdisk)) ||
         !mark_declared(task)))
        return false;
    return ci_node_save(ctx, node);
}

/*
 * Looks at manual steps before a ramdisk is booted: perhaps none is needed. What nobody offers
 * may come with the ramdisk, so that is no error yet.
 */
static bool look_early(struct ci_task *task, bool *ret_valid, bool *no_ramdisk)
{
    json_t *info;
    bool need;

    *ret_valid = ci_steps_set_clean(task, false, true);
    if (!*ret_valid) {
        if (!ci_failed_with(task->ctx, CI_ERR_InvalidParameterValue))
            return false;
        ci_error_clear(task->ctx);
        return true;
    }
    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info) ||
        !ci_steps_need_ramdisk(task, CI_FLOW_CLEAN, json_object_get(info, "clean_steps"), &need))
        return false;
    if (need)
        return true;
    *no_ramdisk = true;
    return ci_internal_info_set(task->ctx, task->node, "cleaning_disable_ramdisk", json_true()) &&
           ci_node_save(task->ctx, task->node);
}

/* Prepares; *ret_outcome CI_WAIT: the ramdisk boots and will call. */
static bool prepare(struct ci_task *task, bool no_ramdisk, enum ci_outcome *ret_outcome)
{
    const struct ci_deploy *deploy = task->hardware->deploy;

    *ret_outcome = CI_DONE;
    return no_ramdisk || !deploy->prepare_cleaning || deploy->prepare_cleaning(task, ret_outcome);
}

static bool clean(struct ci_task *task, const struct ci_cleaning *wanted)
{
    bool no_ramdisk = wanted->no_ramdisk, valid = false;
    enum ci_outcome outcome;

    if (!ci_course_check_interfaces(task, no_ramdisk))
        return ci_course_fail(task, &ci_clean_course, "Validation of node", " for cleaning failed");
    if (!note(task, wanted))
        return false;
    if (wanted->steps && !no_ramdisk && !look_early(task, &valid, &no_ramdisk))
        return ci_course_fail(task, &ci_clean_course, "Cannot clean node", "");
    if (!prepare(task, no_ramdisk, &outcome))
        return ci_course_fail(task, &ci_clean_course, "Failed to prepare node", " for cleaning");
    if (outcome == CI_WAIT)
        return ci_machine_move(task, CI_EVENT_wait, target_of(task), NULL, NULL);
    if (!valid && !ci_steps_set_clean(task, no_ramdisk, wanted->steps != NULL))
        return ci_course_fail(task, &ci_clean_course, "Cannot clean node", "");
    ci_flow_note_start(task, CI_FLOW_CLEAN, words(task));
    return ci_course_run(task, &ci_clean_course, 0);
}

static bool clean_node(struct ci_task *task, const struct ci_cleaning *wanted)
{
    if (!is_manual(task) && is_skipped(task))
        return ends_skipped(task);
    if (!task->ctx->config->conductor.allow_provisioning_in_maintenance &&
        ci_is_true(task->node->maintenance))
        return ci_clean_fail(task, "Cleaning a node in maintenance mode is not allowed",
                             CI_CLEAN_SET_STATE);
    return clean(task, wanted);
}

void ci_clean_work(struct ci_task *task, void *wanted)
{
    if (!clean_node(task, wanted))
        ci_course_ends_unexpectedly(task, &ci_clean_course);
}

bool ci_clean_plan(struct ci_task *task, struct ci_cleaning **ret_wanted)
{
    *ret_wanted = ci_new(task->ctx->mem, struct ci_cleaning);
    return is_skipped(task) || ci_cleaning_runbook_choose(task, *ret_wanted);
}

void ci_clean_automatically(struct ci_task *task)
{
    struct ci_cleaning *wanted;

    if (ci_clean_plan(task, &wanted))
        ci_clean_work(task, wanted);
    else if (!ci_clean_fail(task, ci_error_take(task->ctx), CI_CLEAN_SET_STATE))
        ci_course_ends_unexpectedly(task, &ci_clean_course);
}

void ci_clean_abort_work(struct ci_task *task, void *arg)
{
    (void)arg;
    ci_course_abort_work(task, &ci_clean_course);
}

static void continue_work(struct ci_task *task, void *arg)
{
    (void)arg;
    if (!ci_course_go_on(task, &ci_clean_course))
        ci_course_ends_unexpectedly(task, &ci_clean_course);
}

bool ci_call_continue_node_clean(struct ci_call *call)
{
    struct ci_task *task;
    const struct ci_node *node;

    if (!ci_call_take(call, CI_EXCLUSIVE_PATIENT, "continue node cleaning", &task))
        return false;
    node = task->node;
    if (!ci_same(node->provision_state, CI_STATE_CLEANWAIT))
        return ci_fail_text(call->ctx, InvalidStateRequested,
                            "Cannot continue cleaning on %s, node is in %s state, should be clean "
                            "wait",
                            node->uuid, node->provision_state);
    ci_task_name_work(task, "continue_node_clean");
    return ci_machine_move(task, CI_EVENT_resume, target_of(task), continue_work, NULL);
}

bool ci_call_do_node_clean(struct ci_call *call)
{
    struct ci_cleaning *wanted;
    struct ci_task *task;

    wanted = ci_new(call->ctx->mem, struct ci_cleaning);
    wanted->steps = ci_call_json(call, "clean_steps");
    if (!wanted->steps)
        wanted->steps = ci_json(call->ctx, json_array());
    if (!ci_call_bool(call, "disable_ramdisk", false, &wanted->no_ramdisk) ||
        !ci_limit_cleaning(call->ctx, "cleaning") ||
        !ci_call_take(call, CI_EXCLUSIVE, "node manual cleaning", &task) ||
        !ci_course_check_asked(task, CI_FLOW_CLEAN, "cleaning", "cleaning", wanted->steps))
        return false;
    ci_task_name_work(task, "do_node_clean");
    return ci_machine_ask(task, "manual clean", CI_EVENT_clean, CI_STATE_MANAGEABLE, ci_clean_work,
                          wanted);
}
