/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * Checks a node's properties (JSON text, NULL for {}): local_gb and memory_mb must be whole
 * numbers that are not negative, or texts of such. Fails with InvalidParameterValue, naming
 * the node and all that is wrong.
 */
ci_must_check bool ci_properties_check(struct ci_ctx *ctx, const char *node_uuid,
                                       const char *properties);
