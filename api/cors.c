/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cross-origin requests. Section numbers are those of the W3C's recommendation, which the layer
 * that Ironic uses follows; it never refuses a request, it only leaves the headers out.
 */
#include "api/cors.h"

#include <string.h>
#include <strings.h>

#include "base/config.h"

/* What a page may send without asking, and Ironic's own. */
static const char *const simple_headers[] = {
    "Accept",
    "Accept-Language",
    "Content-Type",
    "Cache-Control",
    "Content-Language",
    "Expires",
    "Last-Modified",
    "Pragma",
    "X-Auth-Token",
    "X-OpenStack-Ironic-API-Maximum-Version",
    "X-OpenStack-Ironic-API-Minimum-Version",
    "X-OpenStack-Ironic-API-Version",
    NULL,
};

/* Of the configuration that the service started with; `mem` is NULL while there is none. */
static struct {
    struct ci_arena *mem;
    const char *const *origins, *const *methods, *const *headers;
    const char *exposed, *max_age; /* as they are sent; NULL: not at all */
    bool credentials;
} cors;

static const char *const *copy(struct ci_arena *mem, const char *const *list)
{
    size_t n = 0;
    const char **copied;

    while (list && list[n])
        n++;
    copied = ci_alloc(mem, (n + 1) * sizeof *copied);
    for (size_t i = 0; i < n; i++)
        copied[i] = ci_strdup(mem, list[i]);
    return copied;
}

static const char *joined(struct ci_arena *mem, const char *const *list)
{
    const char *text = NULL;

    for (size_t i = 0; list && list[i]; i++)
        text = text ? ci_printf(mem, "%s,%s", text, list[i]) : ci_strdup(mem, list[i]);
    return text;
}

void ci_cors_open(const struct ci_config *config)
{
    struct ci_arena *mem;

    ci_cors_close();
    if (!config->cors.allowed_origin || !config->cors.allowed_origin[0])
        return;
    mem = ci_arena_new();
    cors.mem = mem;
    cors.origins = copy(mem, config->cors.allowed_origin);
    cors.methods = copy(mem, config->cors.allow_methods);
    cors.headers = copy(mem, config->cors.allow_headers);
    cors.exposed = joined(mem, config->cors.expose_headers);
    cors.max_age =
        config->cors.max_age == 0 ? NULL : ci_printf(mem, "%lld", (long long)config->cors.max_age);
    cors.credentials = config->cors.allow_credentials;
}

void ci_cors_close(void)
{
    ci_arena_free(cors.mem);
    memset(&cors, 0, sizeof cors);
}

/* What is answered to that origin: itself, or "*" where all are allowed; NULL for nothing. */
static const char *allowed_origin(const char *origin)
{
    bool all = false;

    for (size_t i = 0; cors.mem && origin && cors.origins[i]; i++) {
        if (strcmp(cors.origins[i], origin) == 0)
            return cors.origins[i];
        all = all || strcmp(cors.origins[i], "*") == 0;
    }
    return all ? "*" : NULL;
}

static bool is_in(const char *name, const char *const *list)
{
    for (; *list; list++) {
        if (strcasecmp(*list, name) == 0)
            return true;
    }
    return false;
}

/* The headers that a preflight asks for, as the answer names them; NULL when one is not allowed. */
static const char *allowed_headers(const struct ci_request *req, const char *asked)
{
    const char *const *names = ci_split(req->ctx->mem, asked ? asked : "", ',');
    struct ci_text *text = ci_text_new(req->ctx->mem, strlen(asked ? asked : "") + 1);

    for (size_t i = 0; names[i]; i++) {
        if (!is_in(names[i], simple_headers) && !is_in(names[i], cors.headers))
            return NULL;
        ci_text_add(text, text->length > 0 ? "," : "");
        ci_text_add(text, names[i]);
    }
    return text->length > 0 ? text->bytes : "";
}

/* Section 6.1 and the beginning of 6.2: who may read it, and whether by their identity. */
static size_t add_origin(struct ci_httpd_header *headers, const char *origin)
{
    size_t n = 0;

    headers[n++] = (struct ci_httpd_header){"Vary", "Origin"};
    headers[n++] = (struct ci_httpd_header){"Access-Control-Allow-Origin", origin};
    if (cors.credentials)
        headers[n++] = (struct ci_httpd_header){"Access-Control-Allow-Credentials", "true"};
    return n;
}

/* Section 6.2: may a request like this be made? */
static size_t preflight(const struct ci_request *req, struct ci_httpd_header *headers,
                        const char *origin)
{
    const char *method = req->header(req, "Access-Control-Request-Method"), *asked;
    size_t n;

    if (!method || !ci_one_of(method, cors.methods))
        return 0;
    asked = allowed_headers(req, req->header(req, "Access-Control-Request-Headers"));
    if (!asked)
        return 0;
    n = add_origin(headers, origin);
    if (cors.max_age)
        headers[n++] = (struct ci_httpd_header){"Access-Control-Max-Age", cors.max_age};
    headers[n++] = (struct ci_httpd_header){"Access-Control-Allow-Methods", method};
    if (asked[0])
        headers[n++] = (struct ci_httpd_header){"Access-Control-Allow-Headers", asked};
    return n;
}

size_t ci_cors_headers(const struct ci_request *req,
                       struct ci_httpd_header headers[CI_CORS_HEADERS_MAX])
{
    const char *origin = cors.mem ? allowed_origin(req->header(req, "Origin")) : NULL;
    size_t n;

    if (!origin)
        return 0;
    if (strcmp(req->method, "OPTIONS") == 0)
        return preflight(req, headers, origin);
    n = add_origin(headers, origin);
    if (cors.exposed)
        headers[n++] = (struct ci_httpd_header){"Access-Control-Expose-Headers", cors.exposed};
    return n;
}
