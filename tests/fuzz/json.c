/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON reader and printer: what was read and printed reads back as an equal tree, prints
 * the same again, and a compact print means the same.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static const struct ci_json_limits limits = {.depth = 64, .bytes = 1 << 20};

static void must(bool well)
{
    if (!well)
        abort();
}

static json_t *read_again(struct ci_ctx *ctx, const struct ci_text *text)
{
    json_t *value = NULL;

    must(!text->overflow && ci_json_read(ctx, text->bytes, text->length, &ci_json_trusted, &value));
    return value;
}

static void check(struct ci_ctx *ctx, const json_t *value)
{
    struct ci_text *first = ci_text_new(ctx->mem, SIZE_MAX / 4);
    struct ci_text *second = ci_text_new(ctx->mem, SIZE_MAX / 4);
    const json_t *again;

    ci_json_print(first, value);
    again = read_again(ctx, first);
    must(ci_json_equal(value, again) && ci_json_equal(again, value));
    must(ci_json_depth(value) == ci_json_depth(again) && ci_json_depth(value) <= limits.depth);
    ci_json_print(second, again);
    must(first->length == second->length &&
         memcmp(first->bytes, second->bytes, first->length) == 0);
    ci_text_clear(second);
    ci_json_print_compact(second, value);
    must(ci_json_equal(value, read_again(ctx, second)));
    ci_json_print_repr(second, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    json_t *value = NULL;

    if (ci_json_read(&ctx, (const char *)data, size, &limits, &value))
        check(&ctx, value);
    else
        must(ctx.error && ctx.error->message[0] != '\0');
    ci_arena_free(ctx.mem);
    return 0;
}
