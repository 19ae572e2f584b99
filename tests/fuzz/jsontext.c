/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text: a stored column, masked, is JSON when it was JSON, holds no secret at its outermost
 * level, and is the same when masked again; any bytes as a string or a time are JSON too.
 */
#include "base/jsontext.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mask.h"

static const char *const whole[] = {"configdrive", "image_url", NULL};
static const struct ci_jsontext_mask masks[] = {
    {.secrets = true}, {.secrets = true, .whole = whole}, {.whole = whole}, {.secrets = false}};

static void must(bool well)
{
    if (!well)
        abort();
}

static json_t *read_text(struct ci_ctx *ctx, const struct ci_text *text)
{
    json_t *value = NULL;

    must(!text->overflow && ci_json_read(ctx, text->bytes, text->length, &ci_json_trusted, &value));
    return value;
}

static void check_hidden(const json_t *object)
{
    const char *key;
    size_t length;
    json_t *value = NULL;

    json_object_keylen_foreach((json_t *)(uintptr_t)object, key, length, value)
    {
        if (ci_mask_is_secret(key, length) && !json_is_object(value))
            must(strcmp(json_string_value(value), CI_MASK) == 0);
    }
}

static void check_masks(struct ci_ctx *ctx, const char *json, size_t length, bool is_json)
{
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        struct ci_text *first = ci_text_new(ctx->mem, 1 << 24);
        struct ci_text *second = ci_text_new(ctx->mem, 1 << 24);
        json_t *value;

        ci_jsontext_masked(first, json, length, "{}", &masks[i]);
        if (!is_json)
            continue;
        value = read_text(ctx, first);
        if (masks[i].secrets && json_is_object(value))
            check_hidden(value);
        ci_jsontext_masked(second, first->bytes, first->length, "{}", &masks[i]);
        (void)read_text(ctx, second);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct ci_text *text = ci_text_new(ctx.mem, 1 << 24);
    json_t *value = NULL;

    check_masks(&ctx, bytes, size, ci_json_read(&ctx, bytes, size, &ci_json_trusted, &value));
    ci_jsontext_stringn(text, bytes, size);
    (void)read_text(&ctx, text);
    ci_text_clear(text);
    ci_jsontext_time(text, ci_strndup(ctx.mem, bytes, size));
    ci_arena_free(ctx.mem);
    return 0;
}
