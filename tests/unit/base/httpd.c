/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests, bodies, answers, and how the server leaves.
 */
#include "tests/unit/base/httpserver.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

START_TEST(a_request_arrives_as_it_was_sent)
{
    int port = serve((struct ci_httpd_options){0});
    struct answer a = client_ask(port, TELL("PATCH /v1/a%2Fb%20c+d/%?x=%31&&y=a+b&z HTTP/1.1\r\n"
                                            "Host: h:1\r\nX-Test:  \t v w\r\n"
                                            "Content-Length: 3\r\n\r\nabc"));

    ck_assert_int_eq(a.status, 200);
    ck_assert_str_eq(a.body, "PATCH|/v1/a%2Fb%20c+d/%|x=%31&&y=a+b&z|v w|127.0.0.1|3");
    ck_assert(answer_says(&a, "Content-Type", "text/plain"));
    ck_assert_ptr_nonnull(answer_header(&a, "Date"));
    stop();
    ck_assert_int_eq(ends, 1);
}
END_TEST

START_TEST(a_connection_serves_many_requests)
{
    int port = serve((struct ci_httpd_options){0}), fd = client_connect(port);

    for (int i = 0; i < 50; i++) {
        struct answer a;

        client_say(fd, i % 3 == 0 ? GET("/fixed") : i % 3 == 1 ? GET("/wait?") : GET("/empty"));
        a = client_read(fd, false);
        ck_assert_int_eq(a.status, i % 3 == 2 ? 204 : 200);
        ck_assert_ptr_null(answer_header(&a, "Connection"));
    }
    ck_assert_int_eq(ci_httpd_connections(httpd), 1);
    close(fd);
    EVENTUALLY(ci_httpd_connections(httpd) == 0);
    stop();
    ck_assert_int_eq(ends, 50);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
    int port = serve((struct ci_httpd_options){0}), fd = client_connect(port);

    client_say(
        fd, GET("/wait?1") "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" GET(
                "/fixed") GET("/last"));
    ck_assert_str_eq(client_read(fd, false).body, "GET|/wait|1|-|127.0.0.1|0");
    ck_assert_str_eq(client_read(fd, false).body, "hello");
    ck_assert_str_eq(client_read(fd, false).body, "fixed");
    ck_assert_str_eq(client_read(fd, false).body, "GET|/last||-|127.0.0.1|0");
    close(fd);
    stop();
}
END_TEST

START_TEST(head_tells_the_length_without_the_body)
{
    int port = serve((struct ci_httpd_options){0}), fd = client_connect(port);
    struct answer a;

    client_say(fd, "HEAD /fixed HTTP/1.1\r\nHost: h\r\n\r\n" GET("/fixed"));
    a = client_read(fd, true);
    ck_assert_int_eq(a.status, 200);
    ck_assert_uint_eq(a.length, 5);
    ck_assert_str_eq(client_read(fd, false).body, "fixed");
    close(fd);
    stop();
}
END_TEST

START_TEST(a_client_of_http_1_0_is_answered_and_closed)
{
    int port = serve((struct ci_httpd_options){0}), fd = client_connect(port);

    client_say(fd, "GET /fixed HTTP/1.0\r\n\r\n");
    ck_assert_str_eq(client_read(fd, false).body, "fixed");
    ck_assert(client_is_closed(fd));
    close(fd);
    stop();
}
END_TEST

START_TEST(big_answers_are_sent_whole)
{
    int port = serve((struct ci_httpd_options){0}), fd = client_connect(port);

    for (int i = 0; i < 3; i++) {
        client_say(fd, GET("/big"));
        ck_assert_uint_eq(client_read(fd, false).length, BIG_BYTES);
    }
    close(fd);
    stop();
}
END_TEST

