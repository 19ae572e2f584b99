/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests from the broker: whatever comes is refused or read, and what is read can be sent on,
 * and is then read as the same request of the same caller.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/message.h"

static void must(bool well)
{
    if (!well)
        abort();
}

/* Sound enough to be sent: writing has no word for the rest. */
static void again(struct ci_ctx *ctx, const struct ci_message_request *request)
{
    struct ci_ctx peer = {.mem = ctx->mem};
    struct ci_text *body = ci_text_new(ctx->mem, ci_message_limits.bytes);
    struct ci_message_request got;

    must(ci_message_write_request(ctx, request, body));
    must(ci_message_read_request(&peer, body->bytes, body->length, &ci_message_limits, &got));
    must(strcmp(got.method, request->method) == 0 && strcmp(got.version, request->version) == 0);
    must(got.major == request->major && got.minor == request->minor);
    must(ci_same(got.namespace, request->namespace));
    must(ci_same(got.msg_id, request->msg_id) && ci_same(got.reply_q, request->reply_q));
    must(!request->unique_id || ci_same(got.unique_id, request->unique_id));
    must(!request->msg_id || got.monitor_s == request->monitor_s);
    must(ci_json_equal(got.args, request->args));
    must(!got.fault);
    must(ci_same(peer.request_id, ctx->request_id));
    must(ci_same(peer.global_request_id, ctx->global_request_id));
    must(ci_same(peer.who.user_id, ctx->who.user_id));
    must(ci_same(peer.who.auth_token, ctx->who.auth_token));
    for (size_t i = 0; ctx->who.roles && ctx->who.roles[i]; i++)
        must(ci_same(peer.who.roles[i], ctx->who.roles[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ci_json_limits limits = {.depth = 64, .bytes = 1 << 20};
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct ci_message_request request;

    if (!ci_message_read_request(&ctx, (const char *)data, size, &limits, &request))
        must(ctx.error);
    else if (!request.fault)
        again(&ctx, &request);
    ci_arena_free(ctx.mem);
    return 0;
}
