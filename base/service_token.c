/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service's own token from Keystone.
 *
 * While one thread asks Keystone the others wait for it: they would ask the same.
 */
#include "base/service_token.h"

#include <jansson.h>
#include <pthread.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

enum {
    MARGIN_S = 60, /* before its end a token is no longer used */
    LIFE_S = 300,  /* of one whose end cannot be read */
    ANSWER_DEPTH = 64,
    CREATED = 201,
    UNAUTHORIZED = 401
};

struct ci_service_token {
    struct ci_arena *mem; /* holds all of it but the text */
    struct ci_httpc *client;
    const char *url, *body;

    pthread_mutex_t lock; /* guards what follows */
    struct ci_text text;  /* empty: none */
    int64_t until_ns;
    json_t *catalog; /* that came with it; NULL: none */
};

static bool by_credential(const struct ci_service_token_options *o)
{
    return ci_same(o->auth_type, "v3applicationcredential");
}

static bool check(struct ci_ctx *ctx, const struct ci_service_token_options *o)
{
    const char *type = o->auth_type ? o->auth_type : "password", *missing = NULL;

    if (!by_credential(o) && strcmp(type, "password") != 0 && strcmp(type, "v3password") != 0)
        return ci_fail(ctx, ConfigInvalid,
                       ci_printf(ctx->mem,
                                 "[%s]auth_type is %s; what is known is password and "
                                 "v3applicationcredential.",
                                 o->section, type));
    if (!o->auth_url)
        missing = "auth_url";
    else if (by_credential(o) && !o->application_credential_id)
        missing = "application_credential_id";
    else if (by_credential(o) && !o->application_credential_secret)
        missing = "application_credential_secret";
    else if (!by_credential(o) && !o->username)
        missing = "username";
    else if (!by_credential(o) && !o->password)
        missing = "password";
    return !missing || ci_fail(ctx, ConfigInvalid,
                               ci_printf(ctx->mem, "[%s]%s is needed with auth_type = %s.",
                                         o->section, missing, type));
}

/* {"id": …} or {"name": …}; the default domain when neither is given. */
static json_t *domain(const char *id, const char *name)
{
    if (id || !name)
        return json_pack("{ss}", "id", id ? id : "default");
    return json_pack("{ss}", "name", name);
}

/* What the token is good for; NULL: for nothing in particular. */
static json_t *scope(const struct ci_service_token_options *o)
{
    if (o->system_scope)
        return json_pack("{s{sb}}", "system", o->system_scope, 1);
    if (o->project_id)
        return json_pack("{s{ss}}", "project", "id", o->project_id);
    if (o->project_name)
        return json_pack("{s{ss so}}", "project", "name", o->project_name, "domain",
                         domain(o->project_domain_id, o->project_domain_name));
    return NULL;
}

static json_t *request_of(const struct ci_service_token_options *o)
{
    json_t *user;

    /* An application credential has its scope from Keystone. */
    if (by_credential(o))
        return json_pack("{s{s{s[s] s{ss ss}}}}", "auth", "identity", "methods",
                         "application_credential", "application_credential", "id",
                         o->application_credential_id, "secret", o->application_credential_secret);
    user = json_pack("{ss ss so}", "name", o->username, "password", o->password, "domain",
                     domain(o->user_domain_id, o->user_domain_name));

    return json_pack("{s{s{s[s] s{so}} so*}}", "auth", "identity", "methods", "password",
                     "password", "user", user, "scope", scope(o));
}

const char *ci_service_token_url(struct ci_arena *mem, const char *auth_url)
{
    size_t n = strlen(auth_url);

    while (n > 0 && auth_url[n - 1] == '/')
        n--;
    return ci_printf(mem, "%.*s%s/auth/tokens", (int)n, auth_url,
                     n >= 3 && strncmp(auth_url + n - 3, "/v3", 3) == 0 ? "" : "/v3");
}

bool ci_service_token_new(struct ci_ctx *ctx, const struct ci_service_token_options *options,
                          struct ci_httpc *client, struct ci_service_token **ret_token)
{
    struct ci_arena *mem;
    struct ci_service_token *token;

    if (!check(ctx, options))
        return false;
    mem = ci_arena_new();
    token = ci_new(mem, struct ci_service_token);
    token->mem = mem;
    token->client = client;
    token->url = ci_service_token_url(mem, options->auth_url);
    token->body = ci_json_text(mem, ci_json(ctx, request_of(options)));
    ci_text_init(&token->text, CI_SERVICE_TOKEN_MAX);
    pthread_mutex_init(&token->lock, NULL);
    *ret_token = token;
    return true;
}

void ci_service_token_free(struct ci_service_token *token)
{
    if (!token)
        return;
    ci_text_done(&token->text);
    json_decref(token->catalog);
    pthread_mutex_destroy(&token->lock);
    ci_arena_free(token->mem);
}

/* What the body says of the token, which is itself in a header; NULL when it cannot be read. */
static json_t *read_body(struct ci_ctx *ctx, const struct ci_httpc_response *response)
{
    static const struct ci_json_limits limits = {.depth = ANSWER_DEPTH, .bytes = (size_t)1 << 20};
    json_t *answer;

    if (ci_json_read(ctx, response->body, response->body_length, &limits, &answer))
        return json_object_get(answer, "token");
    ci_error_clear(ctx);
    return NULL;
}

