/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shards: parts of the fleet, and how many nodes are in each.
 */
#include "api/v1/handlers.h"
#include "base/jsontext.h"
#include "db/db.h"

bool ci_shards_list(struct ci_request *req)
{
    struct ci_rows *rows;

    if (!ci_db_query(req->ctx,
                     "SELECT COALESCE(shard, 'None') AS name, COUNT(*) FROM nodes "
                     "GROUP BY COALESCE(shard, 'None') ORDER BY name",
                     0, NULL, &rows))
        return false;
    ci_text_add(req->reply, "{\"shards\": [");
    for (size_t i = 0; i < rows->count; i++) {
        ci_text_add(req->reply, i > 0 ? ", {\"name\": " : "{\"name\": ");
        ci_jsontext_string(req->reply, ci_row_text(rows, i, 0));
        ci_text_printf(req->reply, ", \"count\": %s}", ci_row_text(rows, i, 1));
    }
    ci_text_add(req->reply, "]}");
    return true;
}

/* A shard is nothing by itself. */
bool ci_shard_show(struct ci_request *req)
{
    return ci_fail_status(req->ctx, NotFound, 404, "The resource could not be found.");
}
