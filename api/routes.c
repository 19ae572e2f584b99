/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of routes, from routes.def.
 */
#include "api/v1/handlers.h"

/* For routes without named parameters. */
const struct ci_param ci_params_none[] = {{0}};
/* For items whose only parameter is fields=. */
const struct ci_param ci_params_fields[] = {
    {"fields", CI_PARAM_LIST, 8, CI_BELOW_406, false},
    {0},
};

const struct ci_route ci_routes[] = {
#define WAITS CI_ROUTE_WAITS
#define PUBLIC CI_ROUTE_PUBLIC
#define BELOW_406 CI_ROUTE_BELOW_406
#define BELOW_405 CI_ROUTE_BELOW_405
#define BELOW_ROUTER CI_ROUTE_BELOW_ROUTER
#define BELOW_TEXT CI_ROUTE_BELOW_TEXT
#define BELOW_NAMED CI_ROUTE_BELOW_NAMED
#define LEAF CI_ROUTE_LEAF
#define BODY_PROVISION CI_ROUTE_BODY_PROVISION
#define BODY_INSPECTION CI_ROUTE_BODY_INSPECTION
#define BODY_FIRST CI_ROUTE_BODY_FIRST
#define AT_FIRST CI_ROUTE_AT_FIRST
#define ROUTE(method, path, since, policy, handler, status, params, body, flags)                   \
    {#method, path, since, policy, ci_##handler, status, ci_params_##params, CI_BODY_##body, flags},
#include "api/routes.def"
#undef ROUTE
    {0},
};
