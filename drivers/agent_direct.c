/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The deploy interface direct: the agent writes an image, and makes its disk bootable.
 */
#include "drivers/agent_direct.h"

#include <string.h>
#include <strings.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "drivers/agent.h"
#include "drivers/agent_boot.h"
#include "drivers/agent_client.h"
#include "drivers/capabilities.h"
#include "drivers/image.h"
#include "objects/info.h"

bool ci_agent_write_image(struct ci_task *task, const json_t *args, enum ci_outcome *ret_outcome)
{
    json_t *image, *drive, *step;

    (void)args;
    if (!ci_image_describe(task, &image))
        return false;
    drive = json_object_get(image, "configdrive");
    /* The agent has a step of the same name, which takes what is known only here. */
    step = ci_json(task->ctx,
                   json_pack("{s:s, s:s, s:{s:O, s:O?}}", "interface", "deploy", "step",
                             "write_image", "args", "image_info", image, "configdrive", drive));
    if (!drive)
        json_object_set_new(json_object_get(step, "args"), "configdrive", json_null());
    return ci_agent_run_step(task, CI_FLOW_DEPLOY, step, ret_outcome);
}

/* What is known of the disk that was written. */
struct disk {
    bool whole, software_raid;
    const char *boot_mode;
    const json_t *root, *efi, *prep; /* UUIDs of partitions; NULL where there are none */
};

static const json_t *uuid_of(const json_t *uuids, const char *name)
{
    const json_t *uuid = json_object_get(uuids, name);

    return ci_json_truth(uuid) ? uuid : NULL;
}

/* Is the disk to be a RAID of the operating system's? */
static bool wants_software_raid(struct ci_task *task, bool *ret_wants)
{
    const json_t *disks, *disk;
    json_t *config;
    size_t i;

    *ret_wants = false;
    if (!ci_info_read(task->ctx, task->node->target_raid_config, &config))
        return false;
    disks = json_object_get(config, "logical_disks");
    json_array_foreach((json_t *)(uintptr_t)disks, i, disk)
    {
        if (strcmp(ci_agent_text(disk, "controller"), "software") == 0)
            *ret_wants = true;
    }
    return true;
}

static bool keep_root(struct ci_task *task, const struct disk *disk)
{
    if (disk->root)
        return ci_internal_info_set(task->ctx, task->node, "root_uuid_or_disk_id",
                                    json_incref((json_t *)(uintptr_t)disk->root)) &&
               ci_node_save(task->ctx, task->node);
    if (!disk->whole)
        ci_error_log(task->ctx, "The agent names no root partition, the instance may not boot",
                     "node=%s", task->node->uuid);
    return true;
}

static bool read_disk(struct ci_task *task, struct disk *ret_disk)
{
    json_t *command, *internal, *properties;
    const json_t *uuids;
    const char *cpu;

    if (!ci_agent_command(task, "standby.get_partition_uuids", json_object(), CI_AGENT_END,
                          &command) ||
        !ci_info_read(task->ctx, task->node->driver_internal_info, &internal) ||
        !ci_info_read(task->ctx, task->node->properties, &properties) ||
        !ci_boot_mode(task, &ret_disk->boot_mode) ||
        !wants_software_raid(task, &ret_disk->software_raid))
        return false;
    uuids = json_object_get(command, "command_result");
    cpu = ci_agent_text(properties, "cpu_arch");
    ret_disk->whole = ci_json_truth(json_object_get(internal, "is_whole_disk_image"));
    ret_disk->root = uuid_of(uuids, "root uuid");
    ret_disk->efi = !ret_disk->whole && strcmp(ret_disk->boot_mode, "uefi") == 0
                        ? uuid_of(uuids, "efi system partition uuid")
                        : NULL;
    ret_disk->prep =
        strncmp(cpu, "ppc64", 5) == 0 ? uuid_of(uuids, "PReP Boot partition uuid") : NULL;
    return keep_root(task, ret_disk);
}

