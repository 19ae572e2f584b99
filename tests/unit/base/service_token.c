/* SPDX-License-Identifier: Apache-2.0 */
/* A service's own token, from a Keystone that runs in the test's process. */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/httpc.h"
#include "base/httpd.h"
#include "base/service_token.h"
#include "base/text.h"
#include "base/time.h"

enum { THREADS = 8, ROUNDS = 50 };

static struct ci_httpd *keystone;
static struct ci_httpc *client;
static struct ci_service_token *token;
static char asked_for[4096], asked_at[64];
static atomic_int asked, status;
static _Atomic int64_t life_s;
static atomic_bool unreadable, without_token;

/* Of another service, which takes token-2 alone; its answer is what it was asked with. */
static void serve(struct ci_httpd_request *req)
{
    const char *shown = ci_httpd_header(req, "X-Auth-Token"),
               *more = ci_httpd_header(req, "X-More");
    struct ci_text body;

    ci_text_init(&body, 4096);
    ci_text_printf(&body, "%s|%s|%.*s", shown, more, (int)req->body_length, req->body);
    ci_httpd_answer(req, strcmp(shown, "token-2") == 0 ? 200 : 401, NULL, &body);
    ci_text_done(&body);
}

static void give_token(struct ci_httpd_request *req)
{
    struct ci_arena *mem = ci_arena_new();
    const char *text = ci_printf(mem, "token-%d", ++asked);
    const struct ci_httpd_header headers[] = {{"Content-Type", "application/json"},
                                              {without_token ? "X-Other" : "X-Subject-Token", text},
                                              {NULL, NULL}};
    struct ci_text body;

    snprintf(asked_for, sizeof asked_for, "%.*s", (int)req->body_length, req->body);
    snprintf(asked_at, sizeof asked_at, "%s %s", req->method, req->path);
    ci_text_init(&body, 4096);
    if (unreadable)
        ci_text_add(&body, "<html>");
    else
        ci_text_printf(&body, "{\"token\": {\"expires_at\": \"%s\"}}",
                       ci_time_rest(mem, ci_time_now_us() + life_s * 1000000));
    ci_httpd_answer(req, status, headers, &body);
    ci_text_done(&body);
    ci_arena_free(mem);
}

/* A ci_httpd_on_request: the first token is token-1. */
static void on_request(struct ci_httpd_request *req, void *arg)
{
    (void)arg;
    if (strcmp(req->path, "/service") == 0)
        serve(req);
    else
        give_token(req);
}

static struct ci_service_token_options options_at(const char *path)
{
    return (struct ci_service_token_options){
        .section = "json_rpc",
        .auth_url =
            ci_printf(unit_context.mem, "http://127.0.0.1:%d%s", ci_httpd_port(keystone), path),
        .username = "ironic",
        .password = "se\"cret"};
}

static void start(void)
{
    const struct ci_httpd_options served = {.on_request = on_request, .threads = 1};
    struct ci_service_token_options options;
    struct ci_ctx *ctx = unit_ctx();

    asked = 0;
    status = 201;
    life_s = 3600;
    unreadable = without_token = false;
    ck_assert(ci_httpd_start(ctx, &served, &keystone));
    client = ci_httpc_new(&(struct ci_httpc_options){.timeout_ms = 10000});
    options = options_at("/");
    ck_assert(ci_service_token_new(ctx, &options, client, &token));
    ck_assert_int_eq(asked, 0);
}

static void finish(void)
{
    ci_service_token_free(token);
    ci_httpc_free(client);
    ck_assert(ci_httpd_stop(keystone, 10));
}

static void gives(const char *expected)
{
    struct ci_ctx *ctx = unit_ctx();
    const char *text;

    ck_assert_msg(ci_service_token_get(ctx, token, &text), "%s",
                  ctx->error ? ctx->error->message : "");
    ck_assert_str_eq(text, expected);
}

static void gives_none(const char *words)
{
    struct ci_ctx *ctx = unit_ctx();
    const char *text;

    ck_assert(!ci_service_token_get(ctx, token, &text));
    ck_assert(ci_failed_with(ctx, CI_ERR_ServiceUnavailable));
    ck_assert_int_eq(ctx->error->status, 503);
    ck_assert_msg(strstr(ctx->error->message, words), "%s", ctx->error->message);
    ck_assert_ptr_null(strstr(ctx->error->message, "cret"));
}

START_TEST(a_token_is_kept_until_it_is_dropped)
{
    start();
    for (int i = 0; i < 3; i++)
        gives("token-1");
    ck_assert_int_eq(asked, 1);
    ck_assert_str_eq(asked_at, "POST /v3/auth/tokens");
    ci_service_token_drop(token, "token-0");
    gives("token-1");
    ci_service_token_drop(token, "token-1");
    gives("token-2");
    ci_service_token_drop(token, "token-1"); /* somebody else has dropped it before */
    gives("token-2");
    finish();
}
END_TEST

