/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/routes.h"

/*
 * The handlers and the parameter lists that routes.def names: ci_NAME and ci_params_NAME,
 * defined beside each other in the controllers.
 */
#define ROUTE(method, path, since, policy, handler, status, params, body, flags)                   \
    ci_handler ci_##handler;                                                                       \
    extern const struct ci_param ci_params_##params[];
#include "api/routes.def"
#undef ROUTE

/* What the router runs for a path below a node that names nothing. */
