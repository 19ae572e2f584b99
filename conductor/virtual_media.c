/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual media: images that a machine sees as its disks. They are attached and detached in the
 * background; what goes wrong there is the node's last_error.
 */
#include "base/json.h"
#include "base/log.h"
#include "conductor/calls.h"
#include "conductor/history.h"

/* What a worker is given; it lives in the task's arena. */
struct job {
    const char *device_type, *url;
    const json_t *device_types; /* NULL: all */
};

static bool unsupported(struct ci_task *task, const char *extension)
{
    return ci_fail(task->ctx, UnsupportedDriverExtension, task->node->driver, extension);
}

/* Tells how it went; `what` is the failure without its reason. */
static void end(struct ci_task *task, bool done, const char *what)
{
    struct ci_ctx *ctx = task->ctx;

    if (done) {
        ci_info(ctx, "Virtual media changed", "node=%s", task->node->uuid);
    } else {
        const char *message = ci_printf(ctx->mem, "%s: %s", what, ci_error_take(ctx));

        ci_history_error(task, CI_HISTORY_CONDUCTOR, message);
    }
    if (!ci_node_save(ctx, task->node))
        ci_warning(ctx, "A node could not be saved", "node=%s error=%s", task->node->uuid,
                   ci_error_take(ctx));
}

static void attach(struct ci_task *task, void *arg)
{
    const struct ci_management *management = task->hardware->management;
    const struct job *job = arg;

    end(task,
        management->attach_virtual_media
            ? management->attach_virtual_media(task, job->device_type, job->url)
            : unsupported(task, "attach_virtual_media"),
        ci_printf(task->ctx->mem, "Could not attach device %s to node %s", job->device_type,
                  task->node->uuid));
}

static void detach(struct ci_task *task, void *arg)
{
    const struct ci_management *management = task->hardware->management;
    const struct job *job = arg;

    end(task,
        management->detach_virtual_media ? management->detach_virtual_media(task, job->device_types)
                                         : unsupported(task, "detach_virtual_media"),
        ci_printf(task->ctx->mem, "Could not detach device(s) %s from node %s",
                  job->device_types ? ci_json_repr(task->ctx->mem, job->device_types) : "None",
                  task->node->uuid));
}

static bool spawn(struct ci_call *call, const char *purpose, const char *method,
                  void (*work)(struct ci_task *task, void *arg), struct job *job)
{
    struct ci_task *task;

    if (!ci_call_take(call, CI_EXCLUSIVE, purpose, &task))
        return false;
    ci_node_set_last_error(task->node, NULL);
    ci_task_name_work(task, method);
    if (ci_call_validate(task, &task->hardware->management->base) &&
        ci_node_save(call->ctx, task->node) && ci_task_spawn(task, work, job))
        return true;
    ci_task_release(task);
    return false;
}

bool ci_call_attach_virtual_media(struct ci_call *call)
{
    struct job *job = ci_new(call->ctx->mem, struct job);

    return ci_call_need(call, "device_type", &job->device_type) &&
           ci_call_need(call, "image_url", &job->url) &&
           spawn(call, "attaching virtual media", "do_attach_virtual_media", attach, job);
}

bool ci_call_detach_virtual_media(struct ci_call *call)
{
    struct job *job = ci_new(call->ctx->mem, struct job);

    job->device_types = ci_call_json(call, "device_types");
    return spawn(call, "detaching virtual media", "do_detach_virtual_media", detach, job);
}

bool ci_call_get_virtual_media(struct ci_call *call)
{
    const struct ci_management *management;
    struct ci_task *task;

    if (!ci_call_take(call, CI_SHARED, "get virtual media devices", &task))
        return false;
    management = task->hardware->management;
    if (!ci_call_validate(task, &management->base))
        return false;
    return management->get_virtual_media ? management->get_virtual_media(task, call->ret_result)
                                         : unsupported(task, "get_virtual_media");
}
