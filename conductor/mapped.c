/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes that the hash ring maps to this conductor.
 *
 * Nobody's nodes (no live conductor has their driver in their group) are left alone.
 */
#include "conductor/mapped.h"

#include "base/text.h"
#include "rpc/ring.h"

enum { UUID, DRIVER, GROUP, ID, MORE };

static bool is_ours(struct ci_conductor *conductor, struct ci_ctx *ctx, const struct ci_rows *rows,
                    size_t row)
{
    const char *driver = ci_row_text(rows, row, DRIVER);
    const char *host =
        driver ? ci_rings_known(ctx, conductor->rings, driver, ci_row_text(rows, row, GROUP),
                                ci_row_text(rows, row, UUID))
               : NULL;

    return ci_same(host, conductor->host);
}

bool ci_mapped_find(struct ci_conductor *conductor, struct ci_ctx *ctx,
                    const struct ci_mapped_query *query, struct ci_mapped *ret_mapped)
{
    const char *sql =
        ci_printf(ctx->mem, "SELECT uuid, driver, conductor_group, id%s FROM nodes WHERE %s",
                  query->columns, query->where);
    struct ci_rows *rows;
    size_t *picked, count = 0;

    if (!ci_rings_refresh(ctx, conductor->rings) ||
        !ci_db_query(ctx, sql, query->n, query->values, &rows))
        return false;
    picked = ci_alloc_array(ctx->mem, rows->count + 1, sizeof *picked);
    for (size_t i = 0; i < rows->count; i++) {
        if (is_ours(conductor, ctx, rows, i))
            picked[count++] = i;
    }
    *ret_mapped = (struct ci_mapped){.count = count, .rows = rows, .picked = picked};
    return true;
}

const char *ci_mapped_uuid(const struct ci_mapped *mapped, size_t i)
{
    return ci_row_text(mapped->rows, mapped->picked[i], UUID);
}

int64_t *ci_mapped_ids(struct ci_ctx *ctx, const struct ci_mapped *mapped)
{
    int64_t *ids = ci_alloc_array(ctx->mem, mapped->count + 1, sizeof *ids);

    for (size_t i = 0; i < mapped->count; i++)
        ids[i] = ci_row_int(mapped->rows, mapped->picked[i], ID, 0);
    return ids;
}

const char *ci_mapped_text(const struct ci_mapped *mapped, size_t i, size_t column)
{
    return ci_row_text(mapped->rows, mapped->picked[i], MORE + column);
}
