/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inspection: let the inspect interface find out what the machine is made of.
 */
#include "conductor/inspect.h"

#include "base/log.h"
#include "base/text.h"
#include "conductor/calls.h"
#include "conductor/flow.h"
#include "conductor/history.h"
#include "conductor/machine.h"

/* Ends what an inspection has set up; gives the message, longer by what goes wrong here. */
static const char *clean_up(struct ci_task *task, const char *message)
{
    const struct ci_hardware *hardware = task->hardware;

    if (hardware->inspect->abort) {
        if (hardware->inspect->abort(task))
            return message;
        return ci_printf(task->ctx->mem,
                         "%s. Also Failed to abort inspection on node %s, reason: %s", message,
                         task->node->uuid, ci_error_take(task->ctx));
    }
    if (!hardware->boot->clean_up_ramdisk || hardware->boot->clean_up_ramdisk(task))
        return message;
    return ci_printf(task->ctx->mem,
                     "%s. Also Failed to clean up ramdisk boot for node %s, reason: %s", message,
                     task->node->uuid, ci_error_take(task->ctx));
}

static bool note_failure(struct ci_task *task, const char *message)
{
    message = clean_up(task, message);
    ci_error_log(task->ctx, "Inspection failed", "node=%s error=%s", task->node->uuid, message);
    ci_history_error(task, CI_HISTORY_INTROSPECTION, message);
    return ci_flow_wipe_agent(task);
}

bool ci_inspect_time_out(struct ci_task *task, const char *message)
{
    return note_failure(task, message) && ci_node_save(task->ctx, task->node);
}

bool ci_inspect_fail(struct ci_task *task, const char *words)
{
    const char *reason = ci_error_take(task->ctx);

    if (!note_failure(task, ci_printf(task->ctx->mem, "%s%s", words, reason)))
        return false;
    if (ci_same(task->node->provision_state, CI_STATE_ENROLL))
        return ci_node_save(task->ctx, task->node);
    return ci_machine_move(task, CI_EVENT_fail, NULL, NULL, NULL);
}

static bool fail(struct ci_task *task)
{
    return ci_inspect_fail(task, "");
}

static bool inspect(struct ci_task *task)
{
    const struct ci_inspect *driver = task->hardware->inspect;
    enum ci_outcome outcome = CI_DONE;

    if (!ci_flow_wipe_agent(task))
        return false;
    if (!driver->inspect_hardware(task, &outcome))
        return fail(task);
    return ci_machine_move(task, outcome == CI_WAIT ? CI_EVENT_wait : CI_EVENT_done, NULL, NULL,
                           NULL);
}

static void inspect_work(struct ci_task *task, void *arg)
{
    (void)arg;
    if (inspect(task))
        ci_info(task->ctx, "Inspection ended or waits", "node=%s state=%s", task->node->uuid,
                task->node->provision_state);
    else if (ci_same(task->node->provision_state, CI_STATE_INSPECTING))
        (void)!fail(task);
}

bool ci_call_inspect_hardware(struct ci_call *call)
{
    const struct ci_interface *power, *driver;
    struct ci_task *task;

    if (!ci_call_take(call, CI_EXCLUSIVE, "hardware inspection", &task))
        return false;
    power = &task->hardware->power->base;
    driver = &task->hardware->inspect->base;
    if ((power->validate && !power->validate(task)) ||
        (driver->validate && !driver->validate(task)))
        return false;
    ci_task_name_work(task, "inspect_hardware");
    return ci_machine_ask(task, "inspect", CI_EVENT_inspect, NULL, inspect_work, NULL);
}

bool ci_inspect_abort(struct ci_task *task)
{
    const struct ci_inspect *driver = task->hardware->inspect;

    if (!driver->abort)
        return ci_fail(task->ctx, UnsupportedDriverExtension, task->node->driver, "abort");
    if (!driver->abort(task)) {
        struct ci_error *why = task->ctx->error;

        task->ctx->error = NULL;
        ci_history_error(task, CI_HISTORY_INTROSPECTION,
                         ci_printf(task->ctx->mem, "Failed to abort inspection: %s", why->message));
        if (!ci_node_save(task->ctx, task->node))
            ci_warning(task->ctx, "A node's last_error is lost", "node=%s error=%s",
                       task->node->uuid, task->ctx->error->message);
        task->ctx->error = why;
        return false;
    }
    ci_history_error(task, CI_HISTORY_INTROSPECTION, "Inspection was aborted by request.");
    return ci_flow_wipe_agent(task) && ci_machine_move(task, CI_EVENT_abort, NULL, NULL, NULL);
}
