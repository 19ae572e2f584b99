/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Config drives, with the files that openstacksdk gives them for Ironic.
 */
#include "drivers/configdrive.h"

#include <string.h>

#include "base/base64.h"
#include "base/iso.h"
#include "base/json.h"
#include "base/text.h"
#include "objects/info.h"

#define IMAGE_BYTES ((size_t)64 << 20) /* the partition that an agent makes for it */

enum { PARTS = 4, VERSIONS = 2 };

static const char *const versions[VERSIONS] = {"2012-08-10", "latest"};

/* The files that one version has; their paths are without its folder. */
struct content {
    struct ci_iso_file parts[PARTS];
    size_t count;
};

static bool bad_part(struct ci_task *task, const char *key, const char *what)
{
    return ci_fail_text(task->ctx, InvalidParameterValue,
                        "Invalid configdrive of node %s: %s is not %s", task->node->uuid, key,
                        what);
}

static void add_text(struct content *content, const char *name, const char *text)
{
    content->parts[content->count++] = (struct ci_iso_file){name, text, strlen(text)};
}

static bool add_meta_data(struct ci_task *task, const json_t *drive, struct content *content)
{
    const struct ci_node *node = task->node;
    const json_t *given = json_object_get(drive, "meta_data");
    json_t *meta_data =
        ci_json(task->ctx, given ? json_copy((json_t *)(uintptr_t)given) : json_object());

    if (ci_json_kind(meta_data) != CI_JSON_OBJECT)
        return bad_part(task, "meta_data", "an object");
    if (!json_object_get(meta_data, "uuid"))
        json_object_set_new(meta_data, "uuid", json_string(node->uuid));
    if (node->name && *node->name && !json_object_get(meta_data, "name"))
        json_object_set_new(meta_data, "name", json_string(node->name));
    add_text(content, "meta_data.json", ci_json_text(task->ctx->mem, meta_data));
    return true;
}

static void add_data(struct ci_task *task, const json_t *drive, const char *key, const char *name,
                     struct content *content)
{
    const json_t *value = json_object_get(drive, key);

    if (ci_json_truth(value))
        add_text(content, name, ci_json_text(task->ctx->mem, value));
}

/* A text is user data as it is; a structure is it as JSON, an empty one, too. */
static bool add_user_data(struct ci_task *task, const json_t *drive, struct content *content)
{
    const json_t *value = json_object_get(drive, "user_data");
    enum ci_json_kind kind = ci_json_kind(value);

    if (kind == CI_JSON_OBJECT || kind == CI_JSON_ARRAY) {
        add_text(content, "user_data", ci_json_text(task->ctx->mem, value));
    } else if (ci_json_truth(value)) {
        if (kind != CI_JSON_STRING)
            return bad_part(task, "user_data", "a text, an object or a list");
        content->parts[content->count++] =
            (struct ci_iso_file){"user_data", json_string_value(value), json_string_length(value)};
    }
    return true;
}

static bool pack(struct ci_task *task, const struct content *content, json_t **ret_drive)
{
    struct ci_iso_file files[VERSIONS * PARTS];
    struct ci_iso image = {.label = "config-2", .publisher = "metalsmith", .files = files};
    struct ci_text *packed = ci_text_new(task->ctx->mem, IMAGE_BYTES);
    struct ci_text *text = ci_text_new(task->ctx->mem, IMAGE_BYTES / 3 * 4 + 4);

    for (size_t v = 0; v < VERSIONS; v++) {
        for (size_t i = 0; i < content->count; i++) {
            struct ci_iso_file *file = &files[image.count++];

            *file = content->parts[i];
            file->path =
                ci_printf(task->ctx->mem, "openstack/%s/%s", versions[v], content->parts[i].path);
        }
    }
    if (!ci_iso_gzip(task->ctx, &image, packed))
        return false;
    ci_base64_encode(text, packed->bytes, packed->length);
    *ret_drive = ci_json(task->ctx, json_stringn(text->bytes, text->length));
    return true;
}

bool ci_configdrive_image(struct ci_task *task, json_t **ret_drive)
{
    struct content content = {.count = 0};
    json_t *info, *drive;

    if (!ci_info_read(task->ctx, task->node->instance_info, &info))
        return false;
    drive = json_object_get(info, "configdrive");
    if (ci_json_kind(drive) != CI_JSON_OBJECT) {
        *ret_drive = ci_json_truth(drive) ? drive : NULL;
        return true;
    }
    if (!add_meta_data(task, drive, &content))
        return false;
    add_data(task, drive, "network_data", "network_data.json", &content);
    add_data(task, drive, "vendor_data", "vendor_data2.json", &content);
    return add_user_data(task, drive, &content) && pack(task, &content, ret_drive);
}
