/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Online data migrations, each by the name that Ironic gives it.
 */
#include "objects/online.h"

#include <inttypes.h>
#include <string.h>

#include "base/config.h"
#include "base/text.h"
#include "base/time.h"
#include "db/db.h"
#include "objects/conductor.h"
#include "objects/releases.h"
#include "objects/types.h"

/* Objects whose rows are brought to their newest versions, in Ironic's order. */
static const char *const stored[] = {
    "Chassis",         "Conductor",    "Port",           "Portgroup",
    "VolumeConnector", "VolumeTarget", "BIOSSetting",    "Allocation",
    "DeployTemplate",  "NodeHistory",  "NodeInventory",  "FirmwareComponent",
    "Runbook",         "RunbookTrait", "InspectionRule", "Node",
};
enum { STORED = sizeof stored / sizeof stored[0] };

enum { MIGRATIONS_MAX = 8 };

struct ci_online {
    struct ci_arena *mem;
    const char *from[STORED];     /* the key up to which a table is done; NULL: at its beginning */
    bool is_passed[STORED];       /* gone through since rows were last counted */
    int64_t left;                 /* rows of older versions, as last counted; 0: count again */
    bool is_idle[MIGRATIONS_MAX]; /* had nothing to do, and is not asked again */
};

struct ci_online *ci_online_new(struct ci_arena *mem)
{
    struct ci_online *online = ci_new(mem, struct ci_online);

    online->mem = mem;
    return online;
}

/* Rows of a running transaction are passed over; SQLite has one writer, and so nobody else. */
static const char *passing_over(const struct ci_ctx *ctx)
{
    return ci_db_is_sqlite(ctx->db) ? "" : "FOR UPDATE SKIP LOCKED";
}

static bool count(struct ci_ctx *ctx, const char *sql, size_t n, const char *const values[],
                  int64_t *ret_count)
{
    struct ci_rows *rows;

    if (!ci_db_query(ctx, sql, n, values, &rows))
        return false;
    *ret_count = ci_row_int(rows, 0, 0, 0);
    return true;
}

/* The version that rows of a type are to have. */
static const char *newest(struct ci_arena *mem, const struct ci_type *type)
{
    return ci_printf(mem, "%d.%d", type->major, ci_release_minor(ci_release_find("master"), type));
}

/*
 * Rows of a conductor that has gone must not look alive, so that their updated_at stays: it is
 * the heartbeat.
 */
static bool keeps_date(const struct ci_type *type)
{
    return strcmp(type->name, "Conductor") == 0;
}

/*
 * The limit stands in the statement, so that it is planned for that many rows: of a bound one the
 * engine assumes a tenth of the table, and reads all of it for each batch. The batch is
 * materialized, since it may otherwise be chosen anew for every row where statistics are out of
 * date.
 */
static const char *update_sql(struct ci_ctx *ctx, const struct ci_type *type, int64_t limit)
{
    const char *date = keeps_date(type) ? "updated_at" : "$3";
    const char *both =
        type->key2 ? ci_printf(ctx->mem, "%s, %s", type->key, type->key2) : type->key;

    return ci_printf(ctx->mem,
                     "WITH batch AS MATERIALIZED (SELECT %s FROM %s WHERE version <> $1 AND "
                     "%s >= CAST($2 AS INTEGER) ORDER BY %s LIMIT %" PRId64 " %s) "
                     "UPDATE %s SET version = $1, updated_at = %s WHERE (%s) IN (SELECT %s FROM "
                     "batch)",
                     both, type->table, type->key, both, limit, passing_over(ctx), type->table,
                     date, both, both);
}

/* One statement's worth; the key of the last row goes to *from. */
static bool update_some(struct ci_ctx *ctx, const struct ci_type *type, const char **from,
                        int64_t limit, int64_t *ret_done)
{
    const char *const values[] = {newest(ctx->mem, type), *from ? *from : "0",
                                  ci_time_db(ctx->mem, ci_time_now_us())};
    struct ci_rows *rows;
    int64_t last = 0;

    if (!ci_db_update(ctx, update_sql(ctx, type, limit), type->key, keeps_date(type) ? 2 : 3,
                      values, &rows))
        return false;
    for (size_t i = 0; i < rows->count; i++) {
        const int64_t key = ci_row_int(rows, i, 0, 0);

        last = key > last ? key : last;
    }
    *from = rows->count > 0 ? ci_printf(ctx->mem, "%" PRId64, last) : NULL;
    *ret_done = (int64_t)rows->count;
    return true;
}

