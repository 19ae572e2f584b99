/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that goes on after the answer.
 *
 * The arena in which a call made everything moves, whole, to the worker's context, and the
 * caller gets an empty one: nothing is copied, nothing shared, and whoever frees the caller's
 * context frees the right memory. The worker may spawn again, and then has let go of its task.
 */
#include "conductor/task_private.h"

#include <assert.h>

#include "base/config.h"
#include "base/log.h"
#include "db/db.h"

struct job {
    struct ci_arena *mem; /* of the job itself */
    struct ci_ctx ctx;    /* the work's, with the arena that moved */
    struct task *task;    /* NULL once it has moved on to another job */
    void (*work)(struct ci_task *task, void *arg);
    void *arg;
};

static bool save_error(struct task *task, const char *message)
{
    struct ci_node *node = task->base.node;

    ci_node_set_last_error(
        node, ci_printf(task->base.ctx->mem, "Async execution of %s failed with error: %s",
                        task->method ? task->method : task->base.purpose, message));
    return ci_node_save(task->base.ctx, node);
}

/* An error nobody dealt with: in the log, and on the node unless that says something already. */
static void write_error(struct task *task)
{
    struct ci_ctx *ctx = task->base.ctx;
    const char *message = ctx->error->message;

    ci_warning(ctx, "Work on a node failed", "node=%s purpose=%s error=%s", task->base.node->uuid,
               task->base.purpose, message);
    if (ctx->tx)
        ci_db_rollback(ctx);
    ci_error_clear(ctx);
    if (task->base.node->last_error || !task->held)
        return;
    if (!save_error(task, message) && !ci_failed_with(ctx, CI_ERR_NodeNotFound))
        ci_warning(ctx, "The node's last_error is lost", "node=%s error=%s", task->base.node->uuid,
                   ctx->error->message);
    ci_error_clear(ctx);
}

static void run(void *arg)
{
    struct job *job = arg;

    job->work(&job->task->base, job->arg);
    if (job->task) {
        if (job->ctx.error)
            write_error(job->task);
        ci_task_release(&job->task->base);
    }
    ci_arena_free(job->ctx.mem);
    ci_arena_free(job->mem);
}

/* The job has the arena; the caller's context begins anew in an empty one. */
static void move(struct ci_ctx *from, struct job *job)
{
    const struct ci_ctx old = *from;

    job->ctx = old;
    job->ctx.deadline_ns = 0;
    from->mem = ci_arena_new();
    ci_ctx_carry(from, &old);
}

static void move_back(struct ci_ctx *from, struct job *job)
{
    ci_arena_free(from->mem);
    *from = job->ctx;
}

bool ci_task_spawn(struct ci_task *base, void (*work)(struct ci_task *task, void *arg), void *arg)
{
    struct task *task = (struct task *)base;
    struct ci_ctx *from = base->ctx;
    struct ci_arena *mem = ci_arena_new();
    struct job *job = ci_new(mem, struct job), *former = task->job;
    int64_t deadline_ns = from->deadline_ns;

    assert(!from->tx && !from->error);
    *job = (struct job){.mem = mem, .task = task, .work = work, .arg = arg};
    move(from, job);
    base->ctx = &job->ctx;
    task->job = job;
    if (former)
        former->task = NULL;
    if ((task->can_wait ? ci_workers_submit_ordinary : ci_workers_submit)(task->conductor->workers,
                                                                          run, job))
        return true;
    if (former)
        former->task = task;
    task->job = former;
    base->ctx = from;
    move_back(from, job);
    from->deadline_ns = deadline_ns;
    ci_arena_free(mem);
    return ci_fail(from, NoFreeConductorWorker);
}
