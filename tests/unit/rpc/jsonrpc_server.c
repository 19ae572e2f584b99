/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls over HTTP, from our client to our server and from clients that are not sound.
 */
#include "rpc/jsonrpc_server.h"

#include "tests/unit/unit.h"

#include "tests/unit/base/httpclient.h"

#include <stdatomic.h>

#include "base/config.h"
#include "rpc/jsonrpc_client.h"
#include "rpc/transport.h"

static struct ci_config *config;
static struct ci_jsonrpc_server *server;
static struct ci_rpc *rpc;
static atomic_int runs;
static int port;
static char service[] = "service";

/* A ci_rpc_dispatch: answers according to the argument node_id. */
static bool dispatch(struct ci_ctx *ctx, enum ci_rpc_method method, json_t *args,
                     json_t **ret_result, void *arg)
{
    const char *what = json_string_value(json_object_get(args, "node_id"));
    const struct timespec second = {.tv_sec = 1};

    ck_assert_ptr_eq(arg, service);
    ck_assert_ptr_eq(config, ctx->config);
    atomic_fetch_add(&runs, 1);
    *ret_result = NULL;
    if (strcmp(what, "missing") == 0)
        return ci_fail(ctx, NodeNotFound, what);
    if (strcmp(what, "slow") == 0)
        nanosleep(&second, NULL);
    if (strcmp(what, "echo") == 0)
        *ret_result =
            ci_json(ctx, json_pack("{sO ss ss}", "args", args, "method", ci_rpc_row(method)->name,
                                   "request", ctx->request_id ? ctx->request_id : "-"));
    return true;
}

static struct ci_ctx *begin(bool open)
{
    const struct ci_rpc_server_options options = {.dispatch = dispatch};
    struct ci_ctx *ctx = unit_ctx();

    config = ci_config_defaults();
    config->DEFAULT.auth_strategy = "noauth";
    config->json_rpc.host_ip = "127.0.0.1";
    config->json_rpc.port = 0;
    config->api.max_json_body_size_provision = 64;
    ci_config_set_current(config);
    ctx->config = config;
    ck_assert(ci_jsonrpc_server_new(ctx, &options, &server));
    port = ci_jsonrpc_server_port(server);
    ck_assert(ci_jsonrpc_client_new(ctx, "unit", &rpc));
    if (open)
        ci_jsonrpc_server_open(server, service);
    return ctx;
}

static void end(void)
{
    ck_assert(ci_jsonrpc_server_stop(server, 5000));
    ci_jsonrpc_server_free(server);
    ci_rpc_free(rpc);
    ci_config_free(config);
}

static bool call(struct ci_ctx *ctx, enum ci_rpc_method method, const char *node_id,
                 json_t **ret_result)
{
    json_t *args = ci_json(ctx, json_pack("{ss}", "node_id", node_id));

    return rpc->call(rpc, ctx, ci_printf(ctx->mem, "127.0.0.1:%d", port), method, args, ret_result);
}

static struct answer ask(const char *method, const char *body)
{
    struct ci_ctx *ctx = unit_ctx();
    const char *text =
        ci_printf(ctx->mem, "%s / HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n%s", method,
                  strlen(body), body);

    return client_ask(port, text, strlen(text));
}

START_TEST(a_call_is_run_once_in_the_name_of_who_asks)
{
    struct ci_ctx *ctx = begin(true);
    json_t *result;

    ctx->request_id = "req-1";
    ck_assert(call(ctx, CI_RPC_get_boot_device, "echo", &result));
    ck_assert_str_eq(json_string_value(json_object_get(result, "method")), "get_boot_device");
    ck_assert_str_eq(json_string_value(json_object_get(result, "request")), "req-1");
    ck_assert_uint_eq(json_object_size(json_object_get(result, "args")), 1);
    ck_assert(call(ctx, CI_RPC_get_boot_device, "nothing", &result));
    ck_assert_ptr_null(result);
    ck_assert_int_eq(runs, 2);
    end();
}
END_TEST

