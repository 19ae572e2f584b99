/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies from the broker: whatever comes is refused or read; a failure of any shape becomes an
 * error with a status of an error, which can be told to the next and is the same there.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/failure.h"
#include "rpc/message.h"

static void must(bool well)
{
    if (!well)
        abort();
}

/* The context's error, told to another and failed with there. */
static void tell(struct ci_ctx *ctx)
{
    struct ci_ctx peer = {.mem = ctx->mem};
    struct ci_message_reply reply = {.msg_id = "i", .ending = true}, got;
    struct ci_text *body = ci_text_new(ctx->mem, ci_message_limits.bytes);
    json_t *result;

    ci_message_fail(ctx, &reply);
    must(ci_message_write_reply(ctx, &reply, body));
    must(ci_message_read_reply(&peer, body->bytes, body->length, &ci_message_limits, &got));
    must(!ci_message_result(&peer, &got, &result));
    must(peer.error->remote);
    /* Kinds of ClientSideError go as such. */
    must(peer.error->class == ctx->error->class || peer.error->class == CI_ERR_ClientSideError);
    must(ctx->error->class == CI_ERR_RemoteError || peer.error->status == ctx->error->status);
}

static void look(struct ci_ctx *ctx, const struct ci_message_reply *reply)
{
    struct ci_text *body = ci_text_new(ctx->mem, ci_message_limits.bytes);
    struct ci_message_reply got;
    json_t *result;

    must(ci_message_write_reply(ctx, reply, body));
    must(ci_message_read_reply(ctx, body->bytes, body->length, &ci_message_limits, &got));
    must(strcmp(got.msg_id, reply->msg_id) == 0 && got.ending == reply->ending);
    must(ci_json_equal(got.result ? got.result : json_null(),
                       reply->result ? reply->result : json_null()));
    if (ci_message_result(ctx, reply, &result))
        return;
    must(reply->failure && ctx->error->status >= 400 && ctx->error->status <= 599);
    tell(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ci_json_limits limits = {.depth = 64, .bytes = 1 << 20};
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct ci_message_reply reply;

    if (ci_message_read_reply(&ctx, (const char *)data, size, &limits, &reply))
        look(&ctx, &reply);
    else
        must(ctx.error);
    ci_arena_free(ctx.mem);
    return 0;
}
