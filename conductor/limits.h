/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * How many nodes may be deployed or cleaned at the same time, over all conductors
 * ([conductor]max_concurrent_deploy and max_concurrent_clean). Fail with
 * ConcurrentActionLimit, naming the action.
 */
ci_must_check bool ci_limit_deploying(struct ci_ctx *ctx, const char *action);
ci_must_check bool ci_limit_cleaning(struct ci_ctx *ctx, const char *action);
