/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/steps.h"

/*
 * Running a list of steps, one after the other, with a note of each before it begins: what
 * cleaning, deployment and servicing have in common.
 */

/* How far a list came. */
enum ci_flow_end {
    CI_FLOW_FINISHED, /* to its end */
    CI_FLOW_LEFT,     /* the node waits or is on hold; whoever calls back goes on */
    CI_FLOW_FAILED    /* a step failed; ctx->error says why, the node's field which */
};

/* No step is left: the index of ci_flow_next() and ci_flow_run(). */
#define CI_FLOW_NO_STEP (-1)

/*
 * Runs the steps of driver_internal_info from `index` on. `target` (may be NULL) is where the node
 * is going to, for the moves to wait and hold states.
 */
enum ci_flow_end ci_flow_run(struct ci_task *task, enum ci_flow flow, int64_t index,
                             const char *target);

/* Where to go on after a step that called back; CI_FLOW_NO_STEP when it was the last. */
ci_must_check bool ci_flow_next(struct ci_task *task, enum ci_flow flow, int64_t *ret_index);

/*
 * Forgets all that a flow noted in driver_internal_info (Ironic's wipe_…_internal_info); the
 * node is not saved.
 */
ci_must_check bool ci_flow_wipe(struct ci_task *task, enum ci_flow flow);

/* Forgets how the ramdisk is reached; not saved. */
ci_must_check bool ci_flow_wipe_agent(struct ci_task *task);

/* Forgets the flags between steps and the index, as error handlers do; not saved. */
ci_must_check bool ci_flow_wipe_flags(struct ci_task *task, enum ci_flow flow);

/* The current step (an object; NULL when there is none), and the field that holds it. */
ci_must_check bool ci_flow_step(struct ci_task *task, enum ci_flow flow, json_t **ret_step);
void ci_flow_set_step(struct ci_task *task, enum ci_flow flow, const json_t *step);

/*
 * What is left to do once an abort is asked for: false in *ret_now notes it on a step that must
 * not be stopped half-way (saved), to be looked at when it ends.
 */
ci_must_check bool ci_flow_abort_now(struct ci_task *task, enum ci_flow flow, bool *ret_now);

/* Was an abort asked for while the step ran? */
ci_must_check bool ci_flow_abort_noted(struct ci_task *task, enum ci_flow flow, bool *ret_noted);

/* "By request, the clean operation was aborted…": last_error after an abort. */
const char *ci_flow_aborted_text(struct ci_task *task, enum ci_flow flow);

/*
 * Notes the beginning or end of a list in the node's history, as "automated cleaning", "manual
 * cleaning", "deployment" or "servicing", where [conductor]record_step_flows_in_history says so.
 */
void ci_flow_note_start(struct ci_task *task, enum ci_flow flow, const char *what);
void ci_flow_note_end(struct ci_task *task, enum ci_flow flow, const char *what);
void ci_flow_note_abort(struct ci_task *task, enum ci_flow flow, const char *what);

/* How long steps took, to whoever reads figures. */
struct ci_metrics;
void ci_flow_write_metrics(struct ci_metrics *to);
