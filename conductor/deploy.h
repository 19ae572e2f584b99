/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/course.h"

/* Deployment and its end. The functions called …_work run in a worker. */

/* After the move to deploy failed that an abort made: cleans up and tells why. */
void ci_deploy_abort_work(struct ci_task *task, void *arg);

/* What a tear down begins from: the state before the move, a text that lives as long as the task.
 */
void ci_tear_down_work(struct ci_task *task, void *initial_state);

/*
 * Deals with a failed deployment: last_error and history, cleaning up where asked, and the move
 * to deploy failed. False means that the database failed.
 */
ci_must_check bool ci_deploy_fail(struct ci_task *task, const char *message, bool clean_up);

/*
 * The same for what fails at a heartbeat: the ramdisk's logs are gathered first where asked, and
 * the machine is powered off at the end ([deploy]power_off_after_deploy_failure).
 */
ci_must_check bool ci_deploy_set_failed(struct ci_task *task, const char *message,
                                        bool collect_logs);

extern const struct ci_course ci_deploy_course;
