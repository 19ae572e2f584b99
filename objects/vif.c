/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The VIF attached to a port, moved from where releases before 11.0 kept it.
 */
#include "objects/vif.h"

#include "base/json.h"

#include <string.h>

static bool read_object(struct ci_ctx *ctx, const char *text, json_t **ret_value)
{
    if (!text)
        text = "{}";
    return ci_json_read(ctx, text, strlen(text), &ci_json_trusted, ret_value);
}

/* What Python counts as a value: not null, false, nor an empty text. */
static bool is_value(const json_t *value)
{
    enum ci_json_kind kind = value ? ci_json_kind(value) : CI_JSON_NULL;

    return kind != CI_JSON_NULL && kind != CI_JSON_FALSE &&
           (kind != CI_JSON_STRING || json_string_length(value) > 0);
}

bool ci_vif_move(struct ci_ctx *ctx, const char *extra, const char **internal_info)
{
    json_t *from, *to, *vif;

    if (!extra || !strstr(extra, "vif_port_id"))
        return true;
    if (!read_object(ctx, extra, &from) || !read_object(ctx, *internal_info, &to))
        return false;
    vif = json_object_get(from, "vif_port_id");
    if (!is_value(vif) || json_object_get(to, "tenant_vif_port_id"))
        return true;
    json_object_set(to, "tenant_vif_port_id", vif);
    *internal_info = ci_json_text(ctx->mem, to);
    return true;
}
