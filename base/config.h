/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * The configuration: one struct, one member per row of options.def, in a member per section:
 * config->api.port, config->conductor.heartbeat_interval, config->DEFAULT.host.
 *
 * Kinds, and what an option has that is neither set nor has a default:
 *     STR, SECRET       text, NULL; a SECRET is never shown. Without a default, "" counts as unset.
 *     CHOICE            one of the words its row lists, NULL
 *     ADDRESS, URL      text that is a host name or address, an http(s) or other URL; NULL
 *     INT, SECONDS      a number, CI_UNSET
 *     OCTAL             a number written in octal, CI_UNSET
 *     FLOAT             a number with a fraction; always has a default
 *     BOOL              true or false; always has a default
 *     LIST              words separated by commas, a list that ends with NULL; NULL
 *     MULTI             the same, one for each time the option is written; never NULL
 *     DICT              key, value, key, value, …, NULL, from key:value,key:value; NULL
 *
 * A configuration is read only once made. SIGHUP makes a new one in which only the mutable
 * options differ; work goes on with the one it began with (ctx->config).
 */
#define CI_OPTION_STR const char *
#define CI_OPTION_SECRET const char *
#define CI_OPTION_CHOICE const char *
#define CI_OPTION_ADDRESS const char *
#define CI_OPTION_URL const char *
#define CI_OPTION_INT int64_t
#define CI_OPTION_SECONDS int64_t
#define CI_OPTION_OCTAL int64_t
#define CI_OPTION_FLOAT double
#define CI_OPTION_BOOL bool
#define CI_OPTION_LIST const char *const *
#define CI_OPTION_MULTI const char *const *
#define CI_OPTION_DICT const char *const *

/* What a number without a value has. */
#define CI_UNSET INT64_MIN

struct ci_config {
#define SECTION(section) struct {
#define SECTION_END(section)                                                                       \
    }                                                                                              \
    section;
#define OPTION(section, name, kind, fallback, bounds, changes, meaning) CI_OPTION_##kind name;
#define DEPRECATED(old_section, old_name, section, name)
#include "base/options.def"
#undef DEPRECATED
#undef OPTION
#undef SECTION_END
#undef SECTION
};

/*
 * What the command line says about where to read.
 *
 * Later values win: default directories, files, directories, then the environment
 * (OS_<SECTION>__<NAME>), then overrides.
 */
struct ci_config_sources {
    const char *program;      /* "castiron-api", for the default search path */
    const char *const *files; /* --config-file, in order; NULL or empty: the search path */
    const char *const
        *dirs; /* --config-dir: their *.conf by name; NULL or empty: the search path */
    const char *const *overrides; /* "section.name=value" from other command line options */
};

/*
 * Reads and checks everything. Fails with ConfigInvalid, whose message has the file, the line,
 * the option and the allowed range. The configuration lives until ci_config_free(). Deprecated
 * and unknown options are remembered in it: ci_config_report().
 */
ci_must_check bool ci_config_load(struct ci_ctx *ctx, const struct ci_config_sources *sources,
                                  struct ci_config **ret_config);

/*
 * Reads everything again and gives a configuration in which the mutable options are as now
 * written and all others as in `old`. The old one stays as it is.
 */
ci_must_check bool ci_config_reload(struct ci_ctx *ctx, const struct ci_config_sources *sources,
                                    const struct ci_config *old, struct ci_config **ret_config);

/*
 * Logs what was remarkable in the reading: a warning for each deprecated name and each change
 * that needs a start, an info line for each change, a debug line for each file that was read and
 * each option that nobody knows. To be called once the log is open.
 */
void ci_config_report(const struct ci_ctx *ctx, const struct ci_config *config);

/* What the reading warned of, as ci_config_report() logs it: deprecated names. Ends with NULL. */
const char *const *ci_config_warnings(struct ci_arena *mem, const struct ci_config *config);

/*
 * A sentence for each option that nobody has set and that had another default in an older release
 * (base/former.def); a list that ends with NULL. A service that is pinned to a release is in the
 * middle of an upgrade: ci_config_report() warns of them there.
 */
const char *const *ci_config_former(const struct ci_config *config);

/*
 * Where the file or folder is that an option names relatively, in `mem`: in the folders of the
 * configuration, ci_config_folders(). NULL when it is in none.
 */
const char *ci_config_find_file(struct ci_arena *mem, const struct ci_config *config,
                                const char *name);

void ci_config_free(struct ci_config *config);

/* All defaults, nothing read: for tests and tools. Ends with ci_config_free(). */
struct ci_config *ci_config_defaults(void);

/* The process's configuration, set by cmd/; a context begins with it. Safe from any thread. */
const struct ci_config *ci_config_current(void);
void ci_config_set_current(const struct ci_config *config);
