/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/message.h"

#include <string.h>

#include "tests/unit/unit.h"

/* Recordings, by name. */
struct recorded {
    const char *name, *body;
};
static const struct recorded requests[] = {
#define REQUEST(name, body) {#name, body},
#define REPLY(name, body)
#include "tests/golden/wire/captured.def"
#undef REPLY
#undef REQUEST
};
static const struct recorded replies[] = {
#define REQUEST(name, body)
#define REPLY(name, body) {#name, body},
#include "tests/golden/wire/captured.def"
#undef REPLY
#undef REQUEST
};

static const char *body_of(const struct recorded *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].name, name) == 0)
            return list[i].body;
    }
    ck_abort_msg("nothing recorded is called %s", name);
}
#define BODY(list, name) body_of(list, sizeof list / sizeof list[0], name)

static bool read_request(struct ci_ctx *ctx, const char *body, struct ci_message_request *request)
{
    return ci_message_read_request(ctx, body, strlen(body), &ci_message_limits, request);
}

static bool read_reply(struct ci_ctx *ctx, const char *body, struct ci_message_reply *reply)
{
    return ci_message_read_reply(ctx, body, strlen(body), &ci_message_limits, reply);
}

START_TEST(a_recorded_call_is_read)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_message_request call;

    ck_assert(read_request(ctx, BODY(requests, "power_on"), &call));
    ck_assert_str_eq(call.method, "change_node_power_state");
    ck_assert_str_eq(call.version, "1.39");
    ck_assert_int_eq(call.major, 1);
    ck_assert_int_eq(call.minor, 39);
    ck_assert_ptr_null(call.namespace);
    ck_assert_str_eq(json_string_value(json_object_get(call.args, "new_state")), "power on");
    ck_assert_uint_eq(json_object_size(call.args), 3);
    ck_assert_str_eq(call.msg_id, "1a9c0f128f754fd38c464a79bdb764ef");
    ck_assert_str_eq(call.reply_q, "reply_8a557a9fb4e74632941f93780019f986");
    ck_assert_str_eq(call.unique_id, "fe21587cb20a42e3b5bcbb5a3173f91b");
    ck_assert_int_eq(call.monitor_s, 0);
    ck_assert_ptr_null(call.fault);
    ck_assert_str_eq(ctx->request_id, "req-42bd51f9-8bdd-490e-927f-cd24108f5cc7");
    ck_assert_ptr_null(ctx->who.user_id);
}
END_TEST

START_TEST(a_recorded_cast_waits_for_nobody)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_message_request cast;

    ck_assert(read_request(ctx, BODY(requests, "cast"), &cast));
    ck_assert_str_eq(cast.method, "continue_node_clean");
    ck_assert_ptr_null(cast.msg_id);
    ck_assert_ptr_null(cast.reply_q);
    ck_assert_ptr_nonnull(cast.unique_id);
}
END_TEST

START_TEST(recorded_requests_are_written_byte_for_byte)
{
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct ci_ctx *ctx = unit_ctx();
        struct ci_text *again = ci_text_new(ctx->mem, 100000);
        struct ci_message_request request;

        ck_assert(read_request(ctx, requests[i].body, &request));
        ck_assert(ci_message_write_request(ctx, &request, again));
        ck_assert_str_eq(again->bytes, requests[i].body);
    }
}
END_TEST

START_TEST(a_request_is_made_with_an_id_of_its_own)
{
    struct ci_ctx *ctx = unit_ctx();
    const struct ci_message_request request = {.method = "m", .version = "1.0"};
    struct ci_message_request first, second;
    struct ci_text *body = ci_text_new(ctx->mem, 10000);

    ck_assert(ci_message_write_request(ctx, &request, body));
    ck_assert(read_request(ctx, body->bytes, &first));
    ci_text_clear(body);
    ck_assert(ci_message_write_request(ctx, &request, body));
    ck_assert(read_request(ctx, body->bytes, &second));
    ck_assert_uint_eq(strlen(first.unique_id), CI_MESSAGE_ID_LENGTH);
    ck_assert_uint_eq(strspn(first.unique_id, "0123456789abcdef"), CI_MESSAGE_ID_LENGTH);
    ck_assert_str_ne(first.unique_id, second.unique_id);
    ck_assert_uint_eq(json_object_size(first.args), 0);
}
END_TEST

START_TEST(what_is_larger_than_its_text_may_be_is_refused)
{
    struct ci_ctx *ctx = unit_ctx();
    const struct ci_message_request request = {.method = "m", .version = "1.0"};
    const struct ci_message_reply reply = {.msg_id = "m"};
    const struct ci_message_notification notification = {.publisher_id = "p"};

    /* The first is smaller than the message, the second than its envelope. */
    for (size_t limit = 40; limit < 1000; limit += 660) {
        struct ci_text *body = ci_text_new(ctx->mem, limit);

        ck_assert(!ci_message_write_request(ctx, &request, body));
        ck_assert(ci_failed_with(ctx, CI_ERR_Invalid));
        ci_error_clear(ctx);
    }
    ck_assert(!ci_message_write_reply(ctx, &reply, ci_text_new(ctx->mem, 60)));
    ci_error_clear(ctx);
    ck_assert(!ci_message_write_notification(ctx, &notification, ci_text_new(ctx->mem, 60)));
}
END_TEST

