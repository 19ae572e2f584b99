/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"

/* Takes a node over whose instance somebody else deployed; it is in "adopting". A worker's
 * function. */
void ci_adopt_work(struct ci_task *task, void *arg);

/* Makes this conductor the one that keeps the node's instance going (Ironic's take over). */
ci_must_check bool ci_take_over(struct ci_task *task);
