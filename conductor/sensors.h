/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "conductor/task.h"

/*
 * Sensor data ([sensor_data]): the job is a row of periodic.def; this is what one node comes to.
 */

/*
 * Asks the machine of a shared task with its driver, and tells what it says:
 * "hardware.DRIVER.metrics". A machine without sensors is no failure. Fails as its driver does.
 */
ci_must_check bool ci_sensors_node(struct ci_task *task);

/* The members of the object whose names [sensor_data]data_types asks for; data itself, or new. */
json_t *ci_sensors_wanted(struct ci_ctx *ctx, json_t *data);
