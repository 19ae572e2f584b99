/* SPDX-License-Identifier: Apache-2.0 */
/* Callers of our services, by the tokens they show and what [keystone_authtoken] says. */
#include "base/keystone_auth.h"

#include <string.h>

#include "base/config.h"
#include "base/text.h"

static bool has_service_role(const struct ci_config *config, const struct ci_identity *service)
{
    const char *const *role = config->keystone_authtoken.service_token_roles;

    for (; role && *role; role++) {
        if (service->roles && ci_one_of(*role, service->roles))
            return true;
    }
    return false;
}

static bool refuse(struct ci_ctx *ctx)
{
    return ci_fail_text(ctx, Unauthorized, "The request you have made requires authentication.");
}

bool ci_keystone_admit(struct ci_ctx *ctx, struct ci_keystone *keystone, const char *token,
                       const char *service_token, struct ci_identity *ret_who)
{
    const struct ci_config *config = ctx->config;
    enum ci_keystone_ended ended = CI_TOKEN_MUST_LAST;
    struct ci_identity service = {0};

    if (!token)
        return refuse(ctx);
    if (service_token) {
        if (!ci_keystone_identify(ctx, keystone, service_token, CI_TOKEN_MUST_LAST, &service))
            return false;
        if (has_service_role(config, &service))
            ended = CI_TOKEN_MAY_HAVE_ENDED;
        else if (config->keystone_authtoken.service_token_roles_required)
            return refuse(ctx);
    }
    if (!ci_keystone_identify(ctx, keystone, token, ended, ret_who))
        return false;
    ret_who->auth_token = ci_strdup(ctx->mem, token);
    ret_who->service_user_id = service.user_id;
    ret_who->service_user_domain_id = service.user_domain_id;
    ret_who->service_project_id = service.project_id;
    ret_who->service_project_domain_id = service.project_domain_id;
    ret_who->service_roles = service.roles;
    return true;
}

const char *ci_keystone_challenge(struct ci_ctx *ctx)
{
    const struct ci_config *config = ctx->config;
    const char *uri = config->keystone_authtoken.www_authenticate_uri;

    return ci_printf(ctx->mem, "Keystone uri=\"%s\"",
                     uri ? uri : config->keystone_authtoken.auth_url);
}

/* "internalURL" is an older word for "internal". */
static const char *interface_of(struct ci_ctx *ctx)
{
    const char *name = ctx->config->keystone_authtoken.interface;
    size_t n = name ? strlen(name) : 0;

    return n > 3 && strcmp(name + n - 3, "URL") == 0 ? ci_strndup(ctx->mem, name, n - 3) : name;
}

bool ci_keystone_open(struct ci_ctx *ctx, struct ci_keystone **ret_keystone)
{
    const struct ci_config *config = ctx->config;
#define SET(name) config->keystone_authtoken.name
    const struct ci_keystone_options options = {
        .login = {.auth_url = SET(auth_url) ? SET(auth_url) : SET(www_authenticate_uri),
                  CI_SERVICE_TOKEN_LOGIN(config, keystone_authtoken)},
        .interface = interface_of(ctx),
        .region = SET(region_name),
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
    return ci_keystone_new(ctx, &options, ret_keystone);
}
