/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a machine is to boot.
 */
#include "drivers/capabilities.h"

#include <string.h>
#include <strings.h>

#include "base/config.h"
#include "base/json.h"
#include "base/text.h"
#include "objects/capabilities.h"
#include "objects/info.h"

static const struct supported {
    const char *name, *values[3];
} supported[] = {{"boot_mode", {"bios", "uefi", NULL}},
                 {"secure_boot", {"true", "false", NULL}},
                 {"disk_label", {"msdos", "gpt", NULL}}};

bool ci_instance_capabilities(struct ci_task *task, json_t **ret_capabilities)
{
    json_t *info, *found;

    if (!ci_info_read(task->ctx, task->node->instance_info, &info))
        return false;
    found = json_object_get(info, "capabilities");
    if (!found)
        found = ci_json(task->ctx, json_object());
    if (ci_json_kind(found) == CI_JSON_STRING &&
        !ci_json_read(task->ctx, json_string_value(found), json_string_length(found),
                      &ci_json_trusted, &found)) {
        ci_error_clear(task->ctx);
        found = NULL;
    }
    if (ci_json_kind(found) != CI_JSON_OBJECT)
        return ci_fail_text(task->ctx, InvalidParameterValue,
                            "Error parsing capabilities from Node %s instance_info field. A "
                            "dictionary or a \"jsonified\" dictionary is expected.",
                            task->node->uuid);
    *ret_capabilities = found;
    return true;
}

/* A capability of the instance as text; NULL where it has none. */
static const char *text_of(struct ci_task *task, const json_t *capabilities, const char *name)
{
    const json_t *value = json_object_get(capabilities, name);

    if (!ci_json_truth(value))
        return NULL;
    return ci_json_kind(value) == CI_JSON_STRING ? json_string_value(value)
                                                 : ci_json_repr(task->ctx->mem, value);
}

static bool check(struct ci_task *task, const struct supported *row, const char *field,
                  const char *value)
{
    if (!value || ci_one_of(value, row->values))
        return true;
    return ci_fail_text(task->ctx, InvalidParameterValue,
                        "The parameter '%s' from %s has an invalid value: '%s'. Acceptable values "
                        "are: %s, %s.",
                        row->name, field, value, row->values[0], row->values[1]);
}

bool ci_capabilities_check(struct ci_task *task)
{
    json_t *asked;
    const char *value;

    for (size_t i = 0; i < sizeof supported / sizeof supported[0]; i++) {
        const struct supported *row = &supported[i];

        if (!ci_capability_get(task->ctx, task->node, row->name, &value) ||
            !check(task, row, "properties/capabilities", value) ||
            !ci_instance_capabilities(task, &asked) ||
            !check(task, row, "instance_info['capabilities']", text_of(task, asked, row->name)))
            return false;
    }
    return true;
}

static const char *small(struct ci_task *task, const char *text)
{
    char *made = ci_strdup(task->ctx->mem, text);

    for (char *c = made; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    return made;
}

/* The mode as it is written down, by whoever has the say. */
static bool written_mode(struct ci_task *task, const json_t *asked, const char *machine,
                         const char **ret_mode)
{
    json_t *info, *internal;

    if (!ci_info_read(task->ctx, task->node->instance_info, &info) ||
        !ci_info_read(task->ctx, task->node->driver_internal_info, &internal))
        return false;
    *ret_mode = text_of(task, asked, "boot_mode");
    if (!*ret_mode)
        *ret_mode = text_of(task, info, "deploy_boot_mode");
    if (!*ret_mode)
        *ret_mode = machine;
    if (!*ret_mode)
        *ret_mode = text_of(task, internal, "deploy_boot_mode");
    return true;
}

bool ci_boot_mode(struct ci_task *task, const char **ret_mode)
{
    const char *machine, *mode, *secure;
    json_t *asked;

    if (!ci_instance_capabilities(task, &asked) ||
        !ci_capability_get(task->ctx, task->node, "boot_mode", &machine) ||
        !written_mode(task, asked, machine, &mode))
        return false;
    secure = text_of(task, asked, "secure_boot");
    if (secure && strcasecmp(secure, "true") == 0) {
        *ret_mode = "uefi";
        return true;
    }
    if (mode && machine && strcasecmp(mode, machine) != 0)
        return ci_fail_text(task->ctx, InvalidParameterValue,
                            "Node %s boot mode %s violates node properties/capabilities %s",
                            task->node->uuid, small(task, mode), small(task, machine));
    *ret_mode = mode ? small(task, mode) : task->ctx->config->deploy.default_boot_mode;
    return true;
}

bool ci_disk_label(struct ci_task *task, const char **ret_label)
{
    const char *mode;
    json_t *asked;

    if (!ci_instance_capabilities(task, &asked) || !ci_boot_mode(task, &mode))
        return false;
    *ret_label = text_of(task, asked, "disk_label");
    if (!*ret_label && strcmp(mode, "uefi") == 0)
        *ret_label = "gpt";
    return true;
}
