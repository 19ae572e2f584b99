/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From revision to revision, beside services that go on working.
 *
 * PostgreSQL: each statement is a transaction of its own and may be repeated, so that no lock
 * outlives its statement and a killed run is just run again. A statement that waits for a table
 * keeps everybody behind it waiting: it waits for LOCK_MS only, gives way and comes back.
 * SQLite, with its one writer: a revision is one transaction.
 */
#include "db/upgrade.h"

#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "db/migrate.h"

/*
 * An index is built without keeping anybody out, so that it may wait longer for those who hold
 * the table.
 */
enum { LOCK_MS = 250, INDEX_LOCK_MS = 60000, PAUSE_MS = 1000, PATIENCE_S = 600 };

/* "castiron", so that two upgrades at once find each other. */
#define ADVISORY_LOCK "7161132870044970862"

static void rest(void)
{
    const struct timespec pause = {.tv_sec = PAUSE_MS / 1000, .tv_nsec = PAUSE_MS % 1000 * 1000000};

    nanosleep(&pause, NULL);
}

static bool refuse_unknown(struct ci_ctx *ctx, const char *revision)
{
    size_t n;
    const char *oldest = ci_revisions(&n)[0].id;

    if (ci_revision_is_older(revision))
        return ci_fail_text(ctx, DatabaseVersionTooOld,
                            "The database is at revision %s, of a release before 21.4: bring it "
                            "to %s with \"ironic-dbsync upgrade\" of release 21.4 first.",
                            revision, oldest);
    return ci_fail_text(ctx, DatabaseVersionTooOld,
                        "Can't locate revision identified by '%s', at which the database is: it "
                        "is newer than %s. Use the castiron-dbsync of the release that made it.",
                        revision, ci_revision_newest());
}

bool ci_upgrade_way(struct ci_ctx *ctx, const char *name, struct ci_upgrade_way *ret)
{
    struct ci_upgrade_way way = {.from = CI_REVISION_BASE};
    const char *revision;
    size_t n;

    ci_revisions(&n);
    if (!ci_migrate_version(ctx, &revision))
        return false;
    if (revision) {
        way.from = ci_revision_place(revision);
        if (way.from < 0)
            return refuse_unknown(ctx, revision);
    }
    if (!ci_revision_find(ctx, name, way.from, &way.to))
        return false;
    way.is_empty = !revision && way.to != CI_REVISION_BASE;
    if (way.is_empty && way.to != (int)n - 1)
        return ci_fail_text(ctx, InvalidParameterValue,
                            "An empty database gets the schema of %s and no other.",
                            ci_revision_newest());
    *ret = way;
    return true;
}

/* An index that a killed run has left half-built is in the way of the whole one. */
static bool drop_broken_index(struct ci_ctx *ctx, const struct ci_step *step)
{
    struct ci_rows *rows;

    if (!ci_db_query(ctx,
                     "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
                     "WHERE NOT indisvalid AND indrelid = to_regclass($1)",
                     1, &step->table, &rows))
        return false;
    for (size_t i = 0; i < rows->count; i++) {
        const char *name = ci_row_text(rows, i, 0);

        if (strstr(step->sql, ci_printf(ctx->mem, " %s\n", name)) &&
            !ci_db_change(ctx,
                          ci_printf(ctx->mem, "DROP INDEX CONCURRENTLY IF EXISTS \"%s\"", name),
                          INDEX_LOCK_MS))
            return false;
    }
    return true;
}

static bool try_step(struct ci_ctx *ctx, const struct ci_step *step)
{
    if (step->work != CI_STEP_INDEX)
        return ci_db_change(ctx, step->sql, LOCK_MS);
    return drop_broken_index(ctx, step) && ci_db_change(ctx, step->sql, INDEX_LOCK_MS);
}

static bool run_step(struct ci_ctx *ctx, const struct ci_step *step)
{
    const int64_t until_ns = ci_time_monotonic_ns() + (int64_t)PATIENCE_S * 1000000000;
    unsigned tries = 0;

    while (!try_step(ctx, step)) {
        if (!ci_failed_with(ctx, CI_ERR_MustWait))
            return false;
        if (ci_time_monotonic_ns() > until_ns)
            return ci_fail_text(ctx, MustWait,
                                "Table %s was never free in %d s: something holds it for long, a "
                                "backup for instance. Run the same command again after it.",
                                step->table, (int)PATIENCE_S);
        ci_error_clear(ctx);
        if (tries++ % 30 == 0)
            ci_warning(ctx, "A table is busy; trying again until it is free", "table=%s lock=%s",
                       step->table, step->lock);
        rest();
    }
    return true;
}

