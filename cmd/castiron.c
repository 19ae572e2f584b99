/* SPDX-License-Identifier: Apache-2.0 */
/*
 * castiron: the API and a conductor in one process, calling each other without a broker; over
 * HTTP when there are to be other conductors, or other APIs. `castiron explain` says why a node is
 * where it is.
 */
#include <string.h>
#include <unistd.h>

#include "api/server.h"
#include "base/time.h"
#include "cmd/daemon.h"
#include "cmd/explain.h"
#include "cmd/open.h"
#include "conductor/metrics.h"
#include "conductor/service.h"
#include "db/db.h"
#include "rpc/local.h"
#include "rpc/notify.h"

#define PROGRAM "castiron"

struct program {
    struct ci_rpc *rpc;
    struct ci_open_server server; /* nothing when nobody else calls */
    struct ci_conductor *conductor;
    struct ci_api *api;
    struct ci_metrics_source figures[3]; /* beside the API's own; ends with a NULL */
};

/* rpc/ does not look up to conductor/; here both are known. */
static bool dispatch(struct ci_ctx *ctx, enum ci_rpc_method method, json_t *args,
                     json_t **ret_result, void *service)
{
    const struct program *program = service;

    return ci_conductor_dispatch(ctx, method, args, ret_result, program->conductor);
}

/* A ci_conductor_open. */
static void let_in(struct ci_ctx *ctx, struct ci_conductor *conductor, void *arg)
{
    const struct program *program = arg;

    ci_open_server_open(ctx, &program->server, conductor);
}

static bool start_alone(struct ci_ctx *ctx, struct program *program)
{
    ctx->rpc = ci_rpc_local_new(ctx->config->DEFAULT.host, dispatch, program);
    program->rpc = ctx->rpc;
    return ci_conductor_start(ctx, &program->conductor);
}

static bool start_among_others(struct ci_ctx *ctx, struct program *program)
{
    const struct ci_rpc_server_options options = {
        .program = PROGRAM, .host = ctx->config->DEFAULT.host, .dispatch = ci_conductor_dispatch};

    if (!ci_open_client(ctx, PROGRAM))
        return false;
    program->rpc = ctx->rpc;
    return ci_open_server_new(ctx, &options, &program->server) &&
           ci_conductor_start_open(ctx, let_in, program, &program->conductor);
}

static bool start(struct ci_ctx *ctx, struct program *program)
{
    const char *transport = ctx->config->DEFAULT.rpc_transport;

    if (strcmp(transport, "oslo") == 0)
        return ci_fail_text(ctx, InvalidParameterValue,
                            "castiron runs API and conductor in one process: set "
                            "[DEFAULT]rpc_transport = none, or json-rpc among others (it is %s).",
                            transport);
    if (!ci_open_database(ctx) || !ci_notifier_new_measuring(ctx, PROGRAM, &ctx->notifier))
        return false;
    return (strcmp(transport, "none") == 0 ? start_alone(ctx, program)
                                           : start_among_others(ctx, program)) &&
           ci_api_start(ctx, ctx->db, ctx->rpc, &program->api);
}

/* One page has all. */
static void show_figures(struct program *program)
{
    program->figures[0] =
        (struct ci_metrics_source){ci_conductor_write_metrics, program->conductor};
    program->figures[1] =
        (struct ci_metrics_source){ci_open_server_write_metrics, &program->server};
    ci_api_tell_also(program->api, program->figures);
}

static const enum ci_leave leaves[] = {[CI_DAEMON_GRACEFUL] = CI_LEAVE_GRACEFUL,
                                       [CI_DAEMON_DRAIN] = CI_LEAVE_DRAIN,
                                       [CI_DAEMON_NOW] = CI_LEAVE_NOW};

/* False when threads are left that the process must not wait for. */
static bool stop(struct ci_ctx *ctx, struct program *program, enum ci_daemon_leave leave)
{
    int limit_s = ci_daemon_limit_s(ctx->config, leave);

    if (!ci_api_stop(program->api, limit_s))
        return false;
    if (program->server.http)
        ci_conductor_leave(program->conductor, leaves[leave]);
    if (!ci_open_server_stop(&program->server, ci_time_limit_ms(limit_s)) ||
        !ci_conductor_stop(program->conductor, leaves[leave]))
        return false;
    ci_open_server_free(&program->server);
    ci_rpc_free(program->rpc);
    ci_notifier_free(ctx->notifier);
    ci_db_close(ctx->db);
    return true;
}

static int serve(int argc, char **argv)
{
    struct ci_daemon *daemon = ci_daemon_start(
        PROGRAM, "The Bare Metal service: API and conductor in one process.", argc, argv);
    struct ci_ctx *ctx = ci_daemon_ctx(daemon);
    struct program program = {0};
    enum ci_daemon_leave leave;
    bool refused;

    if (!start(ctx, &program)) {
        (void)ci_conductor_stop(program.conductor, CI_LEAVE_NOW); /* The process ends anyway. */
        return ci_daemon_fail(daemon);
    }
    show_figures(&program);
    ci_daemon_ready(daemon);
    leave = ci_daemon_wait(daemon);
    refused = ci_conductor_is_refused(program.conductor);
    if (!stop(ctx, &program, leave))
        _exit(leave == CI_DAEMON_NOW ? 0 : 1);
    return ci_daemon_end(daemon) || refused;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "explain") == 0)
        return ci_explain_main(argc - 1, argv + 1);
    return serve(argc, argv);
}
