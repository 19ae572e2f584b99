/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/api/service.h"

static const struct exchange exchanges[] = {
    {"GET", "/v1/shards", NULL, 81, 404, NULL, NULL},
    {"GET", "/v1/shards", NULL, 82, 200, "{\"name\": \"a\", \"count\": 1}", NULL},
    {"GET", "/v1/shards", NULL, 115, 200, "{\"name\": \"None\", \"count\": 1}", NULL},
    {"GET", "/v1/shards?limit=1", NULL, 115, 400, "limit", NULL},
    {"GET", "/v1/shards/a", NULL, 115, 404, NULL, NULL},
    {"POST", "/v1/shards", "{}", 115, 405, NULL, NULL},
    {"GET", "/v1/nodes?shard=a", NULL, 82, 200, N1, N2},
    {"GET", "/v1/nodes?shard=a,b", NULL, 82, 200, N1, N2},
    {"GET", "/v1/nodes?shard=b", NULL, 82, 200, "[]", NULL},
    {"GET", "/v1/nodes?sharded=false", NULL, 82, 200, N2, N1},
    {"GET", "/v1/nodes?sharded=true", NULL, 82, 200, N1, N2},
    {"GET", "/v1/nodes?shard=a", NULL, 81, 406, NULL, NULL},
    {"GET", "/v1/nodes?sharded=true", NULL, 81, 406, NULL, NULL},
    {"GET", "/v1/nodes?sharded=perhaps", NULL, 115, 400, "sharded", NULL},
};

SERVICE_TEST(shards_are_counted_and_filter_nodes, NULL)

UNIT_MAIN("api/v1/shards", shards_are_counted_and_filter_nodes)
