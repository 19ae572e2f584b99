/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"

/* Drops the rescue password from instance_info; not saved. */
ci_must_check bool ci_rescue_forget_password(struct ci_task *task);

/* After the move to rescue failed that an abort made. A worker's function. */
void ci_rescue_abort_work(struct ci_task *task, void *arg);
