/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What controllers ask a request for.
 */
#include "api/request.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "api/policy.h"
#include "api/routes.h"
#include "api/version.h"
#include "base/config.h"
#include "base/ident.h"

const struct ci_arg *ci_arg(const struct ci_request *req, const char *name)
{
    static const struct ci_arg none;
    const struct ci_param *params = req->route->params;

    for (size_t i = 0; params && params[i].name; i++) {
        if (strcmp(params[i].name, name) == 0)
            return &req->args[i];
    }
    return &none;
}

const char *ci_arg_text(const struct ci_request *req, const char *name)
{
    return ci_arg(req, name)->text;
}

bool ci_arg_true(const struct ci_request *req, const char *name, bool if_absent)
{
    const struct ci_arg *arg = ci_arg(req, name);

    return arg->given ? arg->number != 0 : if_absent;
}

/* Only what a host name with a port, or an address, is made of may come back in links. */
static bool is_host(const char *host)
{
    size_t n = 0;

    while ((host[n] >= '0' && host[n] <= '9') || (host[n] >= 'a' && host[n] <= 'z') ||
           (host[n] >= 'A' && host[n] <= 'Z') || (host[n] && strchr(".-_:[]", host[n])))
        n++;
    return n > 0 && n <= 255 && host[n] == '\0';
}

static bool is_prefix(const char *prefix)
{
    return prefix[0] == '/' && strlen(prefix) <= 255 &&
           strspn(prefix, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/~") ==
               strlen(prefix);
}

/* The value of one `key=` of the first element of RFC 7239's Forwarded header, or NULL. */
static const char *forwarded(struct ci_request *req, const char *key)
{
    const char *header = req->header(req, "Forwarded");
    const char *const *elements, *const *pairs;
    size_t n = strlen(key);

    if (!header)
        return NULL;
    elements = ci_split(req->ctx->mem, header, ',');
    pairs = elements[0] ? ci_split(req->ctx->mem, elements[0], ';') : elements;
    for (size_t i = 0; pairs[i]; i++) {
        if (strncasecmp(pairs[i], key, n) == 0 && pairs[i][n] == '=') {
            const char *value = pairs[i] + n + 1;
            size_t length = strlen(value);

            if (length >= 2 && value[0] == '"' && value[length - 1] == '"')
                return ci_strndup(req->ctx->mem, value + 1, length - 2);
            return value;
        }
    }
    return NULL;
}

/* What a proxy in front tells of the client's view; Forwarded beats the X- headers. */
static const char *proxied(struct ci_request *req, const char *scheme, const char *host)
{
    const char *by_scheme, *by_host, *prefix;

    if (req->header(req, "Forwarded")) {
        by_scheme = forwarded(req, "proto");
        by_host = forwarded(req, "host");
    } else {
        by_scheme = req->header(req, "X-Forwarded-Proto");
        by_host = req->header(req, "X-Forwarded-Host");
    }
    prefix = req->header(req, "X-Forwarded-Prefix");
    if (by_scheme && (strcmp(by_scheme, "http") == 0 || strcmp(by_scheme, "https") == 0))
        scheme = by_scheme;
    if (by_host && is_host(by_host))
        host = by_host;
    if (!prefix || !is_prefix(prefix))
        prefix = "";
    return ci_printf(req->ctx->mem, "%s://%s%s", scheme, host, prefix);
}

const char *ci_base_url(struct ci_request *req)
{
    const struct ci_config *config = req->ctx->config;
    const char *host;

    if (req->base_url)
        return req->base_url;
    host = req->header(req, "Host");
    if (!host || !is_host(host))
        host = "localhost";
    if (config->oslo_middleware.enable_proxy_headers_parsing)
        req->base_url = proxied(req, req->scheme, host);
    else if (config->api.public_endpoint)
        req->base_url = config->api.public_endpoint;
    else
        req->base_url = ci_printf(req->ctx->mem, "%s://%s", req->scheme, host);
    if (req->base_url[0] && req->base_url[strlen(req->base_url) - 1] == '/')
        req->base_url = ci_strndup(req->ctx->mem, req->base_url, strlen(req->base_url) - 1);
    return req->base_url;
}

bool ci_request_node_ident(struct ci_request *req, const char *ident, struct ci_node **ret_node)
{
    struct ci_node *node;

    if (!ci_api_has(req, NODE_NAME) && !ci_uuid_is_like(ident))
        return ci_fail(req->ctx, NodeNotFound, ident);
    if (!ci_node_load(req->ctx, ident, &node))
        return false;
    if (!(req->route->flags & CI_ROUTE_PUBLIC) && !ci_policy_sees(req, &CI_POLICY_NODE(node)))
        return ci_fail(req->ctx, NodeNotFound, ident);
    *ret_node = node;
    return true;
}

/* The node of the path, seen. */
static bool find_node(struct ci_request *req, struct ci_node **ret_node)
{
    if (ci_request_node_ident(req, req->idents[0], ret_node))
        return true;
    /* A name that ends in ".json" is told from the suffix by trying both, as Ironic does. */
    if (!req->json_suffix_of || !ci_failed_with(req->ctx, CI_ERR_NodeNotFound))
        return false;
    ci_error_clear(req->ctx);
    return ci_request_node_ident(req, req->json_suffix_of, ret_node);
}

bool ci_request_node(struct ci_request *req, struct ci_node **ret_node)
{
    return find_node(req, ret_node) && ci_policy_granted(req, &CI_POLICY_NODE(*ret_node));
}

bool ci_request_node_by(struct ci_request *req, const char *const *rules, struct ci_node **ret_node)
{
    if (!find_node(req, ret_node))
        return false;
    for (; *rules; rules++) {
        if (!ci_policy_ask(req, *rules, &CI_POLICY_NODE(*ret_node)))
            return false;
    }
    return true;
}

bool ci_reply_location(struct ci_request *req, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    req->location =
        ci_printf(req->ctx->mem, "%s%s", ci_base_url(req), ci_vprintf(req->ctx->mem, format, args));
    va_end(args);
    return true;
}

bool ci_reply_json(struct ci_request *req, json_t *value)
{
    assert(value);
    ci_json_print(req->reply, ci_json(req->ctx, value));
    return true;
}
