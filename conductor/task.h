/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/service.h"
#include "drivers/driver.h"

/*
 * Tasks: load a node with its driver, lock it if exclusive, let it go again.
 *
 * A call's function takes a task, checks, changes the state, and either releases it or hands it
 * to a worker with ci_task_spawn(); the lock then stays until the worker's function returns.
 */

enum ci_lock {
    CI_SHARED,
    CI_EXCLUSIVE,        /* tries [conductor]node_locked_retry_attempts times */
    CI_EXCLUSIVE_ONCE,   /* no retry when locked */
    CI_EXCLUSIVE_PATIENT /* waits until it is free, or the conductor ends */
};

/*
 * Takes a task on the node (UUID or name), with its driver. Exclusive ones fail with NodeLocked.
 * Ends with ci_task_release(), at the latest with the context's arena.
 */
ci_must_check bool ci_task_take(struct ci_conductor *conductor, struct ci_ctx *ctx,
                                const char *node_ident, enum ci_lock lock, const char *purpose,
                                struct ci_task **ret_task);
/* The same by the number of the node's row. */
ci_must_check bool ci_task_take_id(struct ci_conductor *conductor, struct ci_ctx *ctx,
                                   int64_t node_id, enum ci_lock lock, const char *purpose,
                                   struct ci_task **ret_task);
/* The same without the driver, which may not be loadable: task->hardware is NULL. */
ci_must_check bool ci_task_take_bare(struct ci_conductor *conductor, struct ci_ctx *ctx,
                                     const char *node_ident, enum ci_lock lock, const char *purpose,
                                     struct ci_task **ret_task);
/* A bare, exclusive task whose lock is taken from a host that is gone, as ci_node_take_from(). */
ci_must_check bool ci_task_take_from(struct ci_conductor *conductor, struct ci_ctx *ctx,
                                     const char *uuid, const char *gone, const char *purpose,
                                     struct ci_task **ret_task);

/* A shared, bare task on a node that is loaded already, in ctx's arena: for many nodes at once. */
struct ci_task *ci_task_on(struct ci_conductor *conductor, struct ci_ctx *ctx, struct ci_node *node,
                           const char *purpose);

/* Loads the driver of a bare task. */
ci_must_check bool ci_task_load_driver(struct ci_task *task);

/* Turns a shared task into an exclusive one, reloading the node. */
ci_must_check bool ci_task_upgrade(struct ci_task *task);

/* The same with one try: NodeLocked when somebody else has it. */
ci_must_check bool ci_task_upgrade_once(struct ci_task *task);

/* Gives the lock back, also after a failure and within a transaction (which is rolled back). */
void ci_task_release(struct ci_task *task);

/*
 * Saves `node`, the task's with what is to be changed, and gives the lock back, by one statement
 * where it is still ours. The lock is not held afterwards, whatever it answers.
 */
ci_must_check bool ci_task_save_and_release(struct ci_task *task, struct ci_node *node);

/* The node is deleted: there is no lock any more that could be given back. */
void ci_task_forget(struct ci_task *task);

/*
 * Hands the task to a worker, which runs `work` and then releases it. The task goes into a
 * context of its own and takes the arena of its present one along, with all that lives there:
 * `arg`, the node, rows and JSON. The caller goes on with a new, empty arena in the same
 * context and must not touch the task or anything older any more, but may still answer.
 *
 * When no worker is free it fails with NoFreeConductorWorker and nothing has moved: put the
 * states back and release. An error that `work` leaves in task->ctx becomes the node's
 * last_error, unless it has one, in the words "Async execution of METHOD failed with error: …".
 */
ci_must_check bool ci_task_spawn(struct ci_task *task,
                                 void (*work)(struct ci_task *task, void *arg), void *arg);

/* The task's next work is not urgent: it leaves [conductor]reserved_workers_pool_percentage alone.
 */
void ci_task_can_wait(struct ci_task *task);

/* Ironic's name of the method that a worker will run, for those words; static text. */
void ci_task_name_work(struct ci_task *task, const char *method);

/* Is the conductor ending at once? Long work looks at it at least every second. */
bool ci_task_cancelled(const struct ci_task *task);

struct ci_conductor *ci_task_conductor(const struct ci_task *task);
