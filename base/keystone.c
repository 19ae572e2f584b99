/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens, checked at Keystone. The cache is a table of fixed size: a token has one place, and a
 * newer one takes it.
 */
#include "base/keystone.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/httpc.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"

#define PLACES 4096
#define TOKEN_BYTES_MAX ((size_t)16 * 1024)

/* What was found out about one token; of its own memory. */
struct known {
    unsigned char digest[CI_SHA256_BYTES];
    struct ci_ctx ctx; /* holds the identity, as ci_ctx_carry() copies it */
    bool valid;
    int64_t until_ns;   /* CLOCK_MONOTONIC: trusted so long */
    int64_t expires_us; /* the token's own end */
};

struct ci_keystone {
    struct ci_arena *mem;
    struct ci_httpc *client;
    struct ci_keystone_options options;
    const char *auth_url;
    struct ci_endpoint endpoint;
    struct ci_service_token *own_token;
    pthread_mutex_t mutex;
    struct known *places[PLACES]; /* guarded by mutex */
};

bool ci_keystone_new(struct ci_ctx *ctx, const struct ci_keystone_options *options,
                     struct ci_keystone **ret_keystone)
{
    const struct ci_httpc_options http = {
        .ca_file = options->ca_file,
        .insecure = options->insecure,
        .cert_file = options->cert_file,
        .key_file = options->key_file,
        .timeout_ms = (options->timeout_s > 0 ? options->timeout_s : 10) * 1000,
    };
    struct ci_keystone *keystone;
    struct ci_arena *mem;

    mem = ci_arena_new();
    keystone = ci_new(mem, struct ci_keystone);
    *keystone = (struct ci_keystone){.mem = mem, .client = ci_httpc_new(&http)};
    keystone->options =
        (struct ci_keystone_options){.tries = options->tries, .cache_s = options->cache_s};
    pthread_mutex_init(&keystone->mutex, NULL);
    if (!ci_service_token_new(ctx, &options->login, keystone->client, &keystone->own_token)) {
        ci_keystone_free(keystone);
        return false;
    }
    keystone->auth_url = ci_strdup(mem, options->login.auth_url);
    keystone->endpoint = (struct ci_endpoint){
        .type = "identity",
        .interface = options->interface ? ci_strdup(mem, options->interface) : NULL,
        .region = options->region ? ci_strdup(mem, options->region) : NULL};
    *ret_keystone = keystone;
    return true;
}

static void forget(struct known *known)
{
    if (known)
        ci_arena_free(known->ctx.mem);
}

void ci_keystone_free(struct ci_keystone *keystone)
{
    if (!keystone)
        return;
    ci_service_token_free(keystone->own_token);
    ci_httpc_free(keystone->client);
    for (size_t i = 0; i < PLACES; i++)
        forget(keystone->places[i]);
    pthread_mutex_destroy(&keystone->mutex);
    ci_arena_free(keystone->mem);
}

static bool away(struct ci_ctx *ctx, const char *reason)
{
    ci_warning(ctx, "Keystone does not answer", "reason=%s", reason);
    ci_error_clear(ctx);
    return ci_fail_status(ctx, ServiceUnavailable, 503,
                          "The identity service is not available, please try again later.");
}

/* Sends a question, again when nobody was reached. */
static bool ask(struct ci_ctx *ctx, struct ci_keystone *keystone,
                const struct ci_httpc_request *request, struct ci_httpc_response *ret_response)
{
    for (int i = 1; true; i++) {
        if (ci_httpc_send(ctx, keystone->client, request, ret_response))
            return ret_response->status < 500 ||
                   away(ctx, ci_printf(ctx->mem, "status %d", ret_response->status));
        if (i >= keystone->options.tries || !ci_failed_with(ctx, CI_ERR_ServiceUnavailable))
            return away(ctx, ctx->error->message);
        ci_error_clear(ctx);
    }
}

