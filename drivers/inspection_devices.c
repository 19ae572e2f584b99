/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an inspection tells of a machine's devices: those on the PCI bus, by their names and as
 * accelerators; what the hardware's own tools add; the disk that a RAID has become, and the one to
 * install on.
 */
#include <inttypes.h>
#include <string.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "db/db.h"
#include "drivers/accelerators.h"
#include "drivers/inspection_hooks_private.h"
#include "drivers/root_device.h"
#include "objects/capabilities.h"
#include "objects/info.h"

static const char *text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return ci_json_kind(value) == CI_JSON_STRING ? json_string_value(value) : "";
}

static void nothing_from(struct ci_task *task, const char *what)
{
    ci_warning(task->ctx, "The ramdisk sent nothing of a kind", "node=%s kind=\"%s\"",
               task->node->uuid, what);
}

/* pci-devices */

/* An entry of [inspector]pci_device_alias: an object of exactly three texts. NULL: it is none. */
static const json_t *read_alias(struct ci_task *task, const char *entry)
{
    static const char *const keys[] = {"vendor_id", "product_id", "name"};
    bool sound;
    json_t *alias;

    sound = ci_json_read(task->ctx, entry, strlen(entry), &ci_json_trusted, &alias);
    for (size_t i = 0; sound && i < 3; i++)
        sound = *text_of(alias, keys[i]) && json_object_size(alias) == 3;
    if (sound)
        return alias;
    ci_error_clear(task->ctx);
    ci_error_log(task->ctx, "An entry of [inspector]pci_device_alias is passed over", "entry=%s",
                 entry);
    return NULL;
}

static bool is_same_device(const json_t *device, const json_t *alias)
{
    return strcmp(text_of(device, "vendor_id"), text_of(alias, "vendor_id")) == 0 &&
           strcmp(text_of(device, "product_id"), text_of(alias, "product_id")) == 0;
}

/* How often the device is there is a capability by its name. */
static bool count_devices(struct ci_task *task, const json_t *devices, const json_t *alias)
{
    const json_t *one;
    size_t count = 0, i;

    json_array_foreach((json_t *)(uintptr_t)devices, i, one) count += is_same_device(one, alias);
    return count == 0 || ci_capability_set(task->ctx, task->node, text_of(alias, "name"),
                                           ci_printf(task->ctx->mem, "%zu", count));
}

bool ci_hook_pci_devices(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    const char *const *entry = task->ctx->config->inspector.pci_device_alias;
    const json_t *devices = json_object_get(plugin_data, "pci_devices"), *alias;

    (void)inventory;
    if (!devices && entry && *entry)
        nothing_from(task, "PCI devices");
    for (; entry && *entry; entry++) {
        alias = read_alias(task, *entry);
        if (alias && !count_devices(task, devices, alias))
            return false;
    }
    return true;
}

/* accelerators */

bool ci_hook_accelerators_check(struct ci_ctx *ctx)
{
    json_t *ignored;

    return ci_accelerators_read(ctx, ctx->config->inspector.known_accelerators, &ignored);
}

static const json_t *find_accelerator(const json_t *known, const json_t *device)
{
    const json_t *one;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)known, i, one)
    {
        if (strcmp(text_of(one, "vendor_id"), text_of(device, "vendor_id")) == 0 &&
            strcmp(text_of(one, "device_id"), text_of(device, "product_id")) == 0)
            return one;
    }
    return NULL;
}

bool ci_hook_accelerators(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    const json_t *devices = json_object_get(plugin_data, "pci_devices"), *one, *known;
    json_t *all, *found, *copy;
    size_t i;

    (void)inventory;
    if (json_array_size(devices) == 0) {
        nothing_from(task, "PCI devices");
        return true;
    }
    if (!ci_accelerators_read(task->ctx, task->ctx->config->inspector.known_accelerators, &all))
        return false;
    found = json_array();
    json_array_foreach((json_t *)(uintptr_t)devices, i, one)
    {
        known = find_accelerator(all, one);
        if (!known)
            continue;
        copy = json_copy((json_t *)(uintptr_t)known);
        json_object_set_new(copy, "pci_address", json_string(text_of(one, "bus")));
        json_array_append_new(found, copy);
    }
    return ci_property_set(task->ctx, task->node, "accelerators", found);
}

