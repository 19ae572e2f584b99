/* SPDX-License-Identifier: Apache-2.0 */
#include "api/args.h"

#include <string.h>

#include "base/config.h"
#include "tests/unit/unit.h"

#define UUID "11111111-2222-4333-8444-000000000001"

static const struct ci_param params[] = {
    {"text", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    {"flag", CI_PARAM_BOOL, 1, CI_BELOW_NOTHING, false},
    {"count", CI_PARAM_INT, 1, CI_BELOW_NOTHING, false},
    {"uuid", CI_PARAM_UUID, 1, CI_BELOW_NOTHING, false},
    {"name", CI_PARAM_NAME, 1, CI_BELOW_NOTHING, false},
    {"ident", CI_PARAM_UUID_OR_NAME, 1, CI_BELOW_NOTHING, false},
    {"mac", CI_PARAM_MAC, 1, CI_BELOW_NOTHING, false},
    {"list", CI_PARAM_LIST, 1, CI_BELOW_NOTHING, false},
    {"any", CI_PARAM_JSON, 1, CI_BELOW_NOTHING, false},
    {"plain", CI_PARAM_STRING, 50, CI_BELOW_406, false},
    {"named", CI_PARAM_STRING, 50, CI_BELOW_406_NAMED, false},
    {"worded", CI_PARAM_STRING, 50, CI_BELOW_406_TEXT, false},
    {"bad", CI_PARAM_BOOL, 50, CI_BELOW_400, false},
    {"newest", CI_PARAM_STRING, 115, CI_BELOW_NOTHING, false},
    {0},
};
static const struct ci_param needed[] = {
    {"text", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, false},
    {"target", CI_PARAM_STRING, 1, CI_BELOW_NOTHING, true},
    {0},
};
static const struct ci_route takes_query = {.method = "GET", .path = "/", .params = params};
static const struct ci_route takes_body = {
    .method = "PUT", .path = "/", .params = params, .body = CI_BODY_ARGS};
static const struct ci_route needs_target = {
    .method = "PUT", .path = "/", .params = needed, .body = CI_BODY_ARGS};

static struct ci_config *config;

static void free_config(void *old)
{
    ci_config_free(old);
}

static struct ci_request *request(const struct ci_route *route, const char *query)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_request *req = ci_new(ctx->mem, struct ci_request);

    config = ci_config_defaults();
    ci_defer(ctx->mem, free_config, config);
    ctx->config = config;
    *req = (struct ci_request){.ctx = ctx, .route = route, .version = 115, .query = query};
    return req;
}

/* NULL when all is well, else the message. */
static const char *outcome(struct ci_request *req)
{
    return ci_args_read(req) ? NULL : req->ctx->error->message;
}

static struct ci_request *body_request(const struct ci_route *route, const char *body)
{
    struct ci_request *req = request(route, "");

    ck_assert(ci_json_read(req->ctx, body, strlen(body), &ci_json_trusted, &req->json));
    return req;
}

START_TEST(a_query_is_split_and_unescaped)
{
    struct ci_request *req = request(&takes_query, "text=a%20b+c%26&&flag=on&count=%2b7&uuid=" UUID
                                                   "&name=n.1&ident=x&mac="
                                                   "52:54:00:AA:bb:cc&list=B,a,,%20b&");

    ck_assert_ptr_null(outcome(req));
    ck_assert_str_eq(ci_arg_text(req, "text"), "a b c&");
    ck_assert(ci_arg_true(req, "flag", false));
    ck_assert_int_eq(ci_arg(req, "count")->number, 7);
    ck_assert_str_eq(ci_arg_text(req, "mac"), "52:54:00:aa:bb:cc");
    ck_assert_str_eq(ci_arg(req, "list")->list[0], "b");
    ck_assert_str_eq(ci_arg(req, "list")->list[1], "a");
    ck_assert_ptr_null(ci_arg(req, "list")->list[2]);
    ck_assert(!ci_arg(req, "any")->given);
    ck_assert_ptr_null(ci_arg_text(req, "plain"));
    ck_assert(ci_arg_true(req, "bad", true));
}
END_TEST

#define BOOLS                                                                                      \
    "acceptable values are: '0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', "    \
    "'yes'"

