/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The head of a request as libmicrohttpd leaves it in its buffer: the first colon of each
 * header, the blanks of the request line and all CR and LF have become NUL, the rest stands
 * where it was received.
 */
struct ci_http_raw {
    const char *method, *path, *version; /* where they begin in the buffer */
    size_t uri_length;                   /* of path and query, as first seen */
    size_t bytes;                        /* from `method` to the end of the head */
};

/* What of the headers decides how the body is read. */
struct ci_http_head {
    bool has_body, chunked;
    bool expects;      /* the client waits for 100 Continue before it sends the body */
    uint64_t declared; /* Content-Length, 0 if chunked */
};

/* How far the head has been checked, and what was found; see below. */
struct ci_http_reader {
    const struct ci_http_raw *raw;
    const char *at, *end;
    int hosts, lengths, encodings;
    const char *length, *encoding;
    bool expects;
};

/*
 * Check that the head can be understood in one way only: CR LF ends every line, there is no
 * NUL, control character, folded line or blank in a name, at most one Host, Content-Length or
 * Transfer-Encoding and not the last two together, and what was read is all there is.
 *
 * _begin() checks the request line, _header() one header after the other, each with the place
 * where libmicrohttpd has found its name, _end() that there is no more and what it amounts
 * to. Each gives NULL, or a sentence saying what is wrong, after which nothing is to follow.
 */
const char *ci_http_head_begin(struct ci_http_reader *in, const struct ci_http_raw *raw);
const char *ci_http_head_header(struct ci_http_reader *in, const char *name);
const char *ci_http_head_end(const struct ci_http_reader *in, struct ci_http_head *ret_head);
