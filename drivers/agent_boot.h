/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/driver.h"

/*
 * The ramdisk of an agent: how it is booted, whether it lives, and how it ends.
 */

/* Is the ramdisk's boot ours to care for ([agent]manage_agent_boot)? */
bool ci_agent_manages_boot(const struct ci_task *task);

/* Has the boot interface prepare the ramdisk, and notes that; saved. Nothing if it is not ours. */
ci_must_check bool ci_agent_prepare_boot(struct ci_task *task);

/* Has the boot interface forget the ramdisk. Nothing if it is not ours. */
ci_must_check bool ci_agent_clean_boot(struct ci_task *task);

/*
 * Off, and on again: the way from one system to the other. A machine that cannot be powered off
 * is left on, and rebooted at the end. In between the row says that it is on, so that nobody takes
 * it for a machine that is to stay off.
 */
ci_must_check bool ci_agent_power_down(struct ci_task *task);
ci_must_check bool ci_agent_power_down_unseen(struct ci_task *task);
ci_must_check bool ci_agent_power_up(struct ci_task *task);

/* Boots the ramdisk anew so that a step comes to its end. */
ci_must_check bool ci_agent_reboot(struct ci_task *task);

/* Has the boot interface prepare the instance. Fails with InstanceDeployFailure. */
ci_must_check bool ci_agent_prepare_instance(struct ci_task *task);

/* Has the agent been heard of within [deploy]fast_track_timeout? */
ci_must_check bool ci_agent_is_alive(struct ci_task *task, bool *ret_alive);

/* Does a ramdisk run that may be used as it is? */
ci_must_check bool ci_agent_is_fast_track(struct ci_task *task, bool *ret_fast_track);

/* Shuts the ramdisk down by itself, and by the power interface when that takes too long. */
ci_must_check bool ci_agent_power_off(struct ci_task *task);

/* Makes the agent deaf for good, on machines that cannot be powered off. */
ci_must_check bool ci_agent_lock_down(struct ci_task *task, bool fail_if_gone);
