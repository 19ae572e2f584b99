/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/keystone.h"

/*
 * Who calls a service of ours, by the tokens of a request and what [keystone_authtoken] says: the
 * same for REST and for calls between services over HTTP.
 */

/*
 * The identity service that [keystone_authtoken] of ctx->config names. Fails with ConfigInvalid,
 * naming the option. Ends with ci_keystone_free().
 */
ci_must_check bool ci_keystone_open(struct ci_ctx *ctx, struct ci_keystone **ret_keystone);

/*
 * Who shows these texts of X-Auth-Token and X-Service-Token, each NULL when there is none? A
 * service with one of service_token_roles may act for somebody whose token has ended. Fails as
 * ci_keystone_identify() does.
 */
ci_must_check bool ci_keystone_admit(struct ci_ctx *ctx, struct ci_keystone *keystone,
                                     const char *token, const char *service_token,
                                     struct ci_identity *ret_who);

/* What a 401 says in WWW-Authenticate; the text is the arena's. */
const char *ci_keystone_challenge(struct ci_ctx *ctx);
