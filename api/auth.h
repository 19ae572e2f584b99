/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"

/*
 * Finds out who asks, by [DEFAULT]auth_strategy. Only noauth is there: everyone is an
 * administrator. ci_auth_check() refuses the others at start.
 */
ci_must_check bool ci_auth_identify(struct ci_request *req);

/* Fails unless the configured strategy can be served, naming it; warns of an open door. */
ci_must_check bool ci_auth_check(struct ci_ctx *ctx);
