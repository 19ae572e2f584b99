/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/config.h"

/*
 * The command line of every program: --config-file FILE and --config-dir DIR (again and again),
 * --debug or -d, --nodebug, --log-file FILE, --log-dir DIR, --use-json, --use-journal,
 * --use-syslog, --set SECTION.OPTION=VALUE, --version, --help or -h, and what a program has of
 * its own. oslo.config's other spellings (--logfile, --logdir) are taken too.
 */

/*
 * An option of one program: *value becomes its argument, or "" when it has none. An argument in
 * brackets, "[REVISION]", may be left out.
 */
struct ci_argument {
    const char *name, *argument, *help; /* argument: "" when it takes none */
    const char **value;                 /* of an option that repeats, room for CI_ARGUMENTS_MAX */
    size_t *count;                      /* of an option that repeats; NULL for others */
    char letter;                        /* another spelling, -m; 0: none */
};
enum { CI_ARGUMENTS_MAX = 64 };

/* What a program says of its command line. */
struct ci_command_line {
    const char *program, *summary;
    const char *operands;          /* "NODE", for the usage; NULL where words are refused */
    const char *more;              /* the end of --help; may be NULL */
    const struct ci_argument *own; /* ends with a row without a name; may be NULL */
};

/* What was given; belongs to the arena. */
struct ci_arguments {
    struct ci_config_sources sources;
    char *const *words; /* commands and operands, wherever they stood; ends with NULL */
};

/*
 * Reads it. Ends the process with 0 after --help and --version, and with 2 when it is not
 * understood.
 */
void ci_arguments_read(struct ci_arena *mem, const struct ci_command_line *line, int argc,
                       char **argv, struct ci_arguments *ret_arguments);

/* Says on standard error what is not understood, and ends the process with 2. */
_Noreturn void ci_arguments_misused(const struct ci_command_line *line, const char *why,
                                    const char *what);
