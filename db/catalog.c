/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a database has: tables, columns, indexes.
 */
#include "db/catalog.h"

static bool exists(struct ci_ctx *ctx, const char *pg, const char *sqlite, size_t n,
                   const char *const values[], bool *ret_has)
{
    struct ci_rows *rows;

    if (!ci_db_query(ctx, ci_db_is_sqlite(ctx->db) ? sqlite : pg, n, values, &rows))
        return false;
    *ret_has = rows->count > 0;
    return true;
}

bool ci_catalog_has_table(struct ci_ctx *ctx, const char *table, bool *ret_has)
{
    return exists(ctx, "SELECT 1 WHERE to_regclass($1) IS NOT NULL",
                  "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1", 1, &table,
                  ret_has);
}

bool ci_catalog_has_column(struct ci_ctx *ctx, const char *table, const char *column, bool *ret_has)
{
    const char *const values[] = {table, column};

    return exists(ctx,
                  "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = $2 "
                  "AND attnum > 0 AND NOT attisdropped",
                  "SELECT 1 FROM pragma_table_info($1) WHERE name = $2", 2, values, ret_has);
}

bool ci_catalog_columns(struct ci_ctx *ctx, const char *table, struct ci_rows **ret_columns)
{
    return ci_db_query(
        ctx,
        ci_db_is_sqlite(ctx->db)
            ? "SELECT name FROM pragma_table_info($1)"
            : "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND "
              "attnum > 0 AND NOT attisdropped",
        1, &table, ret_columns);
}

bool ci_catalog_has_index(struct ci_ctx *ctx, const char *table, const char *index, bool *ret_has)
{
    const char *const values[] = {table, index};

    return exists(ctx,
                  "SELECT 1 FROM pg_indexes WHERE tablename = $1 AND indexname = $2 AND "
                  "schemaname = current_schema()",
                  "SELECT 1 FROM pragma_index_list($1) WHERE name = $2", 2, values, ret_has);
}
