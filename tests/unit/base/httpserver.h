/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The server that the tests of base/httpd speak to: it runs in the test's process and answers
 * by path.
 */
#include "tests/unit/unit.h"

#include "tests/unit/base/httpclient.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/httpd.h"
#include "base/workers.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define BIG_BYTES ((size_t)4 * 1024 * 1024)
#define TELL(text) (text), sizeof(text) - 1

static const struct ci_httpd_header text_type[] = {{"Content-Type", "text/plain"}, {NULL, NULL}};

static struct ci_httpd *httpd;
static struct ci_workers *workers;
static atomic_int calls, ends, held_count;
static struct ci_httpd_request *_Atomic held;

static inline void answer_text(struct ci_httpd_request *req, int status, const char *bytes,
                               size_t n)
{
    struct ci_text text;

    ci_text_init(&text, 2 * BIG_BYTES);
    ci_text_addn(&text, bytes, n);
    ci_httpd_answer(req, status, text_type, &text);
    ck_assert_uint_eq(text.length, 0);
    ci_text_done(&text);
}

/* What of the request arrived, one a line. */
static inline void answer_request(struct ci_httpd_request *req)
{
    const char *header = ci_httpd_header(req, "x-test");
    char peer[64], line[32768];
    int n = snprintf(line, sizeof line, "%s|%s|%s|%s|%s|%zu", req->method, req->path, req->query,
                     header ? header : "-", ci_httpd_peer(req, peer), req->body_length);

    answer_text(req, 200, line, (size_t)n);
}

static inline void answer_late(void *arg)
{
    client_sleep_ms(20);
    answer_request(arg);
}

static inline void answer_big(struct ci_httpd_request *req)
{
    char *bytes = calloc(1, BIG_BYTES);

    answer_text(req, 200, bytes, BIG_BYTES);
    free(bytes);
}

static inline void hold(struct ci_httpd_request *req)
{
    ci_httpd_suspend(req);
    held = req;
    held_count++;
}

static inline void wait_in_worker(struct ci_httpd_request *req)
{
    ci_httpd_suspend(req);
    if (!ci_workers_submit(workers, answer_late, req))
        answer_text(req, 503, TELL("full"));
}

static inline void on_request(struct ci_httpd_request *req, void *arg)
{
    ck_assert_str_eq(arg, "arg");
    calls++;
    if (strcmp(req->path, "/fixed") == 0)
        ci_httpd_answer_borrowed(req, 200, text_type, "fixed", 5);
    else if (strcmp(req->path, "/wait") == 0)
        wait_in_worker(req);
    else if (strcmp(req->path, "/hold") == 0)
        hold(req);
    else if (strcmp(req->path, "/big") == 0)
        answer_big(req);
    else if (strcmp(req->path, "/busy") == 0) {
        /* What no caller may do: it lets requests pile up behind this one. */
        client_sleep_ms(300);
        answer_text(req, 200, TELL("busy"));
    } else if (strcmp(req->path, "/empty") == 0)
        ci_httpd_answer(req, 204, NULL, NULL);
    else if (strcmp(req->path, "/body") == 0)
        answer_text(req, 200, req->body, req->body_length);
    else
        answer_request(req);
}

static inline size_t on_headers(struct ci_httpd_request *req, void *arg)
{
    ck_assert_str_eq(arg, "arg");
    ck_assert_ptr_null(req->user);
    req->user = &ends;
    if (strcmp(req->path, "/denied") == 0)
        answer_text(req, 401, TELL("denied"));
    return strcmp(req->path, "/limit10") == 0 ? 10 : 1024 * 1024;
}

static inline void on_end(void *user, void *arg)
{
    ck_assert_str_eq(arg, "arg");
    ck_assert_ptr_eq(user, &ends);
    ends++;
}

static inline const struct ci_httpd_header *on_refusal(struct ci_httpd_request *req, int status,
                                                       const char *message, struct ci_text *body,
                                                       void *arg)
{
    ck_assert_str_eq(arg, "arg");
    ck_assert_ptr_nonnull(req->path);
    ci_text_printf(body, "{\"refused\": %d, \"message\": \"%s\"}", status, message);
    return text_type;
}

/* Starts the server; gives its port. */
static inline int serve(struct ci_httpd_options options)
{
    static char arg[] = "arg";
    struct ci_ctx *ctx = unit_ctx();

    options.on_request = on_request;
    options.on_headers = on_headers;
    options.on_refusal = on_refusal;
    options.on_end = on_end;
    options.arg = arg;
    workers = ci_workers_new(&(struct ci_workers_options){.threads = 4, .queue_limit = 1000});
    ck_assert_msg(ci_httpd_start(ctx, &options, &httpd), "%s",
                  ctx->error ? ctx->error->message : "");
    return ci_httpd_port(httpd);
}

static inline void stop(void)
{
    ck_assert(ci_httpd_stop(httpd, 10));
    ci_workers_free(workers);
}

#define EVENTUALLY(condition)                                                                      \
    do {                                                                                           \
        for (int tries = 0; !(condition) && tries < 5000; tries++)                                 \
            client_sleep_ms(1);                                                                    \
        ck_assert(condition);                                                                      \
    } while (0)
