/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "drivers/task.h"

/*
 * How the disk of an instance is laid out: what instance_info says of partitions is checked and
 * completed in `info`, a copy of it. Whole disks (`whole`) bring their own partitions. Fails with
 * MissingParameterValue or InvalidParameterValue, naming the key.
 */
ci_must_check bool ci_image_layout(struct ci_task *task, bool whole, json_t *info);