START_TEST(bodies_come_whole_in_any_form)
{
    static char body[300000];
    int port = serve((struct ci_httpd_options){0}), fd = client_connect(port);
    char head[128];

    memset(body, 'b', sizeof body);
    snprintf(head, sizeof head, "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n",
             sizeof body);
    client_say(fd, head);
    client_send(fd, body, sizeof body);
    ck_assert_uint_eq(client_read(fd, false).length, sizeof body);
    client_say(fd, "POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n");
    ck_assert_str_eq(client_read(fd, false).body, "hello world");
    client_say(fd, "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n");
    for (int i = 0; i < 2; i++) {
        client_sleep_ms(20);
        client_send(fd, "x", 1);
    }
    ck_assert_str_eq(client_read(fd, false).body, "xx");
    client_say(fd, "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
                   "Expect: 100-continue\r\n\r\n");
    client_sleep_ms(20);
    client_say(fd, "abc");
    ck_assert_str_eq(client_read(fd, false).body, "abc");
    close(fd);
    stop();
}
END_TEST

START_TEST(bodies_beyond_their_limit_are_refused)
{
    int port = serve((struct ci_httpd_options){0}), fd = client_connect(port);
    char *huge =
        many("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 20000000\r\n\r\n", 20000000, "");
    char *endless =
        many("POST /limit10 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nf00000\r\n",
             5000000, "");

    /* A small one is read to its end and the connection kept. */
    client_say(fd, "POST /limit10 HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world");
    ck_assert_int_eq(client_read(fd, false).status, 413);
    client_say(fd, "POST /limit10 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n");
    ck_assert_int_eq(client_read(fd, false).status, 413);
    client_say(fd, "POST /limit10 HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhelloworld");
    ck_assert_int_eq(client_read(fd, false).status, 200);
    close(fd);
    ck_assert_int_eq(client_ask(port, huge, strlen(huge)).status, 413);
    ck_assert_int_eq(client_ask(port, endless, strlen(endless)).status, 413);
    ck_assert_int_eq(calls, 1);
    free(huge);
    free(endless);
    stop();
}
END_TEST

