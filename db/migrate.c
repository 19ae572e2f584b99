/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema and its revision.
 *
 * A new database gets the newest schema at once (revisions/newest.sql), which differs from one
 * that went through every revision in two foreign keys, as with Ironic.
 */
#include "db/migrate.h"

#include <string.h>

#include "db/revisions_sql.h"

static const struct ci_revision revisions[] = {
#define REVISION(id, parent, meaning) {#id, #parent, meaning},
#include "db/revisions.def"
#undef REVISION
};
enum { REVISIONS = sizeof revisions / sizeof revisions[0] };

const struct ci_revision *ci_migrate_revisions(size_t *ret_count)
{
    *ret_count = REVISIONS;
    return revisions;
}

const char *ci_migrate_newest(void)
{
    return revisions[REVISIONS - 1].id;
}

static bool has_table(struct ci_ctx *ctx, const char *name, bool *ret_has)
{
    const char *sql = ci_db_is_sqlite(ctx->db)
                          ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name = $1"
                          : "SELECT 1 WHERE to_regclass($1) IS NOT NULL";
    struct ci_rows *rows;

    if (!ci_db_query(ctx, sql, 1, &name, &rows))
        return false;
    *ret_has = rows->count > 0;
    return true;
}

bool ci_migrate_version(struct ci_ctx *ctx, const char **ret_revision)
{
    struct ci_rows *rows;
    bool has;

    if (!has_table(ctx, "alembic_version", &has))
        return false;
    if (!has) {
        *ret_revision = NULL;
        return true;
    }
    if (!ci_db_query(ctx, "SELECT version_num FROM alembic_version", 0, NULL, &rows))
        return false;
    *ret_revision = rows->count > 0 ? ci_row_text(rows, 0, 0) : NULL;
    return true;
}

/* Within a transaction, so that two who create at once do not meet half-way. */
static bool create(struct ci_ctx *ctx)
{
    const char *newest = ci_migrate_newest(), *revision;
    bool has;

    if (!ci_migrate_version(ctx, &revision) || !has_table(ctx, "nodes", &has))
        return false;
    if (revision)
        return ci_fail_text(ctx, DatabaseVersionTooOld,
                            "The database schema is already under version control, at revision "
                            "%s. Use upgrade instead.",
                            revision);
    if (has)
        return ci_fail_text(ctx, Conflict,
                            "The database has tables but no revision: it must be stamped with "
                            "the one that it has.");
    return ci_db_script(ctx, ci_db_is_sqlite(ctx->db) ? ci_sql_newest_sqlite : ci_sql_newest_pg) &&
           ci_db_run(ctx, "INSERT INTO alembic_version (version_num) VALUES ($1)", 1, &newest,
                     NULL);
}

bool ci_migrate_create_schema(struct ci_ctx *ctx)
{
    bool done = ci_db_begin(ctx) && create(ctx) && ci_db_commit(ctx);

    if (!done)
        ci_db_rollback(ctx);
    return done;
}

bool ci_migrate_create_if_empty(struct ci_ctx *ctx, bool *ret_created)
{
    const char *revision;
    bool has, created = false;

    if (!ci_migrate_version(ctx, &revision) || !has_table(ctx, "nodes", &has))
        return false;
    if (!revision && !has) {
        if (!ci_migrate_create_schema(ctx))
            return false;
        created = true;
    }
    if (ret_created)
        *ret_created = created;
    return true;
}

/* How many revisions it is behind; -1 for one that is not known. */
static int behind(const char *revision)
{
    for (int i = 0; i < REVISIONS; i++) {
        if (strcmp(revisions[i].id, revision) == 0)
            return REVISIONS - 1 - i;
    }
    return -1;
}

bool ci_migrate_upgrade(struct ci_ctx *ctx)
{
    const char *revision;
    int missing;

    if (!ci_migrate_version(ctx, &revision))
        return false;
    if (!revision)
        return ci_migrate_create_schema(ctx);
    missing = behind(revision);
    if (missing == 0)
        return true;
    if (missing < 0)
        return ci_fail_text(ctx, DatabaseVersionTooOld,
                            "The database is at revision %s, which is not known here: it is "
                            "older than %s or newer than %s.",
                            revision, revisions[0].id, ci_migrate_newest());
    return ci_fail_text(ctx, DatabaseVersionTooOld,
                        "The database is at revision %s, %d before %s, beginning with %s (%s). "
                        "Steps between revisions are not offered yet; run the newest "
                        "ironic-dbsync upgrade on it.",
                        revision, missing, ci_migrate_newest(), revisions[REVISIONS - missing].id,
                        revisions[REVISIONS - missing].meaning);
}

bool ci_migrate_check(struct ci_ctx *ctx)
{
    const char *revision;

    if (!ci_migrate_version(ctx, &revision))
        return false;
    if (!revision)
        return ci_fail_text(ctx, DatabaseVersionTooOld,
                            "The database has no schema: run castiron-dbsync create_schema.");
    if (strcmp(revision, ci_migrate_newest()) != 0)
        return ci_fail_text(ctx, DatabaseVersionTooOld,
                            "The database is at revision %s and not at %s: run castiron-dbsync "
                            "upgrade.",
                            revision, ci_migrate_newest());
    return true;
}
