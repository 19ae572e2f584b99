/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"

/*
 * Asks the route's rule where no record is needed. Administrators (noauth) are granted every
 * rule; secrets stay masked for them all the same, since show_password is granted to nobody by
 * default.
 */
ci_must_check bool ci_policy_allow(struct ci_request *req);

/* Fails at start when override files are configured that could not be honoured, naming them. */
ci_must_check bool ci_policy_check(struct ci_ctx *ctx);
