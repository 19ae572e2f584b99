/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "drivers/task.h"

/*
 * The stored BIOS settings of the task's node become those of `settings`, an array of
 * {"name", "value"}: new ones are inserted, changed ones saved, missing ones deleted, in one
 * transaction. Fails with InvalidParameterValue when it is no such array.
 */
ci_must_check bool ci_bios_settings_sync(struct ci_task *task, const json_t *settings);
