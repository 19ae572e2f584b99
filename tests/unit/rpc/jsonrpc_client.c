/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of answers that no sound conductor gives.
 */
#include "rpc/jsonrpc_client.h"

#include "tests/unit/unit.h"

#include "tests/unit/base/httpclient.h"

#include "base/config.h"
#include "base/httpd.h"
#include "rpc/message.h"
#include "rpc/transport.h"

static struct ci_config *config;
static struct ci_httpd *httpd;
static struct ci_rpc *rpc;

/* What is answered to every request. */
static struct {
    int status;
    const char *body;
} answer;

static void on_request(struct ci_httpd_request *req, void *arg)
{
    struct ci_text body;

    (void)arg;
    ci_text_init(&body, 1 << 20);
    ci_text_add(&body, answer.body);
    ci_httpd_answer(req, answer.status, NULL, &body);
    ci_text_done(&body);
}

static struct ci_ctx *begin(void)
{
    const struct ci_httpd_options options = {.on_request = on_request, .threads = 1};
    struct ci_ctx *ctx = unit_ctx();

    config = ci_config_defaults();
    config->DEFAULT.auth_strategy = "noauth";
    ctx->config = config;
    ck_assert(ci_httpd_start(ctx, &options, &httpd));
    ck_assert(ci_jsonrpc_client_new(ctx, "unit", &rpc));
    return ctx;
}

static void end(void)
{
    ck_assert(ci_httpd_stop(httpd, 5));
    ci_rpc_free(rpc);
    ci_config_free(config);
}

static bool call(struct ci_ctx *ctx, enum ci_rpc_method method, json_t **ret_result)
{
    return rpc->call(rpc, ctx, ci_printf(ctx->mem, "127.0.0.1:%d", ci_httpd_port(httpd)), method,
                     ci_json(ctx, json_object()), ret_result);
}

START_TEST(answers_that_are_none_fail_with_503_and_why)
{
    static const struct {
        int status;
        const char *body, *says;
        enum ci_error_class class;
    } cases[] = {
        {200, "<html>", "The answer is no JSON", CI_ERR_TemporaryFailure},
        {200, "", "The answer is no JSON", CI_ERR_TemporaryFailure},
        {200, "{}", "neither a result nor an error", CI_ERR_TemporaryFailure},
        {200, "[{\"result\": 1}]", "neither a result nor an error", CI_ERR_TemporaryFailure},
        {500, "{\"result\": 1}", "HTTP status 500 came back", CI_ERR_TemporaryFailure},
        {502, "", "HTTP status 502 came back", CI_ERR_TemporaryFailure},
        {503, "", "turned away with HTTP status 503", CI_ERR_ServiceUnavailable},
        {401, "", "turned away with HTTP status 401", CI_ERR_ServiceUnavailable},
        {404, "{\"result\": 1}", "turned away with HTTP status 404", CI_ERR_ServiceUnavailable},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_ctx *ctx = begin();
        json_t *result;

        answer.status = cases[i].status;
        answer.body = cases[i].body;
        ck_assert_msg(!call(ctx, CI_RPC_get_boot_device, &result), "%s", cases[i].body);
        ck_assert_msg(ci_failed_with(ctx, cases[i].class), "%s", ctx->error->message);
        ck_assert_int_eq(ctx->error->status, 503);
        ck_assert(!ctx->error->remote);
        ck_assert_msg(strstr(ctx->error->message, cases[i].says), "%s", ctx->error->message);
        end();
    }
}
END_TEST

START_TEST(a_cast_looks_at_no_body)
{
    struct ci_ctx *ctx = begin();
    json_t *result;

    answer.status = 200;
    answer.body = "anything";
    ck_assert(call(ctx, CI_RPC_continue_node_clean, &result));
    ck_assert_ptr_null(result);
    answer.status = 500;
    ck_assert(!call(ctx, CI_RPC_continue_node_clean, &result));
    end();
}
END_TEST

START_TEST(credentials_that_are_missing_are_said_at_start)
{
    struct ci_ctx *ctx = begin();
    struct ci_rpc *other;

    config->json_rpc.auth_strategy = "http_basic";
    ck_assert(!ci_jsonrpc_client_new(ctx, "unit", &other));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "[json_rpc]username"));
    ci_error_clear(ctx);
    config->json_rpc.username = "u";
    config->json_rpc.password = "p";
    ck_assert(ci_jsonrpc_client_new(ctx, "unit", &other));
    ci_rpc_free(other);
    config->json_rpc.auth_strategy = "keystone";
    config->json_rpc.auth_type = "v3token";
    ck_assert(!ci_jsonrpc_client_new(ctx, "unit", &other));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "[json_rpc]auth_type is v3token"));
    end();
}
END_TEST

UNIT_MAIN("rpc/jsonrpc_client", answers_that_are_none_fail_with_503_and_why,
          a_cast_looks_at_no_body, credentials_that_are_missing_are_said_at_start)
