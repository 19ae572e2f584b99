/* SPDX-License-Identifier: Apache-2.0 */
/*
 * castiron-conductor: acts on machines, as APIs ask it over RabbitMQ or HTTP.
 *
 * Calls are let in before the database says that this conductor is there, and shut out after
 * it has said for a while that it is not: others look there to know whom to call.
 */
#include "conductor/service.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/config.h"
#include "base/metrics_page.h"
#include "base/time.h"
#include "cmd/daemon.h"
#include "cmd/open.h"
#include "conductor/metrics.h"
#include "db/db.h"
#include "rpc/client.h"
#include "rpc/notify.h"

#define PROGRAM "castiron-conductor"

enum { NOW_MS = 1000 };

struct program {
    struct ci_open_server server;
    struct ci_conductor *conductor;
    struct ci_metrics_source figures[4]; /* ends with a NULL */
    struct ci_metrics_page *page;        /* NULL: nobody reads them */
};

/* A ci_conductor_open. */
static void let_in(struct ci_ctx *ctx, struct ci_conductor *conductor, void *arg)
{
    const struct program *program = arg;

    ci_open_server_open(ctx, &program->server, conductor);
}

static bool start(struct ci_ctx *ctx, struct program *program)
{
    const struct ci_rpc_server_options options = {
        .program = PROGRAM, .host = ctx->config->DEFAULT.host, .dispatch = ci_conductor_dispatch};

    return ci_open_check_transport(ctx, PROGRAM) && ci_open_database(ctx) &&
           ci_notifier_new_measuring(ctx, PROGRAM, &ctx->notifier) &&
           ci_open_server_new(ctx, &options, &program->server) &&
           ci_conductor_start_open(ctx, let_in, program, &program->conductor);
}

static void write_shared(struct ci_metrics *to, void *db)
{
    ci_db_write_metrics(db, to);
    ci_rpc_write_metrics(to);
}

/* Once the conductor is there: its figures are read from then on. */
static bool show_figures(struct ci_ctx *ctx, struct program *program)
{
    const struct ci_config *config = ctx->config;

    program->figures[0] =
        (struct ci_metrics_source){ci_conductor_write_metrics, program->conductor};
    program->figures[1] =
        (struct ci_metrics_source){ci_open_server_write_metrics, &program->server};
    program->figures[2] = (struct ci_metrics_source){write_shared, ctx->db};
    return !config->conductor.enable_metrics ||
           ci_metrics_page_start(ctx, config->conductor.metrics_host_ip,
                                 (int)config->conductor.metrics_port, program->figures,
                                 &program->page);
}

/* How long calls may take that were taken; work that goes on after their answer has its own. */
static int limit_ms(const struct ci_ctx *ctx, enum ci_leave how)
{
    int64_t limit_s = how == CI_LEAVE_DRAIN ? ctx->config->DEFAULT.drain_shutdown_timeout
                                            : ctx->config->conductor.graceful_shutdown_timeout;

    if (how == CI_LEAVE_NOW)
        return NOW_MS;
    return limit_s < 1 ? INT32_MAX : ci_time_limit_ms(limit_s);
}

static const enum ci_leave leaves[] = {[CI_DAEMON_GRACEFUL] = CI_LEAVE_GRACEFUL,
                                       [CI_DAEMON_DRAIN] = CI_LEAVE_DRAIN,
                                       [CI_DAEMON_NOW] = CI_LEAVE_NOW};

/* False when threads are left that the process must not wait for. */
static bool stop(struct ci_ctx *ctx, struct program *program, enum ci_leave how)
{
    ci_conductor_leave(program->conductor, how);
    ci_metrics_page_free(program->page);
    if (!ci_open_server_stop(&program->server, limit_ms(ctx, how)) ||
        !ci_conductor_stop(program->conductor, how))
        return false;
    ci_open_server_free(&program->server);
    ci_notifier_free(ctx->notifier);
    ci_db_close(ctx->db);
    return true;
}

int main(int argc, char **argv)
{
    struct ci_daemon *daemon =
        ci_daemon_start(PROGRAM, "The conductor of the Bare Metal service.", argc, argv);
    struct ci_ctx *ctx = ci_daemon_ctx(daemon);
    struct program program = {0};
    enum ci_daemon_leave leave;
    bool refused;

    if (!start(ctx, &program))
        return ci_daemon_fail(daemon);
    if (!show_figures(ctx, &program)) {
        (void)stop(ctx, &program, CI_LEAVE_NOW); /* The process ends anyway. */
        return ci_daemon_fail(daemon);
    }
    ci_daemon_ready(daemon);
    leave = ci_daemon_wait(daemon);
    refused = ci_conductor_is_refused(program.conductor);
    if (!stop(ctx, &program, leaves[leave]))
        _exit(leave == CI_DAEMON_NOW ? EXIT_SUCCESS : EXIT_FAILURE);
    return ci_daemon_end(daemon) || refused;
}
