/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd is lenient: it takes a bare LF for a line's end, cuts texts at a NUL, joins
 * folded lines, and where a length is given twice it believes the first. A proxy in front may
 * do otherwise, and what two readers of one stream understand differently can be used to
 * smuggle a request past the first.
 *
 * Its buffer tells: a line's CR LF has become two NUL, a bare LF one, and a NUL that was sent
 * stands where none is expected, or puts a header elsewhere than where it was found. The one
 * thing it cannot tell is a NUL beside a bare LF, which together look like CR LF, to both.
 */
#include "base/httphead.h"

#include <string.h>
#include <strings.h>

#define VERSION_BYTES 8

static bool is_token_char(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           (c != '\0' && strchr("!#$%&'*+.^_`|~", c));
}

static size_t token_length(const char *at, const char *end)
{
    const char *p = at;

    while (p < end && is_token_char((unsigned char)*p))
        p++;
    return (size_t)(p - at);
}

/* Text up to a NUL, in which a tab is the only control character. */
static size_t value_length(const char *at, const char *end)
{
    const char *p = at;

    while (p < end && (*p == '\t' || ((unsigned char)*p >= ' ' && *p != 0x7f)))
        p++;
    return (size_t)(p - at);
}

static bool is_line_end(const struct ci_http_reader *in)
{
    return in->end - in->at >= 2 && in->at[0] == '\0' && in->at[1] == '\0';
}

static bool is_host(const char *text)
{
    return text[strcspn(text, " \t\"#/<>?@\\^`{|}")] == '\0';
}

static bool is_number(const char *text, uint64_t *ret_number)
{
    uint64_t n = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, (uint64_t)(*text - '0'), &n))
            return false;
    }
    *ret_number = n;
    return true;
}

static const char *note_header(struct ci_http_reader *in, const char *name, const char *value)
{
    if (strcasecmp(name, "Host") == 0) {
        in->hosts++;
        return is_host(value) ? NULL : "The Host header is malformed.";
    }
    if (strcasecmp(name, "Content-Length") == 0) {
        in->lengths++;
        in->length = value;
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        in->encodings++;
        in->encoding = value;
    } else if (strcasecmp(name, "Expect") == 0) {
        in->expects = strcasecmp(value, "100-continue") == 0;
    }
    return NULL;
}

const char *ci_http_head_begin(struct ci_http_reader *in, const struct ci_http_raw *raw)
{
    const char *at = raw->method, *end = raw->method + raw->bytes;
    size_t method = token_length(at, end);

    *in = (struct ci_http_reader){.raw = raw, .at = raw->version + VERSION_BYTES, .end = end};
    if (method == 0 || at + method + 1 != raw->path || at[method] != '\0')
        return "The method is malformed.";
    if (raw->path + raw->uri_length + 1 != raw->version)
        return "The URL has a NUL byte.";
    for (size_t i = 0; i < raw->uri_length; i++) {
        unsigned char c = (unsigned char)raw->path[i];

        /* The NUL in front of the query was a question mark. */
        if (c == 0x7f || (c <= ' ' && c != '\0'))
            return "The URL has a blank or a control character.";
    }
    if (!is_line_end(in))
        return "The request line does not end with CR LF.";
    in->at += 2;
    return NULL;
}

const char *ci_http_head_header(struct ci_http_reader *in, const char *name)
{
    size_t n = token_length(in->at, in->end);
    const char *value;

    if (name != in->at)
        return "A header is folded or has a NUL byte.";
    in->at += n;
    if (n == 0 || in->at == in->end || *in->at != '\0')
        return "The name of a header is malformed.";
    in->at++;
    while (in->at < in->end && (*in->at == ' ' || *in->at == '\t'))
        in->at++;
    value = in->at;
    in->at += value_length(in->at, in->end);
    if (!is_line_end(in))
        return "The value of a header has a control character, or its line no CR LF.";
    in->at += 2;
    return note_header(in, name, value);
}

const char *ci_http_head_end(const struct ci_http_reader *in, struct ci_http_head *ret_head)
{
    struct ci_http_head head = {.expects = in->expects};
    bool is_1_0 = in->raw->version[VERSION_BYTES - 1] == '0';

    if (!is_line_end(in) || in->at + 2 != in->end)
        return "The headers do not end with CR LF, or one is folded.";
    if (in->hosts > 1 || (in->hosts == 0 && !is_1_0))
        return "There must be one Host header.";
    if (in->lengths > 1 || in->encodings > 1 || (in->lengths && in->encodings))
        return "The length of the body is given more than once.";
    if (in->encodings && (is_1_0 || strcasecmp(in->encoding, "chunked") != 0))
        return "The only Transfer-Encoding that is understood is chunked.";
    if (in->lengths && !is_number(in->length, &head.declared))
        return "The Content-Length is not a number.";
    head.chunked = in->encodings > 0;
    head.has_body = head.chunked || head.declared > 0;
    *ret_head = head;
    return NULL;
}
