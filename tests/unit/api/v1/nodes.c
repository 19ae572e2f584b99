/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/api/service.h"

static const struct exchange exchanges[] = {
    {"GET", "/v1/nodes", NULL, 1, 200, N1, "\"name\""},
    {"GET", "/v1/nodes", NULL, 5, 200, "\"name\": \"n1\"", NULL},
    {"GET", "/v1/nodes/n1", NULL, 4, 404, "n1", NULL},
    {"GET", "/v1/nodes/n1", NULL, 5, 200, N1, "secret"},
    {"GET", "/v1/nodes/" N1, NULL, 1, 200, "\"provision_state\": null", NULL},
    {"GET", "/v1/nodes/" N1, NULL, 2, 200, "\"provision_state\": \"available\"", NULL},
    {"GET", "/v1/nodes/" N1 "?fields=driver_info", NULL, 8, 200, "******", "secret"},
    {"GET", "/v1/nodes?fields=shard", NULL, 81, 406, NULL, NULL},
    {"GET", "/v1/nodes?maintenance=true", NULL, 1, 200, N2, N1},
    {"GET", "/v1/nodes?maintenance=perhaps", NULL, 1, 400, "maintenance", NULL},
    {"GET", "/v1/nodes?provision_state=active", NULL, 9, 200, N2, N1},
    {"GET", "/v1/nodes?provision_state=active", NULL, 8, 406, NULL, NULL},
    {"GET", "/v1/nodes?provision_state=happy", NULL, 9, 400, "happy", NULL},
    {"GET", "/v1/nodes?resource_class=r1", NULL, 21, 200, N1, N2},
    {"GET", "/v1/nodes?resource_class=r1", NULL, 20, 406, NULL, NULL},
    {"GET", "/v1/nodes?owner=p1", NULL, 50, 200, N1, N2},
    {"GET", "/v1/nodes?owner=p1", NULL, 49, 406, NULL, NULL},
    {"GET", "/v1/nodes?limit=1", NULL, 1, 200, "marker=" N1, NULL},
    {"GET", "/v1/nodes?limit=1&marker=" N1, NULL, 1, 200, N2, NULL},
    {"GET", "/v1/nodes?marker=" NEW, NULL, 1, 404, NEW, NULL},
    {"GET", "/v1/nodes?sort_key=driver_info", NULL, 1, 400, "driver_info", NULL},
    {"GET", "/v1/nodes?sort_key=name&sort_dir=desc&limit=1", NULL, 5, 200, "n2", "n1\""},
    {"GET", "/v1/nodes/" N1 "/traits", NULL, 36, 406, NULL, NULL},
    {"GET", "/v1/nodes/n1/bogus", NULL, 82, 400, "Field bogus is not a valid field.", NULL},
    {"GET", "/v1/nodes/nobody/bogus", NULL, 82, 404, "nobody", NULL},
    {"DELETE", "/v1/nodes/n2", NULL, 115, 204, NULL, NULL}, /* its conductor refuses */
};

SERVICE_TEST(nodes_are_listed_filtered_and_shown_by_version, NULL)

UNIT_MAIN("api/v1/nodes", nodes_are_listed_filtered_and_shown_by_version)
