/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partitions of an instance.
 */
#include "drivers/image_layout.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/config.h"
#include "base/json.h"
#include "base/text.h"
#include "objects/info.h"

enum { SIZES = 3, MB_PER_GB = 1024 };

static const char *const sizes[SIZES] = {"root_gb", "swap_mb", "ephemeral_gb"};

#define SIZE_MAX_UNITS (INT64_C(1) << 40) /* the product with MB_PER_GB must fit */

static bool bad(struct ci_task *task, const char *key, const char *reason)
{
    return ci_fail_text(task->ctx, InvalidParameterValue, "Invalid parameter %s: %s", key, reason);
}

/* As Python's int() reads it. */
static bool read_size(struct ci_task *task, const char *key, const json_t *value, int64_t *ret_size)
{
    bool read = false;

    switch (ci_json_kind(value)) {
    case CI_JSON_FALSE:
    case CI_JSON_TRUE:
        *ret_size = json_is_true(value);
        return true;
    case CI_JSON_INT:
    case CI_JSON_REAL:
        read = fabs(ci_json_number(value)) <= (double)SIZE_MAX_UNITS;
        if (read)
            *ret_size = (int64_t)ci_json_number(value);
        break;
    case CI_JSON_STRING:
        read = ci_parse_int(json_string_value(value), -SIZE_MAX_UNITS, SIZE_MAX_UNITS, ret_size);
        break;
    default:
        break;
    }
    return read || bad(task, key,
                       ci_printf(task->ctx->mem, "%s is not an integer value.",
                                 ci_json_kind(value) == CI_JSON_STRING
                                     ? json_string_value(value)
                                     : ci_json_repr(task->ctx->mem, value)));
}

static bool check_root(struct ci_task *task, const json_t *info)
{
    return ci_json_truth(json_object_get(info, "root_gb")) ||
           ci_fail_text(task->ctx, MissingParameterValue,
                        "Some parameters were missing in node's instance_info. Missing are: "
                        "['root_gb']");
}

static bool set_preserve(struct ci_task *task, json_t *info, bool *ret_preserve)
{
    const json_t *value = json_object_get(info, "preserve_ephemeral");
    const char *text = ci_json_kind(value) == CI_JSON_STRING ? json_string_value(value)
                                                             : ci_json_repr(task->ctx->mem, value);

    *ret_preserve = false;
    if (value && !ci_parse_truth(text, ret_preserve))
        return bad(task, "preserve_ephemeral",
                   ci_printf(task->ctx->mem,
                             "Unrecognized value '%s', acceptable values are: '0', '1', 'f', "
                             "'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'",
                             text));
    json_object_set_new(info, "preserve_ephemeral", json_boolean(*ret_preserve));
    return true;
}

/* A partition that is to survive stays where and as large as it is. */
static bool check_unchanged(struct ci_task *task, const int64_t *wanted)
{
    const json_t *before;
    const char *changes = "";
    json_t *info;

    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info))
        return false;
    before = json_object_get(info, "instance");
    for (size_t i = 0; before && i < SIZES; i++) {
        int64_t deployed;

        if (!read_size(task, sizes[i], json_object_get(before, sizes[i]), &deployed))
            return false;
        if (deployed != wanted[i])
            changes = ci_printf(task->ctx->mem,
                                "%s Deployed value of %s was %" PRId64
                                " but requested value is %" PRId64 ".",
                                changes, sizes[i], deployed, wanted[i]);
    }
    return !*changes || ci_fail_text(task->ctx, InvalidParameterValue,
                                     "The following parameters have different values from previous "
                                     "deployment:%s",
                                     changes);
}

static bool complete(struct ci_task *task, bool preserve, json_t *info)
{
    int64_t wanted[SIZES];

    for (size_t i = 0; i < SIZES; i++) {
        if (!json_object_get(info, sizes[i]))
            json_object_set_new(info, sizes[i], json_integer(0));
        if (!read_size(task, sizes[i], json_object_get(info, sizes[i]), &wanted[i]))
            return false;
    }
    json_object_set_new(info, "root_mb", json_integer(MB_PER_GB * wanted[0]));
    json_object_set_new(info, "swap_mb", json_integer(wanted[1]));
    json_object_set_new(info, "ephemeral_mb", json_integer(MB_PER_GB * wanted[2]));
    if (!json_object_get(info, "ephemeral_format"))
        json_object_set_new(info, "ephemeral_format", json_null());
    if (ci_json_truth(json_object_get(info, "ephemeral_gb")) &&
        !ci_json_truth(json_object_get(info, "ephemeral_format")))
        json_object_set_new(info, "ephemeral_format",
                            json_string(task->ctx->config->pxe.default_ephemeral_format));
    return !preserve || check_unchanged(task, wanted);
}

bool ci_image_layout(struct ci_task *task, bool whole, json_t *info)
{
    bool preserve;

    if ((!whole && !check_root(task, info)) || !set_preserve(task, info, &preserve) ||
        (!whole && !complete(task, preserve, info)))
        return false;
    if (!json_object_get(info, "configdrive"))
        json_object_set_new(info, "configdrive", json_null());
    return true;
}