/* The `token` of an answer. */
static bool token_of(struct ci_ctx *ctx, const struct ci_httpc_response *response,
                     const json_t **ret_token)
{
    json_t *document;

    if (!ci_json_read(ctx, response->body, response->body_length, &ci_json_trusted, &document) ||
        !json_is_object(json_object_get(document, "token")))
        return away(ctx, "its answer is no token");
    *ret_token = json_object_get(document, "token");
    return true;
}

static int64_t end_of(const json_t *token)
{
    const char *text = json_string_value(json_object_get(token, "expires_at"));
    int64_t end_us;

    return text && ci_time_parse(text, &end_us) ? end_us : 0;
}

/* Our own token, in the arena. */
static bool own_token(struct ci_ctx *ctx, struct ci_keystone *keystone, const char **ret_token)
{
    for (int i = 1; true; i++) {
        if (ci_service_token_get(ctx, keystone->own_token, ret_token))
            return true;
        if (i >= keystone->options.tries)
            return away(ctx, ctx->error->message);
        ci_error_clear(ctx);
    }
}

/* Where to ask, once there is a token of our own. */
static const char *url_of(struct ci_ctx *ctx, struct ci_keystone *keystone,
                          enum ci_keystone_ended ended)
{
    const char *at = ci_service_token_endpoint(ctx, keystone->own_token, &keystone->endpoint);
    const char *url = ci_service_token_url(ctx->mem, at ? at : keystone->auth_url);

    return ended == CI_TOKEN_MAY_HAVE_ENDED ? ci_printf(ctx->mem, "%s?allow_expired=1", url) : url;
}

/* Asks about a token; *ret_valid is false when Keystone knows of none. */
static bool look_up(struct ci_ctx *ctx, struct ci_keystone *keystone, const char *subject,
                    enum ci_keystone_ended ended, bool *ret_valid, const json_t **ret_token)
{
    for (int i = 0; i < 2; i++) {
        struct ci_httpc_header headers[] = {{"Accept", "application/json"},
                                            {"X-Subject-Token", subject},
                                            {"X-Auth-Token", NULL},
                                            {NULL, NULL}};
        struct ci_httpc_request request = {.method = "GET", .headers = headers};
        struct ci_httpc_response response;

        if (!own_token(ctx, keystone, &headers[2].value))
            return false;
        request.url = url_of(ctx, keystone, ended);
        if (!ask(ctx, keystone, &request, &response))
            return false;
        *ret_valid = response.status == 200;
        if (response.status == 200)
            return token_of(ctx, &response, ret_token);
        if (response.status == 404)
            return true;
        /* Our own token may have been revoked: once more with a new one. */
        if (response.status != 401)
            return away(ctx, ci_printf(ctx->mem, "status %d", response.status));
        ci_service_token_drop(keystone->own_token, headers[2].value);
    }
    return away(ctx, "it refuses the service's own token");
}

static const char *text_in(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static const char *const *roles_of(struct ci_ctx *ctx, const json_t *token)
{
    const json_t *list = json_object_get(token, "roles");
    const char **roles = ci_alloc_array(ctx->mem, json_array_size(list) + 1, sizeof *roles);
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = text_in(json_array_get(list, i), "name");

        if (name)
            roles[n++] = name;
    }
    return roles;
}

static struct ci_identity read_identity(struct ci_ctx *ctx, const json_t *token)
{
    const json_t *user = json_object_get(token, "user"),
                 *project = json_object_get(token, "project");
    const json_t *user_domain = json_object_get(user, "domain");
    const json_t *project_domain = json_object_get(project, "domain");

    return (struct ci_identity){
        .user_id = text_in(user, "id"),
        .user_name = text_in(user, "name"),
        .user_domain_id = text_in(user_domain, "id"),
        .user_domain_name = text_in(user_domain, "name"),
        .project_id = text_in(project, "id"),
        .project_name = text_in(project, "name"),
        .project_domain_id = text_in(project_domain, "id"),
        .project_domain_name = text_in(project_domain, "name"),
        .domain_id = text_in(json_object_get(token, "domain"), "id"),
        .system_scope =
            json_is_true(json_object_get(json_object_get(token, "system"), "all")) ? "all" : NULL,
        .roles = roles_of(ctx, token),
        .is_other_project = json_is_false(json_object_get(token, "is_admin_project")),
    };
}

