/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"

/* What task.c, spawn.c and service.c know of each other's things; inside this folder only. */

struct job;

/* A task and what nobody else needs to see of it. */
struct task {
    struct ci_task base;
    struct ci_conductor *conductor;
    bool held;          /* the lock is ours */
    int64_t since_ns;   /* when it was taken */
    const char *method; /* Ironic's name of the worker's function */
    struct job *job;    /* the worker that has it; NULL while a caller does */
};

/* Is the conductor ending at once? */
bool ci_conductor_cancelled(const struct ci_conductor *conductor);

/*
 * Has a worker give back a lock that may be ours still and could not be given back, since the
 * database is away: without it nobody else could take the node as long as this process lives.
 * `at_us` is when it was taken, CI_NULL_TIME for any time.
 */
void ci_task_owe(struct ci_conductor *conductor, const char *ident, int64_t at_us);
