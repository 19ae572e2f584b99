/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * The password as crypt(3) hashes it with a random salt: "sha256" ($5$) or "sha512" ($6$). Fails
 * with InvalidParameterValue for another name of an algorithm.
 */
ci_must_check bool ci_password_hash(struct ci_ctx *ctx, const char *password, const char *algorithm,
                                    const char **ret_hash);

/*
 * Is this the password whose hash that is? Any hash that crypt(3) knows; what it does not know is
 * nobody's. Takes as long as the hash is meant to take: a tenth of a second and more with bcrypt.
 */
bool ci_password_matches(const char *password, const char *hash);
