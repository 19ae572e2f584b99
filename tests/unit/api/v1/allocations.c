/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/api/service.h"

#define C "11111111-2222-4333-8444-0000000000c1"

static const char rows[] =
    "INSERT INTO allocations (id, uuid, name, state, resource_class, version) VALUES (1, "
    "'11111111-2222-4333-8444-0000000000c1', 'a1', 'active', 'r1', '1.1');"
    "UPDATE nodes SET allocation_id = 1 WHERE id = 1;";

static const struct exchange exchanges[] = {
    {"GET", "/v1/allocations", NULL, 51, 404, NULL, NULL},
    {"POST", "/v1/allocations", "{}", 51, 405, NULL, NULL},
    {"GET", "/v1/allocations", NULL, 52, 200, "\"name\": \"a1\"", NULL},
    {"GET", "/v1/allocations/a1", NULL, 59, 200, "\"state\": \"active\"", "owner"},
    {"GET", "/v1/allocations/a1", NULL, 60, 200, "\"owner\"", NULL},
    {"GET", "/v1/allocations/" C "?fields=state", NULL, 52, 200, "active", "resource_class"},
    {"GET", "/v1/allocations/nothing", NULL, 52, 404, "nothing", NULL},
    {"GET", "/v1/allocations?state=active", NULL, 52, 200, "a1", NULL},
    {"GET", "/v1/allocations?state=error", NULL, 52, 200, "[]", NULL},
    {"GET", "/v1/allocations?resource_class=other", NULL, 52, 200, "[]", NULL},
    {"GET", "/v1/allocations?node=" N1, NULL, 52, 200, "[]", NULL},
    {"GET", "/v1/allocations?owner=p", NULL, 59, 406, NULL, NULL},
    {"GET", "/v1/allocations?sort_key=candidate_nodes", NULL, 52, 400, "candidate_nodes", NULL},
    {"POST", "/v1/allocations", "{\"name\": \"a2\"}", 52, 400, "resource_class", NULL},
    {"POST", "/v1/allocations", "{\"resource_class\": \"r\", \"name\": \"not valid\"}", 52, 400,
     "name", NULL},
    {"POST", "/v1/allocations", "{\"resource_class\": \"r\", \"candidate_nodes\": [\"nobody\"]}",
     52, 400, "nobody", NULL},
    {"POST", "/v1/allocations", "{\"resource_class\": \"r\", \"traits\": [\"lower\"]}", 52, 400,
     "lower", NULL},
    {"POST", "/v1/allocations", "{\"resource_class\": \"r\", \"state\": \"active\"}", 52, 400,
     "state", NULL},
    {"POST", "/v1/allocations", "{\"resource_class\": \"r\", \"node\": \"" N2 "\"}", 57, 400,
     "node", NULL},
    {"PATCH", "/v1/allocations/a1",
     "[{\"op\": \"replace\", \"path\": \"/name\", \"value\": \"b1\"}]", 56, 405, NULL, NULL},
    {"PATCH", "/v1/allocations/a1",
     "[{\"op\": \"replace\", \"path\": \"/state\", \"value\": \"error\"}]", 57, 400, "state", NULL},
    {"PATCH", "/v1/allocations/a1",
     "[{\"op\": \"replace\", \"path\": \"/name\", \"value\": \"b1\"}]", 57, 200, "\"name\": \"b1\"",
     NULL},
    {"PATCH", "/v1/allocations/b1", "[{\"op\": \"remove\", \"path\": \"/name\"}]", 57, 200,
     "\"name\": null", NULL},
};

SERVICE_TEST(allocations_have_their_versions_and_their_nodes, rows)

UNIT_MAIN("api/v1/allocations", allocations_have_their_versions_and_their_nodes)
