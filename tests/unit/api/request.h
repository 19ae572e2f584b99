/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A request for unit tests of the API: headers from a list, a configuration of defaults that
 * tests may change, and JSON from text.
 */
#include <string.h>
#include <strings.h>

#include "api/request.h"
#include "base/config.h"
#include "tests/unit/unit.h"

static struct ci_config *unit_config;   /* of the last request */
static const char *const *unit_headers; /* name, value, …, NULL */

static inline const char *unit_header(const struct ci_request *req, const char *name)
{
    (void)req;
    for (size_t i = 0; unit_headers && unit_headers[i]; i += 2) {
        if (strcasecmp(unit_headers[i], name) == 0)
            return unit_headers[i + 1];
    }
    return NULL;
}

static inline void unit_free_config(void *config)
{
    ci_config_free(config);
}

/* In the newest version, without query, body and headers. `headers` ends with NULL or is NULL. */
static inline struct ci_request *unit_request(const char *method, const char *path,
                                              const char *const *headers)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_request *req = ci_new(ctx->mem, struct ci_request);

    unit_config = ci_config_defaults();
    ci_defer(ctx->mem, unit_free_config, unit_config);
    ctx->config = unit_config;
    unit_headers = headers;
    *req = (struct ci_request){.ctx = ctx,
                               .method = method,
                               .path = path,
                               .query = "",
                               .scheme = "http",
                               .header = unit_header,
                               .version = 115,
                               .reply = ci_text_new(ctx->mem, 1 << 20)};
    return req;
}

static inline json_t *unit_json(struct ci_ctx *ctx, const char *text)
{
    json_t *value = NULL;

    ck_assert_msg(ci_json_read(ctx, text, strlen(text), &ci_json_trusted, &value), "%s", text);
    return value;
}
