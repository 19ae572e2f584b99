/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/task.h"

/*
 * The system logs of a ramdisk, kept in files of [agent]deploy_logs_local_path. What goes wrong
 * here is logged only: logs are gathered when something has gone wrong already.
 */

/* Asks the agent for them, unless [agent]deploy_logs_collect is never; `label` becomes part of the
 * name, NULL: none. */
void ci_agent_collect_logs(struct ci_task *task, const char *label);

/* Keeps logs that were sent along, in base64. */
void ci_agent_store_logs(struct ci_task *task, const char *logs, const char *label);
