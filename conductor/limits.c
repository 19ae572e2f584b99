/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits of work that goes on at the same time.
 */
#include "conductor/limits.h"

#include "base/config.h"
#include "db/db.h"
#include "objects/states.h"

static bool limit(struct ci_ctx *ctx, const char *action, const char *const states[3], int64_t most)
{
    const char *values[] = {states[0], states[1], states[2],
                            ctx->config->conductor.conductor_group};
    bool of_group = ctx->config->conductor.max_concurrent_per_conductor_group;
    struct ci_rows *rows;

    if (!ci_db_query(ctx,
                     of_group ? "SELECT COUNT(*) FROM nodes WHERE provision_state IN ($1, $2, $3) "
                                "AND conductor_group = $4"
                              : "SELECT COUNT(*) FROM nodes WHERE provision_state IN ($1, $2, $3)",
                     of_group ? 4 : 3, values, &rows))
        return false;
    if (ci_row_int(rows, 0, 0, 0) >= most)
        return ci_fail(ctx, ConcurrentActionLimit, action);
    return true;
}

bool ci_limit_deploying(struct ci_ctx *ctx, const char *action)
{
    const char *const states[3] = {CI_STATE_DEPLOYING, CI_STATE_DEPLOYWAIT, CI_STATE_DEPLOYWAIT};

    return limit(ctx, action, states, ctx->config->conductor.max_concurrent_deploy);
}

bool ci_limit_cleaning(struct ci_ctx *ctx, const char *action)
{
    const char *const states[3] = {CI_STATE_DELETING, CI_STATE_CLEANING, CI_STATE_CLEANWAIT};

    return limit(ctx, action, states, ctx->config->conductor.max_concurrent_clean);
}