/* False when another tool has moved the revision meanwhile. */
static bool move_stamp(struct ci_ctx *ctx, const struct ci_revision *revision)
{
    const char *const values[] = {revision->id, revision->parent};
    int64_t changed;

    if (!ci_db_run(ctx, "UPDATE alembic_version SET version_num = $1 WHERE version_num = $2", 2,
                   values, &changed))
        return false;
    return changed == 1 ||
           ci_fail_text(ctx, Conflict,
                        "The revision is no longer %s: another tool is changing the database. Run "
                        "the same command again.",
                        revision->parent);
}

static bool run_steps(struct ci_ctx *ctx, const struct ci_revision *revision)
{
    const struct ci_step *step = ci_revision_steps(ctx->db, revision);

    for (; step->sql; step++) {
        if (!(ci_db_is_sqlite(ctx->db) ? ci_db_script(ctx, step->sql) : run_step(ctx, step)))
            return false;
    }
    return move_stamp(ctx, revision);
}

/* SQLite: all or nothing, unless another run was faster. */
static bool run_whole(struct ci_ctx *ctx, const struct ci_revision *revision)
{
    const char *now;
    bool done;

    if (!ci_db_begin(ctx))
        return false;
    done = ci_migrate_version(ctx, &now);
    if (done && strcmp(now ? now : "", revision->id) != 0)
        done = run_steps(ctx, revision);
    if (done && ci_db_commit(ctx))
        return true;
    ci_db_rollback(ctx);
    return false;
}

static bool walk(struct ci_ctx *ctx, const char *name)
{
    struct ci_upgrade_way way;
    size_t n;
    const struct ci_revision *revisions = ci_revisions(&n);

    if (!ci_upgrade_way(ctx, name, &way))
        return false;
    if (way.is_empty)
        return ci_migrate_create_schema(ctx);
    for (int i = way.from + 1; i <= way.to; i++) {
        ci_info(ctx, "Running upgrade", "from=%s to=%s meaning=%s", revisions[i].parent,
                revisions[i].id, revisions[i].meaning);
        if (!(ci_db_is_sqlite(ctx->db) ? run_whole : run_steps)(ctx, &revisions[i]))
            return false;
    }
    return true;
}

/* What follows the query ends its snapshot, too, for which others' indexes would wait for ever. */
static bool ask_for_lock(struct ci_ctx *lock, bool *ret_got)
{
    struct ci_rows *rows;

    if (!ci_db_query(lock, "SELECT pg_try_advisory_xact_lock(" ADVISORY_LOCK ")", 0, NULL, &rows))
        return false;
    *ret_got = ci_row_bool(rows, 0, 0, 0);
    return ci_db_script(lock, "SET LOCAL idle_in_transaction_session_timeout = 0");
}

/* Waits until no other upgrade is under way; the lock ends with the transaction of `lock`. */
static bool lock_others_out(struct ci_ctx *lock)
{
    bool got = false;

    if (!ci_db_begin(lock))
        return false;
    for (unsigned tries = 0; !got; tries++) {
        if (tries > 0)
            rest();
        if (tries % 30 == 1)
            ci_warning(lock, "Another upgrade is under way; waiting for it");
        if (!ask_for_lock(lock, &got))
            return false;
    }
    return true;
}

bool ci_migrate_upgrade(struct ci_ctx *ctx, const char *name)
{
    /* A connection of its own, since an index cannot be built within a transaction. */
    struct ci_ctx lock = {.mem = ctx->mem, .db = ctx->db, .config = ctx->config};
    bool done;

    if (ci_db_is_sqlite(ctx->db))
        return walk(ctx, name);
    done = lock_others_out(&lock);
    if (!done)
        ctx->error = lock.error;
    done = done && walk(ctx, name);
    ci_db_rollback(&lock);
    return done;
}
