/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads and writes messages for message_differential.py.
 */
#include "tests/unit/rpc/echo.h"

#include "rpc/failure.h"

/* Read, and written again with the ids it came with. */
static json_t *do_request(struct ci_ctx *ctx, const json_t *order)
{
    const json_t *body = json_object_get(order, "body");
    struct ci_text *again = ci_text_new(ctx->mem, ci_message_limits.bytes);
    struct ci_message_request request;
    json_t *answer;

    if (!ci_message_read_request(ctx, json_string_value(body), json_string_length(body),
                                 &ci_message_limits, &request) ||
        !ci_message_write_request(ctx, &request, again))
        return refused(ctx);
    answer = json_pack("{sO si si sI so so}", "args", request.args, "major", request.major, "minor",
                       request.minor, "monitor", (json_int_t)request.monitor_s, "identity",
                       identity(ctx), "again", take_text(again));
    json_object_set_new(answer, "method", text_or_null(request.method));
    json_object_set_new(answer, "version", text_or_null(request.version));
    json_object_set_new(answer, "namespace", text_or_null(request.namespace));
    json_object_set_new(answer, "msg_id", text_or_null(request.msg_id));
    json_object_set_new(answer, "reply_q", text_or_null(request.reply_q));
    json_object_set_new(answer, "unique_id", text_or_null(request.unique_id));
    json_object_set_new(answer, "fault", text_or_null(request.fault));
    return answer;
}

/* The failure's text as we would write what we have read of it. */
static json_t *failure_again(struct ci_ctx *ctx, const struct ci_message_reply *reply)
{
    struct ci_ctx own = {.mem = ctx->mem};
    struct ci_text *text = ci_text_new(ctx->mem, ci_message_limits.bytes);
    struct ci_failure failure;

    if (ci_json_kind(reply->failure) != CI_JSON_STRING ||
        !ci_failure_read(&own, json_string_value(reply->failure),
                         json_string_length(reply->failure), &ci_message_limits, &failure))
        return json_null();
    ci_failure_write(text, &failure);
    return take_text(text);
}

static json_t *do_reply(struct ci_ctx *ctx, const json_t *order)
{
    const json_t *body = json_object_get(order, "body");
    struct ci_text *again = ci_text_new(ctx->mem, ci_message_limits.bytes);
    struct ci_message_reply reply;
    json_t *result = NULL, *answer;

    if (!ci_message_read_reply(ctx, json_string_value(body), json_string_length(body),
                               &ci_message_limits, &reply) ||
        !ci_message_write_reply(ctx, &reply, again))
        return refused(ctx);
    answer = json_pack("{ss sb so so}", "msg_id", reply.msg_id, "ending", reply.ending, "again",
                       take_text(again), "failure_again", failure_again(ctx, &reply));
    echo_config->DEFAULT.debug_tracebacks_in_api = json_is_true(json_object_get(order, "debug"));
    if (!ci_message_result(ctx, &reply, &result))
        result = NULL;
    json_object_set_new(answer, "error", error_of(ctx));
    json_object_set(answer, "result", result ? result : json_null());
    return answer;
}

/* An error of the class, whose values are the names of its keys, as the answer to a call. */
static json_t *told(struct ci_ctx *ctx, enum ci_error_class class)
{
    const struct ci_error_kind *kind = ci_error_kind(class);
    struct ci_text *body = ci_text_new(ctx->mem, ci_message_limits.bytes);
    struct ci_message_reply reply = {.msg_id = "m", .ending = true};
    struct ci_error error = {
        .class = class,
        .status = kind->status,
        .message = ci_printf(ctx->mem, "\xc3\xa9 '%s' \"happened\"\nhere", kind->name),
        .values = ci_split(ctx->mem, kind->keys, ' '),
    };
    bool written;

    if (!error.values[0])
        error.values = NULL;
    ctx->error = &error;
    ci_message_fail(ctx, &reply);
    ctx->error = NULL;
    written = ci_message_write_reply(ctx, &reply, body);
    return json_pack("{ss ss ss ss si so}", "class", kind->name, "parent",
                     ci_error_kind(kind->parent)->name, "message", error.message, "keys",
                     kind->keys, "status", kind->status, "body",
                     written ? take_text(body) : json_null());
}

static json_t *do_errors(struct ci_ctx *ctx, const json_t *order)
{
    json_t *all = json_array();

    echo_config->DEFAULT.pin_release_version = json_string_value(json_object_get(order, "pin"));
    for (int i = 0; i < CI_ERR_COUNT; i++)
        json_array_append_new(all, told(ctx, (enum ci_error_class)i));
    echo_config->DEFAULT.pin_release_version = NULL;
    return all;
}

/* A notification with what the order says, in the name of who sent `body`. */
static json_t *do_notification(struct ci_ctx *ctx, const json_t *order)
{
    const struct ci_message_notification notification = {
        .publisher_id = json_string_value(json_object_get(order, "publisher_id")),
        .event_type = json_string_value(json_object_get(order, "event_type")),
        .priority = json_string_value(json_object_get(order, "priority")),
        .payload = json_object_get(order, "payload"),
        .message_id = json_string_value(json_object_get(order, "message_id")),
        .timestamp = json_string_value(json_object_get(order, "timestamp")),
        .unique_id = json_string_value(json_object_get(order, "unique_id")),
    };
    struct ci_text *body = ci_text_new(ctx->mem, ci_message_limits.bytes);

    ctx->request_id = json_string_value(json_object_get(order, "request_id"));
    ctx->who.auth_token = "never told";
    if (!ci_message_write_notification(ctx, &notification, body))
        return refused(ctx);
    return json_pack("{so}", "body", take_text(body));
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
    if (strcmp(what, "notification") == 0)
        return do_notification(ctx, order);
    abort();
}

int main(void)
{
    return echo(obey);
}
