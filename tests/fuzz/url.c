/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs: any text is taken apart or refused; what is taken apart keeps its bounds, an escaped
 * path comes back as it was, and no password is left in the masked form.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/url.h"

static void check(struct ci_ctx *ctx, const char *text, const struct ci_url *url)
{
    struct ci_url again;
    const char *escaped = ci_url_escape(ctx->mem, url->path, "/");

    if (url->n_hosts == 0 || url->n_hosts > CI_URL_MAX_HOSTS ||
        url->n_parameters > CI_URL_MAX_PARAMETERS)
        abort();
    for (size_t i = 0; i < url->n_hosts; i++) {
        if (!url->hosts[i].name || url->hosts[i].port < 0 || url->hosts[i].port > 65535)
            abort();
    }
    if (strlen(escaped) < CI_URL_MAX_BYTES / 2 &&
        (!ci_url_parse(ctx, ci_printf(ctx->mem, "x://h%s", escaped), &again) ||
         strcmp(again.path, url->path) != 0))
        abort();
    if (url->n_hosts == 1 && url->hosts[0].password && *url->hosts[0].password &&
        !strstr(ci_url_masked(ctx->mem, text), ":****@"))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    const char *text = ci_strndup(ctx.mem, (const char *)data, size);
    struct ci_url url;

    (void)ci_url_masked(ctx.mem, text);
    if (ci_url_parse(&ctx, text, &url))
        check(&ctx, text, &url);
    else if (!ctx.error)
        abort();
    ci_arena_free(ctx.mem);
    return 0;
}