START_TEST(a_request_goes_with_a_token_and_once_more_with_a_new_one)
{
    static const struct ci_httpc_header headers[] = {{"X-More", "more"}, {NULL, NULL}};
    struct ci_httpc_request request = {.method = "POST", .body = "body", .body_length = 4};
    struct ci_httpc_response response;
    struct ci_ctx *ctx;

    start();
    ctx = unit_ctx();
    request.url = ci_printf(ctx->mem, "http://127.0.0.1:%d/service", ci_httpd_port(keystone));
    request.headers = headers;
    ck_assert(ci_service_token_send(ctx, token, &request, &response));
    ck_assert_int_eq(response.status, 200);
    ck_assert_str_eq(response.body, "token-2|more|body");
    ck_assert_int_eq(asked, 2);
    ci_service_token_drop(token, "token-2");
    ck_assert(ci_service_token_send(ctx, token, &request, &response));
    ck_assert_int_eq(response.status, 401); /* neither token-3 nor token-4 is taken */
    ck_assert_int_eq(asked, 4);
    status = 500;
    ck_assert(!ci_service_token_send(ctx, token, &request, &response));
    ck_assert(ci_failed_with(ctx, CI_ERR_ServiceUnavailable));
    finish();
}
END_TEST

START_TEST(a_token_is_renewed_before_it_ends)
{
    start();
    life_s = 4;
    gives("token-1");
    gives("token-1");
    sleep(2);
    life_s = 3600;
    gives("token-2");
    sleep(2);
    gives("token-2");
    finish();
}
END_TEST

START_TEST(a_token_without_a_readable_end_is_kept_for_a_while)
{
    start();
    unreadable = true;
    gives("token-1");
    gives("token-1");
    ci_service_token_drop(token, "token-1");
    unreadable = false;
    life_s = -3600; /* clocks differ */
    gives("token-2");
    gives("token-2");
    finish();
}
END_TEST

START_TEST(a_keystone_that_gives_none_is_asked_again)
{
    start();
    status = 401;
    gives_none("HTTP status 401");
    status = 200;
    gives_none("HTTP status 200");
    status = 201;
    without_token = true;
    gives_none("HTTP status 201");
    without_token = false;
    gives("token-4");
    ci_service_token_drop(token, "token-4");
    ck_assert(ci_httpd_stop(keystone, 10));
    gives_none("Keystone gave no token");
    ci_service_token_free(token);
    ci_httpc_free(client);
}
END_TEST

static void asks(struct ci_service_token_options options, const char *expected)
{
    struct ci_ctx *ctx = unit_ctx();
    const char *text;

    ci_service_token_free(token);
    ck_assert(ci_service_token_new(ctx, &options, client, &token));
    ck_assert(ci_service_token_get(ctx, token, &text));
    ck_assert_str_eq(asked_at, "POST /v3/auth/tokens");
    ck_assert_msg(strstr(asked_for, expected), "%s", asked_for);
}

START_TEST(what_is_asked_for)
{
    struct ci_service_token_options options;

    start();
    options = options_at("/v3/");
    asks(options, "\"password\": {\"user\": {\"name\": \"ironic\", \"password\": \"se\\\"cret\", "
                  "\"domain\": {\"id\": \"default\"}}}");
    ck_assert_ptr_null(strstr(asked_for, "scope"));
    options.user_domain_name = "people";
    options.project_name = "service";
    asks(options, "\"domain\": {\"name\": \"people\"}");
    asks(options, "\"scope\": {\"project\": {\"name\": \"service\", "
                  "\"domain\": {\"id\": \"default\"}}}");
    options.project_id = "p1";
    asks(options, "\"scope\": {\"project\": {\"id\": \"p1\"}}");
    options.system_scope = "all";
    asks(options, "\"scope\": {\"system\": {\"all\": true}}");
    options.auth_type = "v3applicationcredential";
    options.application_credential_id = "c1";
    options.application_credential_secret = "word";
    asks(options, "\"application_credential\": {\"id\": \"c1\", \"secret\": \"word\"}");
    ck_assert_ptr_null(strstr(asked_for, "scope"));
    finish();
}
END_TEST

START_TEST(what_is_missing_is_named)
{
    struct ci_service_token_options options = {.section = "json_rpc"};
    const struct {
        const char **place, *message;
    } rows[] = {
        {&options.auth_url, "[json_rpc]auth_url is needed with auth_type = password."},
        {&options.username, "[json_rpc]username is needed with auth_type = password."},
        {&options.password, "[json_rpc]password is needed with auth_type = password."},
    };
    struct ci_service_token *none = NULL;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ci_ctx *ctx = unit_ctx();

        ck_assert(!ci_service_token_new(ctx, &options, NULL, &none));
        ck_assert(ci_failed_with(ctx, CI_ERR_ConfigInvalid));
        ck_assert_ptr_nonnull(strstr(ctx->error->message, rows[i].message));
        *rows[i].place = "x";
    }
    ci_service_token_free(none);
}
END_TEST

static void *get_often(void *arg)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    const char *text;

    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        ck_assert(ci_service_token_get(&ctx, token, &text));
        ck_assert_str_eq(text, "token-1");
    }
    ci_arena_free(ctx.mem);
    return NULL;
}

START_TEST(threads_ask_once)
{
    pthread_t threads[THREADS];

    start();
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, get_often, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(asked, 1);
    finish();
}
END_TEST

UNIT_MAIN("base/service_token", a_token_is_kept_until_it_is_dropped,
          a_request_goes_with_a_token_and_once_more_with_a_new_one,
          a_token_is_renewed_before_it_ends, a_token_without_a_readable_end_is_kept_for_a_while,
          a_keystone_that_gives_none_is_asked_again, what_is_asked_for, what_is_missing_is_named,
          threads_ask_once)
