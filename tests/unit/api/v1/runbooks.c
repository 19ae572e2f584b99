/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/api/service.h"

#define C "11111111-2222-4333-8444-0000000000c1"

static const struct exchange exchanges[] = {
    {"GET", "/v1/runbooks", NULL, 91, 404, NULL, NULL},
    {"GET", "/v1/runbooks", NULL, 92, 200, "\"runbooks\": []", NULL},
    {"POST", "/v1/runbooks",
     "{\"uuid\": \"" C
     "\", \"name\": \"CUSTOM_A\", \"steps\": [{\"interface\": \"bios\", \"step\": "
     "\"s\", \"args\": {}, \"order\": 1}]}",
     92, 201, "\"public\": false", "\"description\""},
    {"POST", "/v1/runbooks",
     "{\"name\": \"CUSTOM_A\", \"steps\": [{\"interface\": \"bios\", \"step\": \"s\", \"args\": "
     "{}, \"order\": 1}]}",
     92, 409, "CUSTOM_A", NULL},
    {"POST", "/v1/runbooks", "{\"name\": \"CUSTOM_B\", \"steps\": []}", 92, 400, "too short", NULL},
    {"POST", "/v1/runbooks",
     "{\"name\": \"CUSTOM_B\", \"steps\": [{\"interface\": \"bios\", \"step\": \"s\", \"args\": "
     "{}, \"order\": -1}]}",
     92, 400, NULL, NULL},
    {"POST", "/v1/runbooks",
     "{\"name\": \"CUSTOM_B\", \"public\": true, \"owner\": \"p\", \"steps\": [{\"interface\": "
     "\"bios\", \"step\": \"s\", \"args\": {}, \"order\": 1}]}",
     92, 400, NULL, NULL},
    {"GET", "/v1/runbooks/CUSTOM_A", NULL, 92, 200, "\"steps\"", NULL},
    {"GET", "/v1/runbooks/CUSTOM_A", NULL, 112, 200, "\"description\"", NULL},
    {"GET", "/v1/runbooks/CUSTOM_Z", NULL, 92, 404, "CUSTOM_Z", NULL},
    {"PATCH", "/v1/runbooks/CUSTOM_A",
     "[{\"op\": \"replace\", \"path\": \"/public\", \"value\": true}]", 92, 200, "\"public\": true",
     NULL},
    {"PATCH", "/v1/runbooks/CUSTOM_A",
     "[{\"op\": \"replace\", \"path\": \"/public\", \"value\": \"perhaps\"}]", 92, 400, "perhaps",
     NULL},
    {"PATCH", "/v1/runbooks/CUSTOM_A",
     "[{\"op\": \"replace\", \"path\": \"/owner\", \"value\": \"p\"}]", 92, 400,
     "owner for a public runbook", NULL},
    {"DELETE", "/v1/runbooks/" C, NULL, 92, 204, NULL, NULL},
    {"DELETE", "/v1/runbooks/CUSTOM_A", NULL, 92, 404, "CUSTOM_A", NULL},
};

SERVICE_TEST(runbooks_are_public_or_of_a_project, NULL)

UNIT_MAIN("api/v1/runbooks", runbooks_are_public_or_of_a_project)
