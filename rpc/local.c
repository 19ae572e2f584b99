/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls in process.
 *
 * Whatever passes between the two sides passes as text: each side has trees of its own, whose
 * reference counts no other thread touches. The call runs on the caller's thread, which is a
 * worker already; work that goes on afterwards takes the callee's arena with it
 * (ci_task_spawn), and leaves a new one to finish the answer in.
 */
#include "rpc/local.h"

#include <string.h>

#include "base/log.h"
#include "rpc/transport.h"

struct local {
    struct ci_rpc rpc;
    struct ci_arena *mem; /* holds all of it */
    const char *host;
    ci_rpc_dispatch *dispatch;
    void *service;
};

/* A tree of its own in `to`, of one that belongs to another piece of work. */
static bool carry(struct ci_ctx *to, const json_t *value, json_t **ret_value)
{
    struct ci_text text;
    bool read;

    if (!value) {
        *ret_value = NULL;
        return true;
    }
    ci_text_init(&text, ci_json_trusted.bytes);
    ci_json_print_compact(&text, value);
    read = text.overflow ? ci_fail_text(to, Invalid, "The call is too large for its conductor.")
                         : ci_json_read(to, text.bytes, text.length, &ci_json_trusted, ret_value);
    ci_text_done(&text);
    return read;
}

/* The callee's error becomes the caller's, as one that came from a conductor. */
static bool carry_error(struct ci_ctx *to, const struct ci_error *error)
{
    (void)ci_error_set_status(to, error->class, error->status, "%s", error->message);
    to->error->remote = true;
    return false;
}

static bool run(struct local *local, struct ci_ctx *ctx, struct ci_ctx *callee,
                enum ci_rpc_method method, const json_t *args, json_t **ret_result)
{
    json_t *callee_args, *result = NULL;

    ci_ctx_carry(callee, ctx);
    if (!carry(callee, args, &callee_args) ||
        !local->dispatch(callee, method, callee_args, &result, local->service))
        return carry_error(ctx, callee->error);
    return carry(ctx, result, ret_result);
}

static bool call(struct ci_rpc *rpc, struct ci_ctx *ctx, const char *host,
                 enum ci_rpc_method method, const json_t *args, json_t **ret_result)
{
    struct local *local = (struct local *)rpc;
    struct ci_ctx callee = {.mem = NULL};
    bool done;

    if (strcmp(host, local->host) != 0)
        return ci_fail_status(ctx, ServiceUnavailable, 503,
                              "Cannot use 'none' RPC to connect to remote conductor %s", host);
    callee.mem = ci_arena_new();
    done = run(local, ctx, &callee, method, args, ret_result);
    ci_arena_free(callee.mem); /* not always the one made above */
    if (!done && ci_rpc_row(method)->cast) {
        /* Who casts is never told: the same with every transport. */
        ci_warning(ctx, "Ignoring the failure of a cast", "method=%s error=%s",
                   ci_rpc_row(method)->name, ctx->error->message);
        ci_error_clear(ctx);
        *ret_result = NULL;
        return true;
    }
    return done;
}

static void end(struct ci_rpc *rpc)
{
    ci_rings_free(rpc->rings);
    ci_arena_free(((struct local *)rpc)->mem);
}

struct ci_rpc *ci_rpc_local_new(const char *host, ci_rpc_dispatch *dispatch, void *service)
{
    struct ci_arena *mem = ci_arena_new();
    struct local *local = ci_new(mem, struct local);

    local->rpc = (struct ci_rpc){.rings = ci_rings_new(), .call = call, .end = end};
    local->mem = mem;
    local->host = ci_strdup(mem, host);
    local->dispatch = dispatch;
    local->service = service;
    return &local->rpc;
}
