/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * The log: one line an event, in oslo.log's format. Set up once by cmd/ from the configuration
 * (ci_log_configure in config's options: debug, log_file, log_dir, use_json, use_journal).
 *
 *     ci_info(ctx, "Node power state changed", "node=%s from=%s to=%s", uuid, from, to);
 *
 * ctx may be NULL where no work is going on. Line breaks in values are escaped.
 */
enum ci_log_level { CI_LOG_DEBUG, CI_LOG_INFO, CI_LOG_WARNING, CI_LOG_ERROR };

struct ci_config;

/* Opens what the configuration asks for; again after SIGHUP (log files are reopened). */
ci_must_check bool ci_log_open(struct ci_ctx *ctx, const struct ci_config *config,
                               const char *program);
void ci_log_close(void);

bool ci_log_enabled(enum ci_log_level level);

void ci_log(const struct ci_ctx *ctx, enum ci_log_level level, const char *file, const char *event,
            const char *format, ...) ci_format(5, 6);

#define CI_LOG_AT(level, ctx, event, ...)                                                          \
    do {                                                                                           \
        if (ci_log_enabled(level))                                                                 \
            ci_log((ctx), (level), __FILE__, (event), "" __VA_ARGS__);                             \
    } while (0)
#define ci_debug(ctx, event, ...) CI_LOG_AT(CI_LOG_DEBUG, ctx, event, __VA_ARGS__)
#define ci_info(ctx, event, ...) CI_LOG_AT(CI_LOG_INFO, ctx, event, __VA_ARGS__)
#define ci_warning(ctx, event, ...) CI_LOG_AT(CI_LOG_WARNING, ctx, event, __VA_ARGS__)
#define ci_error_log(ctx, event, ...) CI_LOG_AT(CI_LOG_ERROR, ctx, event, __VA_ARGS__)
