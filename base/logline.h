/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/log.h"
#include "base/text.h"

/*
 * How an event becomes a line: oslo.log's two formatters, the one with format strings and the
 * JSON one. For log.c; nothing here writes.
 */
struct ci_log_record {
    const struct ci_ctx *ctx; /* NULL: no work is going on */
    enum ci_log_level level;
    const struct ci_log_place *place;
    const char *logger;  /* castiron.api.pipeline */
    const char *message; /* as clean text: ci_log_clean() */
    int64_t time_us;
};

/* The options that say how a line looks. */
struct ci_log_style {
    const char *context_format; /* [DEFAULT]logging_context_format_string */
    const char *plain_format;   /* logging_default_format_string */
    const char *debug_suffix;   /* logging_debug_format_suffix */
    const char *user_format;    /* logging_user_identity_format */
    const char *date_format;    /* log_date_format */
    bool json;                  /* use_json */
};

/* "DEBUG", "INFO", "WARNING", "ERROR" */
const char *ci_log_level_name(enum ci_log_level level);

/* The logger's name of a source file: "castiron.api.pipeline" for api/pipeline.c. */
const char *ci_log_logger(struct ci_arena *mem, const char *file);

/* Adds text in which control characters and bytes that are no UTF-8 are \n, \t, \x1b. */
void ci_log_clean(struct ci_text *text, const char *message);

/* Adds the line, without a line break. */
void ci_log_line(struct ci_text *text, const struct ci_log_record *record,
                 const struct ci_log_style *style);
