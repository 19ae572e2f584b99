/* SPDX-License-Identifier: Apache-2.0 */
/*
 * castiron: the API and a conductor in one process, calling each other without a broker.
 */
#include <string.h>
#include <unistd.h>

#include "api/server.h"
#include "cmd/daemon.h"
#include "cmd/open.h"
#include "conductor/service.h"
#include "db/db.h"
#include "rpc/local.h"
#include "rpc/notify.h"

struct program {
    struct ci_rpc *rpc;
    struct ci_conductor *conductor;
    struct ci_api *api;
};

/* rpc/ does not look up to conductor/; here both are known. */
static bool dispatch(struct ci_ctx *ctx, enum ci_rpc_method method, json_t *args,
                     json_t **ret_result, void *service)
{
    const struct program *program = service;

    return ci_conductor_dispatch(ctx, method, args, ret_result, program->conductor);
}

static bool check_transport(struct ci_ctx *ctx)
{
    const char *transport = ctx->config->DEFAULT.rpc_transport;

    if (strcmp(transport, "none") == 0)
        return true;
    return ci_fail_text(ctx, InvalidParameterValue,
                        "castiron runs API and conductor in one process: set "
                        "[DEFAULT]rpc_transport = none (it is %s).",
                        transport);
}

static bool start(struct ci_ctx *ctx, struct program *program)
{
    if (!check_transport(ctx) || !ci_open_database(ctx) ||
        !ci_notifier_new(ctx, "castiron", &ctx->notifier))
        return false;
    program->rpc = ci_rpc_local_new(ctx->config->DEFAULT.host, dispatch, program);
    ctx->rpc = program->rpc;
    return ci_conductor_start(ctx, &program->conductor) &&
           ci_api_start(ctx, ctx->db, ctx->rpc, &program->api);
}

static const enum ci_leave leaves[] = {[CI_DAEMON_GRACEFUL] = CI_LEAVE_GRACEFUL,
                                       [CI_DAEMON_DRAIN] = CI_LEAVE_DRAIN,
                                       [CI_DAEMON_NOW] = CI_LEAVE_NOW};

/* False when threads are left that the process must not wait for. */
static bool stop(struct ci_ctx *ctx, struct program *program, enum ci_daemon_leave leave)
{
    int limit_s =
        leave == CI_DAEMON_NOW ? 0 : (int)ctx->config->conductor.graceful_shutdown_timeout;

    if (!ci_api_stop(program->api, limit_s) ||
        !ci_conductor_stop(program->conductor, leaves[leave]))
        return false;
    ci_rpc_free(program->rpc);
    ci_notifier_free(ctx->notifier);
    ci_db_close(ctx->db);
    return true;
}

int main(int argc, char **argv)
{
    struct ci_daemon *daemon = ci_daemon_start(
        "castiron", "The Bare Metal service: API and conductor in one process.", argc, argv);
    struct ci_ctx *ctx = ci_daemon_ctx(daemon);
    struct program program = {0};
    enum ci_daemon_leave leave;
    bool refused;

    if (!start(ctx, &program)) {
        (void)ci_conductor_stop(program.conductor, CI_LEAVE_NOW); /* The process ends anyway. */
        return ci_daemon_fail(daemon);
    }
    ci_daemon_ready(daemon);
    leave = ci_daemon_wait(daemon);
    refused = ci_conductor_is_refused(program.conductor);
    if (!stop(ctx, &program, leave))
        _exit(leave == CI_DAEMON_NOW ? 0 : 1);
    return ci_daemon_end(daemon) || refused;
}
