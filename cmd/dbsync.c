/* SPDX-License-Identifier: Apache-2.0 */
/*
 * castiron-dbsync: makes the schema of the database and brings it from revision to revision.
 *
 * Commands, options and exit codes are those of ironic-dbsync, so that scripts need not know
 * which one they call: 0 done, 1 refused, 2 a command line that is not understood or a database
 * whose objects are not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cmd/new_revision.h"
#include "cmd/online.h"
#include "cmd/tool.h"
#include "db/migrate.h"
#include "objects/versions.h"

enum { PLAN_BYTES = 1 << 20, INCOMPATIBLE = 2 };

/* What the command line asks for; NULL where it says nothing. */
struct request {
    const struct command *command;
    const char *revision, *dry_run, *message, *max_count;
    const char *options[CI_ARGUMENTS_MAX];
    size_t n_options;
};

/* The name of a revision, NULL when --revision stands alone. */
static const char *named(const char *revision)
{
    return revision && *revision ? revision : NULL;
}

static int code_of(bool done)
{
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int create_schema(struct ci_ctx *ctx, const struct request *request)
{
    (void)request;
    return code_of(ci_migrate_create_schema(ctx));
}

static int show_plan(struct ci_ctx *ctx, const char *revision)
{
    struct ci_text *plan = ci_text_new(ctx->mem, PLAN_BYTES);

    if (!ci_migrate_plan(ctx, revision, plan))
        return EXIT_FAILURE;
    return code_of(fwrite(plan->bytes, 1, plan->length, stdout) == plan->length);
}

static int upgrade(struct ci_ctx *ctx, const struct request *request)
{
    const char *revision = named(request->revision);

    if (!ci_versions_check(ctx))
        return ci_failed_with(ctx, CI_ERR_DatabaseVersionTooOld) ? INCOMPATIBLE : EXIT_FAILURE;
    return request->dry_run ? show_plan(ctx, revision) : code_of(ci_migrate_upgrade(ctx, revision));
}

static int stamp(struct ci_ctx *ctx, const struct request *request)
{
    return code_of(ci_migrate_stamp(ctx, named(request->revision)));
}

static int revision(struct ci_ctx *ctx, const struct request *request)
{
    return code_of(ci_new_revision(ctx, request->message));
}

static int version(struct ci_ctx *ctx, const struct request *request)
{
    const char *found;

    (void)request;
    if (!ci_migrate_version(ctx, &found))
        return EXIT_FAILURE;
    puts(found ? found : "None");
    return EXIT_SUCCESS;
}

static int online(struct ci_ctx *ctx, const struct request *request)
{
    const struct ci_online_request wanted = {request->max_count, request->options,
                                             request->n_options};

    return ci_online_command(ctx, &wanted);
}

/* Options that belong to some commands only, in the order in which main() lists them. */
enum { REVISION = 1, DRY_RUN = 2, MESSAGE = 4, MAX_COUNT = 8, OPTION = 16 };

static const struct command {
    const char *name;
    unsigned takes;
    int (*run)(struct ci_ctx *ctx, const struct request *request);
} commands[] = {
    {"upgrade", REVISION | DRY_RUN, upgrade},
    {"stamp", REVISION, stamp},
    {"revision", MESSAGE, revision},
    {"version", 0, version},
    {"create_schema", 0, create_schema},
    {"online_data_migrations", MAX_COUNT | OPTION, online},
};

static const struct command *find_command(const struct ci_command_line *line, const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    ci_arguments_misused(line, "this is no command: ", name);
}

/* Does each option that was given belong to the command? */
static void check_options(const struct ci_command_line *line, const struct command *command)
{
    for (size_t i = 0; line->own[i].name; i++) {
        if (*line->own[i].value && !(command->takes & 1U << i))
            ci_arguments_misused(line, "this option is not for that command: --",
                                 line->own[i].name);
    }
}

static void check_number(const struct ci_command_line *line, const char *number)
{
    int64_t ignored;

    if (number && !ci_parse_int(number, INT32_MIN, INT32_MAX, &ignored))
        ci_arguments_misused(line, "--max-count takes a number, not ", number);
}

/* The ci_tool_work. */
static int run(struct ci_ctx *ctx, void *arg)
{
    const struct request *request = arg;

    return request->command->run(ctx, request);
}

static const char about_commands[] =
    "\ncommands:\n"
    "  upgrade        bring the schema to the newest revision, or to that of --revision, while\n"
    "                 services go on working; make it in an empty database. May be interrupted\n"
    "                 and run again. This is done when no command is given\n"
    "  create_schema  make the newest schema in an empty database\n"
    "  version        print the revision of the database, or None\n"
    "  stamp          write the revision into the database and change nothing else; without\n"
    "                 --revision take it away\n"
    "  online_data_migrations\n"
    "                 bring rows to the newest versions, in batches while services work; when all\n"
    "                 run the newest release and no pin is set. 0: done; 1: --max-count reached,\n"
    "                 run it again; 2: not yet, with the step that is missing\n"
    "  revision       for developers: begin the file of a new revision of the schema";

int main(int argc, char **argv)
{
    struct request request = {0};
    const struct ci_argument own[] = {
        {"revision", "[REVISION]",
         "of upgrade and stamp: which, by the beginning of its id, head, "
         "base, +N or -N",
         &request.revision},
        {"dry-run", "", "of upgrade: print what it would do, and do nothing", &request.dry_run},
        {"message", "TEXT", "of revision: what it brings (also -m)", &request.message,
         .letter = 'm'},
        {"max-count", "NUMBER", "of online_data_migrations: change at most so many rows",
         &request.max_count},
        {"option", "MIGRATION.NAME=VALUE",
         "of online_data_migrations, for one of them; may be "
         "repeated",
         request.options, .count = &request.n_options},
        {0},
    };
    const struct ci_command_line line = {
        .program = "castiron-dbsync",
        .summary = "Makes the database schema of the Bare Metal service and brings it from release "
                   "to release.",
        .operands = "[COMMAND]",
        .more = about_commands,
        .own = own,
    };
    struct ci_arena *mem = ci_arena_new();
    struct ci_arguments arguments;
    int code;

    ci_arguments_read(mem, &line, argc, argv, &arguments);
    if (arguments.words[0] && arguments.words[1])
        ci_arguments_misused(&line,
                             "there is one command, and this is too many: ", arguments.words[1]);
    request.command = find_command(&line, arguments.words[0] ? arguments.words[0] : "upgrade");
    check_options(&line, request.command);
    check_number(&line, request.max_count);
    code = ci_tool_run(&arguments, run, &request);
    ci_arena_free(mem);
    return code;
}
