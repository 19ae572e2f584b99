/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a hardware type has to say of itself: the properties its interfaces read.
 */
#include "conductor/calls.h"
#include "drivers/hardware.h"

/* The logical disk of a RAID configuration, property by property. */
static const char *const logical_disk[][2] = {
    {"raid_level", "RAID level for the logical disk. Valid values are 'JBOD', '0', '1', '2', '5', "
                   "'6', '1+0', '5+0' and '6+0'. Required."},
    {"size_gb", "Size in GiB (Integer) for the logical disk. Use 'MAX' as size_gb if this logical "
                "disk is supposed to use the rest of the space available. Required."},
    {"volume_name", "Name of the volume to be created. If this is not specified, it will be "
                    "auto-generated. Optional."},
    {"is_root_volume", "Specifies whether this disk is a root volume. By default, this is False. "
                       "Optional."},
    {"share_physical_disks", "Specifies whether other logical disks can share physical disks with "
                             "this logical disk. By default, this is False. Optional."},
    {"disk_type", "The type of disk preferred. Valid values are 'hdd' and 'ssd'. If this is not "
                  "specified, disk type will not be a selection criterion for choosing backing "
                  "physical disks. Optional."},
    {"interface_type", "The interface type of disk. Valid values are 'sata', 'scsi' and 'sas'. If "
                       "this is not specified, interface type will not be a selection criterion "
                       "for choosing backing physical disks. Optional."},
    {"number_of_physical_disks", "Number of physical disks to use for this logical disk. By "
                                 "default, the driver uses the minimum number of disks required "
                                 "for that RAID level. Optional."},
    {"controller", "Controller to use for this logical disk. If not specified, the driver will "
                   "choose a suitable RAID controller on the bare metal node. Optional."},
    {"physical_disks", "The physical disks to use for this logical disk. If not specified, the "
                       "driver will choose suitable physical disks to use. Optional."},
};

/* The "driver_name" argument, when it names an enabled hardware type. */
static bool read_type(struct ci_call *call, const char **ret_type)
{
    if (!ci_call_need(call, "driver_name", ret_type))
        return false;
    return ci_one_of(*ret_type, ci_hardware_enabled(call->ctx)) ||
           ci_fail(call->ctx, DriverNotFound, *ret_type);
}

static void add_properties(json_t *properties, const struct ci_interface *interface)
{
    for (size_t i = 0; interface->properties && interface->properties[i]; i += 2)
        json_object_set_new(properties, interface->properties[i],
                            json_string(interface->properties[i + 1]));
}

bool ci_call_get_driver_properties(struct ci_call *call)
{
    json_t *properties = ci_json(call->ctx, json_object());
    const char *type;

    if (!read_type(call, &type))
        return false;
    for (size_t i = 0; ci_interface_types[i]; i++) {
        const char *const *names = ci_hardware_interfaces(call->ctx, type, ci_interface_types[i]);

        for (size_t n = 0; names[n]; n++)
            add_properties(properties, ci_interface_find(ci_interface_types[i], names[n]));
    }
    return ci_call_answer(call, json_incref(properties));
}

bool ci_call_get_raid_logical_disk_properties(struct ci_call *call)
{
    json_t *properties = ci_json(call->ctx, json_object());
    const char *type, *raid;

    if (!read_type(call, &type) || !ci_hardware_default(call->ctx, type, "raid", &raid))
        return false;
    for (size_t i = 0; i < sizeof logical_disk / sizeof logical_disk[0]; i++)
        json_object_set_new(properties, logical_disk[i][0], json_string(logical_disk[i][1]));
    return ci_call_answer(call, json_incref(properties));
}

/* No vendor interface that exists has methods of the driver itself; nodes have theirs. */
bool ci_call_get_driver_vendor_passthru_methods(struct ci_call *call)
{
    const char *type, *vendor;

    return read_type(call, &type) && ci_hardware_default(call->ctx, type, "vendor", &vendor) &&
           ci_call_answer(call, json_object());
}

bool ci_call_driver_vendor_passthru(struct ci_call *call)
{
    const char *type, *vendor, *method;

    return read_type(call, &type) && ci_call_need(call, "driver_method", &method) &&
           ci_hardware_default(call->ctx, type, "vendor", &vendor) &&
           ci_fail_text(call->ctx, InvalidParameterValue, "No handler for method %s", method);
}
