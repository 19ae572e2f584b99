/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/api/service.h"

#define C "11111111-2222-4333-8444-0000000000c1"

static const char rows[] =
    "INSERT INTO volume_connectors (id, uuid, node_id, type, connector_id, version) VALUES (1, "
    "'11111111-2222-4333-8444-0000000000c1', 1, 'iqn', 'iqn.x', '1.0');"
    "INSERT INTO volume_targets (id, uuid, node_id, volume_type, volume_id, boot_index, "
    "properties, version) VALUES (1, '11111111-2222-4333-8444-0000000000c1', 1, 'iscsi', 'v', 0, "
    "'{\"auth_password\": \"secret\"}', '1.0');";

static const struct exchange exchanges[] = {
    {"GET", "/v1/volume", NULL, 31, 404, NULL, NULL},
    {"GET", "/v1/volume", NULL, 32, 200, "connectors", NULL},
    {"GET", "/v1/volume/connectors", NULL, 31, 404, NULL, NULL},
    {"GET", "/v1/volume/connectors", NULL, 32, 200, "iqn.x", "extra"},
    {"GET", "/v1/volume/connectors?detail=true", NULL, 32, 200, "\"extra\"", NULL},
    {"GET", "/v1/volume/connectors?node=n2", NULL, 32, 200, "[]", NULL},
    {"GET", "/v1/volume/connectors?detail=true&fields=uuid", NULL, 32, 400, "fields", NULL},
    {"GET", "/v1/volume/connectors/" C "?fields=connector_id", NULL, 32, 200, "iqn.x", "iqn\\\""},
    {"GET", "/v1/volume/connectors/" NEW, NULL, 32, 404, NEW, NULL},
    {"GET", "/v1/nodes/n1/volume/connectors", NULL, 32, 200, "iqn.x", NULL},
    {"GET", "/v1/volume/targets/" C, NULL, 32, 200, "\"boot_index\": 0", NULL},
    {"GET", "/v1/volume/targets?node=n1&detail=true", NULL, 32, 200, "\"volume_id\": \"v\"", NULL},
    {"GET", "/v1/volume/targets?sort_key=properties", NULL, 32, 400, "properties", NULL},
    {"POST", "/v1/volume/connectors", "{\"node_uuid\": \"" N1 "\", \"type\": \"iqn\"}", 32, 400,
     "connector_id", NULL},
    {"POST", "/v1/volume/targets",
     "{\"node_uuid\": \"" N1
     "\", \"volume_type\": \"iscsi\", \"volume_id\": \"w\", \"boot_index\": "
     "\"first\"}",
     32, 400, "first", NULL},
    {"POST", "/v1/volume/targets",
     "{\"node_uuid\": \"" NEW
     "\", \"volume_type\": \"iscsi\", \"volume_id\": \"w\", \"boot_index\": "
     "1}",
     32, 400, NEW, NULL},
    {"PATCH", "/v1/volume/connectors/" C, "[{\"op\": \"remove\", \"path\": \"/type\"}]", 32, 400,
     "type", NULL},
    {"DELETE", "/v1/volume/targets/" NEW, NULL, 32, 404, NEW, NULL},
};

SERVICE_TEST(volumes_have_their_versions_and_filters, rows)

UNIT_MAIN("api/v1/volumes", volumes_have_their_versions_and_filters)
