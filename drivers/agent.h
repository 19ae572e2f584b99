/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/driver.h"

/*
 * The agent in a node's ramdisk: what the interfaces that work through it share, and what the
 * conductor asks of it when a heartbeat comes.
 *
 * The steps that an agent offers are asked for once it runs, and kept in driver_internal_info
 * (agent_cached_clean_steps, …), from where everybody else has them.
 */

/* "clean", "deploy" or "service". */
const char *ci_agent_flow(enum ci_flow flow);

/*
 * Asks the agent for its steps and keeps them; saved. An agent that is busy is asked again at its
 * next heartbeat. Fails with NodeCleaningFailure, InstanceDeployFailure or NodeServicingFailure
 * for an answer that makes no sense.
 */
ci_must_check bool ci_agent_refresh_steps(struct ci_task *task, enum ci_flow flow);

/*
 * Appends the steps that are kept of an interface (NULL: of all). `priorities`: name, option,
 * …, NULL; an option that is set (not CI_NULL_INT) replaces the step's own priority.
 */
struct ci_agent_priority {
    const char *step;
    int64_t priority;
};
ci_must_check bool ci_agent_add_steps(struct ci_task *task, enum ci_flow flow,
                                      const char *interface,
                                      const struct ci_agent_priority *priorities, json_t *steps);

/* Has the agent begin a step; its end is told by a heartbeat: *ret_outcome is CI_WAIT. */
ci_must_check bool ci_agent_run_step(struct ci_task *task, enum ci_flow flow, const json_t *step,
                                     enum ci_outcome *ret_outcome);

/* Has the ramdisk become the rescue system. Fails with InstanceRescueFailure. */
ci_must_check bool ci_agent_finalize_rescue(struct ci_task *task);
