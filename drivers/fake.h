/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"
#include "drivers/task.h"

/*
 * Checks the [fake]…_delay options: "seconds" or "least,most". Fails with
 * InvalidParameterValue, naming the option.
 */
ci_must_check bool ci_fake_check(struct ci_ctx *ctx);

/* Waits as such an option says; cut short when the service ends. */
bool ci_fake_nap(struct ci_task *task, const char *range);