/* Words are those of Ironic's argument validators. */
static const struct {
    const char *query, *message;
} refused[] = {
    {"bogus=1", "Unexpected arguments: bogus"},
    {"bogus=1&text=x&more", "Unexpected arguments: bogus, more"},
    {"flag=maybe", "Invalid flag: Unrecognized value 'maybe', " BOOLS},
    {"flag=", "Invalid flag: Unrecognized value '', " BOOLS},
    {"count=", "Expected an integer for count: "},
    {"count=1.5", "Expected an integer for count: 1.5"},
    {"count=0x10", "Expected an integer for count: 0x10"},
    {"count=--1", "Expected an integer for count: --1"},
    {"uuid=x", "Expected UUID for uuid: x"},
    {"name=a%20b", "Expected name for name: a b"},
    {"ident=a%20b", "Expected UUID or name for ident: a b"},
    {"mac=zz", "Expected valid MAC address for mac: zz"},
    {"text=%zz", "The query string is not valid UTF-8 with valid escapes."},
    {"text=%00", "The query string is not valid UTF-8 with valid escapes."},
    {"text=%ff", "The query string is not valid UTF-8 with valid escapes."},
    {"text=a&text=b", "Expected string for text: ['a', 'b']"},
    {"count=1&count=2&count=3", "Expected an integer for count: ['1', '2', '3']"},
    {"flag=1&flag=1", "Invalid flag: Unrecognized value '['1', '1']', " BOOLS},
};

START_TEST(a_query_that_does_not_fit_is_refused_in_ironics_words)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct ci_request *req = request(&takes_query, refused[i].query);
        const char *message = outcome(req);

        ck_assert_msg(ci_same(message, refused[i].message), "%s: %s", refused[i].query, message);
        ck_assert_int_eq(req->ctx->error->status, 400);
    }
}
END_TEST

START_TEST(a_repeated_list_is_taken_as_it_is_but_not_by_old_releases)
{
    struct ci_request *req = request(&takes_query, "list=A,b&list=c");

    ck_assert_ptr_null(outcome(req));
    ck_assert_str_eq(ci_arg(req, "list")->list[0], "A,b");
    ck_assert_str_eq(ci_arg(req, "list")->list[1], "c");
    ck_assert_ptr_null(ci_arg(req, "list")->list[2]);

    req = request(&takes_query, "list=A,b&list=c");
    config->DEFAULT.pin_release_version = "21.4";
    ck_assert_str_eq(outcome(req), "Expected string for list: ['A,b', 'c']");
}
END_TEST

START_TEST(a_list_has_an_end)
{
    struct ci_request *req = request(&takes_query, NULL);
    struct ci_text *query = ci_text_new(req->ctx->mem, 64 * 1024);

    ci_text_add(query, "list=");
    for (int i = 0; i < 1100; i++)
        ci_text_printf(query, "%d,", i);
    req->query = query->bytes;
    ck_assert_str_eq(outcome(req), "list has too many values");
}
END_TEST

START_TEST(numbers_beyond_64_bits_are_very_large)
{
    struct ci_request *req = request(&takes_query, "count=99999999999999999999");

    ck_assert_ptr_null(outcome(req));
    ck_assert_int_eq(ci_arg(req, "count")->number, INT64_MAX);
}
END_TEST

START_TEST(bodies_are_taken_by_their_kinds)
{
    struct ci_request *req = body_request(
        &takes_body,
        "{\"text\": \"x\", \"flag\": true, \"count\": -3, \"any\": [1], \"name\": null}");

    ck_assert_ptr_null(outcome(req));
    ck_assert_str_eq(ci_arg_text(req, "text"), "x");
    ck_assert_int_eq(ci_arg(req, "flag")->number, 1);
    ck_assert_int_eq(ci_arg(req, "count")->number, -3);
    ck_assert_uint_eq(json_array_size(ci_arg(req, "any")->json), 1);
    ck_assert(!ci_arg(req, "name")->given);
}
END_TEST

static const struct {
    const char *body, *message;
} refused_bodies[] = {
    {"[]", "The body must be a JSON object."},
    {"{\"bogus\": 1}", "Unexpected arguments: bogus"},
    {"{\"text\\u0000\": \"x\"}", "Unexpected arguments: text"},
    {"{\"text\": 5}", "Expected string for text: 5"},
    {"{\"text\": {\"a\": null}}", "Expected string for text: {'a': None}"},
    {"{\"text\": \"a\\u0000\"}", "Expected string for text: 'a\\x00'"},
    {"{\"text\": \"\\ud800\"}", "Expected string for text: '\\ud800'"},
    {"{\"count\": 1e400}", "Expected an integer for count: inf"},
    {"{\"count\": 99999999999999999999}", "Expected an integer for count: 99999999999999999999"},
    {"{\"uuid\": [\"x\"]}", "Expected UUID for uuid: ['x']"},
    {"{\"list\": [\"x\"]}", "Expected string for list: ['x']"},
    {"{\"flag\": []}", "Invalid flag: Unrecognized value '[]', " BOOLS},
};

