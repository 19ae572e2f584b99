/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power: the call that changes it, and the change itself.
 *
 * A child node shares its parent's supply unless it has one of its own: powering it on powers the
 * parent on first, and powering a parent off powers its children off first.
 */
#include "conductor/power.h"

#include <inttypes.h>
#include <string.h>

#include "base/config.h"
#include "base/log.h"
#include "conductor/calls.h"
#include "conductor/history.h"
#include "conductor/notify.h"
#include "conductor/nova.h"
#include "db/db.h"
#include "objects/info.h"
#include "objects/states.h"

/* What must not outlive a power cycle, since the ramdisk makes it anew. */
static const char *const wiped[] = {
    "agent_url",       "agent_cached_deploy_steps", "agent_cached_clean_steps",
    "agent_verify_ca", "agent_start_attempted",     NULL};
static const char *const wiped_token[] = {"agent_secret_token", NULL};

static const char *target_of(const char *new_state)
{
    static const char *const on[] = {CI_POWER_ON, CI_REBOOT, CI_SOFT_REBOOT, NULL};

    return ci_one_of(new_state, on) ? CI_POWER_ON : CI_POWER_OFF;
}

static bool wipe(struct ci_task *task)
{
    json_t *info;

    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info) ||
        !ci_internal_info_drop(task->ctx, task->node, wiped))
        return false;
    /* A token made before the boot would not be made again. */
    return json_is_true(json_object_get(info, "agent_secret_token_pregenerated")) ||
           ci_internal_info_drop(task->ctx, task->node, wiped_token);
}

static bool wipe_if_it_goes_down(struct ci_task *task, const char *new_state)
{
    return ci_same(new_state, CI_POWER_ON) || wipe(task);
}

/* Puts the failure on the node, and leaves it as the context's error. */
static bool record_failure(struct ci_task *task, const char *event)
{
    struct ci_ctx *ctx = task->ctx;
    struct ci_error *failure = ctx->error;

    ctx->error = NULL;
    ci_history_error(task, NULL, event);
    ci_node_set_target_power_state(task->node, NULL);
    if (!ci_node_save(ctx, task->node))
        ci_warning(ctx, "The failure of a power change is not saved", "node=%s error=%s",
                   task->node->uuid, ctx->error->message);
    ctx->error = failure;
    return false;
}

static bool end_badly(struct ci_task *task, const char *new_state, const char *event)
{
    (void)record_failure(task, event);
    ci_notify_power(task, CI_NOTIFY_ERROR, new_state);
    return false;
}

static bool is_there(const char *current, const char *new_state)
{
    if (ci_same(current, CI_POWER_ON))
        return ci_same(new_state, CI_POWER_ON);
    return ci_same(current, CI_POWER_OFF) &&
           (ci_same(new_state, CI_POWER_OFF) || ci_same(new_state, CI_SOFT_POWER_OFF));
}

/* Is the node where it is to go? Then only the record is put right. Reboots are never skipped. */
static bool skip(struct ci_task *task, const char *new_state, bool *ret_skip)
{
    struct ci_ctx *ctx = task->ctx;
    struct ci_node *node = task->node;
    const char *current;

    *ret_skip = false;
    if (ci_same(new_state, CI_REBOOT) || ci_same(new_state, CI_SOFT_REBOOT))
        return true;
    if (!task->hardware->power->get_state(task, &current))
        return end_badly(task, new_state,
                         ci_printf(ctx->mem, "Failed to change power state to '%s': %s", new_state,
                                   ctx->error->message));
    *ret_skip = is_there(current, new_state);
    if (!*ret_skip)
        return true;
    ci_node_set_last_error(node, NULL);
    ci_node_set_power_state(node, current);
    ci_node_set_target_power_state(node, NULL);
    ci_debug(ctx, "The power state is the one asked for", "node=%s state=%s", node->uuid, current);
    if (!wipe_if_it_goes_down(task, new_state) || !ci_node_save(ctx, node))
        return false;
    ci_notify_power(task, CI_NOTIFY_END, new_state);
    return true;
}

