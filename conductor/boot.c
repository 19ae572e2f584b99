/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot: device, mode and secure boot of a node, and the non-maskable interrupt.
 */
#include "base/log.h"
#include "conductor/calls.h"
#include "conductor/history.h"

static bool unsupported(struct ci_task *task, const char *extension)
{
    return ci_fail(task->ctx, UnsupportedDriverExtension, task->node->driver, extension);
}

static bool set_device(struct ci_task *task, const char *device, bool persistent)
{
    const struct ci_management *management = task->hardware->management;

    if (!ci_call_validate(task, &management->base))
        return false;
    return management->set_boot_device ? management->set_boot_device(task, device, persistent)
                                       : unsupported(task, "set_boot_device");
}

bool ci_call_set_boot_device(struct ci_call *call)
{
    struct ci_task *task;
    const char *device;
    bool persistent, done;

    if (!ci_call_need(call, "device", &device) ||
        !ci_call_bool(call, "persistent", false, &persistent) ||
        !ci_call_take(call, CI_EXCLUSIVE, "setting boot device", &task))
        return false;
    done = set_device(task, device, persistent);
    ci_task_release(task);
    return done;
}

static bool answer_device(struct ci_call *call, struct ci_task *task)
{
    const struct ci_management *management = task->hardware->management;
    const char *device = NULL;
    int8_t persistent = CI_NULL_BOOL;

    if (!ci_call_validate(task, &management->base))
        return false;
    if (!management->get_boot_device)
        return unsupported(task, "get_boot_device");
    if (!management->get_boot_device(task, &device, &persistent))
        return false;
    return ci_call_answer(
        call, json_pack("{s:s?, s:o}", "boot_device", device, "persistent",
                        persistent == CI_NULL_BOOL ? json_null() : json_boolean(persistent)));
}

bool ci_call_get_boot_device(struct ci_call *call)
{
    struct ci_task *task;
    bool done;

    if (!ci_call_take(call, CI_EXCLUSIVE, "getting boot device", &task))
        return false;
    done = answer_device(call, task);
    ci_task_release(task);
    return done;
}

bool ci_call_get_supported_boot_devices(struct ci_call *call)
{
    json_t *list = ci_json(call->ctx, json_array());
    const char *const *devices;
    struct ci_task *task;

    if (!ci_call_take(call, CI_SHARED, "getting supported boot devices", &task))
        return false;
    if (!task->hardware->management->supported_boot_devices)
        return unsupported(task, "get_supported_boot_devices");
    devices = task->hardware->management->supported_boot_devices(task);
    for (size_t i = 0; devices[i]; i++)
        json_array_append_new(list, json_string(devices[i]));
    return ci_call_answer(call, json_incref(list));
}

static bool inject(struct ci_task *task)
{
    const struct ci_management *management = task->hardware->management;

    if (!ci_call_validate(task, &management->base))
        return false;
    return management->inject_nmi ? management->inject_nmi(task) : unsupported(task, "inject_nmi");
}

bool ci_call_inject_nmi(struct ci_call *call)
{
    struct ci_task *task;
    bool done;

    if (!ci_call_take(call, CI_EXCLUSIVE, "inject nmi", &task))
        return false;
    done = inject(task);
    ci_task_release(task);
    return done;
}

/* Saves what came of a change: the new value, or why there is none. */
static void save(struct ci_task *task)
{
    if (!ci_node_save(task->ctx, task->node))
        ci_warning(task->ctx, "A node could not be saved", "node=%s error=%s", task->node->uuid,
                   task->ctx->error->message);
    ci_error_clear(task->ctx);
}

/* What the change failed with, as last_error; Ironic's two texts differ in a quotation mark. */
static void save_failure(struct ci_task *task, const char *format_head, const char *target,
                         const char *format_tail)
{
    const char *message = task->ctx->error->message;

    ci_warning(task->ctx, "A change of how a node boots failed", "node=%s target=%s error=%s",
               task->node->uuid, target, message);
    ci_error_clear(task->ctx);
    ci_node_set_last_error(task->node, ci_printf(task->ctx->mem, "%s%s%s%s", format_head, target,
                                                 format_tail, message));
    save(task);
}

static void change_mode(struct ci_task *task, void *arg)
{
    const struct ci_management *management = task->hardware->management;
    const char *target = arg, *current = NULL;

    if (management->get_boot_mode && !management->get_boot_mode(task, &current)) {
        ci_warning(task->ctx, "The boot mode could not be read", "node=%s error=%s",
                   task->node->uuid, task->ctx->error->message);
        ci_error_clear(task->ctx);
        current = NULL;
    }
    if (ci_same(current, target))
        return;
    if (!(management->set_boot_mode ? management->set_boot_mode(task, target)
                                    : unsupported(task, "set_boot_mode"))) {
        save_failure(task, "Failed to change boot mode to '", target, ": ");
        return;
    }
    ci_node_set_boot_mode(task->node, target);
    save(task);
}

static void change_secure(struct ci_task *task, bool target)
{
    const struct ci_management *management = task->hardware->management;
    bool current = !target;

    if (management->get_secure_boot && !management->get_secure_boot(task, &current)) {
        ci_warning(task->ctx, "Secure boot could not be read", "node=%s error=%s", task->node->uuid,
                   task->ctx->error->message);
        ci_error_clear(task->ctx);
        current = !target;
    }
    if (current == target)
        return;
    if (!(management->set_secure_boot ? management->set_secure_boot(task, target)
                                      : unsupported(task, "set_secure_boot_state"))) {
        save_failure(task, "Failed to change secure_boot state to '", target ? "True" : "False",
                     "': ");
        return;
    }
    ci_node_set_secure_boot(task->node, target);
    save(task);
}

static void secure_on(struct ci_task *task, void *unused)
{
    (void)unused;
    change_secure(task, true);
}

static void secure_off(struct ci_task *task, void *unused)
{
    (void)unused;
    change_secure(task, false);
}

/* A change that a worker makes; the target is in the arena that goes with it. */
static bool spawn(struct ci_task *task, const char *method,
                  void (*work)(struct ci_task *task, void *arg), char *target)
{
    struct ci_ctx *ctx = task->ctx;
    struct ci_error *failure;

    ci_node_set_last_error(task->node, NULL);
    ci_task_name_work(task, method);
    if (!ci_call_validate(task, &task->hardware->management->base) ||
        !ci_node_save(ctx, task->node))
        return false;
    if (ci_task_spawn(task, work, target))
        return true;
    failure = ctx->error;
    ci_error_clear(ctx);
    ci_history_error(task, CI_HISTORY_CONDUCTOR, "No free conductor workers available");
    save(task);
    ctx->error = failure;
    return false;
}

bool ci_call_change_node_boot_mode(struct ci_call *call)
{
    const char *new_state;
    struct ci_task *task;

    if (!ci_call_need(call, "new_state", &new_state) ||
        !ci_call_take(call, CI_EXCLUSIVE, "changing node boot mode", &task))
        return false;
    if (spawn(task, "node_change_boot_mode", change_mode, ci_strdup(task->ctx->mem, new_state)))
        return true;
    ci_task_release(task);
    return false;
}

bool ci_call_change_node_secure_boot(struct ci_call *call)
{
    struct ci_task *task;
    bool new_state;

    if (!ci_call_bool(call, "new_state", false, &new_state) ||
        !ci_call_take(call, CI_EXCLUSIVE, "changing node secure", &task))
        return false;
    if (spawn(task, "node_change_secure_boot", new_state ? secure_on : secure_off, NULL))
        return true;
    ci_task_release(task);
    return false;
}
