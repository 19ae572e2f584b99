/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What jsonrpc_differential.py does not see: addresses, names and limits.
 */
#include "rpc/jsonrpc.h"

#include <string.h>

#include "base/config.h"
#include "rpc/message.h"
#include "tests/unit/unit.h"

START_TEST(a_conductors_name_is_its_address)
{
    static const struct {
        const char *host, *url, *secure;
    } cases[] = {
        {"name", "http://name:8089/", "https://name:8089/"},
        {"name:1234", "http://name:1234/", "https://name:1234/"},
        {"10.0.0.1", "http://10.0.0.1:8089/", "https://10.0.0.1:8089/"},
        {"::1", "http://[::1]:8089/", "https://[::1]:8089/"},
        {"fe80::1:2", "http://[fe80::1:2]:8089/", "https://[fe80::1:2]:8089/"},
        {"[::1]", "http://[::1]:8089/", "https://[::1]:8089/"},
        {"[::1]:1234", "http://[::1]:1234/", "https://[::1]:1234/"},
    };
    struct ci_ctx *ctx = unit_ctx();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_str_eq(ci_jsonrpc_url(ctx, false, cases[i].host, 8089), cases[i].url);
        ck_assert_str_eq(ci_jsonrpc_url(ctx, true, cases[i].host, 8089), cases[i].secure);
    }
}
END_TEST

START_TEST(an_unusual_port_is_part_of_the_name_where_peers_can_read_it)
{
    static const struct {
        const char *transport, *pin, *host;
        int port;
        const char *registered;
    } cases[] = {
        {"json-rpc", NULL, "name", 1234, "name:1234"},
        {"json-rpc", NULL, "name", 8089, "name"},
        {"json-rpc", NULL, "::1", 1234, "[::1]:1234"},
        {"json-rpc", NULL, "[::1]", 1234, "[::1]:1234"},
        {"json-rpc", "21.4", "name", 1234, "name"},
        {"oslo", NULL, "name", 1234, "name"},
        {"none", NULL, "name", 1234, "name"},
    };
    struct ci_config *config = ci_config_defaults();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_ctx *ctx = unit_ctx();

        ctx->config = config;
        config->DEFAULT.rpc_transport = cases[i].transport;
        config->DEFAULT.pin_release_version = cases[i].pin;
        config->DEFAULT.host = cases[i].host;
        config->json_rpc.port = cases[i].port;
        ck_assert_str_eq(ci_jsonrpc_registered_host(ctx), cases[i].registered);
    }
    ci_config_free(config);
}
END_TEST

START_TEST(who_asks_is_checked_as_for_rest_unless_said_otherwise)
{
    struct ci_config *config = ci_config_defaults();

    config->DEFAULT.auth_strategy = "http_basic";
    ck_assert_str_eq(ci_jsonrpc_auth_strategy(config), "http_basic");
    config->json_rpc.auth_strategy = "noauth";
    ck_assert_str_eq(ci_jsonrpc_auth_strategy(config), "noauth");
    ci_config_free(config);
}
END_TEST

START_TEST(what_is_too_large_is_not_written)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_jsonrpc_request request = {
        .method = "m", .args = ci_json(ctx, json_pack("{s:s}", "a", "0123456789"))};

    ck_assert(!ci_jsonrpc_write_request(ctx, &request, ci_text_new(ctx->mem, 64)));
    ck_assert(ci_failed_with(ctx, CI_ERR_Invalid));
    ck_assert(!ci_jsonrpc_write_result(NULL, request.args, ci_text_new(ctx->mem, 16)));
    ck_assert(ci_jsonrpc_write_result(NULL, request.args, ci_text_new(ctx->mem, 1000)));
}
END_TEST

static bool read_reply(struct ci_ctx *ctx, const char *text, json_t **ret_result)
{
    static const struct ci_json_limits limits = {.depth = 10, .bytes = 1000};

    return ci_jsonrpc_read_reply(ctx, text, strlen(text), &limits, ret_result);
}

START_TEST(an_answer_that_is_none_is_a_failure_of_the_way)
{
    static const char *const none[] = {
        "",
        "x",
        "null",
        "7",
        "[]",
        "\"result\"",
        "{}",
        "{\"id\": 1}",
        "{\"error\": null}",
        "{\"error\": {}}",
        "{\"result\": 1",
        "{\"result\": [[[[[[[[[[[[1]]]]]]]]]]]]}",
    };

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct ci_ctx *ctx = unit_ctx();
        json_t *result;

        ck_assert_msg(!read_reply(ctx, none[i], &result), "%s", none[i]);
        ck_assert(ci_failed_with(ctx, CI_ERR_TemporaryFailure));
        ck_assert_int_eq(ctx->error->status, 503);
        ck_assert(!ctx->error->remote);
    }
}
END_TEST

START_TEST(odd_errors_of_a_peer_are_still_errors)
{
    static const struct {
        const char *body, *message;
        enum ci_error_class class;
        int status;
    } cases[] = {
        {"{\"error\": {\"code\": 404, \"message\": \"gone\", \"data\": {\"class\": "
         "\"ironic.common.exception.NodeNotFound\"}}}",
         "gone", CI_ERR_NodeNotFound, 404},
        {"{\"error\": {\"code\": 404, \"message\": 7, \"data\": []}}", "", CI_ERR_COUNT, 0},
        {"{\"error\": {\"message\": \"m\", \"data\": {\"class\": \"os.system\"}}}", "m",
         CI_ERR_COUNT, 500},
        {"{\"error\": {\"code\": 99999999999, \"message\": \"m\"}, \"result\": 1}", "m",
         CI_ERR_COUNT, 500},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_ctx *ctx = unit_ctx();
        json_t *result;

        ck_assert_msg(!read_reply(ctx, cases[i].body, &result), "%s", cases[i].body);
        ck_assert(ctx->error->remote);
        if (cases[i].class != CI_ERR_COUNT) {
            ck_assert_int_eq(ctx->error->class, cases[i].class);
            ck_assert_str_eq(ctx->error->message, cases[i].message);
        }
        if (cases[i].status)
            ck_assert_int_eq(ctx->error->status, cases[i].status);
        ck_assert_int_ge(ctx->error->status, 400);
        ck_assert_int_le(ctx->error->status, 599);
    }
}
END_TEST

UNIT_MAIN("rpc/jsonrpc", a_conductors_name_is_its_address,
          an_unusual_port_is_part_of_the_name_where_peers_can_read_it,
          who_asks_is_checked_as_for_rest_unless_said_otherwise, what_is_too_large_is_not_written,
          an_answer_that_is_none_is_a_failure_of_the_way, odd_errors_of_a_peer_are_still_errors)