/* When the token is to be given up, by the answer's own clock. */
static int64_t end_of(const json_t *said)
{
    int64_t life_s = LIFE_S, end_us, now_us = ci_time_now_us();
    const json_t *expires = json_object_get(said, "expires_at");

    if (ci_json_kind(expires) == CI_JSON_STRING &&
        ci_time_parse(json_string_value(expires), &end_us) && end_us > now_us)
        life_s = (end_us - now_us) / 1000000;
    life_s = life_s > 2 * MARGIN_S ? life_s - MARGIN_S : life_s / 2;
    return ci_time_monotonic_ns() + life_s * 1000000000;
}

static bool ask(struct ci_ctx *ctx, struct ci_service_token *token)
{
    static const struct ci_httpc_header headers[] = {
        {"Content-Type", "application/json"}, {"Accept", "application/json"}, {NULL, NULL}};
    const struct ci_httpc_request request = {.method = "POST",
                                             .url = token->url,
                                             .headers = headers,
                                             .body = token->body,
                                             .body_length = strlen(token->body)};
    struct ci_httpc_response response;
    const char *text;
    json_t *said;

    if (!ci_httpc_send(ctx, token->client, &request, &response))
        return ci_fail_status(ctx, ServiceUnavailable, 503, "Keystone gave no token: %s",
                              ci_error_take(ctx));
    text = ci_httpc_header(&response, "x-subject-token");
    if (response.status != CREATED || !text || !*text || strlen(text) > CI_SERVICE_TOKEN_MAX)
        return ci_fail_status(ctx, ServiceUnavailable, 503,
                              "Keystone gave no token: it answered with HTTP status %d.",
                              response.status);
    ci_text_clear(&token->text);
    ci_text_add(&token->text, text);
    said = read_body(ctx, &response);
    token->until_ns = end_of(said);
    json_decref(token->catalog);
    token->catalog = json_incref(json_object_get(said, "catalog"));
    return true;
}

bool ci_service_token_get(struct ci_ctx *ctx, struct ci_service_token *token, const char **ret_text)
{
    bool there;

    pthread_mutex_lock(&token->lock);
    there = (token->text.length > 0 && ci_time_monotonic_ns() < token->until_ns) || ask(ctx, token);
    if (there)
        *ret_text = ci_strdup(ctx->mem, token->text.bytes);
    pthread_mutex_unlock(&token->lock);
    return there;
}

void ci_service_token_drop(struct ci_service_token *token, const char *text)
{
    pthread_mutex_lock(&token->lock);
    if (token->text.length > 0 && strcmp(token->text.bytes, text) == 0)
        ci_text_clear(&token->text);
    pthread_mutex_unlock(&token->lock);
}

bool ci_service_token_send(struct ci_ctx *ctx, struct ci_service_token *token,
                           const struct ci_httpc_request *request,
                           struct ci_httpc_response *ret_response)
{
    struct ci_httpc_request with_token = *request;
    struct ci_httpc_header *headers;
    size_t n = 0;

    while (request->headers && request->headers[n].name)
        n++;
    headers = ci_alloc_array(ctx->mem, n + 2, sizeof *headers);
    if (n > 0)
        memcpy(headers, request->headers, n * sizeof *headers);
    headers[n].name = "X-Auth-Token";
    with_token.headers = headers;
    for (int tries = 0; tries < 2; tries++) {
        if (!ci_service_token_get(ctx, token, &headers[n].value) ||
            !ci_httpc_send(ctx, token->client, &with_token, ret_response))
            return false;
        if (ret_response->status != UNAUTHORIZED)
            return true;
        ci_service_token_drop(token, headers[n].value);
    }
    return true;
}

static bool is_wanted(const json_t *object, const char *key, const char *wanted)
{
    const char *has = json_string_value(json_object_get(object, key));

    return !wanted || (has && strcmp(has, wanted) == 0);
}

/* With the lock. */
static const char *find_endpoint(const json_t *catalog, const struct ci_endpoint *wanted)
{
    for (size_t i = 0; i < json_array_size(catalog); i++) {
        const json_t *service = json_array_get(catalog, i);
        const json_t *endpoints = json_object_get(service, "endpoints");

        for (size_t j = 0;
             is_wanted(service, "type", wanted->type) && j < json_array_size(endpoints); j++) {
            const json_t *endpoint = json_array_get(endpoints, j);

            if (is_wanted(endpoint, "interface", wanted->interface) &&
                is_wanted(endpoint, "region", wanted->region))
                return json_string_value(json_object_get(endpoint, "url"));
        }
    }
    return NULL;
}

const char *ci_service_token_endpoint(struct ci_ctx *ctx, struct ci_service_token *token,
                                      const struct ci_endpoint *wanted)
{
    const char *url;

    pthread_mutex_lock(&token->lock);
    url = find_endpoint(token->catalog, wanted);
    url = url ? ci_strdup(ctx->mem, url) : NULL;
    pthread_mutex_unlock(&token->lock);
    return url;
}