START_TEST(recorded_results_are_read)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_message_reply reply;
    json_t *result;

    ck_assert(read_reply(ctx, BODY(replies, "nothing"), &reply));
    ck_assert_str_eq(reply.msg_id, "1a9c0f128f754fd38c464a79bdb764ef");
    ck_assert(reply.ending);
    ck_assert(ci_message_result(ctx, &reply, &result));
    ck_assert_ptr_null(result);
    ck_assert(read_reply(ctx, BODY(replies, "boot_device"), &reply));
    ck_assert(ci_message_result(ctx, &reply, &result));
    ck_assert_str_eq(json_string_value(json_object_get(result, "boot_device")), "pxe");
}
END_TEST

START_TEST(recorded_failures_become_errors)
{
    static const struct {
        const char *name, *begin;
        enum ci_error_class class;
        int status;
    } cases[] = {
        {"locked", "Node b0e3a685-7b91-4861-bae1-ca96b0114208 is locked by host otherhost, please",
         CI_ERR_NodeLocked, 409},
        {"invalid_device", "Invalid boot device floppy specified.", CI_ERR_InvalidParameterValue,
         400},
        {"deploy_failure", "Failed to validate deploy or power info", CI_ERR_InstanceDeployFailure,
         400},
        {"database_error", "Remote error: DBError (psycopg2.errors.InvalidText", CI_ERR_RemoteError,
         500},
        {"version_too_new",
         "Remote error: UnsupportedVersion Endpoint does not support RPC "
         "version 1.99. Attempted method: get_boot_device\n['",
         CI_ERR_RemoteError, 500},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_ctx *ctx = unit_ctx();
        struct ci_message_reply reply;
        json_t *result;

        ck_assert(read_reply(ctx, BODY(replies, cases[i].name), &reply));
        ck_assert(!ci_message_result(ctx, &reply, &result));
        ck_assert_msg(ctx->error->class == cases[i].class, "%s", cases[i].name);
        ck_assert_int_eq(ctx->error->status, cases[i].status);
        ck_assert(ctx->error->remote);
        ck_assert_msg(strncmp(ctx->error->message, cases[i].begin, strlen(cases[i].begin)) == 0,
                      "%s: %s", cases[i].name, ctx->error->message);
        ck_assert_ptr_null(strstr(ctx->error->message, "Traceback"));
    }
}
END_TEST

START_TEST(an_error_is_told_to_who_waits)
{
    struct ci_ctx *ctx = unit_ctx(), client = {.mem = ctx->mem};
    struct ci_message_reply reply = {.msg_id = "i", .ending = true}, got;
    struct ci_text *body = ci_text_new(ctx->mem, 10000);
    json_t *result;

    ck_assert(!ci_fail(ctx, NodeLocked, "a", "b"));
    ci_message_fail(ctx, &reply);
    ck_assert(ci_message_write_reply(ctx, &reply, body));
    ck_assert(read_reply(&client, body->bytes, &got));
    ck_assert_str_eq(got.msg_id, "i");
    ck_assert(!ci_message_result(&client, &got, &result));
    ck_assert_int_eq(client.error->class, CI_ERR_NodeLocked);
    ck_assert_str_eq(client.error->message, ctx->error->message);
    ck_assert_int_eq(client.error->status, 409);
}
END_TEST

START_TEST(a_sign_of_life_does_not_end_the_call)
{
    struct ci_ctx *ctx = unit_ctx();
    const struct ci_message_reply reply = {.msg_id = "i"};
    struct ci_message_reply got;
    struct ci_text *body = ci_text_new(ctx->mem, 10000);

    ck_assert(ci_message_write_reply(ctx, &reply, body));
    ck_assert(read_reply(ctx, body->bytes, &got));
    ck_assert(!got.ending);
}
END_TEST

START_TEST(half_a_message_is_refused_without_a_word_of_it)
{
    const char *body = BODY(requests, "heartbeat");
    size_t length = strlen(body);

    for (size_t n = 0; n < length; n++) {
        struct ci_ctx *ctx = unit_ctx();
        struct ci_message_request request;
        struct ci_message_reply reply;

        ck_assert(!ci_message_read_request(ctx, body, n, &ci_message_limits, &request));
        ck_assert_ptr_null(strstr(ctx->error->message, "42-MBREP"));
        ci_error_clear(ctx);
        ck_assert(!ci_message_read_reply(ctx, body, n, &ci_message_limits, &reply));
    }
}
END_TEST

START_TEST(limits_hold_in_and_out_of_the_envelope)
{
    static const struct ci_json_limits flat = {.depth = 2, .bytes = 10000};
    static const struct ci_json_limits small = {.depth = 100, .bytes = 100};
    static const char deep[] = "{\"oslo.version\": \"2.0\", \"oslo.message\": \"{\\\"method\\\": "
                               "\\\"m\\\", \\\"args\\\": {\\\"a\\\": [1]}}\"}";
    struct ci_ctx *ctx = unit_ctx();
    struct ci_message_request request;

    ck_assert(!ci_message_read_request(ctx, deep, strlen(deep), &flat, &request));
    ck_assert(ci_failed_with(ctx, CI_ERR_JSONTooDeep));
    ci_error_clear(ctx);
    ck_assert(read_request(ctx, deep, &request));
    ck_assert(!ci_message_read_request(ctx, BODY(requests, "heartbeat"),
                                       strlen(BODY(requests, "heartbeat")), &small, &request));
}
END_TEST

UNIT_MAIN("rpc/message", a_recorded_call_is_read, a_recorded_cast_waits_for_nobody,
          recorded_requests_are_written_byte_for_byte, a_request_is_made_with_an_id_of_its_own,
          what_is_larger_than_its_text_may_be_is_refused, recorded_results_are_read,
          recorded_failures_become_errors, an_error_is_told_to_who_waits,
          a_sign_of_life_does_not_end_the_call, half_a_message_is_refused_without_a_word_of_it,
          limits_hold_in_and_out_of_the_envelope)
