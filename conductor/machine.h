/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"

/*
 * The provision state machine of states.def: every state, every move, and what a move does to
 * the node (Ironic's process_event).
 */

enum ci_event {
#define EVENT(name, text) CI_EVENT_##name,
#include "objects/states.def"
#undef EVENT
    CI_EVENT_COUNT
};

/* Is there a move for the event from the state? */
bool ci_machine_allows(const char *state, enum ci_event event);

/*
 * Moves the task's node: provision_state, target_provision_state, provision_updated_at, saved.
 * With `work`, a worker is started after the save (last_error cleared first) and, should none
 * be free, the states are put back. `target` (may be NULL) replaces the machine's target.
 * Fails with InvalidState when there is no such move.
 */
ci_must_check bool ci_machine_move(struct ci_task *task, enum ci_event event, const char *target,
                                   void (*work)(struct ci_task *task, void *arg), void *arg);
