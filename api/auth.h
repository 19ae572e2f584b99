/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"

/*
 * Who asks, by [DEFAULT]auth_strategy: noauth, http_basic or keystone. Headers by which a proxy
 * would tell an identity are never looked at: only Authorization and the two token headers are.
 *
 * What the strategies know (the users of the file, tokens that were checked) is shared by all
 * threads, between ci_auth_open() and ci_auth_close().
 */

/*
 * Fails at start when the configured strategy cannot be served, saying why; warns of an open
 * door.
 */
ci_must_check bool ci_auth_open(struct ci_ctx *ctx);
void ci_auth_close(void);

/*
 * Fills ctx->who. Routes that are public ask for nobody. Fails with Unauthorized, with
 * ServiceUnavailable when Keystone is away, and with MustWait where ctx has a deadline and the
 * answer is not known yet.
 */
ci_must_check bool ci_auth_identify(struct ci_request *req);

/* Is the path, as the client wrote it, one that asks for no identity? */
bool ci_auth_is_public(const char *path);
