/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that two readers could understand differently, in raw bytes, and heads too large.
 */
#include "tests/unit/base/httpserver.h"

struct trap {
    const char *what, *bytes;
    size_t n;
    int status;
};

#define TRAP(what, status, text)                                                                   \
    {                                                                                              \
        what, text, sizeof(text) - 1, status                                                       \
    }
#define AND_MORE GET("/smuggled")

static const struct trap traps[] = {
    TRAP("length and encoding", 400,
         "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
         "0\r\n\r\n" AND_MORE),
    TRAP("encoding and length", 400,
         "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
         "0\r\n\r\n" AND_MORE),
    TRAP("two lengths", 400,
         "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"
         "hello" AND_MORE),
    TRAP("two equal lengths", 400,
         "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n" AND_MORE),
    TRAP("two encodings", 400,
         "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
         "identity\r\n\r\n0\r\n\r\n" AND_MORE),
    TRAP("unknown encoding", 400,
         "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" AND_MORE),
    TRAP("encoding in HTTP/1.0", 400,
         "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" AND_MORE),
    TRAP("length with a sign", 400,
         "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello" AND_MORE),
    TRAP("length list", 400,
         "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\nhello" AND_MORE),
    TRAP("length in hexadecimal", 400,
         "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 0x5\r\n\r\nhello" AND_MORE),
    TRAP("empty length", 400, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: \r\n\r\n" AND_MORE),
    TRAP("length with a blank behind", 400,
         "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5 \r\n\r\nhello" AND_MORE),
    TRAP("length beyond 64 bits", 413,
         "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n" AND_MORE),
    TRAP("no Host", 400, "GET /x HTTP/1.1\r\n\r\n" AND_MORE),
    TRAP("two Hosts", 400, "GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" AND_MORE),
    TRAP("Host with a path", 400, "GET /x HTTP/1.1\r\nHost: a/b\r\n\r\n" AND_MORE),
    TRAP("bare LF after the request line", 400, "GET /x HTTP/1.1\nHost: h\r\n\r\n" AND_MORE),
    TRAP("bare LF after a header", 400, "GET /x HTTP/1.1\r\nHost: h\nA: b\r\n\r\n" AND_MORE),
    TRAP("bare LF after the last header", 400, "GET /x HTTP/1.1\r\nHost: h\n\r\n" AND_MORE),
    TRAP("bare LF as the blank line", 400, "GET /x HTTP/1.1\r\nHost: h\r\n\n" AND_MORE),
    TRAP("two bare LF at the end", 400, "GET /x HTTP/1.1\r\nHost: h\n\n" AND_MORE),
    TRAP("bare CR in a header", 400, "GET /x HTTP/1.1\r\nHost: h\r\nA: b\rC: d\r\n\r\n" AND_MORE),
    TRAP("folded header", 400, "GET /x HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n" AND_MORE),
    TRAP("folded first header", 400, "GET /x HTTP/1.1\r\n Host: h\r\n\r\n" AND_MORE),
    TRAP("NUL in a header", 400, "GET /x HTTP/1.1\r\nHost: h\r\nA: b\0c\r\n\r\n" AND_MORE),
    TRAP("header behind two NUL", 400,
         "GET /x HTTP/1.1\r\nHost: h\r\nA: b\0\0C: d\r\n\r\n" AND_MORE),
    TRAP("header behind two NUL, NUL for its colon", 400,
         "GET /x HTTP/1.1\r\nHost: h\r\nA: b\0\0C\0 d\r\n\r\n" AND_MORE),
    TRAP("length behind a bare LF, an empty name and a NUL", 400,
         "POST /x HTTP/1.1\r\nHost: h\r\nA: b\n:Content-Length\0 5\r\n\r\nhello" AND_MORE),
    TRAP("NUL in the name of a header", 400,
         "GET /x HTTP/1.1\r\nHost: h\r\nA\0: b\r\n\r\n" AND_MORE),
    TRAP("NUL in the URL", 400, "GET /x\0/y HTTP/1.1\r\nHost: h\r\n\r\n" AND_MORE),
    TRAP("NUL in the query", 400, "GET /x?a\0b HTTP/1.1\r\nHost: h\r\n\r\n" AND_MORE),
    TRAP("query behind a NUL", 400, "GET /x\0?a=b HTTP/1.1\r\nHost: h\r\n\r\n" AND_MORE),
    TRAP("NUL in the method", 400, "G\0T /x HTTP/1.1\r\nHost: h\r\n\r\n" AND_MORE),
    TRAP("blank in the URL", 400, "GET /x y HTTP/1.1\r\nHost: h\r\n\r\n" AND_MORE),
    TRAP("two blanks before the URL", 400, "GET  /x HTTP/1.1\r\nHost: h\r\n\r\n" AND_MORE),
    TRAP("control character in the URL", 400, "GET /x\x01 HTTP/1.1\r\nHost: h\r\n\r\n" AND_MORE),
    TRAP("blank in the name of a header", 400,
         "GET /x HTTP/1.1\r\nHost: h\r\nContent-Length : 0\r\n\r\n" AND_MORE),
    TRAP("header without a name", 400, "GET /x HTTP/1.1\r\nHost: h\r\n: b\r\n\r\n" AND_MORE),
    TRAP("header without a colon", 400, "GET /x HTTP/1.1\r\nHost: h\r\nA\r\n\r\n" AND_MORE),
    TRAP("no version", 400, "GET /x\r\nHost: h\r\n\r\n" AND_MORE),
    TRAP("version 2", 505, "GET /x HTTP/2.0\r\nHost: h\r\n\r\n" AND_MORE),
    TRAP("malformed chunk", 400,
         "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" AND_MORE),
};

/* libmicrohttpd sends the head of its answer to a malformed Content-Length twice. */
static bool ends_without_another_answer(int fd)
{
    char rest[4096];
    ssize_t n;

    do {
        n = client_recv(fd, rest, sizeof rest - 1);
        rest[n > 0 ? n : 0] = '\0';
    } while (n > 0 && !strstr(rest, " 200 "));
    return n == 0;
}

START_TEST(what_can_be_misread_is_refused_and_the_connection_closed)
{
    int port = serve((struct ci_httpd_options){0});

    for (size_t i = 0; i < sizeof traps / sizeof traps[0]; i++) {
        int fd = client_connect(port);
        struct answer a;

        client_send(fd, traps[i].bytes, traps[i].n);
        a = client_read(fd, false);
        ck_assert_msg(a.status == traps[i].status, "%s: %d", traps[i].what, a.status);
        ck_assert_msg(ends_without_another_answer(fd), "%s: not closed", traps[i].what);
        close(fd);
    }
    ck_assert_int_eq(calls, 0);
    stop();
}
END_TEST

START_TEST(refusals_have_the_callers_form)
{
    int port = serve((struct ci_httpd_options){0});
    struct answer a = client_ask(port, TELL("GET /x HTTP/1.1\r\n\r\n"));

    ck_assert_str_eq(a.body, "{\"refused\": 400, \"message\": \"There must be one Host header.\"}");
    ck_assert(answer_says(&a, "Content-Type", "text/plain"));
    ck_assert(answer_says(&a, "Connection", "close"));
    stop();
}
END_TEST

START_TEST(urls_and_headers_beyond_their_limit_are_refused)
{
    static const struct {
        const char *prefix, *suffix;
        size_t n;
        int status;
    } cases[] = {
        {"GET /", " HTTP/1.1\r\nHost: h\r\n\r\n", 8000, 200},
        {"GET /?", " HTTP/1.1\r\nHost: h\r\n\r\n", 8000, 200},
        {"GET /", " HTTP/1.1\r\nHost: h\r\n\r\n", 30000, 414},
        {"GET / HTTP/1.1\r\nHost: h\r\nA: ", "\r\n\r\n", 15000, 200},
        {"GET / HTTP/1.1\r\nHost: h\r\nA: ", "\r\n\r\n", 17000, 431},
        {"GET / HTTP/1.1\r\nHost: h\r\nA: ", "\r\n\r\n", 100000, 431},
        {"GET / HTTP/1.1\r\nHost: h\r\nA: ", "\r\n\r\n", 3000000, 431},
    };
    int port = serve((struct ci_httpd_options){0});

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = many(cases[i].prefix, cases[i].n, cases[i].suffix);
        struct answer a = client_ask(port, text, strlen(text));

        ck_assert_msg(a.status == cases[i].status, "case %zu: %d", i, a.status);
        free(text);
    }
    stop();
}
END_TEST

START_TEST(a_query_of_many_parameters_costs_no_memory_of_the_connection)
{
    char text[8192] = "GET /?";
    size_t n = strlen(text);
    int port = serve((struct ci_httpd_options){0});

    while (n < 7000) {
        memcpy(text + n, "a&", 2);
        n += 2;
    }
    snprintf(text + n, sizeof text - n, " HTTP/1.1\r\nHost: h\r\n\r\n");
    ck_assert_int_eq(client_ask(port, text, strlen(text)).status, 200);
    stop();
}
END_TEST

UNIT_MAIN("base/httphead", what_can_be_misread_is_refused_and_the_connection_closed,
          refusals_have_the_callers_form, urls_and_headers_beyond_their_limit_are_refused,
          a_query_of_many_parameters_costs_no_memory_of_the_connection)
