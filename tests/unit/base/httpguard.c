/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients that take their time, and those that go away.
 */
#include "tests/unit/base/httpserver.h"

/* Drips a byte every 100 ms until the server has had enough; gives how long that took. */
static int64_t drip(int fd, const char *text)
{
    int64_t begun = client_now_ms();
    struct pollfd at = {.fd = fd, .events = POLLIN};

    while (client_now_ms() - begun < CLIENT_PATIENCE_MS) {
        char byte;

        if (!client_send(fd, *text ? text : "x", 1))
            break;
        text += *text != '\0';
        if (poll(&at, 1, 100) > 0 && recv(fd, &byte, 1, 0) <= 0)
            break;
    }
    close(fd);
    return client_now_ms() - begun;
}

START_TEST(a_dripping_client_is_cut_at_the_deadline)
{
    static const char *const drips[] = {
        "GET /a-long-path-of-which-a-byte-comes-now-and-then",
        "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\nC: d\r\nE: f\r\nG: h\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n",
    };
    int port = serve((struct ci_httpd_options){
        .header_timeout_s = 1, .body_timeout_s = 1, .idle_timeout_s = 60});

    for (size_t i = 0; i < sizeof drips / sizeof drips[0]; i++) {
        int fd = client_connect(port);

        if (i == 2)
            client_say(fd, drips[i]);
        ck_assert_int_lt(drip(fd, i == 2 ? "" : drips[i]), 4000);
    }
    EVENTUALLY(ci_httpd_connections(httpd) == 0);
    ck_assert_int_eq(calls, 0);
    stop();
}
END_TEST

START_TEST(a_client_dripping_its_second_request_is_cut_too)
{
    int port = serve((struct ci_httpd_options){.header_timeout_s = 1, .idle_timeout_s = 60});
    int fd = client_connect(port);

    client_say(fd, GET("/fixed"));
    ck_assert_str_eq(client_read(fd, false).body, "fixed");
    client_sleep_ms(200);
    ck_assert_int_lt(drip(fd, "GET /a-long-path-of-which-a-byte-comes-now-and-then"), 5000);
    stop();
}
END_TEST

START_TEST(a_silent_client_is_cut_but_an_idle_one_kept)
{
    int port = serve((struct ci_httpd_options){.header_timeout_s = 1, .idle_timeout_s = 60});
    int silent = client_connect(port), idle = client_connect(port);

    client_say(idle, GET("/fixed"));
    ck_assert_str_eq(client_read(idle, false).body, "fixed");
    ck_assert(client_is_closed(silent));
    client_sleep_ms(2500);
    client_say(idle, GET("/fixed"));
    ck_assert_str_eq(client_read(idle, false).body, "fixed");
    close(silent);
    close(idle);
    stop();
}
END_TEST

START_TEST(an_idle_connection_is_closed_at_its_deadline)
{
    int port = serve((struct ci_httpd_options){.idle_timeout_s = 1}), fd = client_connect(port);

    client_say(fd, GET("/fixed"));
    ck_assert_str_eq(client_read(fd, false).body, "fixed");
    ck_assert(client_is_closed(fd));
    close(fd);
    stop();
}
END_TEST

START_TEST(a_client_that_does_not_read_is_cut)
{
    int port = serve((struct ci_httpd_options){.write_timeout_s = 1}), fd = client_connect(port);

    /* 4 MiB are granted a minute: so several small answers that fill the socket. */
    for (int i = 0; i < 200000 && client_say(fd, GET("/fixed")); i++)
        if (i % 1000 == 0 && ci_httpd_connections(httpd) == 0)
            break;
    EVENTUALLY(ci_httpd_connections(httpd) == 0);
    close(fd);
    stop();
}
END_TEST

START_TEST(a_client_may_leave_at_any_time)
{
    int port = serve((struct ci_httpd_options){.header_timeout_s = 1, .body_timeout_s = 1});
    static const char *const parts[] = {
        "GET /",
        "GET / HTTP/1.1\r\nHost: h\r\nX",
        GET("/wait"),
        GET("/big"),
        GET("/fixed"),
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab",
    };

    for (size_t i = 0; i < 20 * sizeof parts / sizeof parts[0]; i++) {
        int fd = client_connect(port);

        client_say(fd, parts[i % (sizeof parts / sizeof parts[0])]);
        if (i % 2)
            client_sleep_ms(2);
        close(fd);
    }
    EVENTUALLY(ci_httpd_connections(httpd) == 0);
    stop();
}
END_TEST

START_TEST(a_goodbye_right_behind_the_request_is_noticed)
{
    int port = serve((struct ci_httpd_options){0});
    int fd = client_connect(port);

    client_say(fd, GET("/wait"));
    shutdown(fd, SHUT_WR);
    ck_assert_int_eq(client_read(fd, false).status, 200);
    ck_assert(client_is_closed(fd));
    close(fd);
    stop();
}
END_TEST

UNIT_MAIN("base/httpguard", a_dripping_client_is_cut_at_the_deadline,
          a_client_dripping_its_second_request_is_cut_too,
          a_silent_client_is_cut_but_an_idle_one_kept, an_idle_connection_is_closed_at_its_deadline,
          a_client_that_does_not_read_is_cut, a_client_may_leave_at_any_time,
          a_goodbye_right_behind_the_request_is_noticed)
