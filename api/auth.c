/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authentication. It stands before everything else, as the layer around Ironic's application does,
 * so that its refusals know no versions.
 */
#include "api/auth.h"

#include <string.h>

#include "base/config.h"
#include "base/htpasswd.h"
#include "base/keystone_auth.h"
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

static bool by_password(struct ci_request *req)
{
    struct ci_identity who = {.is_admin = true};

    if (!ci_htpasswd_identify(req->ctx, users, req->header(req, "Authorization"), &who.user_name)) {
        if (ci_failed_with(req->ctx, CI_ERR_Unauthorized))
            req->challenge = CI_HTPASSWD_CHALLENGE;
        if (!ci_failed_with(req->ctx, CI_ERR_MustWait))
            req->auth_fault = CI_AUTH_BY_PASSWORD;
        return false;
    }
    who.user_id = who.user_name;
    req->ctx->who = who;
    return true;
}

static bool by_keystone(struct ci_request *req)
{
    struct ci_identity who;

    if (ci_keystone_admit(req->ctx, keystone, req->header(req, "X-Auth-Token"),
                          req->header(req, "X-Service-Token"), &who)) {
        req->ctx->who = who;
        return true;
    }
    if (ci_failed_with(req->ctx, CI_ERR_MustWait))
        return false;
    req->auth_fault = CI_AUTH_BY_TOKEN;
    if (ci_failed_with(req->ctx, CI_ERR_Unauthorized))
        req->challenge = ci_keystone_challenge(req->ctx);
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

static bool open_users(struct ci_ctx *ctx, const char *path)
{
    if (!ci_htpasswd_new(ctx, path, &users))
        return false;
    if (ci_htpasswd_is_exposed(users))
        ci_warning(ctx, "Everybody on this machine can read the hashes of passwords", "path=%s",
                   path);
    return true;
}

bool ci_auth_open(struct ci_ctx *ctx)
{
    const struct ci_config *config = ctx->config;

    ci_auth_close();
    if (strcmp(config->DEFAULT.auth_strategy, "http_basic") == 0)
        return open_users(ctx, config->DEFAULT.http_basic_auth_user_file);
    if (strcmp(config->DEFAULT.auth_strategy, "keystone") == 0)
        return ci_keystone_open(ctx, &keystone);
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
