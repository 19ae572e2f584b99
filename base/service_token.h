/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/httpc.h"

/*
 * The token by which this service shows other services who it is: got from Keystone (v3, by
 * password or application credential), kept, and got again shortly before it expires. For any
 * number of threads.
 */
struct ci_service_token;

enum { CI_SERVICE_TOKEN_MAX = 16384 }; /* bytes of a token's text */

/* Of a section like [json_rpc]; texts are copied. NULL: not given. */
struct ci_service_token_options {
    const char *section; /* for messages */
    const char *auth_url;
    const char *auth_type; /* password, v3password, v3applicationcredential; NULL: password */
    const char *application_credential_id, *application_credential_secret;
    const char *username, *password;
    const char *user_domain_id, *user_domain_name;
    const char *project_id, *project_name;
    const char *project_domain_id, *project_domain_name;
    const char *system_scope;
};

/*
 * All members but auth_url, for an initializer, from a section that has an option for each of
 * them: those of Keystone's libraries have the same names everywhere.
 */
#define CI_SERVICE_TOKEN_LOGIN(config, name)                                                       \
    .section = #name, .auth_type = (config)->name.auth_type,                                       \
    .application_credential_id = (config)->name.application_credential_id,                         \
    .application_credential_secret = (config)->name.application_credential_secret,                 \
    .username = (config)->name.username, .password = (config)->name.password,                      \
    .user_domain_id = (config)->name.user_domain_id,                                               \
    .user_domain_name = (config)->name.user_domain_name, .project_id = (config)->name.project_id,  \
    .project_name = (config)->name.project_name,                                                   \
    .project_domain_id = (config)->name.project_domain_id,                                         \
    .project_domain_name = (config)->name.project_domain_name,                                     \
    .system_scope = (config)->name.system_scope

/*
 * Asks nobody yet. The client is borrowed and outlives it. Fails with ConfigInvalid, naming the
 * option that is missing or means nothing here. Ends with ci_service_token_free(), which accepts
 * NULL.
 */
ci_must_check bool ci_service_token_new(struct ci_ctx *ctx,
                                        const struct ci_service_token_options *options,
                                        struct ci_httpc *client,
                                        struct ci_service_token **ret_token);
void ci_service_token_free(struct ci_service_token *token);

/*
 * The token, from Keystone when there is none; the text is the arena's, and secret. Fails with
 * ServiceUnavailable, 503, when Keystone does not answer, refuses, or answers nonsense.
 */
ci_must_check bool ci_service_token_get(struct ci_ctx *ctx, struct ci_service_token *token,
                                        const char **ret_text);

/*
 * Sends a request with the token as its X-Auth-Token, and once more with a new one when that is
 * answered with 401. The token's client is used. Fails as ci_service_token_get() and
 * ci_httpc_send() do.
 */
ci_must_check bool ci_service_token_send(struct ci_ctx *ctx, struct ci_service_token *token,
                                         const struct ci_httpc_request *request,
                                         struct ci_httpc_response *ret_response);

/* Which address of another service is wanted; NULL: any. */
struct ci_endpoint {
    const char *type;      /* "identity", "network" */
    const char *interface; /* "internal", "public" or "admin" */
    const char *region;
};

/*
 * Its first address in the catalog that came with the token, the arena's; NULL when the catalog
 * has none, and while there is no token: ci_service_token_get() comes first.
 */
const char *ci_service_token_endpoint(struct ci_ctx *ctx, struct ci_service_token *token,
                                      const struct ci_endpoint *wanted);

/* Where Keystone is asked about tokens, whether auth_url ends with /v3 or not; mem's. */
const char *ci_service_token_url(struct ci_arena *mem, const char *auth_url);

/* Somebody no longer takes this token: the next one is another. */
void ci_service_token_drop(struct ci_service_token *token, const char *text);
