/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database that the configuration asks for.
 */
#include <string.h>
#include <time.h>

#include "base/config.h"
#include "base/log.h"
#include "db/db.h"

/* "No limit" of SQLAlchemy is a large one here. */
enum { CONNECTIONS_MAX = 1000 };

/* connection, with connection_parameters among what follows its question mark. */
static const char *whole_url(struct ci_arena *mem, const char *url, const char *parameters)
{
    if (!url || !parameters || !*parameters)
        return url;
    return ci_printf(mem, "%s%s%s", url, strchr(url, '?') ? "&" : "?", parameters);
}

static int bounded(int64_t value, int max)
{
    if (value < 0)
        return 0;
    return value > max ? max : (int)value;
}

bool ci_db_open_configured(struct ci_ctx *ctx, const struct ci_config *config,
                           struct ci_db **ret_db)
{
    const int pool = bounded(config->database.max_pool_size, CONNECTIONS_MAX);
    const int overflow = config->database.max_overflow < 0
                             ? CONNECTIONS_MAX
                             : bounded(config->database.max_overflow, CONNECTIONS_MAX);
    const struct ci_db_options options = {
        .url = whole_url(ctx->mem, config->database.connection,
                         config->database.connection_parameters),
        .max_connections = pool == 0 ? CONNECTIONS_MAX : bounded(pool + overflow, CONNECTIONS_MAX),
        .wait_s = bounded(config->database.pool_timeout, 3600),
        .recycle_s = bounded(config->database.connection_recycle_time, INT32_MAX),
        .sqlite_unsafe = !config->database.sqlite_synchronous,
    };

    return ci_db_open(ctx, &options, ret_db);
}

bool ci_db_wait(struct ci_ctx *ctx, const struct ci_config *config)
{
    const int64_t tries = config->database.max_retries;
    const struct timespec pause = {.tv_sec = bounded(config->database.retry_interval, 3600)};

    for (int64_t done = 0;; done++) {
        const char *why;

        if (ci_db_ping(ctx))
            return true;
        why = ci_db_trouble(ctx->mem, ctx->db);
        if (!ci_failed_with(ctx, CI_ERR_DatabaseUnavailable) || (tries >= 0 && done >= tries))
            return false;
        /* Here and not further up, since whoever started it would see nothing for minutes. */
        ci_warning(ctx, "The database cannot be reached", "reason=%s try=%d", why ? why : "unknown",
                   (int)done + 1);
        if (nanosleep(&pause, NULL) != 0)
            return false;
        ci_error_clear(ctx);
    }
}
