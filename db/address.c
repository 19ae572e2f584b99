/* SPDX-License-Identifier: Apache-2.0 */
/*
 * [database]connection in SQLAlchemy's form, taken apart.
 *
 * dialect[+driver]://[user[:password]@][host[:port]]/name[?key=value&…]. The driver names a
 * Python module and means nothing here. SQLite has a path after the third slash, so that a
 * fourth one makes it absolute; no path is a database in memory. The password may be in
 * any message's way: none shows the URL.
 */
#include <ctype.h>
#include <string.h>

#include "db/engine.h"

enum { QUERY_MAX = 32 };

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Without its %XX; NULL when empty. A % that begins no such thing stays, as in Python. */
static const char *decoded(struct ci_arena *mem, const char *text, size_t n)
{
    char *copy, *to;

    if (n == 0)
        return NULL;
    copy = to = ci_strndup(mem, text, n);
    for (const char *c = copy; *c; c++) {
        if (*c == '%' && hex(c[1]) >= 0 && hex(c[2]) >= 0) {
            *to++ = (char)(hex(c[1]) * 16 + hex(c[2]));
            c += 2;
        } else {
            *to++ = *c;
        }
    }
    *to = '\0';
    return copy;
}

static bool parse_query(struct ci_ctx *ctx, struct ci_arena *mem, const char *query,
                        struct ci_db_address *address)
{
    const char **keys = ci_alloc_array(mem, QUERY_MAX + 1, sizeof *keys);
    const char **values = ci_alloc_array(mem, QUERY_MAX + 1, sizeof *values);
    size_t n = 0;

    address->keys = keys;
    address->values = values;
    while (query && *query) {
        size_t length = strcspn(query, "&"), key = strcspn(query, "=&");

        if (n == QUERY_MAX || key == 0 || key == length)
            return ci_fail_text(ctx, ConfigInvalid,
                                "[database]connection: the part after ? must be key=value&…, at "
                                "most %d of them.",
                                QUERY_MAX);
        /* As in Python, a key without a value is left out. */
        if (key + 1 < length) {
            keys[n] = decoded(mem, query, key);
            values[n++] = decoded(mem, query + key + 1, length - key - 1);
        }
        query += length + (query[length] == '&' ? 1 : 0);
    }
    return true;
}

/*
 * user:password@, if it is there; gives what follows. As in SQLAlchemy a password may hold
 * anything but @, a slash and a question mark included.
 */
static const char *parse_user(struct ci_arena *mem, const char *text, struct ci_db_address *address)
{
    size_t n = strcspn(text, ":/");
    const char *at = text[n] == ':' ? strchr(text + n, '@') : NULL;
    bool has_password = at;

    if (!at)
        at = memrchr(text, '@', n);
    if (!at)
        return text;
    if (has_password)
        address->password = decoded(mem, text + n + 1, (size_t)(at - text) - n - 1);
    else
        n = (size_t)(at - text);
    address->user = decoded(mem, text, n);
    return at + 1;
}

/* host:port, each optional; an IPv6 address stands in brackets. */
static bool parse_host(struct ci_ctx *ctx, struct ci_arena *mem, const char *host, size_t n,
                       struct ci_db_address *address)
{
    const char *end = host + n, *colon;

    if (n > 0 && *host == '[') {
        const char *close = memchr(host, ']', n);

        if (!close)
            return ci_fail_text(ctx, ConfigInvalid,
                                "[database]connection: a bracket of the host is not closed.");
        address->host = decoded(mem, host + 1, (size_t)(close - host - 1));
        colon = close + 1 < end && close[1] == ':' ? close + 1 : NULL;
    } else {
        colon = memchr(host, ':', n);
        address->host = decoded(mem, host, (size_t)((colon ? colon : end) - host));
    }
    if (!colon)
        return true;
    address->port = decoded(mem, colon + 1, (size_t)(end - colon - 1));
    if (address->port && strspn(address->port, "0123456789") != strlen(address->port))
        return ci_fail_text(ctx, ConfigInvalid, "[database]connection: the port is not a number.");
    return true;
}

static bool parse_server(struct ci_ctx *ctx, struct ci_arena *mem, const char *rest,
                         struct ci_db_address *address)
{
    const char *host = parse_user(mem, rest, address);
    size_t n = strcspn(host, "/?"), length;

    if (!parse_host(ctx, mem, host, n, address))
        return false;
    rest = host + n + (host[n] == '/' ? 1 : 0);
    length = strcspn(rest, "?");
    address->name = decoded(mem, rest, length);
    return parse_query(ctx, mem, rest[length] ? rest + length + 1 : NULL, address);
}

static bool parse_sqlite(struct ci_ctx *ctx, struct ci_arena *mem, const char *path,
                         struct ci_db_address *address)
{
    size_t n = strcspn(path, "?");

    if (*path != '/' && n > 0)
        return ci_fail_text(ctx, ConfigInvalid,
                            "[database]connection: SQLite takes a path after three slashes "
                            "(sqlite:///relative, sqlite:////absolute).");
    address->name = n > 1 ? decoded(mem, path + 1, n - 1) : NULL;
    if (address->name && strcmp(address->name, ":memory:") == 0)
        address->name = NULL;
    return parse_query(ctx, mem, path[n] ? path + n + 1 : NULL, address);
}

bool ci_db_address_parse(struct ci_ctx *ctx, struct ci_arena *mem, const char *url,
                         struct ci_db_address *ret_address)
{
    struct ci_db_address address = {0};
    const char *rest = url ? strstr(url, "://") : NULL;

    if (!rest || rest == url)
        return ci_fail_text(ctx, ConfigInvalid,
                            "[database]connection is %s; give it like "
                            "postgresql+psycopg2://user:password@host/ironic or "
                            "sqlite:////var/lib/castiron/castiron.sqlite.",
                            url && *url ? "not a URL" : "not set");
    address.scheme = ci_strndup(mem, url, strcspn(url, "+:"));
    rest += strlen("://");
    if (strcmp(address.scheme, "sqlite") == 0) {
        if (!parse_sqlite(ctx, mem, rest, &address))
            return false;
    } else if (!parse_server(ctx, mem, rest, &address)) {
        return false;
    }
    *ret_address = address;
    return true;
}
