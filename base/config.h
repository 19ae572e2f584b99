/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * The configuration: one struct, one member per row of options.def, in a member per section:
 * config->api.port, config->conductor.heartbeat_interval, config->DEFAULT.host.
 *
 * Kinds: STR (const char *, NULL when unset), INT and SECONDS (int64_t), BOOL, LIST
 * (const char *const *, ends with NULL), CHOICE (const char *, one of the listed), SECRET (a STR
 * never logged), MULTI (like LIST, one entry per repetition of the option).
 *
 * A configuration is read only once made. SIGHUP makes a new one in which only the mutable
 * options differ; work goes on with the one it began with (ctx->config).
 */
#define CI_OPTION_STR const char *
#define CI_OPTION_SECRET const char *
#define CI_OPTION_CHOICE const char *
#define CI_OPTION_INT int64_t
#define CI_OPTION_SECONDS int64_t
#define CI_OPTION_BOOL bool
#define CI_OPTION_LIST const char *const *
#define CI_OPTION_MULTI const char *const *

/*
 * options.def is written section by section:
 *     SECTION(api)
 *     OPTION(section, name, kind, default text or NULL, min, max or choices, mutable, "meaning")
 *     SECTION_END(api)
 */
struct ci_config {
#define SECTION(section) struct {
#define SECTION_END(section) } section;
#define OPTION(section, name, kind, fallback, bounds, mutable, meaning) CI_OPTION_##kind name;
#include "base/options.def"
#undef OPTION
#undef SECTION_END
#undef SECTION
};

/* What the command line says about where to read. */
struct ci_config_sources {
    const char *program;             /* "castiron", for the default search path */
    const char *const *files;        /* --config-file, in order; NULL or empty: the search path */
    const char *const *dirs;         /* --config-dir */
    const char *const *overrides;    /* "section.name=value" from other command line options */
};

/*
 * Reads and checks everything; fails with InvalidParameterValue whose message has the file,
 * the line and the allowed range. The configuration lives until ci_config_free().
 */
ci_must_check bool ci_config_load(struct ci_ctx *ctx, const struct ci_config_sources *sources,
                                  struct ci_config **ret_config);
void ci_config_free(struct ci_config *config);

/* All defaults, nothing read: for tests and tools. */
struct ci_config *ci_config_defaults(void);

/* The process's configuration, set by cmd/; a context begins with it. Safe from any thread. */
const struct ci_config *ci_config_current(void);
void ci_config_set_current(const struct ci_config *config);
