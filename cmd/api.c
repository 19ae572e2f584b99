/* SPDX-License-Identifier: Apache-2.0 */
/*
 * castiron-api: answers HTTP, and calls conductors over RabbitMQ or HTTP.
 */
#include "api/server.h"

#include <stdlib.h>
#include <unistd.h>

#include "cmd/daemon.h"
#include "cmd/open.h"
#include "db/db.h"
#include "rpc/local.h"
#include "rpc/notify.h"

#define PROGRAM "castiron-api"

static bool start(struct ci_ctx *ctx, struct ci_api **ret_api)
{
    return ci_open_check_transport(ctx, PROGRAM) && ci_open_database(ctx) &&
           ci_open_client(ctx, PROGRAM) && ci_notifier_new(ctx, PROGRAM, &ctx->notifier) &&
           ci_api_start(ctx, ctx->db, ctx->rpc, ret_api);
}

/* False when threads are left that the process must not wait for. */
static bool stop(struct ci_ctx *ctx, struct ci_api *api, enum ci_daemon_leave leave)
{
    if (!ci_api_stop(api, ci_daemon_limit_s(ctx->config, leave)))
        return false;
    ci_notifier_free(ctx->notifier);
    ci_rpc_free(ctx->rpc);
    ci_db_close(ctx->db);
    return true;
}

int main(int argc, char **argv)
{
    struct ci_daemon *daemon =
        ci_daemon_start(PROGRAM, "The API of the Bare Metal service.", argc, argv);
    struct ci_ctx *ctx = ci_daemon_ctx(daemon);
    struct ci_api *api = NULL;
    enum ci_daemon_leave leave;

    if (!start(ctx, &api))
        return ci_daemon_fail(daemon);
    ci_daemon_ready(daemon);
    leave = ci_daemon_wait(daemon);
    if (!stop(ctx, api, leave))
        _exit(leave == CI_DAEMON_NOW ? EXIT_SUCCESS : EXIT_FAILURE);
    return ci_daemon_end(daemon);
}
