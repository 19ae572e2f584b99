/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"

/*
 * What a deployment finds in, and puts into, a node's instance_info. None of these save the
 * node.
 */

/*
 * Works out from image_source whether the image is a whole disk, and notes it
 * (driver_internal_info.is_whole_disk_image, instance_info.image_type).
 */
ci_must_check bool ci_instance_note_image(struct ci_task *task);

/* Before a rebuild: what was derived from an image of the image service is looked up anew. */
ci_must_check bool ci_instance_forget_image(struct ci_task *task);

/* The instance's traits must be traits of the node. Fails with InvalidParameterValue. */
ci_must_check bool ci_instance_check_traits(struct ci_task *task);

/* Sets the node's lessee as [conductor]automatic_lessee_source says, if it has none. */
ci_must_check bool ci_instance_apply_lessee(struct ci_task *task);

/* Keeps the config drive (an object or a text) in instance_info. */
ci_must_check bool ci_instance_keep_configdrive(struct ci_task *task, const json_t *configdrive);

/* "local", "netboot", …: from instance_info.capabilities. */
ci_must_check bool ci_instance_boot_option(struct ci_task *task, const char **ret_option);

/* Sets a key of instance_info (the reference is stolen), or drops it where `value` is NULL. */
ci_must_check bool ci_instance_set(struct ci_task *task, const char *key, json_t *value);
