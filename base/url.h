/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * URLs of services and brokers, taken apart:
 *
 *     scheme://[user[:password]@]host[:port][,…][/path][?key=value[&…]][#fragment]
 *
 * A broker's URL may have several hosts, each with its own user. (Database URLs have rules of
 * their own in db/address.c.) Everything lives in ctx->mem; texts are decoded (%XX), where a %
 * that begins no such thing stays, as in Python.
 */
struct ci_url_host {
    const char *user, *password; /* NULL when not written; a password is never shown */
    const char *name;            /* "" when not written; an IPv6 address without its brackets */
    int port;                    /* 0 when not written */
};

struct ci_url_parameter {
    const char *key, *value;
};

struct ci_url {
    const char *scheme;              /* in small letters */
    const struct ci_url_host *hosts; /* at least one */
    size_t n_hosts;
    const char *path;     /* decoded, with its first slash; "" when not written */
    const char *raw_path; /* the same as it was written */
    const struct ci_url_parameter *parameters;
    size_t n_parameters;
};

/* Bounds: longer or richer URLs are refused. */
enum { CI_URL_MAX_BYTES = 8192, CI_URL_MAX_HOSTS = 32, CI_URL_MAX_PARAMETERS = 64 };

/* Fails with InvalidParameterValue, whose message never has the user or password. */
ci_must_check bool ci_url_parse(struct ci_ctx *ctx, const char *text, struct ci_url *ret_url);

/* The value of a parameter (the last of that name), or NULL. */
const char *ci_url_parameter(const struct ci_url *url, const char *key);

/* The text with every byte but RFC 3986's unreserved ones as %XX; '/' stays if it is in `keep`. */
const char *ci_url_escape(struct ci_arena *mem, const char *text, const char *keep);

/* The URL as it may be shown: every password replaced by ****. Takes any text. */
const char *ci_url_masked(struct ci_arena *mem, const char *text);
