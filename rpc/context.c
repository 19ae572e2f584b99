/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The context of a call: Ironic's dictionary of it, there and back.
 *
 * Every key is always sent, in Ironic's order. What REST has no word for (domain-scoped
 * tokens, read_only, show_deleted, resource_uuid) goes as Ironic's API sends it, and is_admin is
 * never true there, not even where nobody has to authenticate.
 */
#include "rpc/context.h"

#include <string.h>

#include "base/ident.h"
#include "base/jsontext.h"

static void add_key(struct ci_text *text, const char *prefix, const char *key)
{
    if (text->length > 0 && text->bytes[text->length - 1] != '{')
        ci_text_add(text, ", ");
    ci_text_add(text, "\"");
    ci_text_add(text, prefix);
    ci_text_add(text, key);
    ci_text_add(text, "\": ");
}

static void add_text(struct ci_text *text, const char *prefix, const char *key, const char *value)
{
    add_key(text, prefix, key);
    ci_jsontext_string(text, value);
}

static void add_word(struct ci_text *text, const char *prefix, const char *key, const char *word)
{
    add_key(text, prefix, key);
    ci_text_add(text, word);
}

static void add_roles(struct ci_text *text, const char *prefix, const char *const *roles)
{
    add_key(text, prefix, "roles");
    ci_text_add(text, "[");
    for (size_t i = 0; roles && roles[i]; i++) {
        if (i > 0)
            ci_text_add(text, ", ");
        ci_jsontext_string(text, roles[i]);
    }
    ci_text_add(text, "]");
}

static const char *or_dash(const char *text)
{
    return text && text[0] != '\0' ? text : "-";
}

/* One word of five for logs; the third is the domain of a domain-scoped token. */
static const char *user_identity(const struct ci_ctx *ctx)
{
    const struct ci_identity *who = &ctx->who;

    return ci_printf(ctx->mem, "%s %s %s %s %s", or_dash(who->user_id), or_dash(who->project_id),
                     or_dash(who->domain_id), or_dash(who->user_domain_id),
                     or_dash(who->project_domain_id));
}

static void write_context(struct ci_text *text, const struct ci_ctx *ctx, const char *prefix,
                          const char *auth_token)
{
    const struct ci_identity *who = &ctx->who;

    add_text(text, prefix, "user", who->user_id);
    add_text(text, prefix, "project_id", who->project_id);
    add_text(text, prefix, "system_scope", who->system_scope);
    add_text(text, prefix, "project", who->project_id);
    add_text(text, prefix, "domain", who->domain_id);
    add_text(text, prefix, "user_domain", who->user_domain_id);
    add_text(text, prefix, "project_domain", who->project_domain_id);
    add_word(text, prefix, "is_admin", "false");
    add_word(text, prefix, "read_only", "false");
    add_word(text, prefix, "show_deleted", "false");
    add_text(text, prefix, "auth_token", auth_token);
    add_text(text, prefix, "request_id", ctx->request_id);
    add_text(text, prefix, "global_request_id", ctx->global_request_id);
    add_word(text, prefix, "resource_uuid", "null");
    add_roles(text, prefix, who->roles);
    add_text(text, prefix, "user_identity", user_identity(ctx));
    add_word(text, prefix, "is_admin_project", who->is_other_project ? "false" : "true");
    add_word(text, prefix, "auth_token_info", "null");
}

void ci_context_write(struct ci_text *text, const struct ci_ctx *ctx, const char *prefix)
{
    write_context(text, ctx, prefix, ctx->who.auth_token);
}

void ci_context_write_public(struct ci_text *text, const struct ci_ctx *ctx, const char *prefix)
{
    write_context(text, ctx, prefix, NULL);
}

/* A text without NUL, NULL for anything else. */
static const char *take_text(struct ci_ctx *ctx, const json_t *value)
{
    if (ci_json_kind(value) != CI_JSON_STRING ||
        memchr(json_string_value(value), '\0', json_string_length(value)))
        return NULL;
    return ci_strdup(ctx->mem, json_string_value(value));
}

static const char *const *take_roles(struct ci_ctx *ctx, const json_t *value)
{
    size_t n = json_array_size(value), used = 0;
    const char **roles;

    if (n == 0)
        return NULL;
    roles = ci_alloc_array(ctx->mem, n + 1, sizeof *roles);
    for (size_t i = 0; i < n; i++) {
        const char *role = take_text(ctx, json_array_get(value, i));

        if (role)
            roles[used++] = role;
    }
    return used > 0 ? roles : NULL;
}

void ci_context_read(struct ci_ctx *ctx, const json_t *object, const char *prefix)
{
    struct ci_identity *who = &ctx->who;
    const struct {
        const char *key, **to;
    } texts[] = {
        {"user", &who->user_id},
        {"user_name", &who->user_name},
        {"user_domain", &who->user_domain_id},
        {"user_domain_name", &who->user_domain_name},
        {"project_id", &who->project_id},
        {"project_name", &who->project_name},
        {"project_domain", &who->project_domain_id},
        {"project_domain_name", &who->project_domain_name},
        {"system_scope", &who->system_scope},
        {"domain", &who->domain_id},
        {"auth_token", &who->auth_token},
        {"request_id", &ctx->request_id},
        {"global_request_id", &ctx->global_request_id},
    };
    char key[64];

    *who = (struct ci_identity){.user_id = NULL};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        snprintf(key, sizeof key, "%s%s", prefix, texts[i].key);
        *texts[i].to = take_text(ctx, json_object_get(object, key));
    }
    snprintf(key, sizeof key, "%sroles", prefix);
    who->roles = take_roles(ctx, json_object_get(object, key));
    snprintf(key, sizeof key, "%sis_admin", prefix);
    who->is_admin = json_is_true(json_object_get(object, key));
    if (!ctx->request_id || ctx->request_id[0] == '\0')
        ctx->request_id = ci_printf(ctx->mem, "req-%s", ci_uuid_new(ctx->mem));
}
