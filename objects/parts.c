/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that hang on other rows, loaded by batches of owners.
 */
#include "objects/parts.h"

#include <string.h>

#include "base/text.h"

/* Owners in one statement: far below what the engines bind. */
#define BATCH 500
#define STATEMENT_LIMIT 16384

static const char *statement(struct ci_ctx *ctx, const struct ci_part_table *table, size_t n)
{
    struct ci_text *sql = ci_text_new(ctx->mem, STATEMENT_LIMIT);

    ci_text_printf(sql, "SELECT %1$s, %2$s FROM %3$s WHERE %1$s IN (", table->owner, table->columns,
                   table->table);
    for (size_t i = 1; i <= n; i++)
        ci_text_printf(sql, i == 1 ? "$%zu" : ", $%zu", i);
    ci_text_printf(sql, ") ORDER BY %s, %s", table->owner, table->order);
    return sql->bytes;
}

/* Hands the rows, which come owner by owner, to those who asked for them. */
static void share(const struct ci_rows *rows, const char *const owners[], size_t n,
                  struct ci_parts *parts)
{
    for (size_t first = 0, end; first < rows->count; first = end) {
        const char *owner = ci_row_text(rows, first, 0);

        for (end = first + 1; end < rows->count; end++) {
            if (strcmp(ci_row_text(rows, end, 0), owner) != 0)
                break;
        }
        for (size_t i = 0; i < n; i++) {
            if (strcmp(owners[i], owner) == 0)
                parts[i] = (struct ci_parts){.rows = rows, .first = first, .count = end - first};
        }
    }
}

bool ci_parts_load(struct ci_ctx *ctx, const struct ci_part_table *table,
                   const char *const owners[], size_t n, const struct ci_parts **ret_parts)
{
    struct ci_parts *parts = ci_alloc_array(ctx->mem, n + 1, sizeof *parts);

    memset(parts, 0, (n + 1) * sizeof *parts);
    for (size_t done = 0; done < n; done += BATCH) {
        size_t batch = n - done < BATCH ? n - done : BATCH;
        struct ci_rows *rows;

        if (!ci_db_query(ctx, statement(ctx, table, batch), batch, owners + done, &rows))
            return false;
        share(rows, owners + done, batch, parts + done);
    }
    *ret_parts = parts;
    return true;
}

bool ci_parts_delete(struct ci_ctx *ctx, const struct ci_part_table *table, const char *owner)
{
    return ci_db_run(
        ctx, ci_printf(ctx->mem, "DELETE FROM %s WHERE %s = $1", table->table, table->owner), 1,
        &owner, NULL);
}
