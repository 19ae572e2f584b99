/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator wants to know of the cluster before services of this release start in it, and
 * ironic-status does not tell.
 */
#include <string.h>

#include "base/config.h"
#include "base/time.h"
#include "cmd/checks.h"
#include "db/catalog.h"
#include "db/db.h"
#include "objects/conductor.h"
#include "objects/online.h"
#include "objects/releases.h"
#include "objects/states.h"
#include "objects/types.h"
#include "objects/versions.h"

enum { NAMED_MAX = 10 };

static bool schema(struct ci_ctx *ctx, struct ci_check_result *result)
{
    if (ci_versions_check_schema(ctx))
        return true;
    if (!ci_failed_with(ctx, CI_ERR_DatabaseVersionTooOld))
        return false;
    ci_check_add(result, CI_CHECK_WARNING, "%s", ctx->error->message);
    ci_error_clear(ctx);
    return true;
}

/* The first of the rows' UUIDs as a list. */
static const char *some(struct ci_ctx *ctx, const struct ci_rows *rows)
{
    const char *list = "";

    for (size_t i = 0; i < rows->count && i < NAMED_MAX; i++)
        list = ci_printf(ctx->mem, "%s%s%s", list, *list ? ", " : "", ci_row_text(rows, i, 0));
    return rows->count > NAMED_MAX ? ci_printf(ctx->mem, "%s, …", list) : list;
}

static bool unstable_nodes(struct ci_ctx *ctx, struct ci_check_result *result)
{
    struct ci_rows *states, *nodes;

    if (!ci_db_query(ctx,
                     "SELECT provision_state, count(*) FROM nodes WHERE provision_state IS NOT "
                     "NULL GROUP BY provision_state ORDER BY provision_state",
                     0, NULL, &states))
        return false;
    for (size_t i = 0; i < states->count; i++) {
        const char *state = ci_row_text(states, i, 0);

        if (!ci_state_is(state, CI_STATE_IS_UNSTABLE))
            continue;
        if (!ci_db_query(ctx,
                         "SELECT uuid FROM nodes WHERE provision_state = $1 ORDER BY id LIMIT 11",
                         1, &state, &nodes))
            return false;
        ci_check_add(result, CI_CHECK_WARNING,
                     "%lld nodes are in state %s, which is not stable, and may fail: %s.",
                     (long long)ci_row_int(states, i, 1, 0), state, some(ctx, nodes));
    }
    return true;
}

/* On SQLite a conductor that is online is alive, whatever its heartbeat's age. */
static bool orphans(struct ci_ctx *ctx, struct ci_check_result *result)
{
    const bool lite = ci_db_is_sqlite(ctx->db);
    const int64_t timeout_us = ctx->config->conductor.heartbeat_timeout * 1000000;
    const char *oldest = ci_time_db(ctx->mem, ci_time_now_us() - timeout_us);
    const char *sql = ci_printf(
        ctx->mem,
        "SELECT uuid FROM nodes WHERE provision_state = 'active' AND NOT EXISTS (SELECT 1 "
        "FROM conductors JOIN conductor_hardware_interfaces ON conductor_id = "
        "conductors.id WHERE online %s AND conductors.conductor_group = "
        "nodes.conductor_group AND hardware_type = nodes.driver) ORDER BY id LIMIT 11",
        lite ? "" : "AND conductors.updated_at >= $1");
    struct ci_rows *rows;

    if (!ci_db_query(ctx, sql, lite ? 0 : 1, &oldest, &rows))
        return false;
    if (rows->count > 0)
        ci_check_add(result, CI_CHECK_WARNING,
                     "Active nodes have no live conductor for their hardware type and conductor "
                     "group; instances on them may go to ERROR when nova-compute starts: %s.",
                     some(ctx, rows));
    return true;
}

static bool deprecated_options(struct ci_ctx *ctx, struct ci_check_result *result)
{
    /* The reading warns of defaults that have changed, too, which nobody need act upon here. */
    for (const char *const *said = ci_config_warnings(ctx->mem, ctx->config); *said; said++) {
        if (strstr(*said, " is deprecated, use "))
            ci_check_add(result, CI_CHECK_WARNING, "%s.", *said);
    }
    return true;
}

/* Objects whose rows tell which release writes them: all releases have them. */
static const char *const telling[] = {"Node", "Port", "Portgroup", "Conductor"};
enum { TELLING = sizeof telling / sizeof telling[0] };

