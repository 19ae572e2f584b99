/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "drivers/driver.h"

/*
 * What looks at an inventory and takes over from it: ports, properties, capabilities. The hooks of
 * [inspector]hooks run in that order, first all their first halves, which check, then all their
 * second halves, which change the node.
 */

/* Checks the option; fails naming the hooks that do not exist, or lack one they build on. */
ci_must_check bool ci_inspection_hooks_check(struct ci_ctx *ctx);

/* Runs them. Fails with HardwareInspectionFailure or InvalidNodeInventory. */
ci_must_check bool ci_inspection_hooks_run(struct ci_task *task, json_t *inventory,
                                           json_t *plugin_data);
