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

enum ci_lock { CI_SHARED, CI_EXCLUSIVE, CI_EXCLUSIVE_ONCE /* no retry when locked */ };

/*
 * Takes a task on the node (UUID or name). Exclusive ones retry by
 * [conductor]node_locked_retry_attempts and fail with NodeLocked. Ends with ci_task_release()
 * at the latest with the context's arena.
 */
ci_must_check bool ci_task_take(struct ci_conductor *conductor, struct ci_ctx *ctx,
                                const char *node_ident, enum ci_lock lock, const char *purpose,
                                struct ci_task **ret_task);
/* Turns a shared task into an exclusive one, reloading the node. */
ci_must_check bool ci_task_upgrade(struct ci_task *task);
void ci_task_release(struct ci_task *task);

/* The node's ports, loaded once. */
ci_must_check bool ci_task_ports(struct ci_task *task);

/*
 * Hands the task to a worker, which runs `work` and then releases it. The task moves into a
 * context of its own (new arena, same request id), so the call can answer. When no worker is
 * free it fails with NoFreeConductorWorker, the task still held by the caller; `undo` then
 * (may be NULL) puts states back before the caller releases.
 */
ci_must_check bool ci_task_spawn(struct ci_task *task, void (*work)(struct ci_task *task, void *arg),
                                 void *arg);

/* Is the conductor ending at once? Long work looks at it at least every second. */
bool ci_task_cancelled(const struct ci_task *task);

struct ci_conductor *ci_task_conductor(const struct ci_task *task);
