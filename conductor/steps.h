/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "conductor/task.h"

/*
 * Clean, deploy and service steps: what the node's interfaces offer, what somebody asked for,
 * and the list that comes of it. conductor/flow.h runs such a list.
 *
 * A step is an object {"interface", "step", "priority", "args", "abortable", …}, a list an array
 * of them. Lists belong to the context's arena.
 */

/* What each has of its own: names of keys in driver_internal_info, and its field of the node. */
struct ci_flow_row {
    const char *name;       /* "clean" */
    const char *steps;      /* "clean_steps" */
    const char *index;      /* "clean_step_index" */
    const char *skip;       /* "skip_current_clean_step" */
    const char *polling;    /* "cleaning_polling" */
    const char *no_ramdisk; /* "cleaning_disable_ramdisk"; NULL for deploy */
    const char *cached;     /* "agent_cached_clean_steps" */
    size_t field;           /* ci_node_clean_step_n */
};
const struct ci_flow_row *ci_flow_row(enum ci_flow flow);

/* "deploy.erase_devices"; of a step somebody sent, hence never NULL but perhaps strange. */
const char *ci_step_id(struct ci_ctx *ctx, const json_t *step);

/* A step, or a list of them, as Python prints it, for people: values of secret keys are "***". */
const char *ci_step_repr(struct ci_ctx *ctx, const json_t *step);

/* Is it one that the conductor runs by itself: power_on, power_off, reboot, hold, wait? */
bool ci_step_is_reserved(const json_t *step);

/* Everything the interfaces offer, priorities as the configuration overrides them. */
ci_must_check bool ci_steps_offered(struct ci_task *task, enum ci_flow flow, json_t **ret_steps);

/*
 * Fails with StepNotAllowed for the first that [api]disallow_…_steps names; `steps` may be NULL.
 */
ci_must_check bool ci_steps_check_allowed(struct ci_ctx *ctx, enum ci_flow flow,
                                          const json_t *steps);

/* How strictly steps are looked at. */
struct ci_steps_rules {
    bool no_ramdisk;    /* only steps that run without one */
    bool skip_missing;  /* leave out what nobody offers yet; the ramdisk may bring it */
    const char *prefix; /* of the error, or NULL */
};

/*
 * Holds steps against the offers and completes them (priority, abortable). Fails with
 * InvalidParameterValue, all errors in one message.
 */
ci_must_check bool ci_steps_validate(struct ci_task *task, enum ci_flow flow, const json_t *wanted,
                                     const struct ci_steps_rules *rules, json_t **ret_steps);

/* Does any of them need the ramdisk, as far as the interfaces know? */
ci_must_check bool ci_steps_need_ramdisk(struct ci_task *task, enum ci_flow flow,
                                         const json_t *steps, bool *ret_need);

/*
 * Before a deployment: the steps of matching deploy templates and those asked for (NULL: those
 * kept in driver_internal_info from before), each looked at.
 */
ci_must_check bool ci_steps_check_deploy(struct ci_task *task, const json_t *wanted,
                                         bool skip_missing);

/*
 * Puts the list to be run into driver_internal_info and forgets the current step; saved. For
 * cleaning, `kept` takes the list already there (a manual one), else what is offered with a
 * priority. For deployment, reset_current starts anew.
 */
ci_must_check bool ci_steps_set_clean(struct ci_task *task, bool no_ramdisk, bool kept);
ci_must_check bool ci_steps_set_deploy(struct ci_task *task, bool reset_current, bool skip_missing);
ci_must_check bool ci_steps_set_service(struct ci_task *task, bool no_ramdisk);

/* Once the ramdisk runs, its own steps are known too: a deployment's list is made again; saved. */
ci_must_check bool ci_steps_renew_deploy(struct ci_task *task);
