/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"

/*
 * Power states: what the machines are in against what their rows say. The two jobs are rows of
 * periodic.def; this is what one node comes to, and what is kept between runs.
 */

/* How often the sync of a node has failed in a row; shared by all threads. */
struct ci_sync_counts;
struct ci_sync_counts *ci_sync_counts_new(void);
void ci_sync_counts_free(struct ci_sync_counts *counts);
int64_t ci_sync_counts_get(struct ci_sync_counts *counts, int64_t node_id);
/* 0 forgets the node. */
void ci_sync_counts_set(struct ci_sync_counts *counts, int64_t node_id, int64_t count);

/*
 * Asks the machine of a shared task with its driver; the task is upgraded where the node must be
 * changed. `count` is how often that failed before; *ret_count how often now, 0 when all is well.
 * A mismatch makes the machine follow its row ([conductor]force_power_state_during_sync), or the
 * row the machine; above power_state_sync_max_retries the node goes into maintenance with the
 * fault "power failure". Fails with NodeLocked or NodeNotFound, and the count stands as it was.
 */
ci_must_check bool ci_sync_power_node(struct ci_task *task, int64_t count, int64_t *ret_count);

/*
 * The same for a node in maintenance for its power failure: if the machine answers, it leaves
 * maintenance. Fails as above; a machine that does not answer is no failure.
 */
ci_must_check bool ci_sync_power_recover_node(struct ci_task *task);
