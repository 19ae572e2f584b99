/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/task.h"

/*
 * Changes the power of the task's node now, in this thread (Ironic's node_power_action): "power
 * on", "power off", "rebooting", "soft power off" or "soft rebooting". Does nothing where the
 * driver says the node is there already, but for reboots. The node is saved: power_state
 * and no target on success, else last_error and an entry of its history.
 *
 * Fails with PowerStateFailure and whatever the driver fails with. The lock is held.
 */
ci_must_check bool ci_power_action(struct ci_task *task, const char *new_state, int64_t timeout_s);
