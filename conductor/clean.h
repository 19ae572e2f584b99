/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/course.h"

/*
 * Cleaning: manual, with the steps somebody asked for (it ends manageable), and automated, with
 * what the interfaces offer (it ends available).
 */

/* What a cleaning is to do; NULL steps mean an automated one. */
struct ci_cleaning {
    const json_t *steps;
    bool no_ramdisk;
};

/*
 * Cleans the task's node, which is in "cleaning" already: to the end, into a wait state, or into
 * clean failed. A worker's function, also called by the one that tears down; `wanted` is a
 * struct ci_cleaning.
 */
void ci_clean_work(struct ci_task *task, void *wanted);

/* After the move to clean failed that an abort made: tears down and tells why. A worker's function.
 */
void ci_clean_abort_work(struct ci_task *task, void *arg);

/* A failed cleaning: how far its handling goes. */
enum ci_clean_failing {
    CI_CLEAN_TEAR_DOWN = 1, /* tear down what was prepared */
    CI_CLEAN_SET_STATE = 2, /* move to clean failed */
};

/*
 * Deals with a failure: last_error and history, maintenance with the fault "clean failure" when a
 * step had begun, and the move to clean failed.
 */
ci_must_check bool ci_clean_fail(struct ci_task *task, const char *message, unsigned how);

extern const struct ci_course ci_clean_course;
