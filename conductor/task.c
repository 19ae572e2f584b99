/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks: taking a node, with or without its lock, and letting it go.
 *
 * The lock is the reservation column, so it holds between conductors and between the threads
 * of one alike. It is given back at the end of the arena if nothing did so before; hence no way
 * out of a call can forget it.
 */
#include "conductor/task_private.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/config.h"
#include "base/log.h"
#include "conductor/power.h"
#include "db/db.h"
#include "drivers/hardware.h"

#define NS_PER_S INT64_C(1000000000)

struct ci_conductor *ci_task_conductor(const struct ci_task *task)
{
    return ((const struct task *)task)->conductor;
}

bool ci_task_cancelled(const struct ci_task *task)
{
    return ci_conductor_cancelled(ci_task_conductor(task));
}

void ci_task_name_work(struct ci_task *task, const char *method)
{
    ((struct task *)task)->method = method;
}

void ci_task_can_wait(struct ci_task *task)
{
    ((struct task *)task)->can_wait = true;
}

static void pause_s(int64_t seconds)
{
    struct timespec left = {.tv_sec = seconds};

    while (nanosleep(&left, &left) != 0)
        ;
}

/* Another try after NodeLocked? Waits for its time, and takes the error back. */
static bool again(const struct task *task, enum ci_lock lock, int64_t tries)
{
    struct ci_ctx *ctx = task->base.ctx;

    if (!ci_failed_with(ctx, CI_ERR_NodeLocked) || lock == CI_EXCLUSIVE_ONCE ||
        ci_conductor_cancelled(task->conductor))
        return false;
    if (lock != CI_EXCLUSIVE_PATIENT && tries >= ctx->config->conductor.node_locked_retry_attempts)
        return false;
    ci_debug(ctx, "The node is locked, waiting", "purpose=%s error=%s", task->base.purpose,
             ctx->error->message);
    pause_s(ctx->config->conductor.node_locked_retry_interval);
    ci_error_clear(ctx);
    return true;
}

static bool reserve_once(struct task *task, const char *ident, int64_t at_us,
                         struct ci_node **ret_node)
{
    struct ci_holds *holds = task->conductor->holds;
    bool taken;

    ci_holds_open(holds);
    taken = ci_node_reserve_at(task->base.ctx, ident, task->conductor->host, at_us, ret_node);
    ci_holds_close(holds, &task->hold, taken ? (*ret_node)->uuid : NULL);
    return taken;
}

static void hold(struct task *task, struct ci_node *node)
{
    task->base.node = node;
    task->base.shared = false;
    task->held = true;
    task->since_ns = ci_time_monotonic_ns();
    ci_debug(task->base.ctx, "Node reserved", "node=%s purpose=%s", node->uuid, task->base.purpose);
}

static bool reserve(struct task *task, const char *ident, enum ci_lock lock)
{
    struct ci_ctx *ctx = task->base.ctx;
    struct ci_node *node;
    int64_t tries = 1, at_us = ci_time_now_us();

    while (!reserve_once(task, ident, at_us, &node)) {
        if (ci_failed_with(ctx, CI_ERR_DatabaseUnavailable))
            ci_task_owe(task->conductor, ident, at_us);
        if (!again(task, lock, tries++))
            return false;
        at_us = ci_time_now_us();
    }
    hold(task, node);
    return true;
}

static void end_hold(struct task *task)
{
    task->held = false;
    ci_holds_drop(task->conductor->holds, &task->hold);
}

static void note_release(struct ci_ctx *ctx, const struct task *task)
{
    ci_debug(ctx, "Node released", "node=%s purpose=%s held_ms=%" PRId64, task->base.node->uuid,
             task->base.purpose, (ci_time_monotonic_ns() - task->since_ns) / (NS_PER_S / 1000));
}

/* No debt is paid meanwhile: else the next task of this process could have the lock by now. */
static bool release_once(struct ci_ctx *ctx, struct task *task)
{
    struct ci_holds *holds = task->conductor->holds;
    bool released;

    ci_holds_open(holds);
    released = ci_node_release(ctx, task->base.node->id, task->conductor->host);
    end_hold(task);
    ci_holds_close(holds, &task->hold, NULL);
    return released;
}

static void give_back(struct ci_ctx *ctx, struct task *task)
{
    struct ci_node *node = task->base.node;

    if (!release_once(ctx, task)) {
        if (ci_failed_with(ctx, CI_ERR_DatabaseUnavailable))
            ci_task_owe(task->conductor, node->uuid, CI_NULL_TIME);
        else if (!ci_failed_with(ctx, CI_ERR_NodeNotFound))
            ci_warning(ctx, "The lock of a node could not be given back", "node=%s error=%s",
                       node->uuid, ctx->error->message);
        return;
    }
    note_release(ctx, task);
}

void ci_task_release(struct ci_task *base)
{
    struct task *task = (struct task *)base;
    struct ci_ctx *ctx = base->ctx;
    struct ci_error *former = ctx->error;

    if (!task->held)
        return;
    if (ctx->tx)
        ci_db_rollback(ctx);
    ctx->error = NULL;
    give_back(ctx, task);
    ctx->error = former;
}

