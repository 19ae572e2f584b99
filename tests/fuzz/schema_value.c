/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values against schemas: a value is a line of JSON, the schema the next one, or one of ours.
 * Whatever they are, the value fits or its fault has words; asked again, they are the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/schema.h"
#include "objects/node.h"

static const struct ci_json_limits limits = {.depth = 30, .bytes = 64 * 1024};

static const json_t *read(struct ci_ctx *ctx, const char *text, size_t length)
{
    json_t *value = NULL;

    return ci_json_read(ctx, text, length, &limits, &value) ? value : NULL;
}

static void check(struct ci_ctx *ctx, const json_t *schema, const json_t *value)
{
    const char *words = ci_schema_fault(ctx, schema, value);

    if (!ci_same(words, ci_schema_fault(ctx, schema, value)) || (words && !words[0]))
        abort();
    ci_error_clear(ctx);
    if (ci_schema_check(ctx, schema, "x", value) ? words != NULL : ctx->error->status != 400)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const json_t *node;
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    const char *text = (const char *)data, *end = size > 0 ? memchr(text, '\n', size) : NULL;
    const json_t *value = read(&ctx, text, end ? (size_t)(end - text) : size), *schema;

    if (!node)
        node = ci_schema_of_type(&ci_node_type, CI_CREATE | CI_PATCH, NULL, NULL);
    schema = value && end ? read(&ctx, end + 1, size - (size_t)(end + 1 - text)) : node;
    /* Schemas are ours or the operator's; none is anything but an object. */
    if (value && json_is_object(schema))
        check(&ctx, schema, value);
    ci_arena_free(ctx.mem);
    return 0;
}