/* The newest version among the rows of each; -1 without any. */
static bool newest_minors(struct ci_ctx *ctx, int minors[TELLING])
{
    for (size_t i = 0; i < TELLING; i++) {
        const struct ci_type *type = ci_type_find(telling[i]);
        struct ci_rows *rows;

        minors[i] = -1;
        if (!ci_db_query(ctx, ci_printf(ctx->mem, "SELECT DISTINCT version FROM %s", type->table),
                         0, NULL, &rows))
            return false;
        for (size_t row = 0; row < rows->count; row++) {
            const char *version = ci_row_text(rows, row, 0);
            const char *dot = version ? strchr(version, '.') : NULL;
            int64_t minor;

            if (dot && ci_parse_int(dot + 1, 0, 1000, &minor) && (int)minor > minors[i])
                minors[i] = (int)minor;
        }
    }
    return true;
}

/* The oldest release whose rows are as new as these. */
static const struct ci_release *writer_of(const int minors[TELLING])
{
    for (const char *const *name = ci_release_names(); *name; name++) {
        const struct ci_release *release = ci_release_find(*name);
        bool fits = true;

        for (size_t i = 0; i < TELLING; i++)
            fits = fits && ci_release_minor(release, ci_type_find(telling[i])) >= minors[i];
        if (fits)
            return release;
    }
    return ci_release_find("master");
}

/* The version of the oldest conductor that is alive; -1 without any. */
static bool oldest_conductor(struct ci_ctx *ctx, int *ret_minor)
{
    struct ci_conductor_record **alive;
    size_t n;

    if (!ci_conductor_load_alive(ctx, ctx->config->conductor.heartbeat_timeout, &n, &alive))
        return false;
    *ret_minor = -1;
    for (size_t i = 0; i < n; i++) {
        if (*ret_minor < 0 || alive[i]->object.row_minor < *ret_minor)
            *ret_minor = alive[i]->object.row_minor;
    }
    return true;
}

static void judge_pin(const char *pin, const struct ci_release *needed,
                      struct ci_check_result *result)
{
    const struct ci_release *is = pin && *pin ? ci_release_find(pin) : NULL;

    if (is == needed)
        ci_check_add(result, CI_CHECK_SUCCESS,
                     "Conductors of release %s are alive, and pin_release_version is %s.",
                     ci_release_name(needed), pin);
    else
        ci_check_add(result, CI_CHECK_WARNING,
                     "Conductors that speak release %s are alive: services of this release need "
                     "[DEFAULT]pin_release_version = %s until all are upgraded (it is %s).",
                     ci_release_name(needed), ci_release_name(needed),
                     is ? ci_release_name(is) : "not set");
}

/*
 * Live conductors tell whether a pin is needed at all, and the versions of the rows that they
 * write which one: that of the oldest release that knows them all.
 */
static bool pin(struct ci_ctx *ctx, struct ci_check_result *result)
{
    const char *set = ctx->config->DEFAULT.pin_release_version;
    int minors[TELLING], oldest;

    if (!oldest_conductor(ctx, &oldest) || !newest_minors(ctx, minors))
        return false;
    if (oldest >= 0 && oldest < ci_conductor_record_type.minor) {
        /* Of newer conductors' rows nothing is to be learnt about the oldest. */
        minors[TELLING - 1] = oldest;
        judge_pin(set, writer_of(minors), result);
    } else if (set && *set) {
        ci_check_add(result, CI_CHECK_SUCCESS,
                     "pin_release_version is %s; no conductor that is alive needs it. When all "
                     "services are of this release take it out, and run castiron-dbsync "
                     "online_data_migrations after that.",
                     set);
    }
    return true;
}

/* All that can be seen of an older API, which leaves no row: Ironic's own connect without a name.
 */
static bool nameless(struct ci_ctx *ctx, struct ci_check_result *result)
{
    const char *from;

    if (!ci_online_nameless(ctx, &from))
        return false;
    if (from)
        ci_check_add(result, CI_CHECK_WARNING,
                     "Sessions without a name are open in the database, from %s: Ironic's own "
                     "services connect so. An API of an older release leaves no row by which it "
                     "could be known: see that none is running before the pin is taken out and "
                     "castiron-dbsync online_data_migrations is run.",
                     from);
    return true;
}

const struct ci_check ci_cluster_checks[] = {
    {"Database Schema", schema},
    {"Unstable Nodes", unstable_nodes},
    {"Conductors of Active Nodes", orphans},
    {"Deprecated Options", deprecated_options},
    {"Pinned Release", pin},
    {"Older APIs", nameless},
    {NULL, NULL},
};