static bool has_own_supply(struct ci_ctx *ctx, const struct ci_node *node, bool *ret_own)
{
    json_t *info;
    const json_t *own;

    if (!ci_info_read(ctx, node->driver_info, &info))
        return false;
    own = json_object_get(info, "has_dedicated_power_supply");
    *ret_own = own && ci_json_kind(own) == CI_JSON_TRUE;
    return true;
}

/* Changes the power of a relative, unless it is as wanted; false names it in a lock's error. */
static bool change_relative(struct ci_task *relative, const char *state, int64_t timeout_s)
{
    const char *current;

    if (!relative->hardware->power->get_state(relative, &current))
        return false;
    return ci_same(current, state) ||
           (ci_task_upgrade(relative) && ci_power_action(relative, state, timeout_s));
}

static bool power_on_parent(struct ci_task *task, int64_t timeout_s)
{
    struct ci_ctx *ctx = task->ctx;
    struct ci_task *parent;
    bool done, own;

    if (!task->node->parent_node)
        return true;
    if (!has_own_supply(ctx, task->node, &own))
        return false;
    if (own)
        return true;
    if (!ci_task_take(ci_task_conductor(task), ctx, task->node->parent_node, CI_SHARED,
                      "power on parent node", &parent))
        return false;
    done = change_relative(parent, CI_POWER_ON, timeout_s);
    if (!done && ci_failed_with(ctx, CI_ERR_NodeLocked)) {
        ci_error_clear(ctx);
        (void)ci_fail(ctx, ParentNodeLocked, task->node->uuid, parent->node->uuid);
    }
    ci_task_release(parent);
    return done;
}

static bool power_off_child(struct ci_task *task, const char *child_uuid, int64_t timeout_s)
{
    struct ci_ctx *ctx = task->ctx;
    struct ci_task *child;
    bool done, own;

    if (!ci_task_take(ci_task_conductor(task), ctx, child_uuid, CI_SHARED, "child node power off",
                      &child) ||
        !has_own_supply(ctx, child->node, &own))
        return false;
    done = own || change_relative(child, CI_POWER_OFF, timeout_s);
    if (!done && ci_failed_with(ctx, CI_ERR_NodeLocked)) {
        ci_error_clear(ctx);
        (void)ci_fail(ctx, ChildNodeLocked, task->node->uuid, child->node->uuid);
    }
    ci_task_release(child);
    return done;
}

static bool power_off_children(struct ci_task *task, int64_t timeout_s)
{
    const char *values[] = {task->node->uuid};
    struct ci_rows *rows;

    if (!ci_db_query(task->ctx, "SELECT uuid FROM nodes WHERE parent_node = $1 ORDER BY id", 1,
                     values, &rows))
        return false;
    for (size_t i = 0; i < rows->count; i++) {
        if (!power_off_child(task, ci_row_text(rows, i, 0), timeout_s))
            return false;
    }
    return true;
}

static bool begin(struct ci_task *task, const char *new_state)
{
    struct ci_node *node = task->node;

    ci_node_set_target_power_state(node, target_of(new_state));
    if (!ci_state_is(node->provision_state, CI_STATE_IS_FAILURE))
        ci_node_set_last_error(node, NULL);
    return ci_internal_info_timestamp(task->ctx, node, "last_power_state_change") &&
           wipe_if_it_goes_down(task, new_state) && ci_node_save(task->ctx, node);
}

static bool is_active(const struct ci_task *task)
{
    return ci_same(task->node->provision_state, CI_STATE_ACTIVE);
}

static bool act(struct ci_task *task, const char *new_state, int64_t timeout_s)
{
    const struct ci_power *power = task->hardware->power;
    const struct ci_storage *storage = task->hardware->storage;

    if (ci_same(target_of(new_state), CI_POWER_ON) && is_active(task) && storage->attach_volumes &&
        !storage->attach_volumes(task))
        return false;
    if (ci_same(new_state, CI_REBOOT))
        return power->reboot(task, timeout_s);
    if (ci_same(new_state, CI_POWER_ON) && !power_on_parent(task, timeout_s))
        return false;
    if (ci_same(new_state, CI_POWER_OFF) && !power_off_children(task, timeout_s))
        return false;
    return power->set_state(task, new_state, timeout_s);
}

