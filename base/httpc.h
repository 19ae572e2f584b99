/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

#include "base/ctx.h"

/*
 * A small HTTP/1.1 client over libcurl, for services that we call: conductors, Keystone, BMCs.
 *
 * A client is what its requests have in common: trust, certificate, time, size. It keeps
 * connections open between requests and may be used by any number of threads at once; a request
 * blocks its thread. Redirects are not followed, cookies not kept, only http and https are
 * spoken, and what the environment says of proxies is not looked at.
 */
struct ci_httpc;

struct ci_httpc_options {
    const char *ca_file;              /* whom to trust, a file or a folder; NULL: the system's */
    const char *tls_minimum;          /* "1.2" or "1.3"; NULL: what libcurl thinks */
    const char *tls_ciphers;          /* of TLS 1.2, in OpenSSL's words; NULL: the same */
    bool insecure;                    /* trust whoever answers */
    const char *cert_file, *key_file; /* to show who we are; NULL: nobody */
    const char *user, *password;      /* HTTP basic; NULL: none */
    const char *unix_socket;          /* connect there, whatever the URL's host; NULL: do not */
    const char *proxy;                /* its URL; NULL: none */
    const char *user_agent;           /* NULL: "castiron" */
    int connect_timeout_ms;           /* 0: 5 seconds */
    int timeout_ms;                   /* of a request with its answer; 0: 60 seconds */
    size_t body_limit_bytes;          /* of an answer; 0: 1 MiB */
};

/* A client of its own memory: nothing of the options is kept. Ends with ci_httpc_free(). */
struct ci_httpc *ci_httpc_new(const struct ci_httpc_options *options);

/* When no request is under way any more. Accepts NULL. */
void ci_httpc_free(struct ci_httpc *client);

/* Requests under way fail within a second, and so do all that follow. From any thread. */
void ci_httpc_cancel(struct ci_httpc *client);

/* A header of a request or of an answer. Lists of them end with a row whose name is NULL. */
struct ci_httpc_header {
    const char *name, *value;
};

struct ci_httpc_request {
    const char *method; /* "POST" */
    const char *url;
    const struct ci_httpc_header *headers; /* NULL: none but the usual */
    const char *body;                      /* NULL: none */
    size_t body_length;
    int timeout_ms; /* 0: the client's */
};

/* An answer; in the memory of the context that asked. */
struct ci_httpc_response {
    int status;
    const struct ci_httpc_header *headers; /* names in small letters; as many as fit in 64 rows */
    const char *body;                      /* ended by a NUL that is not counted; "" if none */
    size_t body_length;
};

/*
 * Sends a request and waits for its answer, whatever its status is.
 *
 * Without an answer it fails: with ServiceUnavailable, 503, when the server was not reached, so
 * that it did nothing; with TemporaryFailure, 503, when it was and may have done what it was
 * asked for: it was too slow, hung up, or answered with something else than HTTP or with more
 * than the limit. The message is a sentence that says so, without the URL's user or query.
 */
ci_must_check bool ci_httpc_send(struct ci_ctx *ctx, struct ci_httpc *client,
                                 const struct ci_httpc_request *request,
                                 struct ci_httpc_response *ret_response);

/* The value of a header of an answer, its name in small letters; NULL if absent. */
const char *ci_httpc_header(const struct ci_httpc_response *response, const char *name);
