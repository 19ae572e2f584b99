/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON patches: a document and a patch as the two members of a list. The document never changes;
 * what comes out can be printed and read again; what fails says why.
 */
#include "base/jsonpatch.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static const struct ci_json_limits limits = {.depth = 64, .bytes = 1 << 16};

static void must(bool well)
{
    if (!well)
        abort();
}

static void check(struct ci_ctx *ctx, const json_t *document, const json_t *patch)
{
    const char *before = ci_json_text(ctx->mem, document), *text;
    json_t *result, *again;

    if (ci_jsonpatch_apply(ctx, document, patch, &result)) {
        text = ci_json_text(ctx->mem, result);
        must(ci_json_read(ctx, text, strlen(text), &ci_json_trusted, &again));
        must(ci_json_equal(result, again));
    } else {
        must(ci_failed_with(ctx, CI_ERR_PatchError) || ci_failed_with(ctx, CI_ERR_ClientSideError));
    }
    must(strcmp(before, ci_json_text(ctx->mem, document)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    json_t *both;

    if (ci_json_read(&ctx, (const char *)data, size, &limits, &both) && json_array_size(both) == 2)
        check(&ctx, json_array_get(both, 0), json_array_get(both, 1));
    ci_arena_free(ctx.mem);
    return 0;
}
