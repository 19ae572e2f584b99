/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an upgrade would do, for whoever has to choose the hour: statements, locks, and from the
 * catalog how large the tables are.
 */
#include <inttypes.h>
#include <string.h>

#include "db/migrate.h"
#include "db/upgrade.h"

/*
 * What a modest server reads for an index, and copies in batches beside others' work, in a
 * second. Measured with PostgreSQL 15 on two cores, and halved.
 */
enum { INDEX_BYTES_S = 100000000, COPY_ROWS_S = 20000 };

struct size {
    int64_t rows, bytes;
};

/* As the catalog has it; nothing for a table that is still to be made. */
static bool measure(struct ci_ctx *ctx, const char *table, struct size *ret)
{
    struct ci_rows *rows;
    bool lite = ci_db_is_sqlite(ctx->db);
    const char *sql =
        lite ? "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1"
             : "SELECT greatest(CAST(c.reltuples AS bigint), s.n_live_tup, 0), "
               "pg_table_size(c.oid) FROM pg_class c JOIN pg_stat_user_tables s ON s.relid = c.oid "
               "WHERE c.oid = to_regclass($1)";

    *ret = (struct size){0};
    if (!ci_db_query(ctx, sql, 1, &table, &rows))
        return false;
    if (rows->count == 0)
        return true;
    if (lite &&
        !ci_db_query(ctx, ci_printf(ctx->mem, "SELECT count(*), 0 FROM %s", table), 0, NULL, &rows))
        return false;
    ret->rows = ci_row_int(rows, 0, 0, 0);
    ret->bytes = ci_row_int(rows, 0, 1, 0);
    return true;
}

static int64_t seconds(const struct ci_step *step, const struct size *size)
{
    switch (step->work) {
    case CI_STEP_CATALOG:
        return 0;
    case CI_STEP_INDEX:
        return size->bytes / INDEX_BYTES_S;
    case CI_STEP_COPY:
        return size->rows / COPY_ROWS_S;
    }
    return 0;
}

static const char *const works[] = {
    [CI_STEP_CATALOG] = "for a moment",
    [CI_STEP_INDEX] = "while it reads the table; others read and write",
    [CI_STEP_COPY] = "a few rows at a time; others read and write",
};

/* The statement on as few lines as it has, indented. */
static void add_statement(struct ci_text *text, const char *sql)
{
    for (const char *end; *sql; sql = end + 1) {
        end = strchr(sql, '\n');
        ci_text_printf(text, "    %.*s\n", (int)(end - sql), sql);
    }
}

static bool add_step(struct ci_ctx *ctx, struct ci_text *text, const struct ci_step *step,
                     int64_t *total_s)
{
    const char *how =
        ci_db_is_sqlite(ctx->db) ? "the whole file, until the revision is done" : works[step->work];
    struct size size;

    if (!measure(ctx, step->table, &size))
        return false;
    add_statement(text, step->sql);
    ci_text_printf(text, "      locks %s, %s: %s; about %" PRId64 " rows, %" PRId64 " s\n",
                   step->table, step->lock, how, size.rows, seconds(step, &size));
    *total_s += seconds(step, &size);
    return true;
}

static bool add_revision(struct ci_ctx *ctx, struct ci_text *text,
                         const struct ci_revision *revision, int64_t *total_s)
{
    ci_text_printf(text, "\n%s: %s\n", revision->id, revision->meaning);
    for (const struct ci_step *step = ci_revision_steps(ctx->db, revision); step->sql; step++) {
        if (!add_step(ctx, text, step, total_s))
            return false;
    }
    return true;
}

bool ci_migrate_plan(struct ci_ctx *ctx, const char *name, struct ci_text *text)
{
    struct ci_upgrade_way way;
    int64_t total_s = 0;
    size_t n;
    const struct ci_revision *revisions = ci_revisions(&n);

    if (!ci_upgrade_way(ctx, name, &way))
        return false;
    if (way.is_empty) {
        ci_text_printf(text, "The database is empty and would get the whole schema of %s.\n",
                       ci_revision_newest());
        return true;
    }
    if (way.to <= way.from) {
        ci_text_printf(text, "The database is at %s: there is nothing to do.\n",
                       way.from < 0 ? "no revision" : revisions[way.from].id);
        return true;
    }
    ci_text_printf(text, "The database is at %s, %d revision%s before %s.\n",
                   revisions[way.from].id, way.to - way.from, way.to - way.from == 1 ? "" : "s",
                   revisions[way.to].id);
    for (int i = way.from + 1; i <= way.to; i++) {
        if (!add_revision(ctx, text, &revisions[i], &total_s))
            return false;
    }
    ci_text_printf(text, "\nIn all about %" PRId64 " s. Nothing has been changed.\n", total_s + 1);
    return true;
}
