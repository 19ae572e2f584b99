/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of a program that works on the database once.
 */
#include "cmd/tool.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "db/db.h"

static void report(struct ci_ctx *ctx, const char *program)
{
    const char *why = ctx->db && (ci_failed_with(ctx, CI_ERR_DatabaseUnavailable) ||
                                  ci_failed_with(ctx, CI_ERR_DatabaseError))
                          ? ci_db_trouble(ctx->mem, ctx->db)
                          : NULL;

    ci_error_log(ctx, "The command failed", "program=%s error=%s%s%s", program, ctx->error->message,
                 why ? " reason=" : "", why ? why : "");
    if (!ctx->config || ctx->config->DEFAULT.log_file || ctx->config->DEFAULT.log_dir)
        (void)fprintf(stderr, "%s: %s%s%s\n", program, ctx->error->message, why ? " " : "",
                      why ? why : "");
}

static bool open_log(struct ci_ctx *ctx, const struct ci_config_sources *sources,
                     struct ci_config **config)
{
    if (!ci_config_load(ctx, sources, config))
        return false;
    ctx->config = *config;
    ci_config_set_current(*config);
    if (!ci_log_open(ctx, *config, sources->program))
        return false;
    ci_config_report(ctx, *config);
    return true;
}

int ci_tool_run(const struct ci_arguments *arguments, ci_tool_work *work, void *arg)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct ci_config *config = NULL;
    int code = EXIT_FAILURE;

    if (open_log(&ctx, &arguments->sources, &config) &&
        ci_db_open_configured(&ctx, config, &ctx.db))
        code = work(&ctx, arg);
    if (ctx.error)
        report(&ctx, arguments->sources.program);
    ci_db_rollback(&ctx);
    ci_arena_reset(ctx.mem);
    ci_db_close(ctx.db);
    ci_log_close();
    ci_config_free(config);
    ci_arena_free(ctx.mem);
    return code;
}
