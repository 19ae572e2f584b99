/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/api/service.h"

static const struct exchange exchanges[] = {
    {"POST", "/v1/events", "{\"events\": []}", 53, 404, NULL, NULL},
    {"POST", "/v1/events", "{\"events\": []}", 54, 400, "too short", NULL},
    {"POST", "/v1/events", "{}", 54, 400, "events", NULL},
    {"POST", "/v1/events", "{\"events\": [{\"event\": \"network.bind_port\"}]}", 54, 400,
     "required", NULL},
    {"POST", "/v1/events", "{\"events\": [{\"event\": \"network.fly\"}]}", 54, 400, "network.fly",
     NULL},
    {"POST", "/v1/events",
     "{\"events\": [{\"event\": \"network.bind_port\", \"port_id\": \"" NEW "\", \"mac_address\": "
     "\"52:54:00:00:00:01\", "
     "\"status\": "
     "\"ACTIVE\"}]}",
     54, 204, NULL, NULL},
    {"POST", "/v1/events",
     "{\"events\": [{\"event\": \"network.bind_port\", \"port_id\": \"" NEW "\", \"mac_address\": "
     "\"52:54\", \"status\": "
     "\"ACTIVE\"}]}",
     54, 400, "52:54", NULL},
    {"POST", "/v1/events",
     "{\"events\": [{\"event\": \"network.bind_port\", \"port_id\": \"x\", \"mac_address\": "
     "\"52:54:00:00:00:01\", \"status\": \"ACTIVE\"}]}",
     54, 400, "port_id", NULL},
    {"POST", "/v1/events",
     "{\"events\": [{\"event\": \"network.bind_port\", \"port_id\": \"" NEW "\", \"mac_address\": "
     "\"52:54:00:00:00:01\", "
     "\"status\": "
     "\"ACTIVE\", \"more\": "
     "1}]}",
     54, 400, "more", NULL},
    {"GET", "/v1/events", NULL, 54, 405, NULL, NULL},
};

SERVICE_TEST(events_are_checked_and_told_to_nobody, NULL)

UNIT_MAIN("api/v1/events", events_are_checked_and_told_to_nobody)
