/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of oslo.messaging.
 *
 * A body is JSON in JSON: an object of the envelope's version and of the message, which is text
 * again. Keys go out in the order in which Python's library puts them. Peers of another envelope
 * version are not understood, as they are not by Python; a message without any envelope is.
 */
#include "rpc/message.h"

#include <string.h>

#include "base/ident.h"
#include "base/jsontext.h"
#include "base/time.h"
#include "rpc/context.h"
#include "rpc/failure.h"

#define VERSION "2.0"

const struct ci_json_limits ci_message_limits = {.depth = 1000, .bytes = (size_t)128 << 20};

const char *ci_message_id(struct ci_arena *mem)
{
    char *id = ci_alloc(mem, CI_MESSAGE_ID_LENGTH + 1), uuid[CI_UUID_LENGTH];
    size_t used = 0;

    ci_uuid_write(uuid);
    for (size_t i = 0; i < sizeof uuid; i++) {
        if (uuid[i] != '-')
            id[used++] = uuid[i];
    }
    return id;
}

static void add_string(struct ci_text *message, const char *key, const char *value)
{
    ci_jsontext_key(message, key);
    ci_jsontext_string(message, value);
}

static void add_json(struct ci_text *message, const char *key, const json_t *value)
{
    ci_jsontext_key(message, key);
    if (value)
        ci_json_print(message, value);
    else
        ci_text_add(message, "null");
}

static void add_unique_id(struct ci_ctx *ctx, struct ci_text *message, const char *unique_id)
{
    add_string(message, "_unique_id", unique_id ? unique_id : ci_message_id(ctx->mem));
}

/* Ends the message and makes it the body, in its envelope unless that is to be bare. */
static bool finish(struct ci_ctx *ctx, struct ci_text *message, struct ci_text *body, bool bare)
{
    ci_text_add(message, "}");
    if (bare) {
        ci_text_addn(body, message->bytes, message->length);
    } else {
        ci_text_add(body, "{\"oslo.version\": \"" VERSION "\", \"oslo.message\": ");
        ci_jsontext_stringn(body, message->length > 0 ? message->bytes : "", message->length);
        ci_text_add(body, "}");
    }
    if (message->overflow || body->overflow)
        return ci_fail_text(ctx, Invalid, "The message is larger than the %zu bytes allowed.",
                            body->limit);
    return true;
}

static bool seal(struct ci_ctx *ctx, struct ci_text *message, struct ci_text *body)
{
    return finish(ctx, message, body, false);
}

static void write_request(struct ci_ctx *ctx, const struct ci_message_request *request,
                          struct ci_text *message)
{
    ci_text_add(message, "{");
    add_string(message, "method", request->method);
    ci_jsontext_key(message, "args");
    if (request->args)
        ci_json_print(message, request->args);
    else
        ci_text_add(message, "{}");
    if (request->namespace)
        add_string(message, "namespace", request->namespace);
    add_string(message, "version", request->version);
    if (request->msg_id && request->reply_q) {
        add_string(message, "_msg_id", request->msg_id);
        add_string(message, "_reply_q", request->reply_q);
        ci_jsontext_key(message, "_timeout");
        if (request->monitor_s > 0)
            ci_text_int(message, request->monitor_s);
        else
            ci_text_add(message, "null");
    }
    add_unique_id(ctx, message, request->unique_id);
    ci_context_write(message, ctx, CI_CONTEXT_PREFIX);
}

bool ci_message_write_request(struct ci_ctx *ctx, const struct ci_message_request *request,
                              struct ci_text *body)
{
    struct ci_text message;
    bool done;

    ci_text_init(&message, body->limit);
    write_request(ctx, request, &message);
    done = seal(ctx, &message, body);
    ci_text_done(&message);
    return done;
}

bool ci_message_write_reply(struct ci_ctx *ctx, const struct ci_message_reply *reply,
                            struct ci_text *body)
{
    struct ci_text message;
    bool done;

    ci_text_init(&message, body->limit);
    ci_text_add(&message, "{");
    add_json(&message, "result", reply->result);
    add_json(&message, "failure", reply->failure);
    ci_jsontext_key(&message, "ending");
    ci_text_add(&message, reply->ending ? "true" : "false");
    add_string(&message, "_msg_id", reply->msg_id);
    add_unique_id(ctx, &message, NULL);
    done = seal(ctx, &message, body);
    ci_text_done(&message);
    return done;
}

