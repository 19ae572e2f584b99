/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * The log: one line an event, in oslo.log's format. Set up once by cmd/ from the configuration:
 * debug, log_file and log_dir, use_stderr, use_json, use_journal, use_syslog.
 *
 *     ci_info(ctx, "Node power state changed", "node=%s from=%s to=%s", uuid, from, to);
 *
 * ctx may be NULL where no work is going on. Line breaks and other control characters in values
 * are escaped. The logger's name comes from the file: castiron.api.pipeline is api/pipeline.c.
 * Safe from any thread; a line is one write(), so that lines of several threads and processes
 * never mix. Until ci_log_open(), lines from info up go to standard error.
 */
enum ci_log_level { CI_LOG_DEBUG, CI_LOG_INFO, CI_LOG_WARNING, CI_LOG_ERROR };

/* Where in the source a line comes from. */
struct ci_log_place {
    const char *file, *function;
    int line;
};

/*
 * Opens what the configuration asks for; again after SIGHUP (log files are reopened, so that
 * they can be rotated). `program` names the file in log_dir and the sender in journal and syslog.
 * Fails with ConfigInvalid when a file cannot be opened; the log goes on as it was.
 */
ci_must_check bool ci_log_open(struct ci_ctx *ctx, const struct ci_config *config,
                               const char *program);

/* Back to standard error. */
void ci_log_close(void);

bool ci_log_enabled(enum ci_log_level level);

/* Use the macros below; they put a space before the format, so that it is never empty. */
void ci_log(const struct ci_ctx *ctx, enum ci_log_level level, const struct ci_log_place *place,
            const char *event, const char *format, ...) ci_format(5, 6);

#define CI_LOG_AT(level, ctx, event, ...)                                                          \
    do {                                                                                           \
        if (ci_log_enabled(level))                                                                 \
            ci_log((ctx), (level), &(const struct ci_log_place){__FILE__, __func__, __LINE__},     \
                   (event), " " __VA_ARGS__);                                                      \
    } while (0)
#define ci_debug(ctx, event, ...) CI_LOG_AT(CI_LOG_DEBUG, ctx, event, __VA_ARGS__)
#define ci_info(ctx, event, ...) CI_LOG_AT(CI_LOG_INFO, ctx, event, __VA_ARGS__)
#define ci_warning(ctx, event, ...) CI_LOG_AT(CI_LOG_WARNING, ctx, event, __VA_ARGS__)
#define ci_error_log(ctx, event, ...) CI_LOG_AT(CI_LOG_ERROR, ctx, event, __VA_ARGS__)