static void detach_volumes(struct ci_task *task)
{
    const struct ci_storage *storage = task->hardware->storage;

    if (!is_active(task) || !storage->detach_volumes || storage->detach_volumes(task))
        return;
    ci_warning(task->ctx, "Volumes could not be detached", "node=%s error=%s", task->node->uuid,
               task->ctx->error->message);
    ci_error_clear(task->ctx);
}

static bool finish(struct ci_task *task, const char *new_state)
{
    struct ci_node *node = task->node;
    const char *target = target_of(new_state);

    ci_node_set_power_state(node, target);
    ci_node_set_target_power_state(node, NULL);
    if (!ci_node_save(task->ctx, node))
        return false;
    ci_nova_tell_power(task);
    ci_notify_power(task, CI_NOTIFY_END, new_state);
    ci_info(task->ctx, "Node power state changed", "node=%s state=%s by=%s", node->uuid, target,
            new_state);
    if (ci_same(target, CI_POWER_OFF))
        detach_volumes(task);
    return true;
}

bool ci_power_action(struct ci_task *task, const char *new_state, int64_t timeout_s)
{
    struct ci_ctx *ctx = task->ctx;
    const char *target = target_of(new_state);
    bool skipped;

    if (ci_same(target, CI_POWER_OFF) && ci_is_true(task->node->disable_power_off))
        return ci_fail(ctx, PowerStateFailure, new_state);
    ci_notify_power(task, CI_NOTIFY_START, new_state);
    if (!skip(task, new_state, &skipped))
        return false;
    if (skipped)
        return true;
    if (!begin(task, new_state))
        return false;
    if (!act(task, new_state, timeout_s))
        return end_badly(task, new_state,
                         ci_printf(ctx->mem, "Failed to change power state to '%s' by '%s': %s",
                                   target, new_state, ctx->error->message));
    return finish(task, new_state);
}

/* What the worker is to do; lives in the arena that moves to it. */
struct change {
    const char *new_state;
    int64_t timeout_s;
};

static void work(struct ci_task *task, void *arg)
{
    const struct change *change = arg;

    /* What it fails with stays in the context: the end of the work sees to it. */
    (void)!ci_power_action(task, change->new_state, change->timeout_s);
}

/* No worker was free: the node is as it was, and says why. */
static bool undo(struct ci_task *task, const char *power_state)
{
    ci_node_set_power_state(task->node, power_state);
    return record_failure(task, "No free conductor workers available");
}

static bool spawn(struct ci_task *task, const char *new_state, int64_t timeout_s)
{
    struct change *change = ci_new(task->ctx->mem, struct change);
    const char *before = task->node->power_state;

    change->new_state = new_state;
    change->timeout_s = timeout_s;
    ci_node_set_target_power_state(task->node, target_of(new_state));
    ci_node_set_last_error(task->node, NULL);
    if (!ci_node_save(task->ctx, task->node))
        return false;
    ci_task_name_work(task, "node_power_action");
    return ci_task_spawn(task, work, change) || undo(task, before);
}

static bool check(struct ci_task *task, const char *new_state)
{
    const struct ci_power *power = task->hardware->power;

    if (!ci_call_validate(task, &power->base))
        return false;
    if (!ci_one_of(new_state, power->supported_states))
        return ci_fail_text(task->ctx, InvalidParameterValue,
                            "The driver %s does not support the power state, %s",
                            task->node->driver, new_state);
    return true;
}

bool ci_call_change_node_power_state(struct ci_call *call)
{
    const char *new_state;
    struct ci_task *task;
    int64_t timeout_s;

    if (!ci_call_need(call, "new_state", &new_state) ||
        !ci_call_int(call, "timeout", 0, &timeout_s) ||
        !ci_call_take(call, CI_EXCLUSIVE, "changing node power state", &task))
        return false;
    if (timeout_s == 0 &&
        (ci_same(new_state, CI_SOFT_REBOOT) || ci_same(new_state, CI_SOFT_POWER_OFF)))
        timeout_s = call->ctx->config->conductor.soft_power_off_timeout;
    if (check(task, new_state) && spawn(task, new_state, timeout_s))
        return true;
    ci_task_release(task);
    return false;
}