bool ci_task_save_and_release(struct ci_task *base, struct ci_node *node)
{
    struct task *task = (struct task *)base;
    struct ci_ctx *ctx = base->ctx;
    bool released = false,
         saved = ci_node_save_and_release(ctx, node, task->conductor->host, &released);

    if (released) {
        end_hold(task);
        note_release(ctx, task);
        return true;
    }
    if (!saved && ci_failed_with(ctx, CI_ERR_DatabaseUnavailable)) {
        /* Both may have been done. */
        end_hold(task);
        ci_task_owe(task->conductor, base->node->uuid, CI_NULL_TIME);
        return false;
    }
    /* The lock was taken from us: what is to be saved is saved, and the release says so. */
    saved = saved && ci_node_save(ctx, node);
    ci_task_release(base);
    return saved;
}

void ci_task_forget(struct ci_task *task)
{
    end_hold((struct task *)task);
}

/* At the end of the arena, when its context may be half gone: with a context of its own. */
static void release_late(void *arg)
{
    struct task *task = arg;
    struct ci_ctx *ctx;

    if (!task->held)
        return;
    ctx = ci_conductor_ctx_new(task->conductor, NULL);
    give_back(ctx, task);
    ci_conductor_ctx_free(ctx);
}

static bool take(struct task *task, const char *ident, enum ci_lock lock)
{
    struct ci_ctx *ctx = task->base.ctx;

    if (lock == CI_SHARED)
        return ci_node_load(ctx, ident, &task->base.node);
    ci_defer(ctx->mem, release_late, task);
    return reserve(task, ident, lock);
}

static struct task *task_new(struct ci_conductor *conductor, struct ci_ctx *ctx,
                             const char *purpose)
{
    struct task *task = ci_new(ctx->mem, struct task);

    task->base = (struct ci_task){.ctx = ctx,
                                  .shared = true,
                                  .purpose = purpose,
                                  .is_ending = ci_task_cancelled,
                                  .set_power = ci_power_action};
    task->conductor = conductor;
    return task;
}

bool ci_task_take_bare(struct ci_conductor *conductor, struct ci_ctx *ctx, const char *node_ident,
                       enum ci_lock lock, const char *purpose, struct ci_task **ret_task)
{
    struct task *task = task_new(conductor, ctx, purpose);

    if (!take(task, node_ident, lock))
        return false;
    *ret_task = &task->base;
    return true;
}

bool ci_task_take_from(struct ci_conductor *conductor, struct ci_ctx *ctx, const char *uuid,
                       const char *gone, const char *purpose, struct ci_task **ret_task)
{
    struct task *task = task_new(conductor, ctx, purpose);
    struct ci_node *node;
    bool taken;

    ci_defer(ctx->mem, release_late, task);
    ci_holds_open(conductor->holds);
    taken = ci_node_take_from(ctx, uuid, gone, conductor->host, &node);
    ci_holds_close(conductor->holds, &task->hold, taken ? node->uuid : NULL);
    if (!taken)
        return false;
    hold(task, node);
    *ret_task = &task->base;
    return true;
}

struct ci_task *ci_task_on(struct ci_conductor *conductor, struct ci_ctx *ctx, struct ci_node *node,
                           const char *purpose)
{
    struct task *task = task_new(conductor, ctx, purpose);

    task->base.node = node;
    return &task->base;
}

bool ci_task_load_driver(struct ci_task *task)
{
    return ci_hardware_of(task->ctx, task->node, &task->hardware);
}

bool ci_task_take(struct ci_conductor *conductor, struct ci_ctx *ctx, const char *node_ident,
                  enum ci_lock lock, const char *purpose, struct ci_task **ret_task)
{
    struct ci_task *task;

    if (!ci_task_take_bare(conductor, ctx, node_ident, lock, purpose, &task))
        return false;
    if (!ci_task_load_driver(task)) {
        ci_task_release(task);
        return false;
    }
    *ret_task = task;
    return true;
}

bool ci_task_take_id(struct ci_conductor *conductor, struct ci_ctx *ctx, int64_t node_id,
                     enum ci_lock lock, const char *purpose, struct ci_task **ret_task)
{
    struct ci_node *node;

    return ci_node_load_id(ctx, node_id, &node) &&
           ci_task_take(conductor, ctx, node->uuid, lock, purpose, ret_task);
}

static bool upgrade(struct ci_task *base, enum ci_lock lock)
{
    struct task *task = (struct task *)base;

    if (!base->shared)
        return true;
    ci_defer(base->ctx->mem, release_late, task);
    return reserve(task, base->node->uuid, lock);
}

bool ci_task_upgrade(struct ci_task *task)
{
    return upgrade(task, CI_EXCLUSIVE);
}

bool ci_task_upgrade_once(struct ci_task *task)
{
    return upgrade(task, CI_EXCLUSIVE_ONCE);
}
