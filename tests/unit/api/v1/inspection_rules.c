/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/api/service.h"

#define C "11111111-2222-4333-8444-0000000000c1"

static const struct exchange exchanges[] = {
    {"GET", "/v1/inspection_rules", NULL, 95, 404, NULL, NULL},
    {"POST", "/v1/inspection_rules",
     "{\"uuid\": \"" C "\", \"actions\": [{\"op\": \"set-attribute\", \"args\": {\"path\": "
     "\"/extra/x\", \"value\": \"y\"}}]}",
     96, 201, "\"priority\": 0", NULL},
    {"POST", "/v1/inspection_rules",
     "{\"uuid\": \"" NEW "\", \"sensitive\": true, \"priority\": 5, \"actions\": [{\"op\": "
     "\"set-attribute\", \"args\": {\"path\": \"/extra/x\", \"value\": "
     "\"y\"}}]}",
     96, 201, NULL, "extra/x"},
    {"POST", "/v1/inspection_rules",
     "{\"uuid\": \"" C "\", \"actions\": [{\"op\": \"set-attribute\", \"args\": {\"path\": "
     "\"/extra/x\", \"value\": \"y\"}}]}",
     96, 409, C, NULL},
    {"POST", "/v1/inspection_rules", "{}", 96, 400, "actions", NULL},
    {"POST", "/v1/inspection_rules", "{\"actions\": []}", 96, 400, NULL, NULL},
    {"POST", "/v1/inspection_rules", "{\"actions\": [{\"op\": \"explode\", \"args\": {}}]}", 96,
     400, "explode", NULL},
    {"POST", "/v1/inspection_rules",
     "{\"phase\": \"never\", \"actions\": [{\"op\": \"set-attribute\", \"args\": {\"path\": "
     "\"/extra/x\", \"value\": \"y\"}}]}",
     96, 400, "never", NULL},
    {"POST", "/v1/inspection_rules",
     "{\"priority\": -1, \"actions\": [{\"op\": \"set-attribute\", \"args\": {\"path\": "
     "\"/extra/x\", \"value\": \"y\"}}]}",
     96, 400, NULL, NULL},
    {"POST", "/v1/inspection_rules",
     "{\"priority\": 10000, \"actions\": [{\"op\": \"set-attribute\", \"args\": {\"path\": "
     "\"/extra/x\", \"value\": \"y\"}}]}",
     96, 400, NULL, NULL},
    {"GET", "/v1/inspection_rules", NULL, 96, 200, C, "actions"},
    {"GET", "/v1/inspection_rules?detail=true", NULL, 96, 200, "extra/x", NULL},
    {"GET", "/v1/inspection_rules/" NEW, NULL, 96, 200, "\"sensitive\": true", "extra/x"},
    {"GET", "/v1/inspection_rules/name", NULL, 96, 400, "uuid", NULL},
    {"PATCH", "/v1/inspection_rules/" NEW,
     "[{\"op\": \"replace\", \"path\": \"/sensitive\", \"value\": false}]", 96, 400, NULL, NULL},
    {"PATCH", "/v1/inspection_rules/" C,
     "[{\"op\": \"replace\", \"path\": \"/priority\", \"value\": 7}]", 96, 200, "\"priority\": 7",
     NULL},
    {"DELETE", "/v1/inspection_rules/" C, NULL, 96, 204, NULL, NULL},
    {"DELETE", "/v1/inspection_rules/" C, NULL, 96, 404, C, NULL},
};

SERVICE_TEST(inspection_rules_have_actions_and_hide_what_is_sensitive, NULL)

UNIT_MAIN("api/v1/inspection_rules", inspection_rules_have_actions_and_hide_what_is_sensitive)
