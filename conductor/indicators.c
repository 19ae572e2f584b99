/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Indicators: the lights of a machine.
 */
#include "conductor/calls.h"

static bool unsupported(struct ci_task *task, const char *extension)
{
    return ci_fail(task->ctx, UnsupportedDriverExtension, task->node->driver, extension);
}

bool ci_call_get_supported_indicators(struct ci_call *call)
{
    const struct ci_management *management;
    const char *component;
    struct ci_task *task;

    if (!ci_call_text(call, "component", &component) ||
        !ci_call_take(call, CI_SHARED, "getting supported indicators", &task))
        return false;
    management = task->hardware->management;
    if (!ci_call_validate(task, &management->base))
        return false;
    return management->get_supported_indicators
               ? management->get_supported_indicators(task, component, call->ret_result)
               : unsupported(task, "get_supported_indicators");
}

static bool get(struct ci_call *call, struct ci_task *task, const char *component,
                const char *indicator)
{
    const struct ci_management *management = task->hardware->management;
    const char *state;

    if (!ci_call_validate(task, &management->base))
        return false;
    if (!management->get_indicator_state)
        return unsupported(task, "get_indicator_state");
    return management->get_indicator_state(task, component, indicator, &state) &&
           ci_call_answer_text(call, state);
}

bool ci_call_get_indicator_state(struct ci_call *call)
{
    const char *component, *indicator;
    struct ci_task *task;
    bool done;

    if (!ci_call_need(call, "component", &component) ||
        !ci_call_need(call, "indicator", &indicator) ||
        !ci_call_take(call, CI_EXCLUSIVE, "getting indicators states", &task))
        return false;
    done = get(call, task, component, indicator);
    ci_task_release(task);
    return done;
}

bool ci_call_set_indicator_state(struct ci_call *call)
{
    const char *component, *indicator, *state;
    const struct ci_management *management;
    struct ci_task *task;
    bool done;

    if (!ci_call_need(call, "component", &component) ||
        !ci_call_need(call, "indicator", &indicator) || !ci_call_need(call, "state", &state) ||
        !ci_call_take(call, CI_EXCLUSIVE, "setting indicator state", &task))
        return false;
    management = task->hardware->management;
    done = ci_call_validate(task, &management->base) &&
           (management->set_indicator_state
                ? management->set_indicator_state(task, component, indicator, state)
                : unsupported(task, "set_indicator_state"));
    ci_task_release(task);
    return done;
}
