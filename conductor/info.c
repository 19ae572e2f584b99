/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and changing the dictionaries of a node.
 */
#include "conductor/info.h"

#include <string.h>
#include <time.h>

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

bool ci_internal_info_timestamp(struct ci_ctx *ctx, struct ci_node *node, const char *key)
{
    int64_t now_us = ci_time_now_us();
    time_t seconds = (time_t)(now_us / 1000000);
    struct tm utc;
    char text[sizeof "2026-11-23T06:18:00.123456"];

    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    return ci_internal_info_set(ctx, node, key,
                                json_sprintf("%s.%06d", text, (int)(now_us % 1000000)));
}