/*
 * From where the last batch ended, and once more from the beginning when that was not it. After
 * that it is left alone until rows are counted again: looking for nothing reads the whole table.
 */
static bool update_type(struct ci_ctx *ctx, struct ci_online *online, size_t i, int64_t limit,
                        int64_t *done)
{
    const struct ci_type *type = ci_type_find(stored[i]);

    while (!online->is_passed[i]) {
        const char *from = online->from[i];
        const bool from_start = !from;
        int64_t n;

        if (!update_some(ctx, type, &from, limit - *done, &n))
            return false;
        *done += n;
        online->from[i] = *done == limit && from ? ci_strdup(online->mem, from) : NULL;
        if (*done == limit)
            return true;
        online->is_passed[i] = from_start;
    }
    return true;
}

static bool count_all(struct ci_ctx *ctx, int64_t *ret_total)
{
    *ret_total = 0;
    for (size_t i = 0; i < STORED; i++) {
        const struct ci_type *type = ci_type_find(stored[i]);
        const char *version = newest(ctx->mem, type);
        int64_t n;

        if (!count(ctx,
                   ci_printf(ctx->mem, "SELECT count(*) FROM %s WHERE version <> $1", type->table),
                   1, &version, &n))
            return false;
        *ret_total += n;
    }
    return true;
}

static bool update_to_latest_versions(struct ci_ctx *ctx, struct ci_online *online, int64_t limit,
                                      struct ci_online_count *ret)
{
    /* Counting reads whole tables, so that it is done once and not for each batch. */
    if (online->left <= 0) {
        if (!count_all(ctx, &online->left))
            return false;
        memset(online->is_passed, 0, sizeof online->is_passed);
    }
    ret->total = online->left;
    for (size_t i = 0; i < STORED && ret->total > 0 && ret->done < limit; i++) {
        if (!update_type(ctx, online, i, limit, &ret->done))
            return false;
    }
    online->left = ret->done < limit ? 0 : online->left - ret->done;
    return true;
}

static bool lists(const char *const *list, const char *word)
{
    while (list && *list && strcmp(*list, word) != 0)
        list++;
    return list && *list;
}

/* Nodes of the inspector that is no more become the agent's, where both are not on offer. */
static bool migrate_to_builtin_inspection(struct ci_ctx *ctx, struct ci_online *online,
                                          int64_t limit, struct ci_online_count *ret)
{
    static const char chosen[] =
        "inspect_interface = 'inspector' AND "
        "provision_state NOT IN ('inspecting', 'inspect wait', 'inspect failed')";
    const char *const *enabled = ctx->config->DEFAULT.enabled_inspect_interfaces;
    const char *const values[] = {ci_printf(ctx->mem, "%" PRId64, limit),
                                  ci_time_db(ctx->mem, ci_time_now_us())};
    int64_t movable;

    (void)online;
    if (!lists(enabled, "agent") || lists(enabled, "inspector"))
        return true;
    if (!count(ctx, ci_printf(ctx->mem, "SELECT count(*) FROM nodes WHERE %s", chosen), 0, NULL,
               &movable))
        return false;
    /* What is being inspected counts, but when nothing else is left. */
    if (movable == 0)
        return true;
    return count(ctx, "SELECT count(*) FROM nodes WHERE inspect_interface = 'inspector'", 0, NULL,
                 &ret->total) &&
           ci_db_run(ctx,
                     ci_printf(ctx->mem,
                               "WITH batch AS MATERIALIZED (SELECT id FROM nodes WHERE %s ORDER BY "
                               "id LIMIT CAST($1 AS INTEGER) %s) UPDATE nodes SET "
                               "inspect_interface = 'agent', updated_at = $2 WHERE id IN (SELECT "
                               "id FROM batch)",
                               chosen, passing_over(ctx)),
                     2, values, &ret->done);
}

