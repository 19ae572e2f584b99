/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and changing the dictionaries of a node.
 */
#include "objects/info.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/config.h"

bool ci_info_read(struct ci_ctx *ctx, const char *text, json_t **ret_info)
{
    json_t *info;

    if (!text) {
        *ret_info = ci_json(ctx, json_object());
        return true;
    }
    if (!ci_json_read(ctx, text, strlen(text), &ci_json_trusted, &info))
        return false;
    if (ci_json_kind(info) == CI_JSON_NULL)
        info = ci_json(ctx, json_object());
    if (ci_json_kind(info) != CI_JSON_OBJECT)
        return ci_fail_text(ctx, Invalid, "A dictionary of the node holds something else.");
    *ret_info = info;
    return true;
}

bool ci_internal_info_set(struct ci_ctx *ctx, struct ci_node *node, const char *key, json_t *value)
{
    json_t *kept = ci_json(ctx, value), *info;

    if (!ci_info_read(ctx, node->driver_internal_info, &info))
        return false;
    json_object_set(info, key, kept);
    ci_node_set_driver_internal_info(node, ci_json_text(ctx->mem, info));
    return true;
}

bool ci_internal_info_merge(struct ci_ctx *ctx, struct ci_node *node, const json_t *members)
{
    json_t *info;

    if (!ci_info_read(ctx, node->driver_internal_info, &info))
        return false;
    json_object_update(info, (json_t *)(uintptr_t)members);
    ci_node_set_driver_internal_info(node, ci_json_text(ctx->mem, info));
    return true;
}

bool ci_internal_info_drop(struct ci_ctx *ctx, struct ci_node *node, const char *const *keys)
{
    bool changed = false;
    json_t *info;

    if (!ci_info_read(ctx, node->driver_internal_info, &info))
        return false;
    for (size_t i = 0; keys[i]; i++)
        changed |= json_object_del(info, keys[i]) == 0;
    if (changed)
        ci_node_set_driver_internal_info(node, ci_json_text(ctx->mem, info));
    return true;
}

json_t *ci_info_time(int64_t time_us)
{
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm utc;
    char text[sizeof "2026-11-23T06:18:00.123456"];

    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    return json_sprintf("%s.%06d", text, (int)(time_us % 1000000));
}

bool ci_internal_info_timestamp(struct ci_ctx *ctx, struct ci_node *node, const char *key)
{
    return ci_internal_info_set(ctx, node, key, ci_info_time(ci_time_now_us()));
}

bool ci_info_bool(struct ci_ctx *ctx, const json_t *info, const char *key, bool if_absent,
                  bool *ret_value)
{
    const json_t *value = json_object_get(info, key);
    enum ci_json_kind kind = ci_json_kind(value);
    const char *text;

    if (kind == CI_JSON_NULL) {
        *ret_value = if_absent;
        return true;
    }
    text = kind == CI_JSON_STRING ? json_string_value(value) : ci_json_text(ctx->mem, value);
    return ci_parse_truth(text, ret_value) ||
           ci_fail_text(ctx, InvalidParameterValue,
                        "Invalid value of %s: Unrecognized value '%s', acceptable values are: "
                        "'0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'",
                        key, text);
}

bool ci_info_fast_track(struct ci_ctx *ctx, const struct ci_node *node, bool *ret_enabled)
{
    json_t *info;

    *ret_enabled = ctx->config->deploy.fast_track;
    if (!node->driver_info || !strstr(node->driver_info, "\"fast_track\""))
        return true;
    return ci_info_read(ctx, node->driver_info, &info) &&
           ci_info_bool(ctx, info, "fast_track", *ret_enabled, ret_enabled);
}
