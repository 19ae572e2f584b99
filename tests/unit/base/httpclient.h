/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A client that speaks raw bytes, for the tests of base/httpd: sends what it is given and
 * reads one answer at a time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENT_PATIENCE_MS 10000

struct answer {
    int status;      /* 0: closed without an answer */
    char head[8192]; /* status line and headers */
    char body[8192]; /* the beginning of the body */
    size_t length;   /* of the whole body */
};

static inline int64_t client_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void client_sleep_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

static inline int client_connect(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_ge(fd, 0);
    ck_assert_msg(connect(fd, (const struct sockaddr *)&at, sizeof at) == 0, "connect: %s",
                  strerror(errno));
    return fd;
}

/* True unless the server has closed the connection. */
static inline bool client_send(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

        if (sent < 0)
            return false;
        bytes += sent;
        n -= (size_t)sent;
    }
    return true;
}

static inline bool client_say(int fd, const char *text)
{
    return client_send(fd, text, strlen(text));
}

/* Like recv(), but gives -2 when nothing comes. */
static inline ssize_t client_recv(int fd, char *room, size_t n)
{
    struct pollfd at = {.fd = fd, .events = POLLIN};

    if (poll(&at, 1, CLIENT_PATIENCE_MS) <= 0)
        return -2;
    return recv(fd, room, n, 0);
}

/* Reads up to the blank line, a byte at a time so that the next answer stays unread. */
static inline bool client_read_head(int fd, struct answer *answer)
{
    size_t n = 0;

    while (n < sizeof answer->head - 1) {
        ssize_t got = client_recv(fd, answer->head + n, 1);

        ck_assert_msg(got != -2, "no answer came");
        if (got <= 0)
            return false;
        n++;
        answer->head[n] = '\0';
        if (n >= 4 && memcmp(answer->head + n - 4, "\r\n\r\n", 4) == 0)
            return true;
    }
    return false;
}

/* The value of a header of the answer, ended by CR; NULL if absent. */
static inline const char *answer_header(const struct answer *answer, const char *name)
{
    const char *line = answer->head;
    size_t n = strlen(name);

    while ((line = strstr(line, "\r\n"))) {
        line += 2;
        if (strncasecmp(line, name, n) == 0 && line[n] == ':')
            return line + n + 1 + strspn(line + n + 1, " ");
    }
    return NULL;
}

static inline bool answer_says(const struct answer *answer, const char *name, const char *value)
{
    const char *got = answer_header(answer, name);

    return got && strncasecmp(got, value, strlen(value)) == 0 && got[strlen(value)] == '\r';
}

/* The number that a text begins with; 0 for none. */
static inline size_t client_number(const char *text)
{
    size_t n = 0;

    for (; text && *text >= '0' && *text <= '9'; text++)
        n = n * 10 + (size_t)(*text - '0');
    return n;
}

/* Reads one answer, whose body is there unless it answers HEAD. */
static inline struct answer client_read(int fd, bool to_head)
{
    struct answer answer = {0};
    const char *length;
    size_t n = 0;

    do {
        answer = (struct answer){0};
        if (!client_read_head(fd, &answer))
            return (struct answer){0};
        answer.status = (int)client_number(answer.head + strlen("HTTP/1.1 "));
    } while (answer.status == 100);
    length = answer_header(&answer, "Content-Length");
    ck_assert_msg(length || answer.status == 204, "no Content-Length: %s", answer.head);
    answer.length = client_number(length);
    while (!to_head && n < answer.length) {
        char room[65536];
        size_t want = answer.length - n < sizeof room ? answer.length - n : sizeof room;
        ssize_t got = client_recv(fd, room, want);

        ck_assert_msg(got > 0, "the body ends after %zu of %zu bytes", n, answer.length);
        if (n < sizeof answer.body - 1) {
            size_t fits = sizeof answer.body - 1 - n;

            memcpy(answer.body + n, room, (size_t)got < fits ? (size_t)got : fits);
        }
        n += (size_t)got;
    }
    return answer;
}

/* Nothing more comes and the connection is at its end. */
static inline bool client_is_closed(int fd)
{
    char byte;

    return client_recv(fd, &byte, 1) == 0;
}

/* Sends, reads the answer and closes. */
static inline struct answer client_ask(int port, const char *bytes, size_t n)
{
    int fd = client_connect(port);
    struct answer answer;

    client_send(fd, bytes, n);
    answer = client_read(fd, false);
    close(fd);
    return answer;
}

/* n letters between two texts, on the heap. */
static inline char *many(const char *prefix, size_t n, const char *suffix)
{
    size_t a = strlen(prefix), b = strlen(suffix);
    char *text = malloc(a + n + b + 1);

    memcpy(text, prefix, a);
    memset(text + a, 'x', n);
    memcpy(text + a + n, suffix, b + 1);
    return text;
}
