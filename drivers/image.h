/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "drivers/task.h"

/*
 * The image that is to be written to a node's disk: image_source of instance_info, with its
 * checksum, and what a partition image needs beside it.
 *
 * An image is at an http or https URL, from where the agent fetches it. What Ironic fetches, looks
 * up or serves itself (Glance, oci://, file://, image_download_source local) is refused.
 */

/*
 * Does instance_info say enough? Nobody is asked over the network. Fails with
 * MissingParameterValue or InvalidParameterValue.
 */
ci_must_check bool ci_image_check(struct ci_task *task);

/*
 * Before a deployment: the URL is looked at, and what the agent needs is added to instance_info
 * (image_url, image_type, root_mb, …); saved. Fails with ImageRefValidationFailed,
 * MissingParameterValue or InvalidParameterValue.
 */
ci_must_check bool ci_image_prepare(struct ci_task *task);

/* The same as the agent is told of it, config drive and credentials included: never to be logged.
 */
ci_must_check bool ci_image_describe(struct ci_task *task, json_t **ret_image);
