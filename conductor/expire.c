/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept for a time only: entries of nodes' histories, rows of conductors.
 */
#include <inttypes.h>

#include "base/config.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "conductor/periodic.h"
#include "db/db.h"
#include "objects/conductor.h"

#define US_PER_S INT64_C(1000000)
#define US_PER_DAY (86400 * US_PER_S)

/* A stale row must be far older than one whose conductor may merely be slow. */
enum { TIMES_HEARTBEAT = 3 };

static const char *number(struct ci_ctx *ctx, int64_t value)
{
    return ci_printf(ctx->mem, "%" PRId64, value);
}

/*
 * The newest entries of each node stay, and with node_history_minimum_days those that are younger,
 * too. Nodes are those that this conductor deployed or took over, as in Ironic.
 */
bool ci_expire_history(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    const int64_t days = ctx->config->conductor.node_history_minimum_days;
    const int64_t most = ctx->config->conductor.node_history_cleanup_batch_count;
    const int64_t now_us = ci_time_now_us();
    const char *values[] = {
        number(ctx, conductor->id), number(ctx, ctx->config->conductor.node_history_max_entries),
        ci_time_db(ctx->mem, days > 0 ? now_us - days * US_PER_DAY : now_us + US_PER_DAY),
        number(ctx, most)};
    int64_t removed;

    if (!ci_db_run(ctx,
                   "DELETE FROM node_history WHERE id IN (SELECT id FROM (SELECT h.id AS id, "
                   "h.created_at AS created_at, row_number() OVER (PARTITION BY h.node_id "
                   "ORDER BY h.created_at DESC, h.id DESC) AS place FROM node_history h "
                   "JOIN nodes n ON n.id = h.node_id WHERE n.conductor_affinity = $1 "
                   "AND h.created_at < $3) ranked WHERE place > CAST($2 AS INTEGER) "
                   "ORDER BY created_at, id LIMIT CAST($4 AS INTEGER))",
                   4, values, &removed))
        return false;
    if (removed > 0)
        ci_info(ctx, "Entries of nodes' histories expired", "entries=%" PRId64, removed);
    if (removed >= most)
        ci_warning(ctx,
                   "As many entries of nodes' histories expired as may at a time: more often, or "
                   "more at a time, is needed ([conductor]node_history_cleanup_interval, "
                   "node_history_cleanup_batch_count)",
                   "entries=%" PRId64, removed);
    return true;
}

/* Everything that names the conductor goes first, and all of it together. */
static bool remove_rows(struct ci_ctx *ctx, const char *id, const char *host)
{
    int64_t ignored, removed;

    return ci_conductor_clear_power_targets(ctx, host, &ignored) &&
           ci_conductor_clear_reservations(ctx, host, &ignored) &&
           ci_db_run(ctx,
                     "UPDATE nodes SET conductor_affinity = NULL WHERE conductor_affinity = $1", 1,
                     &id, NULL) &&
           ci_db_run(ctx,
                     "UPDATE allocations SET conductor_affinity = NULL "
                     "WHERE conductor_affinity = $1",
                     1, &id, NULL) &&
           ci_db_run(ctx, "DELETE FROM conductor_hardware_interfaces WHERE conductor_id = $1", 1,
                     &id, NULL) &&
           ci_db_run(ctx, "DELETE FROM conductors WHERE id = $1", 1, &id, &removed);
}

static void remove_conductor(struct ci_ctx *ctx, const char *id, const char *host)
{
    if (ci_db_begin(ctx) && remove_rows(ctx, id, host) && ci_db_commit(ctx)) {
        ci_info(ctx, "A conductor that is long gone is forgotten", "conductor=%s", host);
        return;
    }
    ci_db_rollback(ctx);
    ci_warning(ctx, "A conductor that is gone could not be forgotten", "conductor=%s error=%s",
               host, ci_error_take(ctx));
}

/* Is the time after which they are forgotten long enough? */
static bool check_times(const struct ci_ctx *ctx)
{
    const int64_t beat_s = ctx->config->conductor.heartbeat_timeout;
    const int64_t stale_s = ctx->config->conductor.conductor_cleanup_timeout;

    if (beat_s > 0 && stale_s >= TIMES_HEARTBEAT * beat_s)
        return true;
    ci_warning(ctx,
               "Rows of conductors that are gone stay: [conductor]conductor_cleanup_timeout must "
               "be at least three times heartbeat_timeout",
               "conductor_cleanup_timeout=%" PRId64 " heartbeat_timeout=%" PRId64, stale_s, beat_s);
    return false;
}

bool ci_expire_conductors(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    const bool aged = !ci_db_is_sqlite(ctx->db);
    const int64_t stale_us = ctx->config->conductor.conductor_cleanup_timeout * US_PER_S;
    const char *values[] = {conductor->host,
                            number(ctx, ctx->config->conductor.conductor_cleanup_batch_size),
                            ci_time_db(ctx->mem, ci_time_now_us() - stale_us)};
    struct ci_rows *rows;

    if (!check_times(ctx))
        return true;
    if (!ci_db_query(ctx,
                     aged ? "SELECT id, hostname FROM conductors WHERE hostname <> $1 AND "
                            "updated_at < $3 ORDER BY id LIMIT CAST($2 AS INTEGER)"
                          : "SELECT id, hostname FROM conductors WHERE hostname <> $1 AND "
                            "NOT online ORDER BY id LIMIT CAST($2 AS INTEGER)",
                     aged ? 3 : 2, values, &rows))
        return false;
    for (size_t i = 0; i < rows->count; i++)
        remove_conductor(ctx, ci_row_text(rows, i, 0), ci_row_text(rows, i, 1));
    return true;
}
