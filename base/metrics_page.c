/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page of figures. It is made on the thread that asks for it, since nothing of it waits.
 */
#include "base/metrics_page.h"

#include <string.h>

#include "base/httpd.h"
#include "base/log.h"

enum { CONNECTIONS = 64, IDLE_S = 120 };
#define PAGE_BYTES ((size_t)16 << 20)

struct ci_metrics_page {
    struct ci_arena *mem; /* holds it */
    struct ci_httpd *httpd;
    const struct ci_metrics_source *sources;
};

static void refuse(struct ci_httpd_request *req, int status)
{
    static const struct ci_httpd_header allow[] = {{"Allow", "GET, HEAD"}, {NULL, NULL}};

    ci_httpd_answer(req, status, status == 405 ? allow : NULL, NULL);
}

/* A ci_httpd_on_request. */
static void answer(struct ci_httpd_request *req, void *arg)
{
    static const struct ci_httpd_header headers[] = {{"Content-Type", CI_METRICS_TYPE},
                                                     {NULL, NULL}};
    const struct ci_metrics_page *page = arg;
    struct ci_arena *mem;
    struct ci_text *text;

    if (strcmp(req->path, "/metrics") != 0) {
        refuse(req, 404);
        return;
    }
    if (strcmp(req->method, "GET") != 0 && strcmp(req->method, "HEAD") != 0) {
        refuse(req, 405);
        return;
    }
    mem = ci_arena_new();
    text = ci_text_new(mem, PAGE_BYTES);
    ci_metrics_write(ci_metrics_prometheus(mem, text), page->sources);
    ci_httpd_answer(req, 200, headers, text);
    ci_arena_free(mem);
}

bool ci_metrics_page_start(struct ci_ctx *ctx, const char *address, int port,
                           const struct ci_metrics_source *sources,
                           struct ci_metrics_page **ret_page)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_metrics_page *page = ci_new(mem, struct ci_metrics_page);
    const struct ci_httpd_options options = {.address = address,
                                             .port = port,
                                             .on_request = answer,
                                             .arg = page,
                                             .threads = 1,
                                             .connections = CONNECTIONS,
                                             .idle_timeout_s = IDLE_S,
                                             .body_limit_bytes = 1,
                                             .bodies_limit_bytes = CONNECTIONS};

    page->mem = mem;
    page->sources = sources;
    if (!ci_httpd_start(ctx, &options, &page->httpd)) {
        ci_arena_free(mem);
        return false;
    }
    ci_info(ctx, "Serving figures at /metrics", "host=%s port=%d", address,
            ci_metrics_page_port(page));
    *ret_page = page;
    return true;
}

int ci_metrics_page_port(const struct ci_metrics_page *page)
{
    return ci_httpd_port(page->httpd);
}

void ci_metrics_page_free(struct ci_metrics_page *page)
{
    if (!page)
        return;
    /* Nothing is ever suspended, so that it ends. */
    (void)!ci_httpd_stop(page->httpd, 1);
    ci_arena_free(page->mem);
}
