/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema and its revision.
 *
 * A new database gets the newest schema at once (revisions/newest.sql), which differs from one
 * that went through every revision in two foreign keys, as with Ironic.
 */
#include "db/migrate.h"

#include <string.h>

#include "base/log.h"
#include "db/catalog.h"
#include "db/newest_sql.h"
#include "db/revision.h"

bool ci_migrate_version(struct ci_ctx *ctx, const char **ret_revision)
{
    struct ci_rows *rows;
    bool has;

    if (!ci_catalog_has_table(ctx, "alembic_version", &has))
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
    const char *newest = ci_revision_newest(), *revision;
    bool has;

    if (!ci_migrate_version(ctx, &revision) || !ci_catalog_has_table(ctx, "nodes", &has))
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

    if (!ci_migrate_version(ctx, &revision) || !ci_catalog_has_table(ctx, "nodes", &has))
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

static bool write_stamp(struct ci_ctx *ctx, const char *name)
{
    const char *now;
    bool has;
    int place = CI_REVISION_BASE;
    size_t n;
    const struct ci_revision *revisions = ci_revisions(&n);

    if (!ci_migrate_version(ctx, &now) || !ci_catalog_has_table(ctx, "alembic_version", &has))
        return false;
    if (name && !ci_revision_find(ctx, name, now ? ci_revision_place(now) : place, &place))
        return false;
    if (!has && !ci_db_script(ctx, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
                                   " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"))
        return false;
    if (!ci_db_run(ctx, "DELETE FROM alembic_version", 0, NULL, NULL))
        return false;
    ci_info(ctx, "Running stamp_revision", "from=%s to=%s", now ? now : "none",
            place < 0 ? "none" : revisions[place].id);
    return place < 0 || ci_db_run(ctx, "INSERT INTO alembic_version (version_num) VALUES ($1)", 1,
                                  &revisions[place].id, NULL);
}

bool ci_migrate_stamp(struct ci_ctx *ctx, const char *name)
{
    bool done = ci_db_begin(ctx) && write_stamp(ctx, name) && ci_db_commit(ctx);

    if (!done)
        ci_db_rollback(ctx);
    return done;
}

bool ci_migrate_check(struct ci_ctx *ctx)
{
    const char *revision;

    if (!ci_migrate_version(ctx, &revision))
        return false;
    if (!revision)
        return ci_fail_text(ctx, DatabaseVersionTooOld,
                            "The database has no schema: run castiron-dbsync create_schema.");
    if (strcmp(revision, ci_revision_newest()) == 0)
        return true;
    if (ci_revision_place(revision) < 0 && !ci_revision_is_older(revision)) {
        ci_warning(ctx, "The schema is of a later release, which this one works on",
                   "revision=%s ours=%s", revision, ci_revision_newest());
        return true;
    }
    return ci_fail_text(ctx, DatabaseVersionTooOld,
                        "The database is at revision %s and not at %s: run castiron-dbsync "
                        "upgrade.",
                        revision, ci_revision_newest());
}
