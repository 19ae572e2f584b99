/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "drivers/task.h"

/*
 * The config drive of a node's instance, as an agent or a BMC takes it.
 *
 * An object of instance_info (meta_data, network_data, user_data, vendor_data) becomes an image
 * that cloud-init and its like read: a CD with the label config-2 that has the files
 * openstack/2012-08-10/… and openstack/latest/…, compressed and in base64. The instance's uuid and
 * name are the node's where meta_data has none. What is no object, such as an image made by the
 * caller or a URL, is given as it is; NULL where there is none. It lives as long as the task.
 *
 * Fails with InvalidParameterValue where a part is of a wrong kind, and ImageCreationFailed.
 */
ci_must_check bool ci_configdrive_image(struct ci_task *task, json_t **ret_drive);
