/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>

#include "base/ctx.h"

/*
 * The API's listener: makes a struct ci_request of each HTTP request, runs it through the
 * pipeline on the spot or in a worker, and sends the answer. One per process; shared by its
 * threads, read only after start.
 */
struct ci_api {
    struct ci_db *db;
    struct ci_rpc *rpc;
    struct ci_notifier *notifier; /* NULL where nobody is told */
    struct ci_workers *workers;
    struct ci_arena *mem;
    struct ci_httpd *httpd;
    _Atomic(const struct ci_metrics_source *) more_metrics; /* NULL: none but its own */
};

/* Listens as [api] says. Fails with what is wrong with the options or the address. */
ci_must_check bool ci_api_start(struct ci_ctx *ctx, struct ci_db *db, struct ci_rpc *rpc,
                                struct ci_api **ret_api);

/*
 * Leaves: /healthcheck says 503, requests are still taken for [api]shutdown_delay, then the
 * accept queue and what is in flight are finished, for at most limit_s seconds. Accepts NULL.
 * False when requests are left at that time: nothing is freed, and the process is to end.
 */
bool ci_api_stop(struct ci_api *api, int limit_s);

/* Has /metrics tell these, too; a list that ends with a NULL and outlives the API. */
struct ci_metrics_source;
void ci_api_tell_also(struct ci_api *api, const struct ci_metrics_source *sources);

/* The port that is really listened on (0 in the configuration means any). */
int ci_api_port(const struct ci_api *api);