bool ci_message_write_notification(struct ci_ctx *ctx,
                                   const struct ci_message_notification *notification,
                                   struct ci_text *body)
{
    const char *id = notification->message_id, *time = notification->timestamp;
    struct ci_text message;
    bool done;

    ci_text_init(&message, body->limit);
    ci_text_add(&message, "{");
    add_string(&message, "message_id", id ? id : ci_uuid_new(ctx->mem));
    add_string(&message, "publisher_id", notification->publisher_id);
    add_string(&message, "event_type", notification->event_type);
    add_string(&message, "priority", notification->priority);
    add_json(&message, "payload", notification->payload);
    add_string(&message, "timestamp", time ? time : ci_time_db(ctx->mem, ci_time_now_us()));
    add_unique_id(ctx, &message, notification->unique_id);
    ci_context_write_public(&message, ctx, CI_CONTEXT_PREFIX);
    done = finish(ctx, &message, body, notification->bare);
    ci_text_done(&message);
    return done;
}

void ci_message_fail(struct ci_ctx *ctx, struct ci_message_reply *reply)
{
    struct ci_text text;
    struct ci_failure failure;

    ci_failure_of_error(ctx, &failure);
    ci_text_init(&text, ci_message_limits.bytes);
    ci_failure_write(&text, &failure);
    reply->result = NULL;
    reply->failure = ci_json(ctx, json_stringn_nocheck(text.bytes, text.length));
    ci_text_done(&text);
}

/* Is it text, and without a NUL, which would cut its C text? */
static bool is_text(const json_t *value)
{
    return ci_json_kind(value) == CI_JSON_STRING &&
           !memchr(json_string_value(value), '\0', json_string_length(value));
}

/* Takes a message out of its envelope. */
static bool unseal(struct ci_ctx *ctx, const char *bytes, size_t length,
                   const struct ci_json_limits *limits, json_t **ret_message)
{
    const json_t *version, *text;
    json_t *message;

    if (!ci_json_read(ctx, bytes, length, limits, &message))
        return false;
    version = json_object_get(message, "oslo.version");
    text = json_object_get(message, "oslo.message");
    if (version && text) {
        if (!is_text(version) || strcmp(json_string_value(version), VERSION) != 0)
            return ci_fail_text(ctx, Invalid, "The version of the message's envelope is not %s.",
                                VERSION);
        if (ci_json_kind(text) != CI_JSON_STRING)
            return ci_fail_text(ctx, Invalid, "The message in the envelope is no text.");
        if (!ci_json_read(ctx, json_string_value(text), json_string_length(text), limits, &message))
            return false;
    }
    if (ci_json_kind(message) != CI_JSON_OBJECT)
        return ci_fail_text(ctx, Invalid, "The message is no object.");
    *ret_message = message;
    return true;
}

/* A member that names something: text as long as AMQP lets names be; NULL otherwise. */
static const char *name_of(const json_t *message, const char *key)
{
    const json_t *value = json_object_get(message, key);

    if (!is_text(value) || json_string_length(value) == 0 ||
        json_string_length(value) > CI_MESSAGE_NAME_MAX)
        return NULL;
    return json_string_value(value);
}

/* "1.36", or "1.36.2" whose last part is for nobody here. */
static void read_version(struct ci_ctx *ctx, struct ci_message_request *request)
{
    const char *const *parts = ci_split(ctx->mem, request->version, '.');
    int64_t major, minor;

    request->major = request->minor = -1;
    if (parts[0] && parts[1] && ci_parse_int(parts[0], 0, INT16_MAX, &major) &&
        ci_parse_int(parts[1], 0, INT16_MAX, &minor)) {
        request->major = (int)major;
        request->minor = (int)minor;
    }
}

static int64_t monitor_of(const json_t *message)
{
    const json_t *value = json_object_get(message, "_timeout");
    enum ci_json_kind kind = ci_json_kind(value);
    double seconds;

    if (kind != CI_JSON_INT && kind != CI_JSON_REAL)
        return 0;
    seconds = json_number_value(value);
    if (!(seconds > 0 && seconds <= INT32_MAX))
        return 0;
    return (int64_t)seconds < seconds ? (int64_t)seconds + 1 : (int64_t)seconds;
}

