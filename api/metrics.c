/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The figures of /metrics. Requests are counted by the route that answered; what no route has
 * answered (the health check, an unknown path, a refusal) is counted together.
 */
#include "api/metrics.h"

#include <string.h>

#include "api/routes.h"
#include "api/server.h"
#include "base/config.h"
#include "base/httpd.h"
#include "base/metrics.h"
#include "base/workers.h"
#include "db/db.h"
#include "rpc/client.h"

enum { ROUTES_MAX = 400 };

/* Those there are; others are the last. */
static const int statuses[] = {200, 201, 202, 204, 304, 400, 401, 403, 404,
                               405, 406, 409, 413, 500, 501, 503, 0};
#define STATUSES (sizeof statuses / sizeof statuses[0])

/* By the number of the route; the last is none. */
static struct {
    ci_counter by_status[STATUSES];
    struct ci_durations took;
} counted[ROUTES_MAX + 1];

static size_t place_of(const struct ci_route *route)
{
    size_t place = route ? (size_t)(route - ci_routes) : ROUTES_MAX;

    return place < ROUTES_MAX ? place : ROUTES_MAX;
}

void ci_api_count(const struct ci_request *req, int status, int64_t took_ns)
{
    size_t place = place_of(req ? req->route : NULL), i = 0;

    while (i < STATUSES - 1 && statuses[i] != status)
        i++;
    ci_counter_add(&counted[place].by_status[i]);
    ci_durations_add(&counted[place].took, took_ns);
}

static const char *labels_of(struct ci_arena *mem, size_t place)
{
    return place == ROUTES_MAX ? "method=\"\",route=\"\""
                               : ci_printf(mem, "method=\"%s\",route=\"%s\"",
                                           ci_routes[place].method, ci_routes[place].path);
}

static void write_statuses(struct ci_metrics *to, size_t place)
{
    for (size_t i = 0; i < STATUSES; i++) {
        uint64_t count = counted[place].by_status[i];

        if (count > 0)
            ci_metrics_sample(
                to, "castiron_api_requests_total",
                ci_printf(to->mem, "%s,status=\"%d\"", labels_of(to->mem, place), statuses[i]),
                count);
    }
}

static void write_requests(struct ci_metrics *to)
{
    ci_metrics_family(to, "castiron_api_requests_total", "counter", "Requests that were answered.");
    for (size_t place = 0; place <= ROUTES_MAX; place++)
        write_statuses(to, place);
    ci_metrics_family(to, "castiron_api_request_seconds", "histogram",
                      "Time from the headers of a request to its answer.");
    for (size_t place = 0; place <= ROUTES_MAX; place++) {
        if (ci_durations_count(&counted[place].took) > 0)
            ci_metrics_durations(to, "castiron_api_request_seconds", labels_of(to->mem, place),
                                 &counted[place].took);
    }
}

static void write_own(struct ci_metrics *to, const struct ci_api *api)
{
    write_requests(to);
    ci_metrics_one(to, "castiron_api_connections", "gauge", "Connections of clients that are open.",
                   (uint64_t)ci_httpd_connections(api->httpd));
    ci_metrics_one(to, "castiron_api_workers_busy", "gauge",
                   "Threads that answer requests that wait.",
                   (uint64_t)ci_workers_busy(api->workers));
    ci_metrics_one(to, "castiron_api_workers_waiting", "gauge",
                   "Requests that wait for such a thread.",
                   (uint64_t)ci_workers_waiting(api->workers));
    ci_db_write_metrics(api->db, to);
    ci_rpc_write_metrics(to);
}

bool ci_metrics_answer(struct ci_request *req)
{
    const struct ci_metrics_source *more = atomic_load(&req->api->more_metrics);
    struct ci_metrics *to;

    if (!req->ctx->config->api.enable_metrics || strcmp(req->path, "/metrics") != 0 ||
        strcmp(req->method, "GET") != 0)
        return false;
    to = ci_metrics_prometheus(req->ctx->mem, req->reply);
    write_own(to, req->api);
    if (more)
        ci_metrics_write(to, more);
    req->status = 200;
    req->no_version_headers = true;
    req->content_type = CI_METRICS_TYPE;
    return true;
}