START_TEST(headers_alone_can_be_answered)
{
    int port = serve((struct ci_httpd_options){0}), fd = client_connect(port);

    client_say(fd, GET("/denied"));
    ck_assert_int_eq(client_read(fd, false).status, 401);
    client_say(fd, "POST /denied HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
    ck_assert_str_eq(client_read(fd, false).body, "denied");
    /* The client that waits for 100 Continue is spared sending its body. */
    client_say(fd, "POST /denied HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
                   "Expect: 100-continue\r\n\r\n");
    ck_assert_int_eq(client_read(fd, false).status, 401);
    ck_assert(client_is_closed(fd));
    close(fd);
    ck_assert_int_eq(calls, 0);
    stop();
    ck_assert_int_eq(ends, 3);
}
END_TEST

START_TEST(bodies_share_a_budget)
{
    int port = serve((struct ci_httpd_options){.bodies_limit_bytes = 100000});
    int slow = client_connect(port), fd = client_connect(port);
    char *half = many("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 80000\r\n\r\n", 70000, "");
    char *other = many("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n", 60000, "");
    char *rest = many("", 10000, "");

    client_send(slow, half, strlen(half));
    client_sleep_ms(100);
    client_send(fd, other, strlen(other));
    ck_assert_int_eq(client_read(fd, false).status, 503);
    client_send(slow, rest, strlen(rest));
    ck_assert_int_eq(client_read(slow, false).status, 200);
    client_send(fd, other, strlen(other));
    ck_assert_int_eq(client_read(fd, false).status, 200);
    close(slow);
    close(fd);
    free(half);
    free(other);
    free(rest);
    stop();
}
END_TEST

START_TEST(a_suspended_request_is_answered_by_another_thread)
{
    int port = serve((struct ci_httpd_options){.threads = 1, .header_timeout_s = 1});
    int fd = client_connect(port), other = client_connect(port);

    client_say(fd, GET("/hold"));
    EVENTUALLY(held_count == 1);
    /* Nobody waits for it, and no deadline cuts it. */
    client_say(other, GET("/fixed"));
    ck_assert_str_eq(client_read(other, false).body, "fixed");
    client_sleep_ms(2500);
    answer_request(held);
    ck_assert_str_eq(client_read(fd, false).body, "GET|/hold||-|127.0.0.1|0");
    client_say(fd, GET("/fixed"));
    ck_assert_str_eq(client_read(fd, false).body, "fixed");
    close(fd);
    close(other);
    stop();
}
END_TEST

/* S61 */
START_TEST(a_draining_server_answers_and_closes)
{
    int port = serve((struct ci_httpd_options){0}), fd = client_connect(port), late;

    client_say(fd, GET("/fixed"));
    ck_assert_ptr_null(answer_header(&(struct answer){0}, "Connection"));
    ck_assert_int_eq(client_read(fd, false).status, 200);
    ci_httpd_drain(httpd);
    for (int i = 0; i < 3; i++) {
        static const char *const asked[] = {GET("/fixed"), GET("/x"), GET("/wait")};
        struct answer a;

        late = i == 0 ? fd : client_connect(port);
        client_say(late, asked[i]);
        a = client_read(late, false);
        ck_assert_int_eq(a.status, 200);
        ck_assert(answer_says(&a, "Connection", "close"));
        ck_assert(client_is_closed(late));
        close(late);
    }
    stop();
}
END_TEST

static void *stop_in_thread(void *arg)
{
    *(atomic_int *)arg = ci_httpd_stop(httpd, 10) ? 1 : 2;
    return NULL;
}

/* S61 */
START_TEST(stopping_waits_for_what_is_under_way)
{
    int port = serve((struct ci_httpd_options){0}), waiting = client_connect(port);
    int sending = client_connect(port), silent = client_connect(port);
    atomic_int stopped = 0;
    pthread_t thread;
    struct answer a;

    client_say(waiting, GET("/hold"));
    client_say(sending, "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");
    EVENTUALLY(held_count == 1);
    pthread_create(&thread, NULL, stop_in_thread, &stopped);
    client_sleep_ms(300);
    ck_assert_int_eq(stopped, 0);
    client_say(sending, "cd");
    a = client_read(sending, false);
    ck_assert_str_eq(a.body, "abcd");
    ck_assert(answer_says(&a, "Connection", "close"));
    ck_assert_int_eq(stopped, 0);
    answer_request(held);
    ck_assert_int_eq(client_read(waiting, false).status, 200);
    pthread_join(thread, NULL);
    ck_assert_int_eq(stopped, 1);
    close(waiting);
    close(sending);
    close(silent);
    ci_workers_free(workers);
}
END_TEST

START_TEST(stopping_answers_whoever_was_connected)
{
    enum { CLIENTS = 300 };
    int port = serve((struct ci_httpd_options){.threads = 1}), fds[CLIENTS];
    atomic_int stopped = 0;
    pthread_t thread;

    for (int i = 0; i < CLIENTS; i++)
        fds[i] = client_connect(port);
    pthread_create(&thread, NULL, stop_in_thread, &stopped);
    for (int i = 0; i < CLIENTS; i++)
        client_say(fds[i], i % 2 ? GET("/fixed") : GET("/wait"));
    for (int i = 0; i < CLIENTS; i++) {
        ck_assert_int_eq(client_read(fds[i], false).status, 200);
        close(fds[i]);
    }
    pthread_join(thread, NULL);
    ck_assert_int_eq(stopped, 1);
    ci_workers_free(workers);
}
END_TEST

START_TEST(a_request_held_too_long_gets_503_when_the_server_stops)
{
    int port = serve((struct ci_httpd_options){0}), fd = client_connect(port);
    struct answer a;

    client_say(fd, GET("/hold"));
    EVENTUALLY(held_count == 1);
    ck_assert(!ci_httpd_stop(httpd, 0));
    a = client_read(fd, false);
    ck_assert_int_eq(a.status, 503);
    ck_assert(client_is_closed(fd));
    close(fd);
    /* The thread that held it is late, and still on safe ground. */
    answer_request(held);
    ck_assert(ci_httpd_stop(httpd, 1));
    ci_workers_free(workers);
}
END_TEST

START_TEST(a_thousand_connections_are_answered_and_kept)
{
    enum { CLIENTS = 1000 };
    struct rlimit files = {.rlim_cur = 4096, .rlim_max = 4096};
    static int fds[CLIENTS];
    int port;

    setrlimit(RLIMIT_NOFILE, &files);
    port = serve((struct ci_httpd_options){0});
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = client_connect(port);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < CLIENTS; i++)
            client_say(fds[i], i % 10 ? GET("/fixed") : GET("/wait"));
        for (int i = 0; i < CLIENTS; i++)
            ck_assert_int_eq(client_read(fds[i], false).status, 200);
    }
    ck_assert_int_eq(ci_httpd_connections(httpd), CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    stop();
    ck_assert_int_eq(ends, 2 * CLIENTS);
}
END_TEST

