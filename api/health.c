/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What load balancers and browsers ask before anything else is looked at.
 */
#include "api/health.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "api/accept.h"
#include "api/server.h"
#include "base/config.h"
#include "base/jsontext.h"

/* Written once by the thread that leaves, read by all. */
static atomic_bool leaving;

struct result {
    bool available;
    const char *class, *reason, *details;
};
#define RESULTS_MAX 3

void ci_health_leave(void)
{
    atomic_store(&leaving, true);
}

static struct result by_file(struct ci_arena *mem, const char *class, const char *path)
{
    bool there = path && access(path, F_OK) == 0;

    return (struct result){
        .available = !there,
        .class = class,
        .reason = there ? "DISABLED BY FILE" : "OK",
        .details = !path ? "No 'disable_by_file_path' configuration value specified"
                         : ci_printf(mem, "Path '%s' was %s", path, there ? "found" : "not found")};
}

/* The path of "port:path" entries that belongs to our port, or NULL. */
static const char *path_of_port(const struct ci_request *req)
{
    const char *const *paths = req->ctx->config->healthcheck.disable_by_file_paths;

    for (; paths && *paths; paths++) {
        const char *colon = strchr(*paths, ':');
        int64_t port;

        if (colon &&
            ci_parse_int(ci_strndup(req->ctx->mem, *paths, (size_t)(colon - *paths)), 0, 65535,
                         &port) &&
            port == ci_api_port(req->api))
            return colon + 1;
    }
    return NULL;
}

static size_t ask(struct ci_request *req, struct result results[RESULTS_MAX])
{
    const struct ci_config *config = req->ctx->config;
    size_t n = 0;

    if (ci_one_of("disable_by_file", config->healthcheck.backends))
        results[n++] = by_file(req->ctx->mem, "DisableByFileHealthcheck",
                               config->healthcheck.disable_by_file_path);
    if (ci_one_of("disable_by_files_ports", config->healthcheck.backends))
        results[n++] = by_file(req->ctx->mem, "DisableByFilesPortsHealthcheck", path_of_port(req));
    if (atomic_load(&leaving))
        results[n++] = (struct result){
            .class = "Leaving", .reason = "SHUTTING DOWN", .details = "The service is leaving"};
    return n;
}

static void write_json(struct ci_request *req, const struct result *results, size_t n)
{
    bool detailed = req->ctx->config->healthcheck.detailed;

    /* Indented by four with sorted keys, as oslo.middleware prints it. */
    ci_text_printf(req->reply, "{\n    \"detailed\": %s,\n    \"reasons\": [",
                   detailed ? "true" : "false");
    for (size_t i = 0; i < n; i++) {
        ci_text_add(req->reply, i > 0 ? ",\n        " : "\n        ");
        if (detailed)
            ci_text_printf(
                req->reply,
                "{\n            \"class\": \"%s\",\n            \"details\": ", results[i].class);
        if (detailed)
            ci_jsontext_string(req->reply, results[i].details);
        ci_text_printf(req->reply,
                       detailed ? ",\n            \"reason\": \"%s\"\n        }" : "\"%s\"",
                       results[i].reason);
    }
    ci_text_add(req->reply, n > 0 ? "\n    ]\n}" : "]\n}");
    req->content_type = "application/json";
}

static void write_text(struct ci_request *req, const struct result *results, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ci_text_printf(req->reply, "%s%s", i > 0 ? "\n" : "", results[i].reason);
    req->content_type = "text/plain; charset=UTF-8";
}

static void write_html(struct ci_request *req, const struct result *results, size_t n)
{
    ci_text_add(req->reply, "<HTML>\n<HEAD><TITLE>Healthcheck Status</TITLE></HEAD>\n<BODY>\n");
    if (n > 0)
        ci_text_printf(req->reply,
                       "<H2>Result of %zu checks:</H2>\n<TABLE bgcolor=\"#ffffff\" border=\"1\">\n"
                       "<TBODY>\n<TR>\n<TH>\nReason\n</TH>\n</TR>\n",
                       n);
    for (size_t i = 0; i < n; i++)
        ci_text_printf(req->reply, "<TR>\n    <TD>%s</TD>\n</TR>\n", results[i].reason);
    ci_text_add(req->reply, n > 0 ? "</TBODY>\n</TABLE>\n</BODY>\n</HTML>" : "</BODY>\n</HTML>");
    req->content_type = "text/html; charset=UTF-8";
}

static void write_body(struct ci_request *req, const struct result *results, size_t n)
{
    static const char *const offers[] = {"text/plain", "text/html", "application/json", NULL};
    const char *best = ci_accept_best(req, offers);

    if (best && strcmp(best, "application/json") == 0)
        write_json(req, results, n);
    else if (best && strcmp(best, "text/html") == 0)
        write_html(req, results, n);
    else
        write_text(req, results, n);
}

bool ci_health_answer(struct ci_request *req)
{
    struct result results[RESULTS_MAX];
    bool healthy = true;
    size_t n;

    if (!req->ctx->config->healthcheck.enabled ||
        strcmp(req->path, req->ctx->config->healthcheck.path) != 0)
        return false;
    n = ask(req, results);
    for (size_t i = 0; i < n; i++)
        healthy = healthy && results[i].available;
    req->no_version_headers = true;
    if (strcmp(req->method, "HEAD") == 0) {
        req->status = healthy ? 204 : 503;
        return true;
    }
    req->status = healthy ? 200 : 503;
    write_body(req, results, n);
    return true;
}

bool ci_options_answer(struct ci_request *req)
{
    if (strcmp(req->method, "OPTIONS") != 0 || strcmp(req->path, "/") == 0)
        return false;
    req->status = 200;
    req->no_version_headers = true;
    return true;
}
