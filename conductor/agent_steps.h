/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/course.h"

/*
 * What a heartbeat leads to while a flow waits for the agent: its steps are asked for, a step that
 * has ended is followed by the next, one that failed ends the flow. The node is locked; failures
 * are dealt with here.
 */
void ci_agent_steps_heartbeat(struct ci_task *task, const struct ci_course *course);
