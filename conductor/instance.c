/* SPDX-License-Identifier: Apache-2.0 */
/*
 * instance_info: what is deployed on a node and how.
 */
#include "conductor/instance.h"

#include <string.h>

#include "base/config.h"
#include "base/ident.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "objects/info.h"

static bool read_info(struct ci_task *task, json_t **ret_info)
{
    return ci_info_read(task->ctx, task->node->instance_info, ret_info);
}

static void keep_info(struct ci_task *task, const json_t *info)
{
    ci_node_set_instance_info(task->node, ci_json_text(task->ctx->mem, info));
}

/* Text of a key; NULL when it is absent, empty or something else. */
static const char *text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (!value || ci_json_kind(value) != CI_JSON_STRING || json_string_length(value) == 0)
        return NULL;
    return json_string_value(value);
}

bool ci_instance_set(struct ci_task *task, const char *key, json_t *value)
{
    json_t *kept = ci_json(task->ctx, value), *info;

    if (!read_info(task, &info))
        return false;
    if (kept)
        json_object_set(info, key, kept);
    else if (json_object_del(info, key) != 0)
        return true;
    keep_info(task, info);
    return true;
}

/* Is it an image of the image service: glance://… or a bare UUID? */
static bool is_glance(const char *source)
{
    return source && (strncmp(source, "glance://", 9) == 0 || ci_uuid_is_like(source));
}

/*
 * 1 for a whole disk, 0 for a partition, -1 for unknown. An image of the image service is
 * known by its own properties only, which nobody asks for yet.
 */
static int is_whole_disk(const json_t *info)
{
    const char *source = text_of(info, "image_source"), *type = text_of(info, "image_type");

    if (!source)
        return -1;
    if (type)
        return strcmp(type, "partition") != 0;
    if (is_glance(source))
        return -1;
    if (strncmp(source, "oci://", 6) == 0)
        return 1;
    return !text_of(info, "kernel") && !text_of(info, "ramdisk");
}

bool ci_instance_note_image(struct ci_task *task)
{
    json_t *info;
    int whole;

    if (!read_info(task, &info))
        return false;
    whole = is_whole_disk(info);
    if (whole < 0)
        return true;
    return ci_internal_info_set(task->ctx, task->node, "is_whole_disk_image",
                                json_boolean(whole)) &&
           ci_instance_set(task, "image_type", json_string(whole ? "whole-disk" : "partition"));
}

bool ci_instance_forget_image(struct ci_task *task)
{
    static const char *const derived[] = {"kernel", "ramdisk", "boot_iso", "original_image_source",
                                          NULL};
    bool changed = false;
    json_t *info;

    if (!read_info(task, &info))
        return false;
    if (!is_glance(text_of(info, "image_source")))
        return true;
    for (const char *const *key = derived; *key; key++)
        changed |= json_object_del(info, *key) == 0;
    if (changed)
        keep_info(task, info);
    return true;
}

static bool bad_traits(struct ci_task *task)
{
    return ci_fail_text(task->ctx, InvalidParameterValue,
                        "Error parsing traits from Node %s instance_info field. A list of strings "
                        "is expected.",
                        task->node->uuid);
}

static bool holds_text(const json_t *array, const char *text)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *one = json_array_get(array, i);

        if (ci_json_kind(one) == CI_JSON_STRING && strcmp(json_string_value(one), text) == 0)
            return true;
    }
    return false;
}

static bool node_traits(struct ci_task *task, json_t **ret_traits)
{
    const char *text;

    if (!ci_node_load_traits(task->ctx, task->node))
        return false;
    text = task->node->traits ? task->node->traits : "[]";
    return ci_json_read(task->ctx, text, strlen(text), &ci_json_trusted, ret_traits);
}

bool ci_instance_check_traits(struct ci_task *task)
{
    const char *missing = "";
    json_t *info, *wanted, *have, *trait;
    size_t i;

    if (!read_info(task, &info))
        return false;
    wanted = json_object_get(info, "traits");
    if (!wanted || ci_json_kind(wanted) == CI_JSON_NULL)
        return true;
    if (ci_json_kind(wanted) != CI_JSON_ARRAY)
        return bad_traits(task);
    if (!node_traits(task, &have))
        return false;
    json_array_foreach(wanted, i, trait)
    {
        if (ci_json_kind(trait) != CI_JSON_STRING)
            return bad_traits(task);
        if (!holds_text(have, json_string_value(trait)))
            missing = ci_printf(task->ctx->mem, "%s%s%s", missing, *missing ? ", " : "",
                                json_string_value(trait));
    }
    if (*missing)
        return ci_fail_text(task->ctx, InvalidParameterValue,
                            "Cannot specify instance traits that are not also set on the node. "
                            "Node %s is missing traits %s",
                            task->node->uuid, missing);
    return true;
}

bool ci_instance_apply_lessee(struct ci_task *task)
{
    const struct ci_config *config = task->ctx->config;
    const char *source = config->conductor.automatic_lessee_source, *project = NULL;
    json_t *info;

    if (!config->conductor.automatic_lessee)
        return true;
    if (ci_same(source, "request")) {
        project = task->ctx->who.project_id;
    } else if (ci_same(source, "instance")) {
        if (!read_info(task, &info))
            return false;
        project = text_of(info, "project_id");
    }
    if (!project)
        return true;
    if (task->node->lessee) {
        ci_warning(task->ctx, "The node has a lessee already", "node=%s lessee=%s project=%s",
                   task->node->uuid, task->node->lessee, project);
        return true;
    }
    ci_node_set_lessee(task->node, project);
    return ci_internal_info_set(task->ctx, task->node, "automatic_lessee", json_true());
}

bool ci_instance_keep_configdrive(struct ci_task *task, const json_t *configdrive)
{
    if (task->ctx->config->deploy.configdrive_use_object_store)
        return ci_fail_text(task->ctx, SwiftOperationError,
                            "Failed to upload the configdrive to Swift: the object store of "
                            "[deploy]configdrive_use_object_store is not supported");
    return ci_instance_set(task, "configdrive", json_deep_copy(configdrive));
}

bool ci_instance_boot_option(struct ci_task *task, const char **ret_option)
{
    json_t *info, *capabilities;
    const char *text;

    *ret_option = "local";
    if (!read_info(task, &info))
        return false;
    capabilities = json_object_get(info, "capabilities");
    text = text_of(info, "capabilities");
    if (text && !ci_info_read(task->ctx, text, &capabilities)) {
        ci_error_clear(task->ctx); /* what is no JSON says nothing about booting */
        return true;
    }
    if (text_of(capabilities, "boot_option"))
        *ret_option = text_of(capabilities, "boot_option");
    return true;
}
