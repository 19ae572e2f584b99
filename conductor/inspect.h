/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"

/* Ends an inspection that waits for the ramdisk; the node is in "inspect wait". */
ci_must_check bool ci_inspect_abort(struct ci_task *task);

/*
 * Deals with an inspection that failed with ctx->error: what it has set up is cleaned up,
 * last_error and history say why ("…words"), and the node moves to inspect failed, unless it is a
 * new one that stays enrolled.
 */
ci_must_check bool ci_inspect_fail(struct ci_task *task, const char *words);

/* The same for one whose ramdisk did not call, in "inspect failed" already; saved. */
ci_must_check bool ci_inspect_time_out(struct ci_task *task, const char *message);
