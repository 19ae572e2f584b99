/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads and writes JSON-RPC for jsonrpc_differential.py.
 */
#include "rpc/jsonrpc.h"

#include "tests/unit/rpc/echo.h"

/* Read, and written again; or the answer that says why it is not read. */
static json_t *do_request(struct ci_ctx *ctx, const json_t *order)
{
    const json_t *body = json_object_get(order, "body");
    struct ci_text *again = ci_text_new(ctx->mem, ci_message_limits.bytes);
    struct ci_jsonrpc_request request;
    struct ci_jsonrpc_fault fault;

    if (!ci_jsonrpc_read_request(ctx, json_string_value(body), json_string_length(body),
                                 &ci_message_limits, &request, &fault)) {
        ci_jsonrpc_write_fault(request.id, &fault, again);
        return json_pack("{so}", "fault", take_text(again));
    }
    if (!ci_jsonrpc_write_request(ctx, &request, again))
        return refused(ctx);
    return json_pack("{ss so so sO sO? so}", "method", request.method, "version",
                     text_or_null(request.version), "identity", identity(ctx), "args", request.args,
                     "id", request.id, "again", take_text(again));
}

/* Read, and what it tells told again as the answer to the call of `method`. */
static json_t *do_reply(struct ci_ctx *ctx, const json_t *order)
{
    const json_t *body = json_object_get(order, "body"), *id = json_object_get(order, "id");
    const char *method = json_string_value(json_object_get(order, "method"));
    struct ci_text *again = ci_text_new(ctx->mem, ci_message_limits.bytes);
    json_t *result = NULL, *answer;

    if (ci_jsonrpc_read_reply(ctx, json_string_value(body), json_string_length(body),
                              &ci_message_limits, &result)) {
        if (!ci_jsonrpc_write_result(id, result, again))
            return refused(ctx);
    } else {
        ci_jsonrpc_write_error(ctx, method, json_object_get(order, "args"), id, again);
    }
    answer = json_pack("{so so}", "error", error_of(ctx), "again", take_text(again));
    json_object_set(answer, "result", result ? result : json_null());
    return answer;
}

/* An error of each class, as the answer to a call. */
static json_t *do_errors(struct ci_ctx *ctx, const json_t *order)
{
    json_t *all = json_array();

    echo_config->DEFAULT.pin_release_version = json_string_value(json_object_get(order, "pin"));
    for (int i = 0; i < CI_ERR_COUNT; i++) {
        const struct ci_error_kind *kind = ci_error_kind((enum ci_error_class)i);
        struct ci_text *body = ci_text_new(ctx->mem, ci_message_limits.bytes);
        struct ci_error error = {
            .class = (enum ci_error_class)i,
            .status = kind->status,
            .message = ci_printf(ctx->mem, "\xc3\xa9 '%s' \"happened\"\nhere", kind->name),
        };

        ctx->error = &error;
        ci_jsonrpc_write_error(ctx, "get_boot_device", NULL, NULL, body);
        ctx->error = NULL;
        json_array_append_new(all, json_pack("{ss ss si so}", "class", kind->name, "message",
                                             error.message, "status", kind->status, "body",
                                             take_text(body)));
    }
    echo_config->DEFAULT.pin_release_version = NULL;
    return all;
}

static json_t *obey(struct ci_ctx *ctx, const json_t *order)
{
    const char *what = json_string_value(json_object_get(order, "do"));

    if (strcmp(what, "request") == 0)
        return do_request(ctx, order);
    if (strcmp(what, "reply") == 0)
        return do_reply(ctx, order);
    if (strcmp(what, "errors") == 0)
        return do_errors(ctx, order);
    abort();
}

int main(void)
{
    return echo(obey);
}
