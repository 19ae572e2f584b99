/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Query strings: whatever is written, it is split and held against the parameters of a route,
 * or refused with a 400 or 406. What is taken is of its kind, in order, and is whole text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/args.h"
#include "api/version.h"
#include "base/config.h"
#include "base/ident.h"
#include "base/utf8.h"

static const struct ci_param params[] = {
    {"s", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    {"b", CI_PARAM_BOOL, 6, CI_BELOW_400, false},
    {"i", CI_PARAM_INT, 8, CI_BELOW_406, false},
    {"u", CI_PARAM_UUID, 1, CI_BELOW_406_NAMED, false},
    {"n", CI_PARAM_NAME, 50, CI_BELOW_406_TEXT, false},
    {"o", CI_PARAM_UUID_OR_NAME, 1, CI_BELOW_NOTHING, false},
    {"m", CI_PARAM_MAC, 1, CI_BELOW_NOTHING, false},
    {"l", CI_PARAM_LIST, 115, CI_BELOW_400, false},
    {0},
};
static const struct ci_route route = {.method = "GET", .path = "/", .params = params};

static bool is_piece(void *arg, const char *name, const char *value)
{
    size_t *count = arg;

    if (!ci_utf8_is_text(name, strlen(name)) || !ci_utf8_is_text(value, strlen(value)))
        abort();
    ++*count;
    return true;
}

static void check_list(const struct ci_arg *arg)
{
    for (size_t i = 0; arg->list[i]; i++) {
        if (!arg->list[i][0] || strpbrk(arg->list[i], ","))
            abort();
        for (size_t j = 0; j < i; j++) {
            if (strcmp(arg->list[i], arg->list[j]) == 0)
                abort();
        }
    }
}

static void check(const struct ci_request *req)
{
    for (size_t i = 0; params[i].name; i++) {
        const struct ci_arg *arg = &req->args[i];

        if (!arg->given)
            continue;
        if (!(arg->text || arg->repeated) ||
            (req->version < params[i].since && params[i].below != CI_BELOW_NOTHING))
            abort();
        if (params[i].kind == CI_PARAM_BOOL && arg->number != 0 && arg->number != 1)
            abort();
        if (params[i].kind == CI_PARAM_UUID && !ci_uuid_is_like(arg->text))
            abort();
        if (params[i].kind == CI_PARAM_MAC && !ci_mac_is_valid(arg->text))
            abort();
        if (params[i].kind == CI_PARAM_LIST && !arg->repeated)
            check_list(arg);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ci_config *config;
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct ci_request *req = ci_new(ctx.mem, struct ci_request);
    size_t count = 0;

    if (!config)
        config = ci_config_defaults();
    ctx.config = config;
    *req = (struct ci_request){.ctx = &ctx,
                               .method = "GET",
                               .path = "/",
                               .route = &route,
                               .version = size > 0 ? data[0] % 116 : 1,
                               .query = ci_strndup(ctx.mem, (const char *)data, size)};
    if (ci_args_read(req))
        check(req);
    else if (!ctx.error || (ctx.error->status != 400 && ctx.error->status != 406))
        abort();
    ci_error_clear(&ctx);
    if (!ci_query_split(&ctx, req->query, is_piece, &count) && ctx.error->status != 400)
        abort();
    ci_arena_free(ctx.mem);
    return 0;
}