/* extra-hardware */

enum { RECORD_SIZE = 4 };

static bool are_records(const json_t *data, bool strict)
{
    const json_t *one;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)data, i, one)
    {
        if (!json_is_array(one) || (strict && json_array_size(one) != RECORD_SIZE))
            return false;
    }
    return json_is_array(data);
}

/* What Python's int() makes an integer of is one: text of digits, a fraction, a truth. */
static json_t *value_of(struct ci_ctx *ctx, json_t *value)
{
    int64_t number;

    if (json_is_boolean(value))
        return ci_json(ctx, json_integer(json_is_true(value)));
    if (json_is_real(value) && json_real_value(value) > -9e18 && json_real_value(value) < 9e18)
        return ci_json(ctx, json_integer((json_int_t)json_real_value(value)));
    if (ci_json_kind(value) == CI_JSON_STRING &&
        ci_parse_int(json_string_value(value), INT64_MIN, INT64_MAX, &number))
        return ci_json(ctx, json_integer(number));
    return value;
}

/* The dictionary below a name, made where it is not there yet; NULL when it is no name. */
static json_t *below(json_t *dictionary, const json_t *name)
{
    json_t *found;

    if (!dictionary || ci_json_kind(name) != CI_JSON_STRING)
        return NULL;
    found = json_object_get(dictionary, json_string_value(name));
    if (!found) {
        found = json_object();
        json_object_set_new(dictionary, json_string_value(name), found);
    }
    return found;
}

/* [kind, device, attribute, value] */
static void add_record(struct ci_task *task, json_t *extra, const json_t *record)
{
    json_t *device = below(below(extra, json_array_get(record, 0)), json_array_get(record, 1));
    const json_t *name = json_array_get(record, 2);
    json_t *value = json_array_get(record, 3);

    if (device && value && ci_json_kind(name) == CI_JSON_STRING)
        json_object_set(device, json_string_value(name), value_of(task->ctx, value));
    else if (json_array_size(record) > 0)
        ci_warning(task->ctx, "A record of extra hardware data is passed over", "node=%s record=%s",
                   task->node->uuid, ci_json_repr(task->ctx->mem, record));
}

bool ci_hook_extra_hardware(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    const json_t *data = json_object_get(plugin_data, "data"), *one;
    bool strict = task->ctx->config->inspector.extra_hardware_strict;
    json_t *extra;
    size_t i;

    (void)inventory;
    if (!data) {
        nothing_from(task, "extra hardware data");
        return true;
    }
    if (!are_records(data, strict)) {
        ci_warning(task->ctx, "Extra hardware data is in no known form", "node=%s",
                   task->node->uuid);
        if (strict)
            json_object_del(plugin_data, "data");
        return true;
    }
    extra = ci_json(task->ctx, json_object());
    json_array_foreach((json_t *)(uintptr_t)data, i, one) add_record(task, extra, one);
    json_object_set(plugin_data, "extra", extra);
    json_object_del(plugin_data, "data");
    return true;
}

/* raid-device */

/* What an earlier inspection has kept in the database; NULL for nothing. */
static bool read_former(struct ci_task *task, json_t **ret_inventory)
{
    const char *id = ci_printf(task->ctx->mem, "%" PRId64, task->node->id);
    struct ci_rows *rows;

    *ret_inventory = NULL;
    if (!ci_db_query(task->ctx, "SELECT inventory_data FROM node_inventory WHERE node_id = $1", 1,
                     &id, &rows))
        return false;
    return rows->count == 0 || ci_info_read(task->ctx, ci_row_text(rows, 0, 0), ret_inventory);
}

static bool has_serial(const json_t *disks, const char *serial)
{
    const json_t *one;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)disks, i, one)
    {
        if (strcmp(text_of(one, "serial"), serial) == 0)
            return true;
    }
    return false;
}

