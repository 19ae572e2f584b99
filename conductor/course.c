/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The course of a flow around its steps, which conductor/flow.c runs.
 */
#include "conductor/course.h"

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "conductor/history.h"
#include "conductor/machine.h"
#include "objects/info.h"

static const char *target_of(const struct ci_task *task, const struct ci_course *course)
{
    return course->target ? course->target(task) : NULL;
}

static bool step_failed(struct ci_task *task, const struct ci_course *course)
{
    const char *message, *reason = ci_error_take(task->ctx);
    json_t *step;

    ci_flow_note_abort(task, course->flow, course->words(task));
    if (!ci_flow_step(task, course->flow, &step))
        return false;
    message = course->step_failed(task, step, reason);
    return !message || course->fail(task, message);
}

bool ci_course_run(struct ci_task *task, const struct ci_course *course, int64_t index)
{
    switch (ci_flow_run(task, course->flow, index, target_of(task, course))) {
    case CI_FLOW_FINISHED:
        return course->ends_well(task);
    case CI_FLOW_LEFT:
        return true;
    case CI_FLOW_FAILED:
        break;
    }
    return step_failed(task, course);
}

bool ci_course_go_on(struct ci_task *task, const struct ci_course *course)
{
    int64_t index;
    bool aborted;

    if (!ci_flow_next(task, course->flow, &index) ||
        !ci_flow_abort_noted(task, course->flow, &aborted))
        return false;
    if (aborted)
        return ci_machine_move(task, CI_EVENT_fail, target_of(task, course), NULL, NULL) &&
               course->abort(task);
    return ci_course_run(task, course, index);
}

bool ci_course_resume(struct ci_task *task, const struct ci_course *course)
{
    return ci_machine_move(task, CI_EVENT_resume, target_of(task, course), NULL, NULL);
}

bool ci_course_continue(struct ci_task *task, const struct ci_course *course)
{
    return ci_course_resume(task, course) &&
           (course->go_on ? course->go_on(task) : ci_course_go_on(task, course));
}

bool ci_course_fail(struct ci_task *task, const struct ci_course *course, const char *before,
                    const char *after)
{
    const char *reason = ci_error_take(task->ctx);

    return course->fail(
        task, ci_printf(task->ctx->mem, "%s %s%s: %s", before, task->node->uuid, after, reason));
}

void ci_course_ends_unexpectedly(struct ci_task *task, const struct ci_course *course)
{
    const char *class = ci_error_kind(task->ctx->error->class)->name;
    const char *reason = ci_error_take(task->ctx);

    (void)!course->fail(task, ci_printf(task->ctx->mem,
                                        "Unexpected error when processing next %s step. %s: %s",
                                        ci_flow_row(course->flow)->name, class, reason));
}

void ci_course_abort_work(struct ci_task *task, const struct ci_course *course)
{
    if (!course->abort(task))
        ci_error_log(task->ctx, "An abort failed", "node=%s operation=%s", task->node->uuid,
                     ci_flow_row(course->flow)->name);
}

bool ci_course_aborted(struct ci_task *task, const struct ci_course *course)
{
    ci_node_set_last_error(task->node, ci_flow_aborted_text(task, course->flow));
    ci_flow_set_step(task, course->flow,
                     course->empty_step ? ci_json(task->ctx, json_object()) : NULL);
    ci_info(task->ctx, "Aborted", "node=%s operation=%s", task->node->uuid,
            ci_flow_row(course->flow)->name);
    return ci_flow_wipe(task, course->flow) && ci_node_save(task->ctx, task->node);
}

const char *ci_course_step_failed(struct ci_task *task, const json_t *step, const char *reason)
{
    return ci_printf(task->ctx->mem, "Node %s failed step %s: %s", task->node->uuid,
                     step ? ci_step_repr(task->ctx, step) : "None", reason);
}

bool ci_course_check_interfaces(struct ci_task *task, bool no_ramdisk)
{
    const struct ci_interface *power = &task->hardware->power->base;
    const struct ci_interface *network = &task->hardware->network->base;

    return (!power->validate || power->validate(task)) &&
           (no_ramdisk || !network->validate || network->validate(task));
}

bool ci_course_check_asked(struct ci_task *task, enum ci_flow flow, const char *operation,
                           const char *doing, const json_t *steps)
{
    if (ci_is_true(task->node->maintenance))
        return ci_fail(task->ctx, NodeInMaintenance, operation, task->node->uuid);
    if (!ci_course_check_interfaces(task, false)) {
        if (!ci_failed_with(task->ctx, CI_ERR_InvalidParameterValue))
            return false;
        return ci_fail_text(task->ctx, InvalidParameterValue,
                            "Validation of node %s for %s failed: %s", task->node->uuid, doing,
                            ci_error_take(task->ctx));
    }
    return ci_steps_check_allowed(task->ctx, flow, steps);
}

bool ci_course_no_ramdisk(struct ci_task *task, const struct ci_course *course, bool *ret_none)
{
    json_t *info;

    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info))
        return false;
    *ret_none = json_is_true(json_object_get(info, ci_flow_row(course->flow)->no_ramdisk));
    return true;
}

void ci_course_set_fault(struct ci_node *node, const char *fault, const char *reason)
{
    ci_node_set_fault(node, fault);
    ci_node_set_maintenance(node, true);
    if (!node->maintenance_reason)
        ci_node_set_maintenance_reason(node, reason);
}
