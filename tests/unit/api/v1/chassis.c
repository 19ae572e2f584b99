/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/api/service.h"

#define C "11111111-2222-4333-8444-0000000000c1"

static const struct exchange exchanges[] = {
    {"POST", "/v1/chassis", "{\"uuid\": \"" C "\", \"description\": \"d\", \"extra\": {\"a\": 1}}",
     1, 201, "\"description\": \"d\"", NULL},
    {"POST", "/v1/chassis", "{\"uuid\": \"" C "\"}", 115, 409, "already exists", NULL},
    {"POST", "/v1/chassis", "{\"uuid\": \"c\"}", 115, 400, "uuid", NULL},
    {"POST", "/v1/chassis",
     "{\"description\": "
     "\"ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
     "ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
     "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd\"}",
     115, 400, "is too long", NULL},
    {"POST", "/v1/chassis", "{\"bogus\": 1}", 115, 400, "bogus", NULL},
    {"POST", "/v1/chassis", "[]", 115, 400, "object", NULL},
    {"GET", "/v1/chassis", NULL, 1, 200, "\"uuid\": \"" C "\"", "extra"},
    {"GET", "/v1/chassis/detail", NULL, 1, 200, "\"extra\"", NULL},
    {"GET", "/v1/chassis?detail=true", NULL, 43, 200, "\"extra\"", NULL},
    {"GET", "/v1/chassis?detail=true", NULL, 42, 400, "detail", NULL},
    {"GET", "/v1/chassis/" C "?fields=extra", NULL, 7, 406, NULL, NULL},
    {"GET", "/v1/chassis/" C "?fields=extra", NULL, 8, 200, "\"extra\"", "description"},
    {"GET", "/v1/chassis/" C "/extra", NULL, 8, 200, "\"extra\"", "description"},
    {"GET", "/v1/chassis/" NEW, NULL, 8, 404, NEW, NULL},
    {"GET", "/v1/chassis/name", NULL, 115, 400, "Expected UUID", NULL},
    {"GET", "/v1/chassis/" C "/nodes", NULL, 1, 200, "\"nodes\": []", NULL},
    {"PATCH", "/v1/chassis/" C,
     "[{\"op\": \"replace\", \"path\": \"/description\", \"value\": \"e\"}]", 1, 200,
     "\"description\": \"e\"", NULL},
    {"PATCH", "/v1/chassis/" C, "[{\"op\": \"remove\", \"path\": \"/extra/a\"}]", 1, 200,
     "\"extra\": {}", NULL},
    {"PATCH", "/v1/chassis/" C, "[{\"op\": \"remove\", \"path\": \"/uuid\"}]", 1, 400, "UUID",
     NULL},
    {"PATCH", "/v1/chassis/" C,
     "[{\"op\": \"replace\", \"path\": \"/created_at\", \"value\": null}]", 1, 400, "created_at",
     NULL},
    {"PATCH", "/v1/chassis/" C, "{}", 1, 400, NULL, NULL},
    {"DELETE", "/v1/chassis/" C, NULL, 1, 204, NULL, NULL},
    {"DELETE", "/v1/chassis/" C, NULL, 1, 404, C, NULL},
};

SERVICE_TEST(chassis_are_made_shown_patched_and_deleted, NULL)

UNIT_MAIN("api/v1/chassis", chassis_are_made_shown_patched_and_deleted)
