/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "drivers/task.h"

/*
 * Root device hints: what a node's properties say of the disk to install on, such as
 * {"size": ">= 60", "vendor": "<or> a <or> b"}. A value is an operator and what it compares
 * with, or what must be equal; texts are compared without regard to case.
 *
 * Gives those of the inventory's disks that have all that the hints ask for, an array in the arena
 * whose elements are the disks. Fails with InvalidParameterValue when a hint is none, or cannot be
 * held against a disk.
 */
ci_must_check bool ci_root_device_find(struct ci_ctx *ctx, const json_t *disks, const json_t *hints,
                                       json_t **ret_disks);

/*
 * Are the hints sound by which the agent finds the disk of a node's instance, those of
 * instance_info.root_device, else of properties.root_device? Fails with InvalidParameterValue.
 */
ci_must_check bool ci_root_device_check(struct ci_task *task);
