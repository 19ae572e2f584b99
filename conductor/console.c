/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serial consoles: on, off, and where to find one.
 */
#include "conductor/console.h"

#include "base/log.h"
#include "base/text.h"
#include "conductor/calls.h"
#include "conductor/history.h"
#include "conductor/mapped.h"
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

static bool start(struct ci_task *task)
{
    const struct ci_console *console = task->hardware->console;

    return console->start ? console->start(task) : unsupported(task);
}

static bool stop(struct ci_task *task)
{
    const struct ci_console *console = task->hardware->console;

    return console->stop ? console->stop(task) : unsupported(task);
}

static void change(struct ci_task *task, bool enabled)
{
    ci_notify_console(task, "console_set", CI_NOTIFY_START);
    if (!(enabled ? start(task) : stop(task))) {
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

bool ci_console_reopen(struct ci_task *task, const char *before, const char *after,
                       const char *event_type)
{
    const char *message;

    if (!ci_is_true(task->node->console_enabled))
        return true;
    ci_notify_console(task, "console_restore", CI_NOTIFY_START);
    if (start(task)) {
        ci_notify_console(task, "console_restore", CI_NOTIFY_END);
        return true;
    }
    message = ci_printf(task->ctx->mem, "%s%s%s", before, ci_error_take(task->ctx), after);
    ci_error_log(task->ctx, "Console does not start", "node=%s error=%s", task->node->uuid,
                 message);
    if (event_type)
        ci_history_error(task, event_type, message);
    else
        ci_node_set_last_error(task->node, message);
    ci_node_set_console_enabled(task->node, false);
    if (!ci_node_save(task->ctx, task->node))
        return false;
    ci_notify_console(task, "console_restore", CI_NOTIFY_ERROR);
    return true;
}

bool ci_console_stop(struct ci_task *task)
{
    bool stopped;

    if (!ci_is_true(task->node->console_enabled))
        return true;
    ci_notify_console(task, "console_stop", CI_NOTIFY_START);
    stopped = stop(task);
    ci_notify_console(task, "console_stop", stopped ? CI_NOTIFY_END : CI_NOTIFY_ERROR);
    return stopped;
}

static void reopen(struct ci_conductor *conductor, const char *uuid)
{
    struct ci_ctx *ctx = ci_conductor_ctx_new(conductor, NULL);
    struct ci_task *task;

    if (!ci_task_take(conductor, ctx, uuid, CI_EXCLUSIVE, "start console", &task)) {
        ci_warning(ctx, "A console is not opened", "node=%s error=%s", uuid, ctx->error->message);
    } else {
        if (!ci_console_reopen(task,
                               ci_printf(ctx->mem,
                                         "Failed to start console of node %s while starting the "
                                         "conductor, so changing the console_enabled status to "
                                         "False, error: ",
                                         uuid),
                               "", CI_HISTORY_STARTFAIL))
            ci_warning(ctx, "The failure of a console is not saved", "node=%s error=%s", uuid,
                       ci_error_take(ctx));
        ci_task_release(task);
    }
    ci_conductor_ctx_free(ctx);
}

void ci_console_reopen_all(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    static const struct ci_mapped_query query = {.columns = "",
                                                 .where = "console_enabled ORDER BY id"};
    struct ci_mapped mapped;

    if (!ci_mapped_find(conductor, ctx, &query, &mapped)) {
        ci_warning(ctx, "Consoles are not opened", "error=%s", ci_error_take(ctx));
        return;
    }
    for (size_t i = 0; i < mapped.count && ci_conductor_is_staying(conductor); i++)
        reopen(conductor, ci_mapped_uuid(&mapped, i));
}