START_TEST(a_failure_is_told_and_a_cast_tells_none)
{
    struct ci_ctx *ctx = begin(true);
    json_t *result;

    ck_assert(!call(ctx, CI_RPC_get_boot_device, "missing", &result));
    ck_assert(ci_failed_with(ctx, CI_ERR_NodeNotFound));
    ck_assert(ctx->error->remote);
    ck_assert_int_eq(ctx->error->status, 404);
    ci_error_clear(ctx);
    ck_assert(call(ctx, CI_RPC_continue_node_clean, "missing", &result));
    ck_assert_int_eq(runs, 2);
    end();
}
END_TEST

START_TEST(before_it_is_open_nothing_is_run)
{
    struct ci_ctx *ctx = begin(false);
    json_t *result;

    ck_assert(!call(ctx, CI_RPC_get_boot_device, "echo", &result));
    ck_assert(ci_failed_with(ctx, CI_ERR_ServiceUnavailable));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "HTTP status 503"));
    ck_assert_int_eq(runs, 0);
    end();
}
END_TEST

START_TEST(a_call_that_takes_too_long_is_given_up_not_sent_again)
{
    struct ci_ctx *ctx;
    json_t *result;

    ctx = begin(true);
    ci_rpc_free(rpc);
    config->json_rpc.timeout = 1;
    ck_assert(ci_jsonrpc_client_new(ctx, "unit", &rpc));
    config->json_rpc.timeout = CI_UNSET;
    ck_assert(!call(ctx, CI_RPC_get_boot_device, "slow", &result));
    ck_assert(ci_failed_with(ctx, CI_ERR_TemporaryFailure));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "has not answered get_boot_device"));
    end();
    ck_assert_int_eq(runs, 1);
}
END_TEST

START_TEST(a_conductor_that_is_gone_did_nothing)
{
    struct ci_ctx *ctx = begin(true);
    json_t *result;

    ck_assert(ci_jsonrpc_server_stop(server, 5000));
    ck_assert(!call(ctx, CI_RPC_get_boot_device, "echo", &result));
    ck_assert(ci_failed_with(ctx, CI_ERR_ServiceUnavailable));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "cannot be sent to conductor 127.0.0.1"));
    ck_assert_int_eq(runs, 0);
    end();
}
END_TEST

START_TEST(what_is_no_call_is_refused)
{
    char *large;

    begin(true);
    ck_assert_int_eq(ask("GET", "").status, 405);
    ck_assert_int_eq(ask("POST", "{").status, 200);
    ck_assert_ptr_nonnull(strstr(ask("POST", "{").body, "-32700"));
    ck_assert_ptr_nonnull(strstr(ask("POST", "{}").body, "-32600"));
    ck_assert_ptr_nonnull(
        strstr(ask("POST", "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"x\"}").body, "-32601"));
    ck_assert_ptr_nonnull(strstr(
        ask("POST", "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"get_boot_device\"}").body,
        "-32602"));
    large = many("\"", (size_t)65 * 1024, "\"");
    ck_assert_int_eq(ask("POST", large).status, 413);
    free(large);
    ck_assert_int_eq(runs, 0);
    end();
}
END_TEST

START_TEST(an_address_that_is_taken_is_said)
{
    const struct ci_rpc_server_options options = {.dispatch = dispatch};
    struct ci_jsonrpc_server *other;
    struct ci_ctx *ctx = begin(true);

    config->json_rpc.port = port;
    ck_assert(!ci_jsonrpc_server_new(ctx, &options, &other));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "127.0.0.1"));
    end();
}
END_TEST

UNIT_MAIN("rpc/jsonrpc_server", a_call_is_run_once_in_the_name_of_who_asks,
          a_failure_is_told_and_a_cast_tells_none, before_it_is_open_nothing_is_run,
          a_call_that_takes_too_long_is_given_up_not_sent_again,
          a_conductor_that_is_gone_did_nothing, what_is_no_call_is_refused,
          an_address_that_is_taken_is_said)
