/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"

/*
 * Opens the console of a node that has it enabled, after a start, a take-over or a deployment;
 * listeners are told. Failing to is no failure of these: last_error has `before`, the reason and
 * `after`, the history too with an event type (NULL: not), and console_enabled ends. The node is
 * saved then; false means that this failed.
 */
ci_must_check bool ci_console_reopen(struct ci_task *task, const char *before, const char *after,
                                     const char *event_type);

/*
 * Closes it while the node is torn down; it stays enabled, for the next deployment. Listeners are
 * told.
 */
ci_must_check bool ci_console_stop(struct ci_task *task);

/* Opens the consoles of all nodes of this conductor that have one: at its start, in a worker. */
void ci_console_reopen_all(struct ci_conductor *conductor, struct ci_ctx *ctx);