START_TEST(bodies_that_do_not_fit_are_refused)
{
    for (size_t i = 0; i < sizeof refused_bodies / sizeof refused_bodies[0]; i++) {
        struct ci_request *req = body_request(&takes_body, refused_bodies[i].body);
        const char *message = outcome(req);

        ck_assert_msg(ci_same(message, refused_bodies[i].message), "%s: %s", refused_bodies[i].body,
                      message);
        ck_assert_int_eq(req->ctx->error->status, 400);
    }
}
END_TEST

START_TEST(a_body_beats_the_query_and_null_is_nothing)
{
    struct ci_request *req = body_request(&needs_target, "{\"target\": \"body\"}");

    req->query = "target=query";
    ck_assert_ptr_null(outcome(req));
    ck_assert_str_eq(ci_arg_text(req, "target"), "body");
    ck_assert_str_eq(outcome(body_request(&needs_target, "{\"target\": null}")),
                     "Missing mandatory parameter: target");
    ck_assert_str_eq(outcome(body_request(&needs_target, "{}")),
                     "Missing mandatory parameter: target");
}
END_TEST

static const struct {
    const char *query;
    int status;
    const char *message;
} too_new[] = {
    {"plain=x", 406, "Request not acceptable."},
    {"named=x", 406, "Request not acceptable. The minimal required API version should be 1.50"},
    {"worded=x", 406, "worded is not acceptable in this API version"},
    {"bad=yes", 400, "Invalid query parameter ?bad=True received."},
    {"newest=x", 0, NULL},
};

START_TEST(what_is_newer_than_the_version_is_refused_as_its_row_says)
{
    for (size_t i = 0; i < sizeof too_new / sizeof too_new[0]; i++) {
        struct ci_request *req = request(&takes_query, too_new[i].query);

        req->version = 49;
        ck_assert_msg(ci_same(outcome(req), too_new[i].message), "%s", too_new[i].query);
        ck_assert_int_eq(req->ctx->error ? req->ctx->error->status : 0, too_new[i].status);
        req = request(&takes_query, too_new[i].query);
        req->version = 115;
        ck_assert_ptr_null(outcome(req));
    }
}
END_TEST

START_TEST(what_is_newer_than_the_pinned_release_is_unknown)
{
    struct ci_request *req = request(&takes_query, "newest=x");

    config->DEFAULT.pin_release_version = "21.4";
    req->version = 82;
    ck_assert_str_eq(outcome(req), "Unexpected arguments: newest");
}
END_TEST

START_TEST(booleans_are_read_as_oslo_reads_them)
{
    static const char *const truths[] = {"1", "t", "TRUE", "on", "Y", " yes ", NULL};
    static const char *const lies[] = {"0", "f", "False", "OFF", "n", "no\t", NULL};
    static const char *const neither[] = {"",       " ",  "2",    "tru", "truee",
                                          "yes no", "-1", "None", NULL};

    for (size_t i = 0; truths[i]; i++)
        ck_assert_int_eq(ci_bool_from_text(truths[i]), 1);
    for (size_t i = 0; lies[i]; i++)
        ck_assert_int_eq(ci_bool_from_text(lies[i]), 0);
    for (size_t i = 0; neither[i]; i++)
        ck_assert_int_eq(ci_bool_from_text(neither[i]), -1);
}
END_TEST

UNIT_MAIN("api/args", a_query_is_split_and_unescaped,
          a_query_that_does_not_fit_is_refused_in_ironics_words,
          a_repeated_list_is_taken_as_it_is_but_not_by_old_releases, a_list_has_an_end,
          numbers_beyond_64_bits_are_very_large, bodies_are_taken_by_their_kinds,
          bodies_that_do_not_fit_are_refused, a_body_beats_the_query_and_null_is_nothing,
          what_is_newer_than_the_version_is_refused_as_its_row_says,
          what_is_newer_than_the_pinned_release_is_unknown, booleans_are_read_as_oslo_reads_them)
