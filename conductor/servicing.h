/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/course.h"

/* Servicing: steps on a node that keeps its instance. The functions called …_work run in a worker.
 */

/* After the move from service failed to active that an abort made. */
void ci_service_abort_work(struct ci_task *task, void *arg);

/* After a hold: the node is in service wait and goes on with its next step. */
void ci_service_unhold_work(struct ci_task *task, void *arg);

extern const struct ci_course ci_service_course;
