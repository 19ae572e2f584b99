/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"

/*
 * Going through many nodes, some at a time: loaded in slices, one query a slice, each node a
 * shared task of its own.
 */
struct ci_sweep {
    const char *purpose; /* of the tasks, and for the log */
    /*
     * One node; the task has no driver yet (ci_task_load_driver()). What it fails with is logged:
     * locks and vanished nodes as usual, the rest as a warning.
     */
    bool (*act)(struct ci_task *task);
    int64_t workers;  /* at most this many at once, the caller one of them */
    int64_t until_ns; /* monotonic: no node is begun after it, and the log says so; 0: no limit */
    /* When the work began and how often it is to be done: too long a time is warned about. 0: not
     */
    int64_t begun_ns, interval_s;
};

/*
 * Does it with the nodes of these ids, about in that order, on the caller's thread and on free
 * workers; comes back when the last has ended. Ends early when the conductor leaves.
 */
void ci_sweep_nodes(struct ci_conductor *conductor, struct ci_ctx *ctx,
                    const struct ci_sweep *sweep, size_t n, const int64_t *ids);
