/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths and queries, which may name items, too: the first bytes choose method, version and pin;
 * whatever the path is, it leads to a route whose method and version fit and whose identifiers are
 * text, or to a 4xx.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/routes.h"
#include "api/version.h"
#include "base/config.h"
#include "base/utf8.h"

static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "FROB"};
static const char *version_header;

static const char *header(const struct ci_request *req, const char *name)
{
    (void)req;
    return strcmp(name, "X-OpenStack-Ironic-API-Version") == 0 ? version_header : NULL;
}

static void check_found(const struct ci_request *req)
{
    size_t parameters = 0;

    for (const char *c = req->route->path; *c; c++)
        parameters += *c == '{';
    if (parameters > CI_IDENTS_MAX || req->version < req->route->since ||
        (strcmp(req->route->method, "ANY") != 0 && strcmp(req->route->method, req->method) != 0))
        abort();
    for (size_t i = 0; i < parameters; i++) {
        if (!req->idents[i] || !req->idents[i][0] ||
            !ci_utf8_is_text(req->idents[i], strlen(req->idents[i])))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ci_config *newest, *pinned;
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    char *path, *query;
    struct ci_request *req = ci_new(ctx.mem, struct ci_request);

    if (!newest) {
        newest = ci_config_defaults();
        pinned = ci_config_defaults();
        pinned->DEFAULT.pin_release_version = "21.4";
    }
    if (size < 2)
        data = (const uint8_t *)"\0\0", size = 2;
    ctx.config = data[0] & 128 ? pinned : newest;
    version_header = data[1] & 128 ? "1.90" : NULL;
    /* The server itself sees to it that a path begins with a slash. */
    path = ci_printf(ctx.mem, "/%.*s", (int)size - 2, data + 2);
    query = path + strcspn(path, "?");
    if (*query)
        *query++ = '\0';
    *req = (struct ci_request){.ctx = &ctx,
                               .method = methods[data[0] % (sizeof methods / sizeof methods[0])],
                               .version = 1 + data[1] % 115,
                               .header = header,
                               .path = path,
                               .query = query};
    if (ci_route_find(req))
        check_found(req);
    else if (!ctx.error || ctx.error->status < 400 || ctx.error->status > 499)
        abort();
    ci_arena_free(ctx.mem);
    return 0;
}
