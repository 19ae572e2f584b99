/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads messages of objects, one a line, and prints each as it is sent again at its own version,
 * or {"error": class, "message": text}. reference_test.py feeds it recordings.
 */
#include <stdio.h>
#include <stdlib.h>

#include "objects/wire.h"

static json_t *echo(struct ci_ctx *ctx, const char *line, size_t length)
{
    struct ci_object *object;
    json_t *value, *back;

    if (ci_json_read(ctx, line, length, &ci_json_trusted, &value) &&
        ci_wire_read(ctx, value, CI_WIRE_SERVER, &object) &&
        ci_wire_write_at(ctx, object, object->row_minor, &back))
        return back;
    return ci_json(ctx, json_pack("{ss ss}", "error", ci_error_kind(ctx->error->class)->name,
                                  "message", ctx->error->message));
}

int main(void)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    char *line = NULL;
    size_t size = 0;
    ssize_t length;

    for (length = getline(&line, &size, stdin); length > 0; length = getline(&line, &size, stdin)) {
        puts(ci_json_text(ctx.mem, echo(&ctx, line, (size_t)length)));
        ctx.error = NULL;
        ci_arena_reset(ctx.mem);
    }
    free(line);
    ci_arena_free(ctx.mem);
    return EXIT_SUCCESS;
}
