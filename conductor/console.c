/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serial consoles: on, off, and where to find one.
 */
#include "base/log.h"
#include "conductor/calls.h"
#include "conductor/history.h"
#include "conductor/notify.h"

static bool unsupported(struct ci_task *task)
{
    return ci_fail(task->ctx, UnsupportedDriverExtension, task->node->driver, "console");
}

bool ci_call_get_console_information(struct ci_call *call)
{
    const struct ci_console *console;
    struct ci_task *task;

    if (!ci_call_take(call, CI_SHARED, "getting console information", &task))
        return false;
    console = task->hardware->console;
    if (!ci_is_true(task->node->console_enabled))
        return ci_fail(call->ctx, NodeConsoleNotEnabled, task->node->uuid);
    if (!ci_call_validate(task, &console->base))
        return false;
    return console->get ? console->get(task, call->ret_result) : unsupported(task);
}

static void record_failure(struct ci_task *task, bool enabled)
{
    struct ci_ctx *ctx = task->ctx;
    struct ci_error *failure = ctx->error;

    ctx->error = NULL;
    ci_history_error(task, CI_HISTORY_CONSOLE,
                     ci_printf(ctx->mem, "Error %s the console on node %s. Reason: %s",
                               enabled ? "enabling" : "disabling", task->node->uuid,
                               failure->message));
    if (!ci_node_save(ctx, task->node))
        ci_warning(ctx, "The failure of a console is not saved", "node=%s error=%s",
                   task->node->uuid, ctx->error->message);
    ctx->error = failure;
}

static void change(struct ci_task *task, bool enabled)
{
    const struct ci_console *console = task->hardware->console;
    bool (*act)(struct ci_task *) = enabled ? console->start : console->stop;

    ci_notify_console(task, "console_set", CI_NOTIFY_START);
    if (!(act ? act(task) : unsupported(task))) {
        record_failure(task, enabled);
        ci_notify_console(task, "console_set", CI_NOTIFY_ERROR);
        return;
    }
    ci_node_set_console_enabled(task->node, enabled);
    ci_node_set_last_error(task->node, NULL);
    if (ci_node_save(task->ctx, task->node)) /* else the end of the work logs why not */
        ci_notify_console(task, "console_set", CI_NOTIFY_END);
}

static void turn_on(struct ci_task *task, void *unused)
{
    (void)unused;
    change(task, true);
}

static void turn_off(struct ci_task *task, void *unused)
{
    (void)unused;
    change(task, false);
}

static bool spawn(struct ci_task *task, bool enabled)
{
    if (!ci_task_upgrade(task))
        return false;
    ci_node_set_last_error(task->node, NULL);
    ci_task_name_work(task, "_set_console_mode");
    return ci_node_save(task->ctx, task->node) &&
           ci_task_spawn(task, enabled ? turn_on : turn_off, NULL);
}

bool ci_call_set_console_mode(struct ci_call *call)
{
    struct ci_task *task;
    bool enabled;

    if (!ci_call_bool(call, "enabled", false, &enabled) ||
        !ci_call_take(call, CI_SHARED, "setting console mode", &task))
        return false;
    if (!ci_call_validate(task, &task->hardware->console->base))
        return false;
    if (enabled == ci_is_true(task->node->console_enabled)) {
        ci_info(call->ctx, "The console is as it is asked to be", "node=%s enabled=%d",
                task->node->uuid, enabled);
        return true;
    }
    if (spawn(task, enabled))
        return true;
    ci_task_release(task);
    return false;
}