/* A text, or NULL with a fault when it is something else. */
static const char *text_or_fault(struct ci_ctx *ctx, const json_t *message, const char *key,
                                 const char *if_absent, const char **fault)
{
    const json_t *value = json_object_get(message, key);

    if (ci_json_kind(value) == CI_JSON_NULL)
        return if_absent;
    if (is_text(value))
        return json_string_value(value);
    *fault = ci_printf(ctx->mem, "The message's %s is no text.", key);
    return if_absent;
}

bool ci_message_read_request(struct ci_ctx *ctx, const char *bytes, size_t length,
                             const struct ci_json_limits *limits,
                             struct ci_message_request *ret_request)
{
    struct ci_message_request request = {.method = NULL};
    json_t *message;

    if (!unseal(ctx, bytes, length, limits, &message))
        return false;
    request.method = text_or_fault(ctx, message, "method", "", &request.fault);
    request.version = text_or_fault(ctx, message, "version", "1.0", &request.fault);
    request.namespace = text_or_fault(ctx, message, "namespace", NULL, &request.fault);
    request.args = json_object_get(message, "args");
    if (!request.args)
        request.args = ci_json(ctx, json_object());
    else if (ci_json_kind(request.args) != CI_JSON_OBJECT)
        request.fault = "The message's args are no object.";
    if (request.method[0] == '\0' && !request.fault)
        request.fault = "The message names no method.";
    read_version(ctx, &request);
    request.msg_id = name_of(message, "_msg_id");
    request.reply_q = name_of(message, "_reply_q");
    if (!request.msg_id || !request.reply_q)
        request.msg_id = request.reply_q = NULL;
    request.unique_id = name_of(message, "_unique_id");
    request.monitor_s = monitor_of(message);
    ci_context_read(ctx, message, CI_CONTEXT_PREFIX);
    *ret_request = request;
    return true;
}

/* Null, and whatever else Python takes for false. */
static bool is_false(const json_t *value)
{
    switch (ci_json_kind(value)) {
    case CI_JSON_NULL:
    case CI_JSON_FALSE:
        return true;
    case CI_JSON_TRUE:
    case CI_JSON_RAW:
        return false;
    case CI_JSON_INT:
        return json_integer_value(value) == 0;
    case CI_JSON_REAL:
        return json_real_value(value) == 0;
    case CI_JSON_STRING:
        return json_string_length(value) == 0;
    case CI_JSON_ARRAY:
        return json_array_size(value) == 0;
    case CI_JSON_OBJECT:
        return json_object_size(value) == 0;
    }
    return false;
}

bool ci_message_read_reply(struct ci_ctx *ctx, const char *bytes, size_t length,
                           const struct ci_json_limits *limits, struct ci_message_reply *ret_reply)
{
    json_t *message, *failure;
    const char *msg_id;

    if (!unseal(ctx, bytes, length, limits, &message))
        return false;
    msg_id = name_of(message, "_msg_id");
    if (!msg_id)
        return ci_fail_text(ctx, Invalid, "The reply does not say what it answers.");
    failure = json_object_get(message, "failure");
    *ret_reply = (struct ci_message_reply){
        .msg_id = msg_id,
        .ending = !is_false(json_object_get(message, "ending")),
        .result = json_object_get(message, "result"),
        .failure = is_false(failure) ? NULL : failure,
    };
    return true;
}

/* Fails with what a peer failed with, or with why that cannot be told. */
static bool raise_failure(struct ci_ctx *ctx, const json_t *value)
{
    struct ci_failure failure;

    if (ci_json_kind(value) != CI_JSON_STRING)
        (void)ci_fail_text(ctx, RemoteError, "A remote failure is no text.");
    else if (ci_failure_read(ctx, json_string_value(value), json_string_length(value),
                             &ci_message_limits, &failure))
        (void)ci_failure_raise(ctx, &failure);
    ctx->error->remote = true;
    return false;
}

bool ci_message_result(struct ci_ctx *ctx, const struct ci_message_reply *reply,
                       json_t **ret_result)
{
    if (reply->failure)
        return raise_failure(ctx, reply->failure);
    *ret_result = ci_json_kind(reply->result) == CI_JSON_NULL
                      ? NULL
                      : ci_json(ctx, json_incref((json_t *)(uintptr_t)reply->result));
    return true;
}
