/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the programs have in common that read and write messages for a Python test beside them:
 * each line they get is an order, a JSON object whose "do" names it; each answer is JSON on a
 * line of its own. A message that is refused answers {"refused": why}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/ctx.h"
#include "base/json.h"
#include "rpc/message.h"

static struct ci_config *echo_config;

static inline json_t *text_or_null(const char *text)
{
    return text ? json_string_nocheck(text) : json_null();
}

static inline json_t *take_text(struct ci_text *text)
{
    return json_stringn_nocheck(text->bytes, text->length);
}

static inline json_t *refused(const struct ci_ctx *ctx)
{
    return json_pack("{so}", "refused", text_or_null(ctx->error->message));
}

static inline json_t *identity(const struct ci_ctx *ctx)
{
    const struct ci_identity *who = &ctx->who;
    const struct {
        const char *key, *value;
    } texts[] = {
        {"user_id", who->user_id},
        {"user_name", who->user_name},
        {"user_domain_id", who->user_domain_id},
        {"user_domain_name", who->user_domain_name},
        {"project_id", who->project_id},
        {"project_name", who->project_name},
        {"project_domain_id", who->project_domain_id},
        {"project_domain_name", who->project_domain_name},
        {"system_scope", who->system_scope},
        {"auth_token", who->auth_token},
        {"request_id", ctx->request_id},
        {"global_request_id", ctx->global_request_id},
    };
    json_t *all = json_object(), *roles = json_array();

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        json_object_set_new(all, texts[i].key, text_or_null(texts[i].value));
    for (size_t i = 0; who->roles && who->roles[i]; i++)
        json_array_append_new(roles, json_string_nocheck(who->roles[i]));
    json_object_set_new(all, "roles", roles);
    json_object_set_new(all, "is_admin", json_boolean(who->is_admin));
    return all;
}

static inline json_t *error_of(const struct ci_ctx *ctx)
{
    if (!ctx->error)
        return json_null();
    return json_pack("{ss so si sb}", "class", ci_error_kind(ctx->error->class)->name, "message",
                     text_or_null(ctx->error->message), "status", ctx->error->status, "remote",
                     ctx->error->remote);
}

/* Obeys the orders of the standard input. */
static inline int echo(json_t *(*obey)(struct ci_ctx *ctx, const json_t *order))
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    char *line = NULL;
    size_t room = 0;
    ssize_t length;

    echo_config = ci_config_defaults();
    for (length = getline(&line, &room, stdin); length > 0; length = getline(&line, &room, stdin)) {
        json_t *order;

        ctx = (struct ci_ctx){.mem = ctx.mem, .config = echo_config};
        if (!ci_json_read(&ctx, line, (size_t)length, &ci_json_trusted, &order)) {
            fprintf(stderr, "%s\n", ctx.error->message);
            return EXIT_FAILURE;
        }
        puts(ci_json_text(ctx.mem, ci_json(&ctx, obey(&ctx, order))));
        ci_arena_reset(ctx.mem);
    }
    free(line);
    ci_arena_free(ctx.mem);
    ci_config_free(echo_config);
    return EXIT_SUCCESS;
}
