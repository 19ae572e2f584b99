/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/inspection_hooks.h"

/*
 * The hooks that have files of their own, for the table of drivers/inspection_hooks.c. Each takes
 * over from the inventory and the plugin data, which it may change, into the node or its ports;
 * the node is saved afterwards. What a ramdisk sends in another form than expected is passed over
 * with a warning.
 */
typedef bool ci_inspection_hook(struct ci_task *task, json_t *inventory, json_t *plugin_data);

/* drivers/inspection_network.c */
ci_inspection_hook ci_hook_parse_lldp, ci_hook_local_link, ci_hook_physical_network;

/* drivers/inspection_devices.c */
ci_inspection_hook ci_hook_accelerators, ci_hook_extra_hardware, ci_hook_pci_devices,
    ci_hook_raid_device, ci_hook_root_device;

/* Are the options right that a hook reads? Fail with HardwareInspectionFailure. */
ci_must_check bool ci_hook_accelerators_check(struct ci_ctx *ctx);
ci_must_check bool ci_hook_physical_network_check(struct ci_ctx *ctx);
