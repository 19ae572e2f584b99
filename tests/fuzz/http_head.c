/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of a request: the bytes are taken apart as leniently as libmicrohttpd does, and
 * whatever is accepted then must be strict HTTP when read again from the untouched bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/httphead.h"

#define HEADERS_MAX 256

struct lenient {
    char *at, *end;
    const char *names[HEADERS_MAX];
    int headers;
};

/* The next line, with its CR LF or LF made NUL; NULL when there is none. */
static char *next_line(struct lenient *in, size_t *ret_n)
{
    char *line = in->at;

    for (char *p = line; p < in->end; p++) {
        if (p[0] == '\r' && p + 1 < in->end && p[1] == '\n') {
            p[0] = p[1] = '\0';
            in->at = p + 2;
        } else if (p[0] == '\n') {
            p[0] = '\0';
            in->at = p + 1;
        } else {
            continue;
        }
        *ret_n = (size_t)(p - line);
        return line;
    }
    return NULL;
}

static bool read_request_line(char *line, size_t n, struct ci_http_raw *raw)
{
    char *path = memchr(line, ' ', n), *version;

    if (!path)
        return false;
    *path++ = '\0';
    while (path < line + n && *path == ' ')
        path++;
    if (path == line + n)
        return false;
    for (version = line + n - 1; version > path && *version != ' '; version--)
        ;
    if (version == path || line + n - version != 9 || memcmp(version + 1, "HTTP/1.", 7) != 0 ||
        version[8] < '0' || version[8] > '9')
        return false;
    *version++ = '\0';
    *raw = (struct ci_http_raw){
        .method = line, .path = path, .version = version, .uri_length = strlen(path)};
    return true;
}

static bool read_headers(struct lenient *in, struct ci_http_raw *raw)
{
    size_t n;

    for (char *line = next_line(in, &n); line; line = next_line(in, &n)) {
        char *colon = strchr(line, ':');

        if (*line == '\0') {
            raw->bytes = (size_t)(in->at - raw->method);
            return true;
        }
        if (in->headers > 0 && (*line == ' ' || *line == '\t'))
            continue;
        if (!colon)
            return false;
        *colon = '\0';
        if (in->headers == HEADERS_MAX)
            return false;
        in->names[in->headers++] = line;
    }
    return false;
}

/* How many lines of the untouched head begin with the name and a colon. */
static int count(const char *head, size_t n, const char *name)
{
    int found = 0;

    for (size_t i = 0; i + strlen(name) < n; i++)
        found += i > 0 && head[i - 1] == '\n' && strncasecmp(head + i, name, strlen(name)) == 0;
    return found;
}

/* NULs stand nowhere but around a bare LF, which together leave the same trace as CR LF. */
static void check_nul(const char *head, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool has_nul = false, has_bare_lf = false;

        for (; i < n && (head[i] == '\0' || head[i] == '\r' || head[i] == '\n'); i++) {
            has_nul |= head[i] == '\0';
            has_bare_lf |= head[i] == '\n' && (i == 0 || head[i - 1] != '\r');
        }
        if (has_nul && !has_bare_lf)
            abort();
    }
}

static void check_strict(const char *head, size_t n, int headers, const struct ci_http_head *found)
{
    int lengths = count(head, n, "content-length:");
    int encodings = count(head, n, "transfer-encoding:");
    int lines = 0;

    for (size_t i = 0; i < n; i++) {
        if ((head[i] == '\n' && (i == 0 || head[i - 1] != '\r')) ||
            (head[i] == '\r' && (i + 1 == n || head[i + 1] != '\n')))
            abort();
        lines += head[i] == '\n';
    }
    if (lines != headers + 2 || lengths + encodings > 1 || count(head, n, "host:") > 1 ||
        found->chunked != (encodings == 1) || (found->declared && lengths != 1))
        abort();
}

static bool accept(const struct lenient *in, const struct ci_http_raw *raw,
                   struct ci_http_head *ret_head)
{
    struct ci_http_reader reader;
    const char *problem = ci_http_head_begin(&reader, raw);

    for (int i = 0; i < in->headers && !problem; i++)
        problem = ci_http_head_header(&reader, in->names[i]);
    return !problem && !ci_http_head_end(&reader, ret_head);
}

static void check(const char *head, size_t n, int headers, const struct ci_http_head *found)
{
    if (memchr(head, '\0', n))
        check_nul(head, n);
    else
        check_strict(head, n, headers, found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ci_arena *mem = ci_arena_new();
    const char *source = (const char *)data;
    char *copy = ci_strndup(mem, source, size);
    struct lenient in = {.at = copy, .end = copy + size};
    struct ci_http_raw raw;
    struct ci_http_head head = {0};
    size_t n;
    char *line = next_line(&in, &n);

    if (line && *line && read_request_line(line, n, &raw) && read_headers(&in, &raw) &&
        accept(&in, &raw, &head))
        check(source + (raw.method - copy), raw.bytes, in.headers, &head);
    ci_arena_free(mem);
    return 0;
}
