/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"

/* What task.c, spawn.c and service.c know of each other's things; inside this folder only. */

struct job;

/*
 * A lock that a task of this process has. What is linked belongs to the conductor's struct
 * ci_holds, and goes out of it before its task does.
 */
struct hold {
    const char *uuid; /* of the node; NULL: none is held */
    struct hold *next, **link;
};

/* A task and what nobody else needs to see of it. */
struct task {
    struct ci_task base;
    struct ci_conductor *conductor;
    bool held;          /* the lock is ours */
    struct hold hold;   /* says so to all of this process */
    int64_t since_ns;   /* when it was taken */
    const char *method; /* Ironic's name of the worker's function */
    bool can_wait;      /* that is not urgent */
    struct job *job;    /* the worker that has it; NULL while a caller does */
};

/* Is the conductor ending at once? */
bool ci_conductor_cancelled(const struct ci_conductor *conductor);

/*
 * The locks that tasks of this process have. A lock is taken between ci_holds_open() and
 * ci_holds_close(), which also say that it was; while a lock that is owed is given back, nobody
 * is in between. Waits only while another thread's statement runs.
 */
struct ci_holds *ci_holds_new(void);
void ci_holds_free(struct ci_holds *holds);
void ci_holds_open(struct ci_holds *holds);
/* `uuid` of the node that was taken, borrowed as long as it is held; NULL: none was. */
void ci_holds_close(struct ci_holds *holds, struct hold *hold, const char *uuid);
/* The lock was given back, or is about to be. */
void ci_holds_drop(struct ci_holds *holds, struct hold *hold);

/*
 * Has a worker give back a lock that may be ours still and could not be given back, since the
 * database is away: without it nobody else could take the node as long as this process lives.
 * `at_us` is when it was taken; CI_NULL_TIME for any time, with the node's UUID: then nothing
 * is owed once another task of this process has the lock, which it could not have otherwise.
 */
void ci_task_owe(struct ci_conductor *conductor, const char *ident, int64_t at_us);
