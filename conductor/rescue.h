/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"

/* Drops the rescue password from instance_info; not saved. */
ci_must_check bool ci_rescue_forget_password(struct ci_task *task);

/* After the move to rescue failed that an abort made. A worker's function. */
void ci_rescue_abort_work(struct ci_task *task, void *arg);

/*
 * Deals with a rescue that came to nothing while the ramdisk was awaited: the machine is powered
 * off and cleaned up, last_error and history say why, and the node moves to rescue failed, unless
 * it is there.
 */
ci_must_check bool ci_rescue_fail(struct ci_task *task, const char *message);

/* A heartbeat in "rescue wait": the ramdisk is made the rescue system. Failures are dealt with. */
void ci_rescue_heartbeat(struct ci_task *task);
