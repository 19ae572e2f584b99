/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/text.h"

/*
 * Hiding secrets as oslo.utils does (strutils), word for word, since what a client may see of
 * a node must not depend on who answers.
 */

/* What stands in place of a secret in REST answers. */
#define CI_MASK "******"

/* Does the key hold one of oslo's words (password, token, secret, …), in any case? */
bool ci_mask_is_secret(const char *key, size_t length);

/*
 * mask_password(): appends the message with what looks like a secret in it replaced by CI_MASK:
 * password=…, "token": "…", --password …, <secret>…</secret>. Gives false, and appends nothing,
 * when the message stays as it is.
 */
bool ci_mask_password(struct ci_text *text, const char *message, size_t length);
