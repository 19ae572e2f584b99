/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "drivers/task.h"

/*
 * The RAID configuration that a node is to get: Ironic's schema for it, in the words of the
 * library that Ironic asks. All fail with InvalidParameterValue.
 */
ci_must_check bool ci_raid_config_check(struct ci_task *task, const json_t *config);

/* The same of the node's target_raid_config, when it has one: a `validate`. */
ci_must_check bool ci_raid_config_check_node(struct ci_task *task);

/* Has the list of logical disks one root volume at most? */
ci_must_check bool ci_raid_config_check_root(struct ci_task *task, const json_t *disks);
