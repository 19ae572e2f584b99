/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Microversion negotiation, as observed on running services.
 */
#include "api/version.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "objects/releases.h"

#define HEADER "X-OpenStack-Ironic-API-Version"

static const int minors[] = {
#define MICROVERSION(minor, name, meaning) minor,
#include "api/microversions.def"
#undef MICROVERSION
};

const char *ci_version_text(int minor)
{
    static const char *const texts[] = {
        [0] = "1.0",
#define MICROVERSION(minor, name, meaning) [minor] = "1." #minor,
#include "api/microversions.def"
#undef MICROVERSION
    };

    return texts[minor];
}

int ci_version_max(const struct ci_ctx *ctx)
{
    int newest = minors[sizeof minors / sizeof minors[0] - 1];
    int pinned = ci_release_api_minor(ci_release_pinned(ctx));

    return pinned < newest ? pinned : newest;
}

bool ci_version_is_after_21_4(const struct ci_ctx *ctx)
{
    return ci_version_max(ctx) > CI_API_NODE_SHARD;
}

/* On the root document it is a controller that negotiates, elsewhere the router. */
static bool is_root(const struct ci_request *req)
{
    return strcmp(req->path, "/") == 0;
}

static bool malformed(struct ci_request *req)
{
    req->webob_fault = !is_root(req);
    req->no_version_headers = true;
    return ci_fail_status(req->ctx, NotAcceptable, 406, "Invalid value for %s header", HEADER);
}

static bool unsupported(struct ci_request *req, int64_t major, int64_t minor)
{
    req->webob_fault = !is_root(req);
    req->min_max_headers_only = true;
    return ci_fail_status(req->ctx, NotAcceptable, 406,
                          "%s %" PRId64 ".%" PRId64 " %s by this service. "
                          "The supported version range is: [1.%d, 1.%d].",
                          major != 1 ? "Mutually exclusive versions requested. Version" : "Version",
                          major, minor,
                          major != 1 ? "requested but not supported"
                                     : "was requested but the minor version is not supported",
                          CI_API_MIN, ci_version_max(req->ctx));
}

/*
 * One of the two numbers, as Python's int() takes it: a sign and leading zeros are fine. Longer
 * numbers than any version has are cut to one that is out of range.
 */
static bool number(const char *text, size_t length, int64_t *ret_value)
{
    size_t i = 0;
    int64_t value = 0;
    bool negative = false;

    if (length > 0 && (text[0] == '-' || text[0] == '+')) {
        negative = text[0] == '-';
        i = 1;
    }
    if (i == length || length > 64)
        return false;
    for (; i < length; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
        if (value < 1000000)
            value = value * 10 + (text[i] - '0');
    }
    *ret_value = negative ? -value : value;
    return true;
}

bool ci_version_parse(struct ci_request *req, const char *value, int *ret_minor)
{
    const char *dot;
    int64_t major, minor;
    size_t length;

    while (isspace((unsigned char)*value))
        value++;
    length = strlen(value);
    while (length > 0 && isspace((unsigned char)value[length - 1]))
        length--;
    if (length == 0 && ci_version_is_after_21_4(req->ctx)) {
        *ret_minor = CI_API_MIN;
        return true;
    }
    if (length == 6 && strncasecmp(value, "latest", 6) == 0) {
        *ret_minor = ci_version_max(req->ctx);
        return true;
    }
    dot = memchr(value, '.', length);
    if (!dot || !number(value, (size_t)(dot - value), &major) ||
        !number(dot + 1, length - (size_t)(dot + 1 - value), &minor))
        return malformed(req);
    if (major != 1 || minor < CI_API_MIN || minor > ci_version_max(req->ctx))
        return unsupported(req, major, minor);
    *ret_minor = (int)minor;
    return true;
}

/* "compute 2.1, baremetal 1.40": the version after our service's name, or NULL. */
static const char *openstack_version(struct ci_request *req)
{
    const char *header = req->header(req, "OpenStack-API-Version");
    const char *const *services;

    if (!header)
        return NULL;
    services = ci_split(req->ctx->mem, header, ',');
    for (size_t i = 0; services[i]; i++) {
        const char *const *words = ci_split(req->ctx->mem, services[i], ' ');

        if (words[0] && words[1] && strcasecmp(words[0], "baremetal") == 0)
            return words[1];
    }
    return NULL;
}

bool ci_version_negotiate(struct ci_request *req)
{
    const char *asked = ci_version_is_after_21_4(req->ctx) ? openstack_version(req) : NULL;

    if (!asked)
        asked = req->header(req, HEADER);
    req->version = CI_API_MIN;
    if (is_root(req) && !ci_version_is_after_21_4(req->ctx)) {
        req->no_version_headers = true;
        return true;
    }
    return !asked || ci_version_parse(req, asked, &req->version);
}

bool ci_version_needs(struct ci_request *req, int minor)
{
    if (req->version >= minor)
        return true;
    return ci_fail(req->ctx, NotAcceptable);
}

bool ci_version_needs_named(struct ci_request *req, int minor)
{
    if (req->version >= minor)
        return true;
    return ci_fail_text(req->ctx, NotAcceptable,
                        "Request not acceptable. The minimal required API version should be 1.%d",
                        minor);
}
