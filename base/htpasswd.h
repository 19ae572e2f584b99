/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * HTTP basic authentication against a file of users, as Apache's htpasswd -B writes it: a row
 * "name:hash" each, the hash bcrypt's ($2y$, $2a$ or $2b$). The first row of a name counts.
 *
 * The file is read again when it changes. Asking takes as long for an unknown name as for a
 * wrong password. Who was let in is remembered (as a salted digest, of the row too, so that a
 * changed row forgets it), since bcrypt takes its time on purpose. For any number of threads.
 */
struct ci_htpasswd;

/*
 * Reads the file. Fails with ConfigInvalid, naming the file, when it cannot be read, or the user
 * whose hash is another than bcrypt's. Ends with ci_htpasswd_free().
 */
ci_must_check bool ci_htpasswd_new(struct ci_ctx *ctx, const char *path,
                                   struct ci_htpasswd **ret_htpasswd);
void ci_htpasswd_free(struct ci_htpasswd *htpasswd);

/* May every user of the machine read the file, as it was when it was read last? */
bool ci_htpasswd_is_exposed(struct ci_htpasswd *htpasswd);

/*
 * Who does an Authorization header (NULL: none came) show to be asking? The name is the arena's.
 *
 * Fails with Unauthorized when there is none, or name and password are not the file's, and with
 * BadRequest when it is not well-formed or of another scheme: Ironic's words. An answer of 401
 * carries CI_HTPASSWD_CHALLENGE as its WWW-Authenticate. Where ctx has a deadline and bcrypt
 * would have to be computed it fails with MustWait.
 */
ci_must_check bool ci_htpasswd_identify(struct ci_ctx *ctx, struct ci_htpasswd *htpasswd,
                                        const char *authorization, const char **ret_user);

#define CI_HTPASSWD_CHALLENGE "Basic realm=\"Baremetal API\""
