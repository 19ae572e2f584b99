/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs, taken apart from left to right.
 *
 * The part before the last @ of a host is its user: passwords with a bare @ are common in
 * configuration files, host names with one are not.
 */
#include "base/url.h"

#include <string.h>

#include "base/text.h"

enum { PORT_MAX = 65535 };

/* A stretch of the text. */
struct span {
    const char *begin, *end;
};

static bool fail(struct ci_ctx *ctx, const char *why)
{
    return ci_fail_text(ctx, InvalidParameterValue, "Not a valid URL: %s.", why);
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Where the first of the bytes in `set` is, or the end. */
static const char *find_any(struct span s, const char *set)
{
    const char *at = s.begin;

    while (at < s.end && !strchr(set, *at))
        at++;
    return at;
}

static const char *find_last(struct span s, char c)
{
    for (const char *at = s.end; at > s.begin; at--) {
        if (at[-1] == c)
            return at - 1;
    }
    return NULL;
}

/* False when a NUL comes out. */
static bool decode(struct ci_arena *mem, struct span s, const char **ret_text)
{
    char *to = ci_alloc(mem, (size_t)(s.end - s.begin) + 1);

    *ret_text = to;
    while (s.begin < s.end) {
        char c = *s.begin++;

        if (c == '%' && s.end - s.begin >= 2 && hex(s.begin[0]) >= 0 && hex(s.begin[1]) >= 0) {
            c = (char)(hex(s.begin[0]) * 16 + hex(s.begin[1]));
            s.begin += 2;
        }
        if (!c)
            return false;
        *to++ = c;
    }
    return true;
}

static bool take_scheme(struct ci_ctx *ctx, struct span *rest, struct ci_url *url)
{
    const char *at = rest->begin;
    char *scheme;

    while (at < rest->end && (is_letter(*at) || is_digit(*at) || strchr("+-._", *at)))
        at++;
    if (at == rest->begin || !is_letter(*rest->begin) || strncmp(at, "://", 3) != 0)
        return fail(ctx, "it must begin with scheme://");
    scheme = ci_strndup(ctx->mem, rest->begin, (size_t)(at - rest->begin));
    url->scheme = scheme;
    for (; *scheme; scheme++) {
        if (*scheme >= 'A' && *scheme <= 'Z')
            *scheme = (char)(*scheme - 'A' + 'a');
    }
    rest->begin = at + 3;
    return true;
}

static bool take_user(struct ci_ctx *ctx, struct span user, struct ci_url_host *host)
{
    const char *colon = find_any(user, ":");

    if (!decode(ctx->mem, (struct span){user.begin, colon}, &host->user))
        return fail(ctx, "a NUL in the user");
    if (colon < user.end && !decode(ctx->mem, (struct span){colon + 1, user.end}, &host->password))
        return fail(ctx, "a NUL in the password");
    return true;
}

static bool take_port(struct ci_ctx *ctx, struct span port, struct ci_url_host *host)
{
    int64_t value;

    if (port.begin == port.end)
        return true; /* "host:" is taken by Python too */
    if (!ci_parse_int(ci_strndup(ctx->mem, port.begin, (size_t)(port.end - port.begin)), 1,
                      PORT_MAX, &value))
        return fail(ctx, "a port must be a number from 1 to 65535");
    host->port = (int)value;
    return true;
}

/* [user[:password]@]name[:port]; an IPv6 address stands in brackets. */
static bool take_host(struct ci_ctx *ctx, struct span s, struct ci_url_host *host)
{
    const char *at = find_last(s, '@'), *end;
    bool bracketed;

    if (at && !take_user(ctx, (struct span){s.begin, at}, host))
        return false;
    s.begin = at ? at + 1 : s.begin;
    bracketed = s.begin < s.end && *s.begin == '[';
    end = find_any(s, bracketed ? "]" : ":");
    if (bracketed && end == s.end)
        return fail(ctx, "a [ without ]");
    if (!decode(ctx->mem, (struct span){s.begin + (bracketed ? 1 : 0), end}, &host->name))
        return fail(ctx, "a NUL in the host");
    s.begin = end + (bracketed ? 1 : 0);
    if (s.begin == s.end)
        return true;
    if (*s.begin != ':')
        return fail(ctx, "something between ] and the port");
    return take_port(ctx, (struct span){s.begin + 1, s.end}, host);
}

static bool take_hosts(struct ci_ctx *ctx, struct span s, struct ci_url *url)
{
    struct ci_url_host *hosts = ci_alloc_array(ctx->mem, CI_URL_MAX_HOSTS, sizeof *hosts);

    url->hosts = hosts;
    for (;;) {
        const char *comma = find_any(s, ",");

        if (url->n_hosts == CI_URL_MAX_HOSTS)
            return fail(ctx, "too many hosts");
        if (!take_host(ctx, (struct span){s.begin, comma}, &hosts[url->n_hosts++]))
            return false;
        if (comma == s.end)
            return true;
        s.begin = comma + 1;
    }
}

static bool take_parameters(struct ci_ctx *ctx, struct span s, struct ci_url *url)
{
    struct ci_url_parameter *parameters =
        ci_alloc_array(ctx->mem, CI_URL_MAX_PARAMETERS, sizeof *parameters);

    url->parameters = parameters;
    while (s.begin < s.end) {
        const char *end = find_any(s, "&"), *equal = find_any((struct span){s.begin, end}, "=");
        struct ci_url_parameter *parameter = &parameters[url->n_parameters];

        if (end > s.begin) {
            if (url->n_parameters == CI_URL_MAX_PARAMETERS)
                return fail(ctx, "too many parameters");
            if (!decode(ctx->mem, (struct span){s.begin, equal}, &parameter->key) ||
                !decode(ctx->mem, (struct span){equal < end ? equal + 1 : end, end},
                        &parameter->value))
                return fail(ctx, "a NUL in a parameter");
            url->n_parameters++;
        }
        s.begin = end < s.end ? end + 1 : end;
    }
    return true;
}

/* Control characters and blanks have no place in a URL, and would forge lines of logs. */
static bool is_clean(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text <= ' ' || *text == 0x7f)
            return false;
    }
    return true;
}

