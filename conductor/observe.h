/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"

/*
 * What a machine tells of itself besides its power, kept in its row: its vendor, once
 * (properties["vendor"]), its boot mode and secure boot, and its health, whose changes are in the
 * node's history ([conductor]enable_health_monitoring). A driver that cannot tell leaves the row
 * as it is, and one that fails is logged only.
 *
 * The task is shared, and upgraded where the row must be changed. Fails with NodeLocked, or when
 * the row cannot be written.
 */
ci_must_check bool ci_observe(struct ci_task *task);