/* Each runbook without traits gets its name for one, by which it was found before. */
static bool migrate_runbook_names_to_traits(struct ci_ctx *ctx, struct ci_online *online,
                                            int64_t limit, struct ci_online_count *ret)
{
    static const char chosen[] =
        "FROM runbooks WHERE NOT EXISTS (SELECT 1 FROM runbook_traits WHERE runbook_id = id)";
    const char *const values[] = {ci_printf(ctx->mem, "%" PRId64, limit),
                                  ci_time_db(ctx->mem, ci_time_now_us())};

    (void)online;
    return count(ctx, ci_printf(ctx->mem, "SELECT count(*) %s", chosen), 0, NULL, &ret->total) &&
           (ret->total == 0 ||
            ci_db_run(ctx,
                      ci_printf(ctx->mem,
                                "INSERT INTO runbook_traits (runbook_id, trait, version, "
                                "created_at) SELECT id, name, '1.0', $2 %s ORDER BY id "
                                "LIMIT CAST($1 AS INTEGER)",
                                chosen),
                      2, values, &ret->done));
}

/* In the order of the releases that brought them; the versions come last. */
#define MIGRATIONS(ROW)                                                                            \
    ROW(migrate_to_builtin_inspection)                                                             \
    ROW(migrate_runbook_names_to_traits)                                                           \
    ROW(update_to_latest_versions)

#define NAME(name) #name,
static const char *const names[] = {MIGRATIONS(NAME) NULL};
#undef NAME

#define FUNCTION(name) name,
static bool (*const functions[])(struct ci_ctx *ctx, struct ci_online *online, int64_t limit,
                                 struct ci_online_count *ret) = {MIGRATIONS(FUNCTION)};
#undef FUNCTION

_Static_assert(sizeof functions / sizeof functions[0] <= MIGRATIONS_MAX, "room for each");

const char *const *ci_online_names(void)
{
    return names;
}

bool ci_online_run(struct ci_ctx *ctx, struct ci_online *online, size_t n, int64_t limit,
                   struct ci_online_count *ret_count)
{
    struct ci_online_count counted = {0};

    if (online->is_idle[n]) {
        *ret_count = counted;
        return true;
    }
    if (!functions[n](ctx, online, limit, &counted))
        return false;
    online->is_idle[n] = counted.total == 0;
    *ret_count = counted;
    return true;
}

bool ci_online_check(struct ci_ctx *ctx)
{
    const char *pin = ctx->config->DEFAULT.pin_release_version;
    const int minor = ci_release_minor(ci_release_find("master"), &ci_conductor_record_type);
    struct ci_conductor_record **alive;
    size_t n;

    if (pin && *pin)
        return ci_fail_text(ctx, Conflict,
                            "[DEFAULT]pin_release_version is %s, so that services of that release "
                            "may still be running. Upgrade them, take the pin out of the "
                            "configuration of all services, restart them or send SIGHUP, and run "
                            "castiron-dbsync online_data_migrations after that.",
                            pin);
    if (!ci_conductor_load_alive(ctx, ctx->config->conductor.heartbeat_timeout, &n, &alive))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (alive[i]->object.row_minor < minor)
            return ci_fail_text(ctx, Conflict,
                                "Conductor %s is alive and of an older release, or pinned to one "
                                "(its row has version 1.%d, not 1.%d). Upgrade it, take "
                                "[DEFAULT]pin_release_version out of its configuration, restart "
                                "it or send SIGHUP, and run castiron-dbsync "
                                "online_data_migrations after that.",
                                alive[i]->hostname, alive[i]->object.row_minor, minor);
    }
    return true;
}

bool ci_online_nameless(struct ci_ctx *ctx, const char **ret_from)
{
    struct ci_rows *rows;
    const char *from = NULL;

    *ret_from = NULL;
    if (ci_db_is_sqlite(ctx->db))
        return true;
    if (!ci_db_query(ctx,
                     "SELECT coalesce(host(client_addr), 'its own machine'), count(*) FROM "
                     "pg_stat_activity WHERE datname = current_database() AND usename = "
                     "current_user AND backend_type = 'client backend' AND application_name = '' "
                     "GROUP BY 1 ORDER BY 1 LIMIT 10",
                     0, NULL, &rows))
        return false;
    for (size_t i = 0; i < rows->count; i++)
        from = ci_printf(ctx->mem, "%s%s%s (%" PRId64 ")", from ? from : "", from ? ", " : "",
                         ci_row_text(rows, i, 0), ci_row_int(rows, i, 1, 0));
    if (from)
        *ret_from = from;
    return true;
}