/* Those of now that were not there before: how many, and the serial number of the last. */
static size_t count_new(const json_t *now, const json_t *former, const char **ret_serial)
{
    const json_t *one;
    size_t count = 0, i;

    json_array_foreach((json_t *)(uintptr_t)now, i, one)
    {
        const char *serial = text_of(one, "serial");

        if (*serial && !has_serial(former, serial)) {
            count++;
            *ret_serial = serial;
        }
    }
    return count;
}

bool ci_hook_raid_device(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    const json_t *now = json_object_get(inventory, "disks");
    const char *serial = NULL;
    json_t *properties, *former;
    size_t count;

    (void)plugin_data;
    if (!ci_info_read(task->ctx, task->node->properties, &properties) ||
        !read_former(task, &former))
        return false;
    if (json_object_get(properties, "root_device") || !former)
        return true;
    count = count_new(now, json_object_get(former, "disks"), &serial);
    if (count != 1) {
        ci_warning(task->ctx, "A RAID's root device cannot be known", "node=%s new_devices=%zu",
                   task->node->uuid, count);
        return true;
    }
    return ci_property_set(task->ctx, task->node, "root_device",
                           json_pack("{s:s}", "serial", serial));
}

/* root-device */

enum { GIB = 1 << 30 };

static bool is_named(const json_t *disks, const json_t *disk)
{
    const json_t *one;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)disks, i, one)
    {
        if (json_equal(json_object_get(one, "name"), json_object_get(disk, "name")))
            return true;
    }
    return false;
}

/* The disks but for those that properties["skip_block_devices"], a list of hints, names. */
static bool leave_out(struct ci_task *task, const json_t *skip, json_t **disks)
{
    json_t *left = ci_json(task->ctx, json_copy(*disks)), *hints, *found;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)skip, i, hints)
    {
        if (!ci_root_device_find(task->ctx, *disks, hints, &found))
            return false;
        for (size_t j = json_array_size(left); j-- > 0;) {
            if (is_named(found, json_array_get(left, j)))
                json_array_remove(left, j);
        }
    }
    *disks = left;
    return true;
}

/* The disk that the node's hints ask for goes into plugin_data["root_disk"]. */
static bool find_root(struct ci_task *task, json_t *disks, json_t *plugin_data)
{
    json_t *properties, *hints, *found;

    if (!ci_info_read(task->ctx, task->node->properties, &properties))
        return false;
    hints = json_object_get(properties, "root_device");
    if (json_object_size(hints) == 0)
        return true;
    if (!leave_out(task, json_object_get(properties, "skip_block_devices"), &disks) ||
        !ci_root_device_find(task->ctx, disks, hints, &found)) {
        const char *reason = ci_error_take(task->ctx);

        return ci_fail_text(task->ctx, HardwareInspectionFailure,
                            "No disks could be found using root device hints %s for node %s "
                            "because they failed to validate. Error: %s",
                            ci_json_repr(task->ctx->mem, hints), task->node->uuid, reason);
    }
    if (json_array_size(found) == 0)
        return ci_fail_text(task->ctx, HardwareInspectionFailure,
                            "No disks satisfied root device hints for node %s", task->node->uuid);
    json_object_set(plugin_data, "root_disk", json_array_get(found, 0));
    return true;
}

bool ci_hook_root_device(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    const json_t *size;
    int64_t gib = 0;

    if (!find_root(task, json_object_get(inventory, "disks"), plugin_data))
        return false;
    size = json_object_get(json_object_get(plugin_data, "root_disk"), "size");
    if (ci_json_kind(size) == CI_JSON_INT && json_integer_value(size) > 0)
        gib = json_integer_value(size) / GIB;
    if (gib > 0 && task->ctx->config->inspector.disk_partitioning_spacing)
        gib--;
    json_object_set_new(plugin_data, "local_gb", json_integer(gib));
    return ci_property_set(task->ctx, task->node, "local_gb", json_integer(gib));
}
