/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interfaces that refuse (no-bios, no-console, …) and interfaces that do nothing and succeed
 * (noop).
 *
 * The refusing ones fail their validation too: that is how Ironic says that a node has no
 * console or no rescue.
 */
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "drivers/driver.h"

#define REFUSE(type)                                                                               \
    static bool refuse_##type(struct ci_task *task)                                                \
    {                                                                                              \
        return ci_fail(task->ctx, UnsupportedDriverExtension, task->node->driver, #type);          \
    }

/* One function a type, since Ironic names the type in the refusal. */
REFUSE(bios)
REFUSE(console)
REFUSE(firmware)
REFUSE(inspect)
REFUSE(raid)
REFUSE(rescue)
REFUSE(vendor)

static bool refuse_console_get(struct ci_task *task, json_t **ret_info)
{
    (void)ret_info;
    return refuse_console(task);
}

static bool refuse_inspection(struct ci_task *task, enum ci_outcome *ret_outcome)
{
    (void)ret_outcome;
    return refuse_inspect(task);
}

static bool refuse_rescuing(struct ci_task *task, enum ci_outcome *ret_outcome)
{
    (void)ret_outcome;
    return refuse_rescue(task);
}

static bool refuse_raid_config(struct ci_task *task, const json_t *config)
{
    (void)config;
    return refuse_raid(task);
}

const struct ci_plain_interface ci_no_bios = {
    .base = {.type = "bios", .name = "no-bios", .validate = refuse_bios}};
const struct ci_plain_interface ci_no_firmware = {
    .base = {.type = "firmware", .name = "no-firmware", .validate = refuse_firmware}};
const struct ci_raid ci_no_raid = {
    .base = {.type = "raid", .name = "no-raid", .validate = refuse_raid},
    .validate_config = refuse_raid_config};
const struct ci_vendor ci_no_vendor = {
    .base = {.type = "vendor", .name = "no-vendor", .validate = refuse_vendor}};

const struct ci_console ci_no_console = {
    .base = {.type = "console", .name = "no-console", .validate = refuse_console},
    .start = refuse_console,
    .stop = refuse_console,
    .get = refuse_console_get};

const struct ci_inspect ci_no_inspect = {
    .base = {.type = "inspect", .name = "no-inspect", .validate = refuse_inspect},
    .inspect_hardware = refuse_inspection};

const struct ci_rescue ci_no_rescue = {
    .base = {.type = "rescue", .name = "no-rescue", .validate = refuse_rescue},
    .rescue = refuse_rescuing,
    .unrescue = refuse_rescuing};

static bool accept(struct ci_task *task)
{
    (void)task;
    return true;
}

/* deploy: one core step and a tear down, both done at once. */

static bool deployed(struct ci_task *task, const json_t *args, enum ci_outcome *ret_outcome)
{
    (void)task;
    (void)args;
    *ret_outcome = CI_DONE;
    return true;
}

static bool torn_down(struct ci_task *task, enum ci_outcome *ret_outcome)
{
    (void)task;
    *ret_outcome = CI_DONE;
    return true;
}

static const struct ci_step_offer deploy_steps[] = {
    {.name = "deploy", .priority = 100, .abortable = true, .run = deployed}, {0}};

const struct ci_deploy ci_noop_deploy = {
    .base = {.type = "deploy", .name = "noop", .validate = accept, .deploy_steps = deploy_steps},
    .tear_down = torn_down};

/* management: the boot order is expected to be network, then disk. */

static const char *const boot_devices[] = {"pxe", "disk", NULL};

static const char *const *supported_boot_devices(struct ci_task *task)
{
    (void)task;
    return boot_devices;
}

static bool get_boot_device(struct ci_task *task, const char **ret_device, int8_t *ret_persistent)
{
    (void)task;
    *ret_device = "pxe";
    *ret_persistent = 1;
    return true;
}

static bool set_boot_device(struct ci_task *task, const char *device, bool persistent)
{
    (void)persistent;
    if (!ci_one_of(device, boot_devices))
        return ci_fail_text(task->ctx, InvalidParameterValue,
                            "Invalid boot device %s specified, supported are pxe, disk.", device);
    ci_debug(task->ctx, "Boot device assumed to be set already", "node=%s device=%s",
             task->node->uuid, device);
    return true;
}

const struct ci_management ci_noop_management = {
    .base = {.type = "management", .name = "noop", .validate = accept},
    .supported_boot_devices = supported_boot_devices,
    .get_boot_device = get_boot_device,
    .set_boot_device = set_boot_device};

/* network: no VIF is known, so attaching and detaching succeed and nothing is ever listed. */

static bool vif_attach(struct ci_task *task, const json_t *vif_info)
{
    (void)task;
    (void)vif_info;
    return true;
}

static bool vif_detach(struct ci_task *task, const char *vif_id)
{
    (void)task;
    (void)vif_id;
    return true;
}

static bool vif_list(struct ci_task *task, json_t **ret_vifs)
{
    *ret_vifs = ci_json(task->ctx, json_array());
    return true;
}

const struct ci_network ci_noop_network = {
    .base = {.type = "network", .name = "noop", .validate = accept},
    .vif_attach = vif_attach,
    .vif_detach = vif_detach,
    .vif_list = vif_list};

const struct ci_storage ci_noop_storage = {
    .base = {.type = "storage", .name = "noop", .validate = accept}};
