/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/api/service.h"

static const char rows[] =
    "INSERT INTO conductors (id, hostname, online, conductor_group, version, drivers, updated_at) "
    "VALUES (2, 'left', 0, 'g', '1.4', '[]', '2999-01-01 00:00:00'), "
    "(3, 'silent.json', 1, 'g', '1.4', '[]', '2001-01-01 00:00:00');";

static const struct exchange exchanges[] = {
    {"GET", "/v1/conductors", NULL, 48, 404, "not supported for this version", NULL},
    {"GET", "/v1/conductors", NULL, 49, 200, "\"hostname\": \"here\"", "drivers"},
    {"GET", "/v1/conductors?detail=true", NULL, 49, 200, "\"drivers\"", NULL},
    {"GET", "/v1/conductors/here", NULL, 49, 200, "\"alive\": true", NULL},
    {"GET", "/v1/conductors/left", NULL, 49, 200, "\"alive\": false", NULL},
    /* On SQLite nobody else could beat for it: it is there until it leaves. */
    {"GET", "/v1/conductors/silent.json", NULL, 115, 200, "\"alive\": true", NULL},
    {"GET", "/v1/conductors/here?fields=alive", NULL, 115, 200, "\"alive\"", "conductor_group"},
    {"GET", "/v1/conductors/nowhere", NULL, 115, 404, "nowhere", NULL},
    {"GET", "/v1/conductors?limit=1", NULL, 115, 200, "marker=here", "left"},
    {"GET", "/v1/conductors?limit=1&marker=here", NULL, 115, 200, "left", "silent"},
    {"GET", "/v1/conductors?marker=nowhere", NULL, 115, 404, "nowhere", NULL},
    {"GET", "/v1/conductors?limit=-1", NULL, 115, 400, "Limit", NULL},
    {"GET", "/v1/conductors?sort_key=hostname&sort_dir=desc&limit=1", NULL, 115, 200, "silent",
     "here\""},
    {"GET", "/v1/conductors?sort_key=alive", NULL, 115, 400, "alive", NULL},
    {"GET", "/v1/conductors?sort_dir=up", NULL, 115, 400, "up", NULL},
    {"GET", "/v1/conductors?fields=nothing", NULL, 115, 400, "nothing", NULL},
    {"GET", "/v1/conductors?fields=alive&detail=true", NULL, 115, 400, "fields", NULL},
    {"DELETE", "/v1/conductors/here", NULL, 115, 405, NULL, NULL},
};

SERVICE_TEST(conductors_are_shown_with_who_is_alive, rows)

UNIT_MAIN("api/v1/conductors", conductors_are_shown_with_who_is_alive)
