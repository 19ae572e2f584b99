/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RAID configurations, wanted and made.
 */
#include "drivers/raid_result.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "drivers/raid_config.h"
#include "objects/capabilities.h"
#include "objects/info.h"

static bool is_root(const json_t *disk)
{
    return ci_json_truth(json_object_get(disk, "is_root_volume"));
}

static const json_t *find_root(const json_t *disks)
{
    json_t *disk;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)disks, i, disk)
    {
        if (is_root(disk))
            return disk;
    }
    return NULL;
}

static bool bad_root(struct ci_task *task, const char *key)
{
    return ci_fail_text(task->ctx, InvalidParameterValue,
                        "The root volume of the RAID of node %s has no usable %s", task->node->uuid,
                        key);
}

/* In gigabytes, as a number or as a text of one; "MAX" says nothing. */
static bool set_size(struct ci_task *task, const json_t *root)
{
    const json_t *value = json_object_get(root, "size_gb");
    int64_t size;

    if (ci_json_kind(value) == CI_JSON_STRING && strcmp(json_string_value(value), "MAX") == 0)
        return true;
    if (ci_json_kind(value) == CI_JSON_INT)
        size = json_integer_value(value);
    else if (ci_json_kind(value) != CI_JSON_STRING ||
             !ci_parse_int(json_string_value(value), 0, INT32_MAX, &size))
        return bad_root(task, "size_gb");
    return ci_property_set(task->ctx, task->node, "local_gb", json_integer(size));
}

/* Every capability is "name:value", or the list was written by somebody who meant something else.
 */
static bool check_capabilities(struct ci_task *task)
{
    const json_t *list;
    json_t *properties;

    if (!ci_info_read(task->ctx, task->node->properties, &properties))
        return false;
    list = json_object_get(properties, "capabilities");
    if (!ci_json_truth(list))
        return true;
    if (ci_json_kind(list) == CI_JSON_STRING) {
        const char *const *one = ci_split(task->ctx->mem, json_string_value(list), ',');

        while (*one && strchr(*one, ':'))
            one++;
        if (!*one)
            return true;
    }
    return ci_fail_text(task->ctx, InvalidParameterValue, "Invalid capabilities string '%s'.",
                        ci_json_kind(list) == CI_JSON_STRING ? json_string_value(list)
                                                             : ci_json_repr(task->ctx->mem, list));
}

static bool set_root(struct ci_task *task, const json_t *root)
{
    const json_t *level = json_object_get(root, "raid_level");
    json_t *hint = json_object_get(root, "root_device_hint");

    if (ci_json_kind(level) != CI_JSON_STRING)
        return bad_root(task, "raid_level");
    return set_size(task, root) &&
           (!hint || ci_property_set(task->ctx, task->node, "root_device", json_incref(hint))) &&
           check_capabilities(task) &&
           ci_capability_set(task->ctx, task->node, "raid_level", json_string_value(level));
}

/* As Python prints a time: with a blank between day and hour. */
static json_t *now(struct ci_task *task)
{
    json_t *time = ci_json(task->ctx, ci_info_time(ci_time_now_us()));
    char *text = ci_strdup(task->ctx->mem, json_string_value(time));

    *strchr(text, 'T') = ' ';
    return json_string(text);
}

bool ci_raid_keep(struct ci_task *task, const json_t *config)
{
    const json_t *disks = json_object_get(config, "logical_disks"), *root;
    json_t *kept;

    if (ci_json_kind(config) != CI_JSON_OBJECT || ci_json_kind(disks) != CI_JSON_ARRAY)
        return ci_fail_text(task->ctx, InvalidParameterValue,
                            "The RAID configuration of node %s has no list of logical_disks",
                            task->node->uuid);
    if (!ci_raid_config_check_root(task, disks))
        return false;
    root = find_root(disks);
    if (root && !set_root(task, root))
        return false;
    kept = ci_json(task->ctx, json_copy((json_t *)(uintptr_t)config));
    json_object_set_new(kept, "last_updated", now(task));
    ci_node_set_raid_config(task->node, ci_json_text(task->ctx->mem, kept));
    return ci_node_save(task->ctx, task->node);
}

bool ci_raid_forget(struct ci_task *task)
{
    json_t *properties;

    if (!ci_info_read(task->ctx, task->node->properties, &properties))
        return false;
    if (json_object_del(properties, "root_device") == 0)
        ci_node_set_properties(task->node, ci_json_text(task->ctx->mem, properties));
    ci_node_set_raid_config(task->node, "{}");
    return ci_node_save(task->ctx, task->node);
}

bool ci_raid_target(struct ci_task *task, bool root, bool others, json_t **ret_config)
{
    json_t *config, *disks, *left = ci_json(task->ctx, json_array()), *disk;
    size_t i;

    if (!ci_info_read(task->ctx, task->node->target_raid_config, &config))
        return false;
    if (json_object_size(config) == 0)
        return ci_fail_text(task->ctx, MissingParameterValue,
                            "Node %s has no target RAID configuration.", task->node->uuid);
    disks = json_object_get(config, "logical_disks");
    json_array_foreach(disks, i, disk)
    {
        if (is_root(disk) ? root : others)
            json_array_append(left, disk);
    }
    json_object_set(config, "logical_disks", left);
    *ret_config = config;
    return json_array_size(left) > 0 ||
           ci_fail_text(task->ctx, MissingParameterValue,
                        "Node %s has empty target RAID configuration after %s%s%s.",
                        task->node->uuid, root ? "" : "skipping root volume",
                        root || others ? "" : " and ", others ? "" : "skipping non-root volumes");
}
