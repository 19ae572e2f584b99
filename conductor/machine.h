/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"
#include "objects/states.h"

/*
 * Moving a node through the provision state machine of objects/states.h: what a move does to the
 * node's row (Ironic's process_event).
 */

/* What runs in a worker; `arg` belongs to whoever made it, see ci_task_spawn(). */
typedef void ci_work(struct ci_task *task, void *arg);

/* Is there a move for the event from the state? */
bool ci_machine_allows(const char *state, enum ci_event event);

/*
 * Moves the task's node: provision_state, target_provision_state, provision_updated_at, saved.
 * `target` (may be NULL) replaces the machine's target. With `work`, last_error is cleared and a
 * worker is started after the save, to which the task then belongs; should none be free, the
 * states are put back, last_error says so, and it fails with NoFreeConductorWorker. Fails with
 * InvalidState, nothing changed, when there is no such move.
 */
ci_must_check bool ci_machine_move(struct ci_task *task, enum ci_event event, const char *target,
                                   ci_work *work, void *arg);

/*
 * The same for a verb of a client: no such move fails with InvalidStateRequested, which names
 * the action.
 */
ci_must_check bool ci_machine_ask(struct ci_task *task, const char *action, enum ci_event event,
                                  const char *target, ci_work *work, void *arg);

/* The moves so far, and how long nodes stayed where they were, to whoever reads figures. */
struct ci_metrics;
void ci_machine_write_metrics(struct ci_metrics *to);
