/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/service_token.h"

/*
 * The identity service: tokens that callers show, checked with GET /v3/auth/tokens by a token of
 * our own, and remembered.
 *
 * It is asked at the address that the catalog of our own token names for the interface and the
 * region, or where the catalog names none, at the one where we log in.
 *
 * What was found out about a token, that it is none included, is trusted for cache_s, and never
 * past the token's end. Tokens are kept as SHA-256 digests. For any number of threads.
 */
struct ci_keystone;

struct ci_keystone_options {
    struct ci_service_token_options login; /* of our own token */
    const char *interface, *region;        /* its address in the catalog; NULL: any */
    const char *ca_file, *cert_file, *key_file;
    bool insecure;
    int timeout_s; /* of a question; 0: 10 seconds */
    int tries;     /* when it is not reached; 0: one */
    int cache_s;   /* 0 or less: nothing is remembered */
};

/* Fails with ConfigInvalid, naming what is missing. Nobody is asked yet. Ends with _free(). */
ci_must_check bool ci_keystone_new(struct ci_ctx *ctx, const struct ci_keystone_options *options,
                                   struct ci_keystone **ret_keystone);
void ci_keystone_free(struct ci_keystone *keystone);

/* May a token that has ended be shown? For what a service does for somebody who asked before. */
enum ci_keystone_ended { CI_TOKEN_MUST_LAST, CI_TOKEN_MAY_HAVE_ENDED };

/*
 * Who is it whose token this is? The identity's text is the arena's; is_admin is false.
 *
 * Fails with Unauthorized for what is no token, with ServiceUnavailable (503) when Keystone does
 * not answer or does not let us ask, and with MustWait where ctx has a deadline and Keystone would
 * have to be asked.
 */
ci_must_check bool ci_keystone_identify(struct ci_ctx *ctx, struct ci_keystone *keystone,
                                        const char *token, enum ci_keystone_ended ended,
                                        struct ci_identity *ret_who);
