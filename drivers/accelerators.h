/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "base/ctx.h"

/*
 * The file of known accelerators, [inspector]known_accelerators: YAML of one form only, which is
 * that of the file that Ironic comes with,
 *
 *     pci_devices:
 *       - vendor_id: "10de"
 *         device_id: "1eb8"
 *         type: GPU
 *
 * Gives the devices, an array of objects whose values are texts; it lives in the arena. Fails with
 * HardwareInspectionFailure, naming the file and the line.
 */
ci_must_check bool ci_accelerators_read(struct ci_ctx *ctx, const char *path, json_t **ret_devices);
