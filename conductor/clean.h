/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/course.h"

/*
 * Cleaning: manual, with the steps somebody asked for (it ends manageable), and automated, with
 * what the interfaces offer or a runbook says (it ends available).
 */

/* What a cleaning is to do; NULL steps: what the interfaces offer. */
struct ci_cleaning {
    const json_t *steps;
    bool no_ramdisk;
};

/*
 * Cleans the task's node, which is in "cleaning" already: to the end, into a wait state, or into
 * clean failed. A worker's function; `wanted` is a struct ci_cleaning.
 */
void ci_clean_work(struct ci_task *task, void *wanted);

/*
 * What an automated cleaning of the node is to do, to be asked before it begins; nothing is looked
 * for when it will be skipped. Fails as ci_cleaning_runbook_choose().
 */
ci_must_check bool ci_clean_plan(struct ci_task *task, struct ci_cleaning **ret_wanted);

/* Both: the automated cleaning of a node that is in "cleaning" already. */
void ci_clean_automatically(struct ci_task *task);

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
