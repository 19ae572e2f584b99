/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/task.h"

/*
 * Records an error of the task's node: it becomes last_error, which the caller saves with the
 * rest, and a row of node_history unless [conductor]node_history is off. event_type is
 * one of the words below, a provision state, or NULL ("UNKNOWN"). A row that cannot be
 * written is logged: the work goes on.
 */
void ci_history_error(struct ci_task *task, const char *event_type, const char *event);

/* Records something worth knowing that is no error: the row only, last_error stays. */
void ci_history_note(struct ci_task *task, const char *event_type, const char *event);

#define CI_HISTORY_PROVISIONING "provisioning"
#define CI_HISTORY_CLEANING "cleaning"
#define CI_HISTORY_INTROSPECTION "introspection"
#define CI_HISTORY_CONDUCTOR "conductor"
#define CI_HISTORY_TRANSITION "transition"
#define CI_HISTORY_CONSOLE "console"
#define CI_HISTORY_VERIFY "verify"
#define CI_HISTORY_RESCUE "rescue"
#define CI_HISTORY_ADOPTION "adoption"
#define CI_HISTORY_UNPROVISION "unprovision"
#define CI_HISTORY_TAKEOVER "takeover"
#define CI_HISTORY_MONITORING "monitoring"
#define CI_HISTORY_STARTFAIL "startup failure"
