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
    int headers;                         /* how many it has read there */
};

/* What of the headers decides how the body is read. */
struct ci_http_head {
    bool has_body, chunked;
    bool expects;      /* the client waits for 100 Continue before it sends the body */
    uint64_t declared; /* Content-Length, 0 if chunked */
};

/*
 * Checks that the head can be understood in one way only: CR LF ends every line, there is no
 * NUL, control character, folded line or blank in a name, at most one Host, Content-Length or
 * Transfer-Encoding and not the last two together, and what was read is all there is.
 *
 * Gives NULL, or a sentence saying what is wrong. ret_head is set only when nothing is.
 */
const char *ci_http_head_check(const struct ci_http_raw *raw, struct ci_http_head *ret_head);
