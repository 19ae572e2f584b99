/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other side of schema_differential.py: reads pairs of lines, a schema and a value, and
 * prints a line for each: the JSON of the fault's words, or null.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/schema.h"
#include "base/jsontext.h"

static const json_t *read(struct ci_ctx *ctx, const char *line)
{
    json_t *value;

    if (ci_json_read(ctx, line, strcspn(line, "\n"), &ci_json_trusted, &value))
        return value;
    fprintf(stderr, "%s: %s", ctx->error->message, line);
    exit(EXIT_FAILURE);
}

static void answer(const char *schema, const char *value)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct ci_text *text = ci_text_new(ctx.mem, 1 << 20);
    const char *words = ci_schema_fault(&ctx, read(&ctx, schema), read(&ctx, value));

    if (words)
        ci_jsontext_string(text, words);
    puts(words ? text->bytes : "null");
    ci_arena_free(ctx.mem);
}

int main(void)
{
    char *schema = NULL, *value = NULL;
    size_t schema_room = 0, value_room = 0;

    while (getline(&schema, &schema_room, stdin) > 0 && getline(&value, &value_room, stdin) > 0)
        answer(schema, value);
    free(schema);
    free(value);
    return EXIT_SUCCESS;
}