START_TEST(as_many_requests_at_once_as_one_look_finds_are_answered)
{
    /* 128 is what libmicrohttpd asks the kernel for: see epoll_wait() in base/httpd.c. */
    enum { CLIENTS = 128 };
    int port = serve((struct ci_httpd_options){.threads = 1}), fds[CLIENTS];
    int busy = client_connect(port);

    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = client_connect(port);
        client_say(fds[i], GET("/fixed"));
        ck_assert_int_eq(client_read(fds[i], false).status, 200);
    }
    client_say(busy, GET("/busy"));
    client_sleep_ms(100);
    for (int i = 0; i < CLIENTS; i++)
        client_say(fds[i], GET("/fixed"));
    for (int i = 0; i < CLIENTS; i++) {
        ck_assert_int_eq(client_read(fds[i], false).status, 200);
        close(fds[i]);
    }
    close(busy);
    stop();
}
END_TEST

START_TEST(a_unix_socket_serves_and_goes_with_the_server)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct stat info;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(at.sun_path, sizeof at.sun_path, "/tmp/castiron-test-%d.sock", (int)getpid());
    ck_assert_int_eq(serve((struct ci_httpd_options){.unix_socket = at.sun_path}), 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    client_say(fd, GET("/x"));
    ck_assert_str_eq(client_read(fd, false).body, "GET|/x||-|unix|0");
    close(fd);
    stop();
    ck_assert_int_ne(stat(at.sun_path, &info), 0);
}
END_TEST

START_TEST(a_server_that_cannot_listen_says_where_and_why)
{
    int port = serve((struct ci_httpd_options){0});
    struct ci_ctx *ctx = unit_ctx();
    struct ci_httpd *second = NULL;
    char expected[128];

    ck_assert(!ci_httpd_start(
        ctx, &(struct ci_httpd_options){.port = port, .on_request = on_request}, &second));
    snprintf(expected, sizeof expected,
             "Cannot listen on 127.0.0.1 port %d: Address already in use.", port);
    ck_assert_str_eq(ctx->error->message, expected);
    ck_assert_ptr_null(second);
    stop();
}
END_TEST

UNIT_MAIN("base/httpd", a_request_arrives_as_it_was_sent, a_connection_serves_many_requests,
          pipelined_requests_are_answered_in_order, head_tells_the_length_without_the_body,
          a_client_of_http_1_0_is_answered_and_closed, big_answers_are_sent_whole,
          bodies_come_whole_in_any_form, bodies_beyond_their_limit_are_refused,
          headers_alone_can_be_answered, bodies_share_a_budget,
          a_suspended_request_is_answered_by_another_thread, a_draining_server_answers_and_closes,
          stopping_waits_for_what_is_under_way, stopping_answers_whoever_was_connected,
          a_request_held_too_long_gets_503_when_the_server_stops,
          a_thousand_connections_are_answered_and_kept,
          as_many_requests_at_once_as_one_look_finds_are_answered,
          a_unix_socket_serves_and_goes_with_the_server,
          a_server_that_cannot_listen_says_where_and_why)
