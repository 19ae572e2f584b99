/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * Checks the [fake]…_delay options: "seconds" or "least,most". Fails with
 * InvalidParameterValue, naming the option.
 */
ci_must_check bool ci_fake_check(struct ci_ctx *ctx);
