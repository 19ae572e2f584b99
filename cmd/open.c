/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What several programs stand on: the database, and the way between services.
 */
#include "cmd/open.h"

#include <string.h>

#include "base/config.h"
#include "base/metrics.h"
#include "base/workers.h"
#include "db/db.h"
#include "db/migrate.h"
#include "objects/versions.h"
#include "rpc/jsonrpc_client.h"
#include "rpc/remote.h"
#include "rpc/server.h"

bool ci_open_database(struct ci_ctx *ctx)
{
    if (!ci_db_open_configured(ctx, ctx->config, &ctx->db) || !ci_db_wait(ctx, ctx->config))
        return false;
    /* A file of its own needs no preparation; a shared database is the operator's. */
    if (ci_db_is_sqlite(ctx->db) && !ci_migrate_create_if_empty(ctx, NULL))
        return false;
    return ci_versions_check_schema(ctx) && ci_versions_check(ctx);
}

static bool is_http(const struct ci_ctx *ctx)
{
    return strcmp(ctx->config->DEFAULT.rpc_transport, "json-rpc") == 0;
}

bool ci_open_check_transport(struct ci_ctx *ctx, const char *program)
{
    if (strcmp(ctx->config->DEFAULT.rpc_transport, "none") != 0)
        return true;
    return ci_fail_text(ctx, InvalidParameterValue,
                        "%s calls, or is called by, other processes: [DEFAULT]rpc_transport = "
                        "none is for castiron, API and conductor in one.",
                        program);
}

bool ci_open_client(struct ci_ctx *ctx, const char *program)
{
    return is_http(ctx) ? ci_jsonrpc_client_new(ctx, program, &ctx->rpc)
                        : ci_rpc_remote_new(ctx, program, &ctx->rpc);
}

bool ci_open_server_new(struct ci_ctx *ctx, const struct ci_rpc_server_options *options,
                        struct ci_open_server *ret_server)
{
    return is_http(ctx) ? ci_jsonrpc_server_new(ctx, options, &ret_server->http)
                        : ci_rpc_server_new(ctx, options, &ret_server->amqp);
}

void ci_open_server_open(struct ci_ctx *ctx, const struct ci_open_server *server, void *service)
{
    if (server->http)
        ci_jsonrpc_server_open(server->http, service);
    else
        ci_rpc_server_open(ctx, server->amqp, service);
}

bool ci_open_server_stop(const struct ci_open_server *server, int limit_ms)
{
    return ci_jsonrpc_server_stop(server->http, limit_ms) &&
           ci_rpc_server_stop(server->amqp, limit_ms);
}

void ci_open_server_free(const struct ci_open_server *server)
{
    ci_jsonrpc_server_free(server->http);
    ci_rpc_server_free(server->amqp);
}

void ci_open_server_write_metrics(struct ci_metrics *to, void *arg)
{
    const struct ci_open_server *server = arg;
    struct ci_workers *workers;

    if (!server->http && !server->amqp)
        return;
    workers = server->http ? ci_jsonrpc_server_workers(server->http)
                           : ci_rpc_server_workers(server->amqp);
    ci_metrics_one(to, "castiron_conductor_calls_running", "gauge", "Calls that are answered.",
                   (uint64_t)ci_workers_busy(workers));
    ci_metrics_one(to, "castiron_conductor_calls_waiting", "gauge",
                   "Calls that have come and wait for a thread.",
                   (uint64_t)ci_workers_waiting(workers));
}
