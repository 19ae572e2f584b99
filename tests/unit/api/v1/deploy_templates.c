/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/api/service.h"

#define C "11111111-2222-4333-8444-0000000000c1"

static const struct exchange exchanges[] = {
    {"GET", "/v1/deploy_templates", NULL, 54, 404, NULL, NULL},
    {"POST", "/v1/deploy_templates", "{}", 54, 405, NULL, NULL},
    {"GET", "/v1/deploy_templates", NULL, 55, 200, "\"deploy_templates\": []", NULL},
    {"POST", "/v1/deploy_templates",
     "{\"uuid\": \"" C
     "\", \"name\": \"CUSTOM_A\", \"steps\": [{\"interface\": \"deploy\", \"step\": "
     "\"s\", \"args\": {}, \"priority\": 10}]}",
     55, 201, "\"name\": \"CUSTOM_A\"", NULL},
    {"POST", "/v1/deploy_templates",
     "{\"name\": \"CUSTOM_A\", \"steps\": [{\"interface\": \"deploy\", \"step\": \"s\", \"args\": "
     "{}, \"priority\": 10}]}",
     55, 409, "CUSTOM_A", NULL},
    {"POST", "/v1/deploy_templates",
     "{\"name\": \"lower\", \"steps\": [{\"interface\": \"deploy\", \"step\": \"s\", \"args\": {}, "
     "\"priority\": 10}]}",
     55, 400, "lower", NULL},
    {"POST", "/v1/deploy_templates", "{\"name\": \"CUSTOM_B\", \"steps\": []}", 55, 400,
     "too short", NULL},
    {"POST", "/v1/deploy_templates",
     "{\"name\": \"CUSTOM_B\", \"steps\": [{\"interface\": \"deploy\", \"step\": \"s\", \"args\": "
     "{}, \"priority\": 10}, {\"interface\": \"deploy\", \"step\": \"s\", \"args\": {}, "
     "\"priority\": 10}]}",
     55, 400, "Duplicate", NULL},
    {"POST", "/v1/deploy_templates",
     "{\"name\": \"CUSTOM_B\", \"steps\": [{\"interface\": \"network\", \"step\": \"s\", \"args\": "
     "{}, \"priority\": 1}]}",
     115, 400, "network", NULL},
    {"POST", "/v1/deploy_templates",
     "{\"name\": \"CUSTOM_B\", \"steps\": [{\"interface\": \"deploy\", \"step\": \"s\", \"args\": "
     "{}, \"priority\": -1}]}",
     115, 400, NULL, NULL},
    {"POST", "/v1/deploy_templates",
     "{\"steps\": [{\"interface\": \"deploy\", \"step\": \"s\", \"args\": {}, \"priority\": 10}]}",
     55, 400, "name", NULL},
    {"GET", "/v1/deploy_templates", NULL, 55, 200, "CUSTOM_A", "steps"},
    {"GET", "/v1/deploy_templates?detail=true", NULL, 55, 200, "\"steps\"", NULL},
    {"GET", "/v1/deploy_templates/CUSTOM_A", NULL, 55, 200, "\"priority\": 10", NULL},
    {"GET", "/v1/deploy_templates/" C "?fields=name", NULL, 55, 200, "CUSTOM_A", "steps"},
    {"GET", "/v1/deploy_templates/CUSTOM_B", NULL, 55, 404, "CUSTOM_B", NULL},
    {"GET", "/v1/deploy_templates?sort_key=steps", NULL, 55, 400, "steps", NULL},
    {"PATCH", "/v1/deploy_templates/CUSTOM_A",
     "[{\"op\": \"replace\", \"path\": \"/name\", \"value\": \"CUSTOM_C\"}]", 55, 200, "CUSTOM_C",
     NULL},
    {"PATCH", "/v1/deploy_templates/CUSTOM_C", "[{\"op\": \"remove\", \"path\": \"/name\"}]", 55,
     400, "name", NULL},
    {"PATCH", "/v1/deploy_templates/CUSTOM_C",
     "[{\"op\": \"replace\", \"path\": \"/steps/0/priority\", \"value\": 20}]", 55, 200,
     "\"priority\": 20", NULL},
    {"PATCH", "/v1/deploy_templates/CUSTOM_C", "[{\"op\": \"remove\", \"path\": \"/steps\"}]", 55,
     400, "steps", NULL},
    {"DELETE", "/v1/deploy_templates/CUSTOM_C", NULL, 55, 204, NULL, NULL},
    {"DELETE", "/v1/deploy_templates/" C, NULL, 55, 404, C, NULL},
};

SERVICE_TEST(deploy_templates_have_a_trait_for_a_name_and_steps, NULL)

UNIT_MAIN("api/v1/deploy_templates", deploy_templates_have_a_trait_for_a_name_and_steps)
