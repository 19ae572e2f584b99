/* SPDX-License-Identifier: Apache-2.0 */
/*
 * castiron-dbsync: makes the schema of the database and tells its revision.
 *
 * Commands, options and exit codes are those of ironic-dbsync, so that scripts need not know
 * which one they call: 0 done, 1 refused, 2 a command line that is not understood.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/tool.h"
#include "db/migrate.h"

/* What the command line asks for. */
struct request {
    const struct command *command;
    const char *revision;
};

static bool create_schema(struct ci_ctx *ctx, const struct request *request)
{
    (void)request;
    return ci_migrate_create_schema(ctx);
}

static bool upgrade(struct ci_ctx *ctx, const struct request *request)
{
    const char *to = request->revision;

    if (to && strcmp(to, "head") != 0 && strcmp(to, "heads") != 0 &&
        strcmp(to, ci_migrate_newest()) != 0)
        return ci_fail_text(ctx, InvalidParameterValue,
                            "The revision to reach can only be %s, not %s.", ci_migrate_newest(),
                            to);
    return ci_migrate_upgrade(ctx);
}

static bool version(struct ci_ctx *ctx, const struct request *request)
{
    const char *revision;

    (void)request;
    if (!ci_migrate_version(ctx, &revision))
        return false;
    puts(revision ? revision : "None");
    return true;
}

static bool not_yet(struct ci_ctx *ctx, const struct request *request);

static const struct command {
    const char *name;
    bool (*run)(struct ci_ctx *ctx, const struct request *request);
} commands[] = {
    {"upgrade", upgrade},
    {"stamp", not_yet},
    {"revision", not_yet},
    {"version", version},
    {"create_schema", create_schema},
    {"online_data_migrations", not_yet},
};

static bool not_yet(struct ci_ctx *ctx, const struct request *request)
{
    return ci_fail_text(ctx, InvalidParameterValue,
                        "castiron-dbsync has no %s yet; run it with ironic-dbsync.",
                        request->command->name);
}

static const struct command *find_command(const struct ci_command_line *line, const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    ci_arguments_misused(line, "this is no command: ", name);
}

/* The ci_tool_work. */
static int run(struct ci_ctx *ctx, void *arg)
{
    const struct request *request = arg;

    return request->command->run(ctx, request) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct request request = {0};
    const struct ci_argument own[] = {
        {"revision", "REVISION", "of upgrade: the revision to reach", &request.revision},
        {0},
    };
    const struct ci_command_line line = {
        .program = "castiron-dbsync",
        .summary = "Makes the database schema of the Bare Metal service and tells its revision.",
        .operands = "[COMMAND]",
        .more = "\ncommands:\n"
                "  upgrade        the newest schema for an empty database, nothing for one that is "
                "the\n"
                "                 newest; this is done when no command is given\n"
                "  create_schema  make the newest schema in an empty database\n"
                "  version        print the revision of the database, or None",
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
    if (request.revision && strcmp(request.command->name, "upgrade") != 0)
        ci_arguments_misused(&line, "--revision is not for ", request.command->name);
    code = ci_tool_run(&arguments, run, &request);
    ci_arena_free(mem);
    return code;
}
