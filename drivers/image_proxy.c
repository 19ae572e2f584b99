/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proxies for images.
 */
#include "drivers/image_proxy.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/text.h"
#include "objects/info.h"

enum { NAME_MAX_BYTES = 253, LABEL_MAX_BYTES = 63 };

/* How long the scheme of a URL is; 0 where it has none, as "127.0.0.1:8080". */
static size_t scheme_length(const char *url)
{
    size_t n = 0;

    if (!isalpha((unsigned char)*url))
        return 0;
    while (isalnum((unsigned char)url[n]) || (url[n] && strchr("+-.", url[n])))
        n++;
    return url[n] == ':' ? n : 0;
}

static bool is_proxy(const json_t *proxy)
{
    const char *url = ci_json_kind(proxy) == CI_JSON_STRING ? json_string_value(proxy) : "-:";
    size_t n = scheme_length(url);

    if (ci_json_kind(proxy) != CI_JSON_STRING)
        return false;
    return n == 0 || (n == 4 && strncasecmp(url, "http", n) == 0) ||
           (n == 5 && strncasecmp(url, "https", n) == 0);
}

/* Letters, digits and "-", which neither begins nor ends it. */
static bool is_label(const char *label, size_t n)
{
    if (n == 0 || n > LABEL_MAX_BYTES || label[0] == '-' || label[n - 1] == '-')
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!isalnum((unsigned char)label[i]) && label[i] != '-')
            return false;
    }
    return true;
}

/* A host, or with a dot before it a domain. */
static bool is_host(const char *name, size_t n)
{
    size_t most = NAME_MAX_BYTES;

    if (*name == '.') {
        most -= 2;
        name++;
        n--;
    }
    if (n > most)
        return false;
    for (;;) {
        const char *dot = memchr(name, '.', n);
        size_t label = dot ? (size_t)(dot - name) : n;

        if (!is_label(name, label))
            return false;
        if (!dot)
            return true;
        name += label + 1;
        n -= label + 1;
    }
}

/* Hosts and domains with commas between them; each may have a port, which is not looked at. */
static bool is_no_proxy(struct ci_arena *mem, const json_t *value)
{
    if (ci_json_kind(value) != CI_JSON_STRING)
        return false;
    for (const char *const *one = ci_split(mem, json_string_value(value), ','); *one; one++) {
        size_t n = strcspn(*one, ":");

        if (n > 0 && !is_host(*one, n))
            return false;
    }
    return true;
}

static const char *proxies_fault(struct ci_task *task, const json_t *info)
{
    static const char *const keys[] = {"image_http_proxy", "image_https_proxy"};
    json_t *wrong = ci_json(task->ctx, json_object());

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        json_t *proxy = json_object_get(info, keys[i]);

        if (ci_json_truth(proxy) && !is_proxy(proxy))
            json_object_set(wrong, keys[i], proxy);
    }
    if (json_object_size(wrong) == 0)
        return "";
    return ci_printf(task->ctx->mem,
                     "Proxy URL should either have HTTP(S) scheme or no scheme at all, the "
                     "following URLs are invalid: %s.",
                     ci_json_repr(task->ctx->mem, wrong));
}

bool ci_image_proxies_check(struct ci_task *task)
{
    const json_t *no_proxy;
    const char *fault;
    json_t *info;

    if (!ci_info_read(task->ctx, task->node->driver_info, &info))
        return false;
    fault = proxies_fault(task, info);
    no_proxy = json_object_get(info, "image_no_proxy");
    if (ci_json_kind(no_proxy) != CI_JSON_NULL && !is_no_proxy(task->ctx->mem, no_proxy))
        fault = ci_printf(
            task->ctx->mem,
            "%simage_no_proxy should be a list of host names, IP addresses or domain names to "
            "exclude from proxying, the specified list %s is incorrect. To denote a domain name, "
            "prefix it with a dot (instead of e.g. '.*').",
            fault,
            ci_json_kind(no_proxy) == CI_JSON_STRING ? json_string_value(no_proxy)
                                                     : ci_json_repr(task->ctx->mem, no_proxy));
    return !*fault || ci_fail_text(task->ctx, InvalidParameterValue, "%s", fault);
}
