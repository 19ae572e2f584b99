/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/api/service.h"

#define C "11111111-2222-4333-8444-0000000000c1"

static const char rows[] =
    "INSERT INTO portgroups (id, uuid, name, node_id, version, standalone_ports_supported, mode) "
    "VALUES (1, '11111111-2222-4333-8444-0000000000c1', 'bond', 1, '1.5', 1, 'active-backup');";

static const struct exchange exchanges[] = {
    {"GET", "/v1/portgroups", NULL, 22, 404, NULL, NULL},
    {"GET", "/v1/portgroups", NULL, 23, 200, "\"name\": \"bond\"", "mode"},
    {"GET", "/v1/portgroups/bond", NULL, 25, 200, "standalone_ports_supported", "\"mode\""},
    {"GET", "/v1/portgroups/bond", NULL, 26, 200, "\"mode\": \"active-backup\"",
     "physical_network"},
    {"GET", "/v1/portgroups/bond", NULL, 102, 200, "\"physical_network\"", "category"},
    {"GET", "/v1/portgroups/bond?fields=mode", NULL, 25, 406, NULL, NULL},
    {"GET", "/v1/portgroups/bond?fields=mode", NULL, 26, 200, "active-backup", "standalone"},
    {"GET", "/v1/portgroups?sort_key=mode", NULL, 26, 200, "bond", NULL},
    {"GET", "/v1/portgroups?node=n2", NULL, 23, 200, "[]", NULL},
    {"GET", "/v1/portgroups/" C "/ports", NULL, 24, 200, "\"ports\": []", NULL},
    {"GET", "/v1/nodes/n1/portgroups", NULL, 23, 404, NULL, NULL},
    {"GET", "/v1/nodes/n1/portgroups", NULL, 24, 200, "bond", NULL},
    {"GET", "/v1/portgroups/not%20valid", NULL, 23, 400, "not valid", NULL},
    {"GET", "/v1/portgroups/nothing", NULL, 23, 404, "nothing", NULL},
    {"POST", "/v1/portgroups", "{\"node_uuid\": \"" N1 "\", \"mode\": \"x\"}", 25, 406, NULL, NULL},
    {"POST", "/v1/portgroups", "{\"node_uuid\": \"" N1 "\", \"name\": \"not valid\"}", 23, 400,
     "not valid", NULL},
    {"POST", "/v1/portgroups", "{\"name\": \"b\"}", 23, 400, "node_uuid", NULL},
    {"POST", "/v1/portgroups", "{\"node_uuid\": \"" NEW "\"}", 23, 400, NEW, NULL},
    {"PATCH", "/v1/portgroups/bond",
     "[{\"op\": \"replace\", \"path\": \"/mode\", \"value\": \"x\"}]", 25, 406, NULL, NULL},
    {"DELETE", "/v1/portgroups/" NEW, NULL, 23, 404, NEW, NULL},
};

SERVICE_TEST(port_groups_show_their_fields_from_their_versions_on, rows)

UNIT_MAIN("api/v1/portgroups", port_groups_show_their_fields_from_their_versions_on)
