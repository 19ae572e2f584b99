/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of every program.
 */
#include "cmd/arguments.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cmd/version.h"

enum { LIST_MAX = CI_ARGUMENTS_MAX, OWN_MAX = 16, MISUSED = 2 };

/* One row an option: what it is called and which configuration option it stands for. */
static const struct {
    struct option option;
    const char *sets;            /* followed by the argument, if it takes one */
    const char *argument, *help; /* no help: another spelling, which --help leaves out */
} rows[] = {
    {{"config-file", required_argument, NULL, 'f'},
     NULL,
     "FILE",
     "read this file; may be repeated"},
    {{"config-dir", required_argument, NULL, 'c'}, NULL, "DIR", "read its *.conf; may be repeated"},
    {{"debug", no_argument, NULL, 'd'}, "DEFAULT.debug=true", "", "log more (also -d)"},
    {{"nodebug", no_argument, NULL, 'n'}, "DEFAULT.debug=false", "", "do not"},
    {{"log-file", required_argument, NULL, 'l'}, "DEFAULT.log_file=", "FILE", "log to this file"},
    {{"logfile", required_argument, NULL, 'l'}, "DEFAULT.log_file=", "FILE", NULL},
    {{"log-dir", required_argument, NULL, 'L'}, "DEFAULT.log_dir=", "DIR", "log to a file in it"},
    {{"logdir", required_argument, NULL, 'L'}, "DEFAULT.log_dir=", "DIR", NULL},
    {{"use-json", no_argument, NULL, 'j'}, "DEFAULT.use_json=true", "", "log as JSON"},
    {{"use-journal", no_argument, NULL, 'J'}, "DEFAULT.use_journal=true", "", "log to the journal"},
    {{"use-syslog", no_argument, NULL, 's'}, "DEFAULT.use_syslog=true", "", "log to syslog"},
    {{"set", required_argument, NULL, 'S'}, "", "SECTION.OPTION=VALUE", "set any option"},
    {{"version", no_argument, NULL, 'v'}, NULL, "", "print the version"},
    {{"help", no_argument, NULL, 'h'}, NULL, "", "print this (also -h)"},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* What the command line gathers. */
struct lists {
    const char *files[LIST_MAX + 1], *dirs[LIST_MAX + 1], *overrides[LIST_MAX + 1];
    size_t n_files, n_dirs, n_overrides;
};

_Noreturn void ci_arguments_misused(const struct ci_command_line *line, const char *why,
                                    const char *what)
{
    (void)fprintf(stderr, "%s: %s%s (--help tells what there is)\n", line->program, why, what);
    exit(MISUSED);
}

static void print_option(const char *name, const char *argument, const char *help)
{
    printf("  --%s%s%-*s  %s\n", name, *argument ? " " : "",
           (int)(34 - strlen(name) - (*argument ? 1 : 0)), argument, help);
}

static void print_help(const struct ci_command_line *line)
{
    printf("usage: %s [option …]%s%s\n\n%s\n\noptions:\n", line->program, line->operands ? " " : "",
           line->operands ? line->operands : "", line->summary);
    for (const struct ci_argument *own = line->own; own && own->name; own++)
        print_option(own->name, own->argument, own->help);
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].help)
            print_option(rows[i].option.name, rows[i].argument, rows[i].help);
    }
    puts("\nWithout --config-file: castiron.conf, or else ironic.conf, in ~/.NAME, ~, /etc/NAME "
         "and /etc.");
    if (line->more)
        puts(line->more);
}

static void add(const struct ci_command_line *line, const char **list, size_t *n, const char *value)
{
    if (*n == LIST_MAX)
        ci_arguments_misused(line, "too many of ", value);
    list[(*n)++] = value;
}

static void take_row(struct ci_arena *mem, const struct ci_command_line *line, struct lists *lists,
                     size_t row, const char *value)
{
    switch (rows[row].option.val) {
    case 'f':
        add(line, lists->files, &lists->n_files, value);
        return;
    case 'c':
        add(line, lists->dirs, &lists->n_dirs, value);
        return;
    case 'v':
        puts(CI_VERSION);
        exit(EXIT_SUCCESS);
    case 'h':
        print_help(line);
        exit(EXIT_SUCCESS);
    default:
        add(line, lists->overrides, &lists->n_overrides,
            ci_printf(mem, "%s%s", rows[row].sets, value ? value : ""));
    }
}

static int takes(const struct ci_argument *own)
{
    if (*own->argument == '\0')
        return no_argument;
    return *own->argument == '[' ? optional_argument : required_argument;
}

/* getopt's table: the rows above, then the program's own; its val is the place in it. */
static void fill_options(const struct ci_command_line *line, struct option *options)
{
    size_t n = 0;

    for (; n < ROWS; n++) {
        options[n] = rows[n].option;
        options[n].val = (int)n;
    }
    for (const struct ci_argument *own = line->own; own && own->name && n < ROWS + OWN_MAX;
         own++, n++)
        options[n] = (struct option){own->name, takes(own), NULL, (int)n};
}

/* The letters of all options, as getopt wants them. */
static void fill_letters(const struct ci_command_line *line, struct ci_text *letters)
{
    ci_text_add(letters, "dh");
    for (const struct ci_argument *own = line->own; own && own->name; own++) {
        if (own->letter)
            ci_text_printf(letters, "%c%s", own->letter,
                           takes(own) == required_argument ? ":" : "");
    }
}

/* The row of a letter. */
static size_t row_of(char letter)
{
    size_t row = 0;

    while (rows[row].option.val != letter)
        row++;
    return row;
}

/* The place in getopt's table of what was found: a letter, or that place itself. */
static int place_of(const struct ci_command_line *line, int found)
{
    if (found == 'd' || found == 'h')
        return (int)row_of((char)found);
    for (int i = 0; line->own && line->own[i].name; i++) {
        if (line->own[i].letter && found == line->own[i].letter)
            return ROWS + i;
    }
    return found;
}

/* An option of the program's own. getopt does not know "--revision REVISION" where it may stand
 * alone. */
static void take_own(const struct ci_command_line *line, const struct ci_argument *own, char **argv)
{
    const char *value = optarg;

    if (!value && takes(own) == optional_argument && argv[optind] && argv[optind][0] != '-')
        value = argv[optind++];
    if (own->count)
        add(line, own->value, own->count, value ? value : "");
    else
        *own->value = value ? value : "";
}

void ci_arguments_read(struct ci_arena *mem, const struct ci_command_line *line, int argc,
                       char **argv, struct ci_arguments *ret_arguments)
{
    struct lists *lists = ci_new(mem, struct lists);
    struct option options[ROWS + OWN_MAX + 1] = {0};
    struct ci_text *letters = ci_text_new(mem, ROWS + 2 * OWN_MAX + 1);
    int found;

    fill_options(line, options);
    fill_letters(line, letters);
    optind = 1;
    opterr = 0;
    while (found = getopt_long(argc, argv, letters->bytes, options, NULL), found != -1) {
        if (found == '?')
            ci_arguments_misused(line, "this option is not understood: ", argv[optind - 1]);
        found = place_of(line, found);
        if (found < ROWS)
            take_row(mem, line, lists, (size_t)found, optarg);
        else
            take_own(line, &line->own[found - ROWS], argv);
    }
    if (optind < argc && !line->operands)
        ci_arguments_misused(line, "this is no option: ", argv[optind]);
    *ret_arguments = (struct ci_arguments){
        .sources = {line->program, lists->files, lists->dirs, lists->overrides},
        .words = argv + optind,
    };
}