/* A RAID of software is found by its file system, which the image's maker knows. */
static bool find_raid_root(struct ci_task *task, struct disk *disk)
{
    json_t *info, *internal;

    if (!ci_info_read(task->ctx, task->node->instance_info, &info) ||
        !ci_info_read(task->ctx, task->node->driver_internal_info, &internal))
        return false;
    disk->root = uuid_of(info, "image_rootfs_uuid");
    if (!disk->root)
        disk->root = uuid_of(internal, "root_uuid_or_disk_id");
    return true;
}

static json_t *loader_params(const struct disk *disk, bool with_mode)
{
    json_t *params =
        json_pack("{s:O?, s:O?, s:O?}", "root_uuid", disk->root, "efi_system_part_uuid", disk->efi,
                  "prep_boot_part_uuid", disk->prep);

    if (with_mode)
        json_object_set_new(params, "target_boot_mode", json_string(disk->boot_mode));
    return params;
}

/* Agents before 6.0.0 know no boot mode, and are right about BIOS. */
static bool send_loader(struct ci_task *task, const struct disk *disk, json_t **ret_command)
{
    static const char *const method = "image.install_bootloader";

    if (ci_agent_command(task, method, loader_params(disk, true), CI_AGENT_POLL, ret_command))
        return true;
    if (!ci_failed_with(task->ctx, CI_ERR_AgentAPIError) ||
        (disk->software_raid && strcmp(disk->boot_mode, "uefi") == 0))
        return false;
    ci_warning(task->ctx, "The agent installs a boot loader only without a boot mode",
               "node=%s error=%s", task->node->uuid, ci_error_take(task->ctx));
    return ci_agent_command(task, method, loader_params(disk, false), CI_AGENT_POLL, ret_command);
}

static bool install_loader(struct ci_task *task, const struct disk *disk)
{
    json_t *command;

    if (!send_loader(task, disk, &command))
        return false;
    return strcmp(ci_agent_text(command, "command_status"), "FAILED") != 0 ||
           ci_fail_text(task->ctx, InstanceDeployFailure,
                        "Failed to install a bootloader when deploying node %s: %s",
                        task->node->uuid, ci_agent_reason(task, command));
}

/* Does the image have its own boot loader, which nobody need tell of? */
static bool needs_loader(const struct disk *disk)
{
    return disk->software_raid || (disk->root && !disk->whole) ||
           (disk->whole && strcmp(disk->boot_mode, "uefi") == 0);
}

static bool set_device(struct ci_task *task, bool persistent)
{
    const struct ci_management *management = task->hardware->management;

    if (!ci_optional(management->base.validate, task))
        return false;
    return management->set_boot_device
               ? management->set_boot_device(task, "disk", persistent)
               : ci_fail_text(task->ctx, UnsupportedDriverExtension,
                              "Driver %s does not support set_boot_device", task->node->driver);
}

/* Lenovo's machines forget what was just changed when they are told the boot device by UEFI. */
static bool boot_from_disk(struct ci_task *task, const struct disk *disk)
{
    json_t *properties, *driver_info;

    if (!ci_info_read(task->ctx, task->node->properties, &properties) ||
        !ci_info_read(task->ctx, task->node->driver_info, &driver_info))
        return false;
    if (strcasecmp(ci_agent_text(properties, "vendor"), "lenovo") == 0 &&
        strcmp(disk->boot_mode, "uefi") == 0)
        return true;
    return set_device(task, strcmp(ci_agent_text(driver_info, "force_persistent_boot_device"),
                                   "Never") != 0) ||
           ci_fail_text(task->ctx, InstanceDeployFailure,
                        "Failed to change the boot device to disk when deploying node %s: %s",
                        task->node->uuid, ci_error_take(task->ctx));
}

bool ci_agent_boot_image(struct ci_task *task, const json_t *args, enum ci_outcome *ret_outcome)
{
    struct disk disk;

    (void)args;
    *ret_outcome = CI_DONE;
    if (!read_disk(task, &disk))
        return false;
    ci_info(task->ctx, "Image written", "node=%s", task->node->uuid);
    if (!ci_agent_manages_boot(task))
        return set_device(task, true);
    if (disk.software_raid && !find_raid_root(task, &disk))
        return false;
    return (!needs_loader(&disk) || install_loader(task, &disk)) && boot_from_disk(task, &disk) &&
           ci_agent_prepare_instance(task);
}
