/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Version headers: the first byte chooses the release that is pinned and which headers there
 * are; whatever they say, the version is one that is served, or the answer is 406.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/version.h"
#include "base/config.h"

static const char *const pins[] = {NULL, "21.4", "23.0", "18.2", "9.2"};
enum { PINS = sizeof pins / sizeof pins[0] };

static const char *headers[2];

static const char *header(const struct ci_request *req, const char *name)
{
    (void)req;
    if (strcmp(name, "OpenStack-API-Version") == 0)
        return headers[0];
    return strcmp(name, "X-OpenStack-Ironic-API-Version") == 0 ? headers[1] : NULL;
}

static void check(struct ci_request *req, bool found)
{
    if (found && (req->version < CI_API_MIN || req->version > ci_version_max(req->ctx)))
        abort();
    if (!found && (!req->ctx->error || req->ctx->error->status != 406 ||
                   strlen(req->ctx->error->message) > 1000))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ci_config *configs[PINS];
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    uint8_t choice = size > 0 ? data[0] : 0;
    const char *text = size > 1 ? ci_strndup(ctx.mem, (const char *)data + 1, size - 1) : "";
    size_t pin = choice / 8 % PINS;
    struct ci_request *req = ci_new(ctx.mem, struct ci_request);

    if (!configs[pin]) {
        configs[pin] = ci_config_defaults();
        configs[pin]->DEFAULT.pin_release_version = pins[pin];
    }
    ctx.config = configs[pin];
    headers[0] = choice & 1 ? text : NULL;
    headers[1] = choice & 2 ? text : NULL;
    *req = (struct ci_request){
        .ctx = &ctx, .method = "GET", .path = choice & 4 ? "/" : "/v1", .header = header};
    check(req, ci_version_negotiate(req));
    ci_arena_free(ctx.mem);
    return 0;
}
