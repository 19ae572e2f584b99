/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"
#include "base/text.h"

/*
 * A small HTTP/1.1 server: connections, limits, suspended requests, draining.
 *
 * A few threads serve all connections by epoll; the two callbacks below run on them and must
 * not block. What has to wait is suspended and answered later by any other thread. Requests
 * that two readers could understand differently (Content-Length twice or beside
 * Transfer-Encoding, a bare line feed, NUL bytes, no Host) never reach the callbacks: they
 * get 400 and the connection is closed.
 */
struct ci_httpd;

/*
 * One request. It belongs to the thread whose callback got it, then, once suspended, to the
 * thread that answers it; nothing of it may be touched after its answer.
 */
struct ci_httpd_request {
    const char *method; /* as sent: "GET" */
    const char *path;   /* as sent, neither unescaped nor normalised; "/v1/nodes" */
    const char *query;  /* as sent, what follows the '?'; "" if none */
    const char *scheme; /* "http" or "https": of this connection, proxies not considered */
    const char *body;   /* the whole body, ended by a NUL that is not counted; "" if none */
    size_t body_length;
    void *user; /* the caller's, NULL at first; kept from on_headers to on_request */
};

/* A header of an answer. Lists of them end with a row whose name is NULL. */
struct ci_httpd_header {
    const char *name, *value;
};

/*
 * What the headers of a request lead to: run before its body is read.
 *
 * Gives how many bytes its body may have (a longer one is answered with 413 by way of
 * on_too_large); or answers at once with ci_httpd_answer(), then what it gives is ignored
 * and the body is thrown away. Must not suspend.
 */
typedef size_t ci_httpd_on_headers(struct ci_httpd_request *req, void *arg);

/*
 * The request is complete. It must be answered before this returns, or have been suspended
 * with ci_httpd_suspend().
 */
typedef void ci_httpd_on_request(struct ci_httpd_request *req, void *arg);

/*
 * The server itself refuses the request: `status` is 400 (malformed), 413 (body over its
 * limit), 431 (headers over theirs) or 503 (no memory for bodies left, or leaving), `message` says
 * why in a sentence. Gives the body of the answer in `body` (empty at first) and its headers, which
 * must live until the next call in this thread, or NULL.
 */
typedef const struct ci_httpd_header *ci_httpd_on_refusal(struct ci_httpd_request *req, int status,
                                                          const char *message, struct ci_text *body,
                                                          void *arg);

/*
 * The request is over, answered or not (its client may leave while it sends the body), and
 * `user` is not NULL: the place to free it. Runs in the thread of the connection.
 */
typedef void ci_httpd_on_end(void *user, void *arg);

/*
 * TLS of the server. Files are PEM and read once, at start. A client without a certificate of
 * the CA, where there is one, is answered with 400.
 */
struct ci_httpd_tls {
    const char *section;         /* of the configuration they come from: "api" */
    const char *cert_file;       /* with the chain behind it */
    const char *key_file;        /* its key */
    const char *ca_file;         /* who signs the certificates of clients; NULL: they need none */
    const char *minimum_version; /* "1.2" or "1.3"; NULL: 1.2 */
    const char *ciphers;         /* a priority string of GnuTLS; NULL: its own choice */
};

struct ci_httpd_options {
    const struct ci_httpd_tls *tls; /* NULL: none; need not outlive the start */
    const char *address;            /* to listen on; NULL: 127.0.0.1 */
    int port;                       /* 0: any free one, see ci_httpd_port() */
    const char *unix_socket;        /* path of a socket instead of address and port, or NULL */
    int unix_socket_mode;           /* its permissions; 0: 0660 */

    ci_httpd_on_headers *on_headers; /* NULL: every body up to body_limit_bytes */
    ci_httpd_on_request *on_request;
    ci_httpd_on_refusal *on_refusal; /* NULL: plain text */
    ci_httpd_on_end *on_end;         /* NULL: nothing to free */
    void *arg;                       /* handed to the four */

    /* Limits; 0 is the default that stands behind each. */
    int threads;               /* epoll threads: the cores, at most 4 */
    int connections;           /* open at once: 12000, or what RLIMIT_NOFILE leaves */
    int per_peer_connections;  /* of one address: no limit */
    int backlog;               /* of the listening socket: 1024 */
    int header_timeout_s;      /* first byte to last header: 10 */
    int body_timeout_s;        /* end of headers to end of body: 60 */
    int write_timeout_s;       /* answer handed over to last byte sent, plus a second for each
                                  64 KiB: 60 */
    int idle_timeout_s;        /* between requests of one connection: 900 */
    size_t header_limit_bytes; /* request line and headers; idle connections hold it: 16 KiB */
    size_t body_limit_bytes;   /* where on_headers is NULL: 1 MiB */
    size_t bodies_limit_bytes; /* all bodies being collected together: 64 MiB */
};

/*
 * Listens and serves; *ret_httpd is there before the first request is. Fails with what is wrong
 * with the address, the limits or TLS.
 */
ci_must_check bool ci_httpd_start(struct ci_ctx *ctx, const struct ci_httpd_options *options,
                                  struct ci_httpd **ret_httpd);

/* The port that is really listened on; 0 for a Unix socket. */
int ci_httpd_port(const struct ci_httpd *httpd);

/* Connections that are open now. */
int ci_httpd_connections(const struct ci_httpd *httpd);

/*
 * From now on every answer closes its connection, so that clients go elsewhere; new
 * connections are still accepted.
 */
void ci_httpd_drain(struct ci_httpd *httpd);

/*
 * Stops: closes the listening socket after serving what was already connected, waits at most
 * limit_s seconds until every request under way has been answered, closes the rest and frees
 * the server. Accepts NULL.
 *
 * False when requests are still suspended at that time: their clients get 503 now (those of
 * TLS are only cut off), but since other threads still read those requests nothing is freed, and
 * the process is to end.
 */
bool ci_httpd_stop(struct ci_httpd *httpd, int limit_s);

/* The value of the first header of that name, in any case; NULL if absent. */
const char *ci_httpd_header(const struct ci_httpd_request *req, const char *name);

/* The client's address as text, without port; "unix" for a Unix socket. Written to `room`. */
const char *ci_httpd_peer(const struct ci_httpd_request *req, char room[static 64]);

/*
 * The request will be answered later, by a thread that this one tells about it *after* this
 * call. Only in on_request.
 */
void ci_httpd_suspend(struct ci_httpd_request *req);

/*
 * Answers. Headers are copied; NULL for none. Content-Length, Date and Connection are set by
 * the server. The body's bytes are taken, not copied, and the text is empty afterwards; NULL
 * for no body. To HEAD the length is told and the body left out.
 */
void ci_httpd_answer(struct ci_httpd_request *req, int status,
                     const struct ci_httpd_header *headers, struct ci_text *body);

/* The same with a body that is not taken: the bytes must live until the server has stopped. */
void ci_httpd_answer_borrowed(struct ci_httpd_request *req, int status,
                              const struct ci_httpd_header *headers, const char *bytes,
                              size_t length);

/*
 * Undoes the %XX of one path segment, or of one name or value of a query, where '+' is a
 * space too. False, with nothing given, when an escape is malformed, or when the text would
 * hold a NUL or is not UTF-8.
 */
ci_must_check bool ci_httpd_unescape(struct ci_arena *mem, const char *text, size_t length,
                                     char **ret_text);
ci_must_check bool ci_httpd_unescape_query(struct ci_arena *mem, const char *text, size_t length,
                                           char **ret_text);