static void remember(struct ci_keystone *keystone, const unsigned char *digest,
                     const struct ci_identity *who, int64_t expires_us)
{
    struct ci_arena *mem = ci_arena_new();
    struct known *known = ci_new(mem, struct known), *old;
    const struct ci_ctx from = {.mem = mem, .who = who ? *who : (struct ci_identity){0}};
    size_t place = ((size_t)digest[0] << 8 | digest[1]) % PLACES;

    memcpy(known->digest, digest, CI_SHA256_BYTES);
    known->ctx.mem = mem;
    ci_ctx_carry(&known->ctx, &from);
    known->valid = who;
    known->expires_us = expires_us;
    known->until_ns = ci_time_monotonic_ns() + (int64_t)keystone->options.cache_s * 1000000000;
    pthread_mutex_lock(&keystone->mutex);
    old = keystone->places[place];
    keystone->places[place] = known;
    pthread_mutex_unlock(&keystone->mutex);
    forget(old);
}

/* What is known of the token, copied into ctx; *ret_found false: nothing. */
static bool recall(struct ci_ctx *ctx, struct ci_keystone *keystone, const unsigned char *digest,
                   enum ci_keystone_ended ended, bool *ret_found, struct ci_identity *ret_who)
{
    struct ci_ctx to = {.mem = ctx->mem};
    size_t place = ((size_t)digest[0] << 8 | digest[1]) % PLACES;
    bool valid = true;
    const struct known *known;

    pthread_mutex_lock(&keystone->mutex);
    known = keystone->places[place];
    *ret_found = known && memcmp(known->digest, digest, CI_SHA256_BYTES) == 0 &&
                 known->until_ns > ci_time_monotonic_ns();
    if (*ret_found && (known->valid || ended == CI_TOKEN_MUST_LAST)) {
        ci_ctx_carry(&to, &known->ctx);
        valid = known->valid &&
                (ended == CI_TOKEN_MAY_HAVE_ENDED || known->expires_us > ci_time_now_us());
    } else {
        *ret_found = false;
    }
    pthread_mutex_unlock(&keystone->mutex);
    *ret_who = to.who;
    return valid;
}

/* What may stand in a header, and is no longer than a token gets. */
static bool is_token(const char *token)
{
    size_t n = 0;

    while (token[n] > ' ' && token[n] < 127)
        n++;
    return n > 0 && token[n] == '\0' && n <= TOKEN_BYTES_MAX;
}

static bool refuse(struct ci_ctx *ctx)
{
    return ci_fail_text(ctx, Unauthorized, "The request you have made requires authentication.");
}

bool ci_keystone_identify(struct ci_ctx *ctx, struct ci_keystone *keystone, const char *token,
                          enum ci_keystone_ended ended, struct ci_identity *ret_who)
{
    unsigned char digest[CI_SHA256_BYTES];
    const json_t *found;
    bool known, valid;
    int64_t end_us;

    if (!is_token(token))
        return refuse(ctx);
    ci_sha256(token, strlen(token), digest);
    if (!recall(ctx, keystone, digest, ended, &known, ret_who))
        return refuse(ctx);
    if (known)
        return true;
    if (ctx->deadline_ns)
        return ci_fail(ctx, MustWait);
    if (!look_up(ctx, keystone, token, ended, &valid, &found))
        return false;
    end_us = valid ? end_of(found) : INT64_MAX;
    *ret_who = valid ? read_identity(ctx, found) : (struct ci_identity){0};
    if (keystone->options.cache_s > 0 && (valid || ended == CI_TOKEN_MUST_LAST))
        remember(keystone, digest, valid ? ret_who : NULL, end_us);
    if (!valid || (ended == CI_TOKEN_MUST_LAST && end_us <= ci_time_now_us()))
        return refuse(ctx);
    return true;
}
