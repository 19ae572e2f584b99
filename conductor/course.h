/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/flow.h"

/*
 * The course of a flow from its first step to its end or failure: the same for cleaning,
 * deployment and servicing, but for what each of them puts into its struct ci_course.
 */

struct ci_course {
    enum ci_flow flow;
    bool empty_step; /* an abort leaves {} as the node's step, as Ironic does, and not nothing */

    /* "manual cleaning", in the node's history; where the node goes, NULL for the machine's own. */
    const char *(*words)(const struct ci_task *task);
    const char *(*target)(const struct ci_task *task);

    /* The last step is done. */
    bool (*ends_well)(struct ci_task *task);

    /* Deals with a failure: last_error, history, and the move to the failed state. */
    bool (*fail)(struct ci_task *task, const char *message);

    /* The message for a step that failed; `step` is NULL when the node tells none. NULL: none is
     * needed, the step has dealt with its failure itself. */
    const char *(*step_failed)(struct ci_task *task, const json_t *step, const char *reason);

    /* After the move that an abort made: puts things back and tells why. */
    bool (*abort)(struct ci_task *task);

    /* What comes before going on; NULL: nothing, ci_course_go_on() is called. */
    bool (*go_on)(struct ci_task *task);
};

/*
 * Runs the steps from `index` on, to the end, to a wait, or into the failed state. False (of this
 * and the others): something went wrong that the course could not deal with, such as the database;
 * see ci_course_ends_unexpectedly().
 */
ci_must_check bool ci_course_run(struct ci_task *task, const struct ci_course *course,
                                 int64_t index);

/* Goes on after a step that called back, or ends an abort that waited for it. */
ci_must_check bool ci_course_go_on(struct ci_task *task, const struct ci_course *course);

/* Moves the node on from its wait state; and that with what follows from it. */
ci_must_check bool ci_course_resume(struct ci_task *task, const struct ci_course *course);
ci_must_check bool ci_course_continue(struct ci_task *task, const struct ci_course *course);

/* Deals with ctx->error under words that name the node ("Cannot clean node %s: %s"). */
ci_must_check bool ci_course_fail(struct ci_task *task, const struct ci_course *course,
                                  const char *before, const char *after);

/* What nobody expected still leaves the node in the failed state, if the database lets it. */
void ci_course_ends_unexpectedly(struct ci_task *task, const struct ci_course *course);

/* What the move of an abort starts; nobody is there to hear of a failure but the log. */
void ci_course_abort_work(struct ci_task *task, const struct ci_course *course);

/* Tells that the operation was aborted, and forgets all about it; saved. */
ci_must_check bool ci_course_aborted(struct ci_task *task, const struct ci_course *course);

/* What cleaning and servicing share besides. */

/* A step that failed, in their words: a `step_failed`. */
const char *ci_course_step_failed(struct ci_task *task, const json_t *step, const char *reason);

/* Are power, and the network unless no ramdisk is booted, usable? */
ci_must_check bool ci_course_check_interfaces(struct ci_task *task, bool no_ramdisk);

/* May somebody ask for these steps? `doing` ("cleaning") and `operation` are for messages. */
ci_must_check bool ci_course_check_asked(struct ci_task *task, enum ci_flow flow,
                                         const char *operation, const char *doing,
                                         const json_t *steps);

/* Did it run without a ramdisk? To be asked before its notes are wiped. */
ci_must_check bool ci_course_no_ramdisk(struct ci_task *task, const struct ci_course *course,
                                        bool *ret_none);

/* Maintenance with a fault, when a step had begun; not saved. */
void ci_course_set_fault(struct ci_node *node, const char *fault, const char *reason);
