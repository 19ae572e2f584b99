/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What several programs stand on: the database, and the way between services.
 */
#include "cmd/open.h"

#include <string.h>

#include "base/config.h"
#include "db/db.h"
#include "db/migrate.h"

bool ci_open_database(struct ci_ctx *ctx)
{
    if (!ci_db_open_configured(ctx, ctx->config, &ctx->db) || !ci_db_wait(ctx, ctx->config))
        return false;
    /* A file of its own needs no preparation; a shared database is the operator's. */
    if (ci_db_is_sqlite(ctx->db) && !ci_migrate_create_if_empty(ctx, NULL))
        return false;
    return ci_migrate_check(ctx);
}

bool ci_open_check_transport(struct ci_ctx *ctx, const char *program)
{
    const char *transport = ctx->config->DEFAULT.rpc_transport;

    if (strcmp(transport, "oslo") == 0)
        return true;
    if (strcmp(transport, "none") == 0)
        return ci_fail_text(ctx, InvalidParameterValue,
                            "%s calls, or is called by, other processes: [DEFAULT]rpc_transport = "
                            "none is for castiron, API and conductor in one.",
                            program);
    return ci_fail_text(ctx, InvalidParameterValue,
                        "[DEFAULT]rpc_transport = %s is not supported by %s; set it to oslo.",
                        transport, program);
}
