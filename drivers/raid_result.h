/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "drivers/task.h"

/*
 * The RAID configuration that a node has come to have.
 */

/*
 * Keeps it in raid_config with the time; of a root volume the size, the level and the hint become
 * properties (local_gb, capabilities, root_device), by which nodes are chosen and disks found.
 * Saved. Fails with InvalidParameterValue for a configuration that makes no sense.
 */
ci_must_check bool ci_raid_keep(struct ci_task *task, const json_t *config);

/* There is none any more, nor a hint at a root volume; saved. */
ci_must_check bool ci_raid_forget(struct ci_task *task);

/*
 * The node's target_raid_config with some of its logical disks: root volumes, others, or both.
 * Fails with MissingParameterValue where none is left.
 */
ci_must_check bool ci_raid_target(struct ci_task *task, bool root, bool others,
                                  json_t **ret_config);
