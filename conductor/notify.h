/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"
#include "objects/states.h"
#include "rpc/notify.h"

/*
 * Notifications of what a conductor does with a node. They say how it stands now: call them after
 * it is saved. Nothing is done while notifications are off, and the task's error stays as it is.
 */

/* "power_set": `to_power` is what was asked for. */
void ci_notify_power(struct ci_task *task, enum ci_notify_status status, const char *to_power);

/* "power_state_corrected": the record was wrong, and said `from_power` (NULL: nothing). */
void ci_notify_power_corrected(struct ci_task *task, const char *from_power);

/* "console_set", "console_restore", "console_stop". */
void ci_notify_console(struct ci_task *task, const char *action, enum ci_notify_status status);

/*
 * "provision_set": the event has moved the node from that state and target. Prepared only, since
 * a move that finds no worker is no move; NULL is taken by ci_notice_send() and ci_notice_drop().
 */
ci_must_check struct ci_notice *ci_notify_provision(struct ci_task *task, enum ci_event event,
                                                    const char *state, const char *target);