bool ci_url_parse(struct ci_ctx *ctx, const char *text, struct ci_url *ret_url)
{
    struct ci_url url = {0};
    size_t n = strlen(text);
    struct span rest = {text, text + n}, hosts, path, query;

    if (n > CI_URL_MAX_BYTES)
        return fail(ctx, "it is too long");
    if (!is_clean(text))
        return fail(ctx, "blanks and control characters must be written as %XX");
    if (!take_scheme(ctx, &rest, &url))
        return false;
    rest.end = find_any(rest, "#");
    hosts = (struct span){rest.begin, find_any(rest, "/?")};
    path.begin = hosts.end;
    path.end = find_any((struct span){hosts.end, rest.end}, "?");
    query = (struct span){path.end < rest.end ? path.end + 1 : rest.end, rest.end};
    if (!take_hosts(ctx, hosts, &url) || !take_parameters(ctx, query, &url))
        return false;
    url.raw_path = ci_strndup(ctx->mem, path.begin, (size_t)(path.end - path.begin));
    if (!decode(ctx->mem, path, &url.path))
        return fail(ctx, "a NUL in the path");
    *ret_url = url;
    return true;
}

const char *ci_url_parameter(const struct ci_url *url, const char *key)
{
    for (size_t i = url->n_parameters; i > 0; i--) {
        if (strcmp(url->parameters[i - 1].key, key) == 0)
            return url->parameters[i - 1].value;
    }
    return NULL;
}

const char *ci_url_escape(struct ci_arena *mem, const char *text, const char *keep)
{
    static const char digits[] = "0123456789ABCDEF";
    char *escaped = ci_alloc_array(mem, strlen(text) + 1, 3), *to = escaped;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (is_letter(*text) || is_digit(*text) || strchr("-._~", *text) || strchr(keep, *text)) {
            *to++ = *text;
        } else {
            *to++ = '%';
            *to++ = digits[c >> 4];
            *to++ = digits[c & 15];
        }
    }
    return escaped;
}

const char *ci_url_masked(struct ci_arena *mem, const char *text)
{
    const char *start = strstr(text, "://");
    struct ci_text *masked;
    struct span rest;

    if (!start)
        return ci_strdup(mem, text);
    masked = ci_text_new(mem, 2 * strlen(text) + 64);
    rest = (struct span){start + 3, start + strlen(start)};
    ci_text_addn(masked, text, (size_t)(rest.begin - text));
    while (rest.begin < rest.end) {
        struct span host = {rest.begin, find_any(rest, ",")};
        const char *at = find_last(host, '@'), *colon;

        colon = at ? find_any((struct span){host.begin, at}, ":") : NULL;
        ci_text_addn(masked, host.begin, (size_t)((colon ? colon : host.begin) - host.begin));
        if (colon && colon < at)
            ci_text_add(masked, ":****");
        host.begin = colon ? at : host.begin;
        ci_text_addn(masked, host.begin, (size_t)(host.end - host.begin));
        if (host.end < rest.end)
            ci_text_addn(masked, ",", 1);
        rest.begin = host.end < rest.end ? host.end + 1 : host.end;
    }
    return masked->bytes;
}
