/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON-RPC bodies: whatever comes is refused or read, as a request and as an answer, and a request
 * that was read can be sent on, and is then read as the same request.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/jsonrpc.h"

static const struct ci_json_limits limits = {.depth = 64, .bytes = 1 << 20};

static void must(bool well)
{
    if (!well)
        abort();
}

static void again(struct ci_ctx *ctx, const struct ci_jsonrpc_request *request)
{
    static const struct ci_json_limits wider = {.depth = 128, .bytes = (size_t)64 << 20};
    struct ci_ctx peer = {.mem = ctx->mem};
    struct ci_text *body = ci_text_new(ctx->mem, wider.bytes);
    struct ci_jsonrpc_request got;
    struct ci_jsonrpc_fault fault;

    must(ci_jsonrpc_write_request(ctx, request, body));
    must(ci_jsonrpc_read_request(&peer, body->bytes, body->length, &wider, &got, &fault));
    must(strcmp(got.method, request->method) == 0 && ci_same(got.version, request->version));
    must(ci_json_equal(got.args, request->args) && got.has_context);
    must(!got.id == !request->id && (!got.id || ci_json_equal(got.id, request->id)));
    must(ci_same(peer.request_id, ctx->request_id));
    must(ci_same(peer.who.user_id, ctx->who.user_id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct ci_jsonrpc_request request;
    struct ci_jsonrpc_fault fault;
    json_t *result;

    if (!ci_jsonrpc_read_request(&ctx, (const char *)data, size, &limits, &request, &fault))
        must(fault.code < 0 && fault.message && !ctx.error);
    else
        again(&ctx, &request);
    if (!ci_jsonrpc_read_reply(&ctx, (const char *)data, size, &limits, &result))
        must(ctx.error);
    ci_arena_free(ctx.mem);
    return 0;
}
