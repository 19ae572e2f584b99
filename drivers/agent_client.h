/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "drivers/task.h"

/*
 * The HTTP API of the agent that runs in a node's ramdisk: commands, and what came of them.
 *
 * A command is an object {"command_name", "command_status", "command_error", "command_result"},
 * its status RUNNING, SUCCEEDED, FAILED or VERSION_MISMATCH. Where the agent is, by which token it
 * knows us and which certificate it shows is in driver_internal_info; [agent] says how long it is
 * waited for. What an agent answers is bounded and never trusted: an answer that is no JSON, or
 * other JSON than expected, is a failure that names the node.
 */

/* How long a command is waited for. */
enum ci_agent_wait {
    CI_AGENT_BEGIN, /* it has begun */
    CI_AGENT_END,   /* it has ended; the agent answers then */
    CI_AGENT_POLL   /* it has ended; the agent is asked every [agent]command_wait_interval */
};

/*
 * Has the agent do something ("clean.execute_clean_step"); `params` is stolen. Fails with
 * AgentConnectionFailed after [agent]max_command_attempts, AgentInProgress while it is busy with
 * another command, AgentAPIError when it refuses, and AgentCommandTimeout when it takes too long.
 */
ci_must_check bool ci_agent_command(struct ci_task *task, const char *method, json_t *params,
                                    enum ci_agent_wait wait, json_t **ret_command);

/* All commands of the agent since it started, the last one last. `attempts` to connect. */
ci_must_check bool ci_agent_commands(struct ci_task *task, int64_t attempts, json_t **ret_commands);

/* A text member of a command; "" where it is something else. */
const char *ci_agent_text(const json_t *command, const char *key);

/* Why a command failed, for people. */
const char *ci_agent_reason(struct ci_task *task, const json_t *command);
