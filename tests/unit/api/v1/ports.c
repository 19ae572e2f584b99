/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/api/service.h"

#define C "11111111-2222-4333-8444-0000000000c1"

static const char rows[] =
    "INSERT INTO ports (id, uuid, node_id, address, version, pxe_enabled) VALUES (1, "
    "'11111111-2222-4333-8444-0000000000c1', 1, '52:54:00:00:00:01', '1.12', 1);";

static const struct exchange exchanges[] = {
    {"GET", "/v1/ports", NULL, 1, 200, "52:54:00:00:00:01", "pxe_enabled"},
    {"GET", "/v1/ports/detail", NULL, 19, 200, "\"pxe_enabled\": true", NULL},
    {"GET", "/v1/ports/detail", NULL, 18, 200, "\"address\"", "pxe_enabled"},
    {"GET", "/v1/ports?address=52:54:00:00:00:01", NULL, 1, 200, C, NULL},
    {"GET", "/v1/ports?address=52:54:00:00:00:02", NULL, 1, 200, "[]", NULL},
    {"GET", "/v1/ports?address=52-54", NULL, 1, 400, "MAC", NULL},
    {"GET", "/v1/ports?node=n1", NULL, 6, 200, C, NULL},
    {"GET", "/v1/ports?node=n2", NULL, 6, 200, "[]", NULL},
    {"GET", "/v1/ports?node_uuid=" N1, NULL, 1, 200, C, NULL},
    {"GET", "/v1/ports?portgroup=x", NULL, 23, 406, NULL, NULL},
    {"GET", "/v1/ports?sort_key=extra", NULL, 115, 400, "extra", NULL},
    {"GET", "/v1/ports?shard=a", NULL, 81, 406, NULL, NULL},
    {"GET", "/v1/ports?shard=a", NULL, 82, 200, C, NULL},
    /* Ironic looks for the node as if it were a port group, when it is named. */
    {"GET", "/v1/nodes/n1/ports", NULL, 6, 404, "Portgroup None", NULL},
    {"GET", "/v1/nodes/" N1 "/ports", NULL, 1, 200, C, NULL},
    {"GET", "/v1/nodes/" N2 "/ports", NULL, 1, 200, "[]", NULL},
    {"GET", "/v1/ports/" C "?fields=uuid,node_uuid", NULL, 8, 200, N1, "address"},
    {"POST", "/v1/ports", "{\"node_uuid\": \"" NEW "\", \"address\": \"52:54:00:00:00:02\"}", 1,
     400, NEW, NULL},
    {"POST", "/v1/ports", "{\"node_uuid\": \"" N1 "\"}", 1, 400, "address", NULL},
    {"POST", "/v1/ports", "{\"node_uuid\": \"" N1 "\", \"address\": \"x\"}", 1, 400, "x", NULL},
    {"POST", "/v1/ports",
     "{\"node_uuid\": \"" N1 "\", \"address\": \"52:54:00:00:00:02\", \"pxe_enabled\": false}", 18,
     406, NULL, NULL},
    {"POST", "/v1/ports",
     "{\"node_uuid\": \"" N1 "\", \"address\": \"52:54:00:00:00:02\", \"bogus\": 1}", 115, 400,
     "bogus", NULL},
    {"PATCH", "/v1/ports/" C, "[{\"op\": \"remove\", \"path\": \"/address\"}]", 1, 400, "address",
     NULL},
    {"PATCH", "/v1/ports/" C,
     "[{\"op\": \"replace\", \"path\": \"/pxe_enabled\", \"value\": false}]", 18, 406, NULL, NULL},
    {"DELETE", "/v1/ports/" NEW, NULL, 1, 404, NEW, NULL},
};

SERVICE_TEST(ports_are_made_for_a_node_that_is_there, rows)

UNIT_MAIN("api/v1/ports", ports_are_made_for_a_node_that_is_there)
