/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authentication. It stands before everything else, as the layer around Ironic's application does,
 * so that its refusals know no versions.
 */
#include "api/auth.h"

#include <string.h>

#include "base/config.h"
#include "base/htpasswd.h"
#include "base/keystone.h"
#include "base/log.h"
#include "base/text.h"

static struct ci_htpasswd *users;    /* of http_basic; NULL with another strategy */
static struct ci_keystone *keystone; /* of keystone; NULL with another strategy */

/* What is behind the text that the path begins with; NULL when it does not. */
static const char *after(const char *path, const char *text)
{
    size_t n = strlen(text);

    return strncmp(path, text, n) == 0 ? path + n : NULL;
}

/* Nothing, a slash, or a suffix for the form of the answer. */
static bool is_end(const char *rest)
{
    static const char *const ends[] = {"", "/", ".json", ".xml", NULL};

    return rest && ci_one_of(rest, ends);
}

bool ci_auth_is_public(const char *path)
{
    static const char *const whole[] = {"", "/v1", "/v1/lookup", "/v1/continue_inspection", NULL};
    const char *beat = after(path, "/v1/heartbeat/");

    for (size_t i = 0; whole[i]; i++) {
        if (is_end(after(path, whole[i])))
            return true;
    }
    if (!beat)
        return false;
    beat += strspn(beat, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return is_end(beat) && beat[-1] != '/';
}

static bool refuse(struct ci_request *req)
{
    return ci_fail_text(req->ctx, Unauthorized,
                        "The request you have made requires authentication.");
}

static bool by_password(struct ci_request *req)
{
    struct ci_identity who = {.is_admin = true};

    if (!ci_htpasswd_identify(req->ctx, users, req->header(req, "Authorization"), &who.user_name)) {
        if (ci_failed_with(req->ctx, CI_ERR_Unauthorized))
            req->challenge = CI_HTPASSWD_CHALLENGE;
        req->auth_fault = !ci_failed_with(req->ctx, CI_ERR_MustWait);
        return false;
    }
    who.user_id = who.user_name;
    req->ctx->who = who;
    return true;
}

static bool has_service_role(const struct ci_config *config, const struct ci_identity *service)
{
    const char *const *role = config->keystone_authtoken.service_token_roles;

    for (; role && *role; role++) {
        if (service->roles && ci_one_of(*role, service->roles))
            return true;
    }
    return false;
}

static bool by_tokens(struct ci_request *req)
{
    const struct ci_config *config = req->ctx->config;
    const char *token = req->header(req, "X-Auth-Token");
    const char *service_token = req->header(req, "X-Service-Token");
    enum ci_keystone_ended ended = CI_TOKEN_MUST_LAST;
    struct ci_identity who, service = {0};

    if (!token)
        return refuse(req);
    if (service_token) {
        if (!ci_keystone_identify(req->ctx, keystone, service_token, CI_TOKEN_MUST_LAST, &service))
            return false;
        if (has_service_role(config, &service))
            ended = CI_TOKEN_MAY_HAVE_ENDED;
        else if (config->keystone_authtoken.service_token_roles_required)
            return refuse(req);
    }
    if (!ci_keystone_identify(req->ctx, keystone, token, ended, &who))
        return false;
    who.auth_token = ci_strdup(req->ctx->mem, token);
    who.service_user_id = service.user_id;
    who.service_user_domain_id = service.user_domain_id;
    who.service_project_id = service.project_id;
    who.service_project_domain_id = service.project_domain_id;
    who.service_roles = service.roles;
    req->ctx->who = who;
    return true;
}

static bool by_keystone(struct ci_request *req)
{
    const struct ci_config *config = req->ctx->config;
    const char *uri = config->keystone_authtoken.www_authenticate_uri;

    if (by_tokens(req))
        return true;
    if (ci_failed_with(req->ctx, CI_ERR_MustWait))
        return false;
    req->auth_fault = true;
    if (ci_failed_with(req->ctx, CI_ERR_Unauthorized))
        req->challenge = ci_printf(req->ctx->mem, "Keystone uri=\"%s\"",
                                   uri ? uri : config->keystone_authtoken.auth_url);
    return false;
}

bool ci_auth_identify(struct ci_request *req)
{
    if (!users && !keystone) {
        req->ctx->who = (struct ci_identity){.is_admin = true};
        return true;
    }
    if (ci_auth_is_public(req->path)) {
        req->ctx->who = (struct ci_identity){.is_public_api = true, .is_admin = users};
        return true;
    }
    return users ? by_password(req) : by_keystone(req);
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
           strcmp(address, "localhost") == 0;
}

static bool open_keystone(struct ci_ctx *ctx)
{
    const struct ci_config *config = ctx->config;
#define SET(name) config->keystone_authtoken.name
    const struct ci_keystone_options options = {
        .auth_url = SET(auth_url) ? SET(auth_url) : SET(www_authenticate_uri),
        .auth_type = SET(auth_type),
        .username = SET(username),
        .password = SET(password),
        .user_domain_id = SET(user_domain_id),
        .user_domain_name = SET(user_domain_name),
        .project_id = SET(project_id),
        .project_name = SET(project_name),
        .project_domain_id = SET(project_domain_id),
        .project_domain_name = SET(project_domain_name),
        .system_scope = SET(system_scope),
        .application_credential_id = SET(application_credential_id),
        .application_credential_secret = SET(application_credential_secret),
        .ca_file = SET(cafile),
        .cert_file = SET(certfile),
        .key_file = SET(keyfile),
        .insecure = SET(insecure),
        .timeout_s = SET(http_connect_timeout) == CI_UNSET ? 0 : (int)SET(http_connect_timeout),
        .tries = (int)SET(http_request_max_retries) + 1,
        .cache_s = (int)SET(token_cache_time),
    };

    if (SET(delay_auth_decision))
        return ci_fail_text(ctx, ConfigInvalid,
                            "[keystone_authtoken]delay_auth_decision must be false: nobody may "
                            "pass unidentified.");
#undef SET
    return ci_keystone_new(ctx, &options, &keystone);
}

bool ci_auth_open(struct ci_ctx *ctx)
{
    const struct ci_config *config = ctx->config;

    ci_auth_close();
    if (strcmp(config->DEFAULT.auth_strategy, "http_basic") == 0)
        return ci_htpasswd_new(ctx, config->DEFAULT.http_basic_auth_user_file, &users);
    if (strcmp(config->DEFAULT.auth_strategy, "keystone") == 0)
        return open_keystone(ctx);
    if (!is_loopback(config->api.host_ip))
        ci_warning(ctx, "Anyone who reaches this address is an administrator",
                   "auth_strategy=noauth host_ip=%s", config->api.host_ip);
    return true;
}

void ci_auth_close(void)
{
    ci_htpasswd_free(users);
    ci_keystone_free(keystone);
    users = NULL;
    keystone = NULL;
}
