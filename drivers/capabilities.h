/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "drivers/task.h"

/*
 * How a machine is to boot: the capabilities that its instance asks for
 * (instance_info.capabilities) and those that it has itself (properties.capabilities).
 */

/*
 * What the instance asks for: an object, which may be written as a text that holds one. Fails with
 * InvalidParameterValue.
 */
ci_must_check bool ci_instance_capabilities(struct ci_task *task, json_t **ret_capabilities);

/* Are boot_mode, secure_boot and disk_label what they can be? Fails with InvalidParameterValue. */
ci_must_check bool ci_capabilities_check(struct ci_task *task);

/*
 * "uefi" or "bios": what the instance asks for, else what the machine has, else what was found out,
 * else [deploy]default_boot_mode. Fails with InvalidParameterValue where machine and instance
 * disagree.
 */
ci_must_check bool ci_boot_mode(struct ci_task *task, const char **ret_mode);

/* "gpt" or "msdos"; NULL leaves it to the agent. */
ci_must_check bool ci_disk_label(struct ci_task *task, const char **ret_label);
