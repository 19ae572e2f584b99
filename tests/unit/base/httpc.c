/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/base/httpserver.h"

#include "base/httpc.h"

static struct ci_httpc *client;
static struct ci_httpc_response response;

static bool send_to(struct ci_ctx *ctx, int port, const char *method, const char *path,
                    const char *body, int timeout_ms)
{
    static const struct ci_httpc_header headers[] = {{"X-Test", "tested"}, {NULL, NULL}};
    struct ci_httpc_request request = {.method = method,
                                       .url =
                                           ci_printf(ctx->mem, "http://127.0.0.1:%d%s", port, path),
                                       .headers = headers,
                                       .body = body,
                                       .body_length = body ? strlen(body) : 0,
                                       .timeout_ms = timeout_ms};

    return ci_httpc_send(ctx, client, &request, &response);
}

static int start(struct ci_httpc_options options)
{
    client = ci_httpc_new(&options);
    return serve((struct ci_httpd_options){.threads = 1});
}

static void finish(void)
{
    ci_httpc_free(client);
    stop();
}

START_TEST(requests_arrive_and_answers_come_back)
{
    struct ci_ctx *ctx = unit_ctx();
    int port = start((struct ci_httpc_options){.connect_timeout_ms = 1000});

    ck_assert(send_to(ctx, port, "POST", "/body?a=b", "hello", 0));
    ck_assert_int_eq(response.status, 200);
    ck_assert_str_eq(response.body, "hello");
    ck_assert_uint_eq(response.body_length, 5);
    ck_assert_str_eq(ci_httpc_header(&response, "content-type"), "text/plain");
    ck_assert_ptr_null(ci_httpc_header(&response, "x-none"));
    ck_assert(send_to(ctx, port, "DELETE", "/x?y", NULL, 0));
    ck_assert_str_eq(response.body, "DELETE|/x|y|tested|127.0.0.1|0");
    ck_assert(send_to(ctx, port, "POST", "/x", "", 0));
    ck_assert_str_eq(response.body, "POST|/x||tested|127.0.0.1|0");
    ck_assert(send_to(ctx, port, "GET", "/empty", NULL, 0));
    ck_assert_int_eq(response.status, 204);
    ck_assert_str_eq(response.body, "");
    ck_assert(send_to(ctx, port, "GET", "/denied", NULL, 0));
    ck_assert_int_eq(response.status, 401);
    ck_assert_int_eq(ci_httpd_connections(httpd), 1);
    finish();
}
END_TEST

START_TEST(an_answer_over_the_limit_is_given_up)
{
    struct ci_ctx *ctx = unit_ctx();
    int port = start((struct ci_httpc_options){.body_limit_bytes = 1000});

    ck_assert(!send_to(ctx, port, "GET", "/big", NULL, 0));
    ck_assert_str_eq(ctx->error->message, "The answer is larger than the 1000 bytes allowed.");
    ck_assert(ci_failed_with(ctx, CI_ERR_TemporaryFailure));
    ctx = unit_ctx();
    ck_assert(send_to(ctx, port, "GET", "/fixed", NULL, 0));
    ck_assert_str_eq(response.body, "fixed");
    finish();
}
END_TEST

START_TEST(a_server_that_is_not_there_did_nothing)
{
    struct ci_ctx *ctx = unit_ctx();
    int port = start((struct ci_httpc_options){0});

    stop();
    ck_assert(!send_to(ctx, port, "GET", "/", NULL, 0));
    ck_assert(ci_failed_with(ctx, CI_ERR_ServiceUnavailable));
    ck_assert_int_eq(ctx->error->status, 503);
    ctx = unit_ctx();
    ck_assert(!ci_httpc_send(ctx, client,
                             &(struct ci_httpc_request){.method = "GET", .url = "file:///etc/motd"},
                             &response));
    ck_assert(ci_failed_with(ctx, CI_ERR_ServiceUnavailable));
    ci_httpc_free(client);
}
END_TEST

START_TEST(a_slow_server_may_have_done_it)
{
    struct ci_ctx *ctx = unit_ctx();
    int port = start((struct ci_httpc_options){0});

    ck_assert(!send_to(ctx, port, "GET", "/hold", NULL, 100));
    ck_assert(ci_failed_with(ctx, CI_ERR_TemporaryFailure));
    ck_assert(!ci_failed_with(ctx, CI_ERR_ServiceUnavailable));
    EVENTUALLY(held);
    answer_text(held, 200, TELL("late"));
    finish();
}
END_TEST

static void *cancel(void *arg)
{
    (void)arg;
    EVENTUALLY(held);
    ci_httpc_cancel(client);
    return NULL;
}

START_TEST(requests_under_way_are_given_up_when_cancelled)
{
    struct ci_ctx *ctx = unit_ctx();
    int port = start((struct ci_httpc_options){0});
    pthread_t thread;

    pthread_create(&thread, NULL, cancel, NULL);
    ck_assert(!send_to(ctx, port, "GET", "/hold", NULL, 0));
    ck_assert_str_eq(ctx->error->message, "The request was given up.");
    pthread_join(thread, NULL);
    answer_text(held, 200, TELL("late"));
    finish();
}
END_TEST

START_TEST(a_header_of_two_lines_is_not_sent)
{
    static const struct ci_httpc_header headers[] = {{"X-Test", "a\r\nX-Other: b"}, {NULL, NULL}};
    struct ci_ctx *ctx = unit_ctx();
    int port = start((struct ci_httpc_options){0}), before = calls;
    const struct ci_httpc_request request = {.method = "GET",
                                             .url =
                                                 ci_printf(ctx->mem, "http://127.0.0.1:%d/", port),
                                             .headers = headers};

    ck_assert(!ci_httpc_send(ctx, client, &request, &response));
    ck_assert_int_eq(calls, before);
    finish();
}
END_TEST

static void *send_many(void *arg)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct ci_httpc_response got;

    for (int i = 0; i < 50; i++) {
        const char *body = ci_printf(ctx.mem, "%d", i);
        const struct ci_httpc_request request = {
            .method = "POST", .url = arg, .body = body, .body_length = strlen(body)};

        ck_assert(ci_httpc_send(&ctx, client, &request, &got));
        ck_assert_str_eq(got.body, body);
    }
    ci_arena_free(ctx.mem);
    return NULL;
}

START_TEST(many_threads_share_a_client)
{
    pthread_t threads[8];
    int port = start((struct ci_httpc_options){0});
    char *url = ci_printf(unit_ctx()->mem, "http://127.0.0.1:%d/body", port);

    for (size_t i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, send_many, url);
    for (size_t i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_le(ci_httpd_connections(httpd), 8);
    finish();
}
END_TEST

UNIT_MAIN("base/httpc", requests_arrive_and_answers_come_back, an_answer_over_the_limit_is_given_up,
          a_server_that_is_not_there_did_nothing, a_slow_server_may_have_done_it,
          requests_under_way_are_given_up_when_cancelled, a_header_of_two_lines_is_not_sent,
          many_threads_share_a_client)
