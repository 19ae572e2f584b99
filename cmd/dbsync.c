/* SPDX-License-Identifier: Apache-2.0 */
/*
 * castiron-dbsync: makes the schema of the database and tells its revision.
 *
 * Commands, options and exit codes are those of ironic-dbsync, so that scripts need not know
 * which one they call: 0 done, 1 refused, 2 a command line that is not understood.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/log.h"
#include "base/text.h"
#include "cmd/version.h"
#include "db/migrate.h"

enum { LIST_MAX = 64 };

/* What the command line asks for. */
struct request {
    const char *command;
    const char *revision;
    const char *files[LIST_MAX + 1], *dirs[LIST_MAX + 1], *overrides[LIST_MAX + 1];
    size_t n_files, n_dirs, n_overrides;
};

static const char usage[] =
    "usage: castiron-dbsync [-h] [--version] [-d] [--config-file PATH] [--config-dir DIR]\n"
    "                       [--log-file PATH] [--log-dir DIR]\n"
    "                       [upgrade [--revision REVISION] | create_schema | version]\n";

static const char help[] =
    "\n"
    "Makes the database schema of the Bare Metal service and tells its revision.\n"
    "\n"
    "commands:\n"
    "  create_schema       make the newest schema in an empty database\n"
    "  upgrade             the same for an empty database, nothing for one that is the newest;\n"
    "                      this is done when no command is given\n"
    "  version             print the revision of the database, or None\n"
    "\n"
    "options:\n"
    "  --config-file PATH  read this file; may be given several times\n"
    "  --config-dir DIR    read the *.conf of this folder; may be given several times\n"
    "  --revision REV      of upgrade: the revision to reach\n"
    "  -d, --debug         log more; --nodebug: not\n"
    "  --log-file PATH     log to this file\n"
    "  --log-dir DIR       log to a file in this folder\n"
    "  -h, --help          print this\n"
    "  --version           print the version of the program\n";

enum { CONFIG_FILE = 256, CONFIG_DIR, NODEBUG, LOG_FILE, LOG_DIR, REVISION, VERSION };

static const struct option options[] = {
    {"config-file", required_argument, NULL, CONFIG_FILE},
    {"config-dir", required_argument, NULL, CONFIG_DIR},
    {"debug", no_argument, NULL, 'd'},
    {"nodebug", no_argument, NULL, NODEBUG},
    {"log-file", required_argument, NULL, LOG_FILE},
    {"logfile", required_argument, NULL, LOG_FILE},
    {"log-dir", required_argument, NULL, LOG_DIR},
    {"logdir", required_argument, NULL, LOG_DIR},
    {"revision", required_argument, NULL, REVISION},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, VERSION},
    {NULL, 0, NULL, 0},
};

static _Noreturn void refuse(const char *why, const char *what)
{
    fprintf(stderr, "%scastiron-dbsync: error: %s%s\n", usage, why, what);
    exit(2);
}

static void add(const char **list, size_t *n, const char *value)
{
    if (*n == LIST_MAX)
        refuse("too many of: ", value);
    list[(*n)++] = value;
}

static void add_override(struct ci_arena *mem, struct request *request, const char *name,
                         const char *value)
{
    add(request->overrides, &request->n_overrides, ci_printf(mem, "%s=%s", name, value));
}

static void take_option(struct ci_arena *mem, struct request *request, int option)
{
    switch (option) {
    case CONFIG_FILE:
        add(request->files, &request->n_files, optarg);
        return;
    case CONFIG_DIR:
        add(request->dirs, &request->n_dirs, optarg);
        return;
    case 'd':
        add_override(mem, request, "DEFAULT.debug", "true");
        return;
    case NODEBUG:
        add_override(mem, request, "DEFAULT.debug", "false");
        return;
    case LOG_FILE:
        add_override(mem, request, "DEFAULT.log_file", optarg);
        return;
    case LOG_DIR:
        add_override(mem, request, "DEFAULT.log_dir", optarg);
        return;
    case REVISION:
        request->revision = optarg;
        return;
    case VERSION:
        puts(CI_VERSION);
        exit(EXIT_SUCCESS);
    case 'h':
        printf("%s%s", usage, help);
        exit(EXIT_SUCCESS);
    default: /* getopt has said what is wrong */
        fputs(usage, stderr);
        exit(2);
    }
}

static void read_command_line(struct ci_arena *mem, int argc, char **argv, struct request *request)
{
    int option = getopt_long(argc, argv, "dh", options, NULL);

    while (option != -1) {
        take_option(mem, request, option);
        option = getopt_long(argc, argv, "dh", options, NULL);
    }
    request->command = optind < argc ? argv[optind] : "upgrade";
    if (optind + 1 < argc)
        refuse("unrecognized arguments: ", argv[optind + 1]);
    if (request->revision && strcmp(request->command, "upgrade") != 0)
        refuse("unrecognized arguments: ", "--revision");
}

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

static bool not_yet(struct ci_ctx *ctx, const struct request *request)
{
    return ci_fail_text(ctx, InvalidParameterValue,
                        "castiron-dbsync has no %s yet; run it with ironic-dbsync.",
                        request->command);
}

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

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    refuse("argument command: invalid choice: ", name);
}

/* Says why: in the log, and to whoever typed the command when the log goes elsewhere. */
static void report(struct ci_ctx *ctx)
{
    const char *why = ctx->db && (ci_failed_with(ctx, CI_ERR_DatabaseUnavailable) ||
                                  ci_failed_with(ctx, CI_ERR_DatabaseError))
                          ? ci_db_trouble(ctx->mem, ctx->db)
                          : NULL;

    ci_error_log(ctx, "castiron-dbsync failed", "error=%s%s%s", ctx->error->message,
                 why ? " reason=" : "", why ? why : "");
    if (!ctx->config || ctx->config->DEFAULT.log_file || ctx->config->DEFAULT.log_dir)
        fprintf(stderr, "castiron-dbsync: %s%s%s\n", ctx->error->message, why ? " " : "",
                why ? why : "");
}

int main(int argc, char **argv)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct request request = {0};
    struct ci_config_sources sources = {.program = "castiron-dbsync"};
    const struct command *command;
    struct ci_config *config = NULL;
    bool done;

    read_command_line(ctx.mem, argc, argv, &request);
    command = find_command(request.command);
    sources.files = request.files;
    sources.dirs = request.dirs;
    sources.overrides = request.overrides;
    done = ci_config_load(&ctx, &sources, &config);
    if (done) {
        ctx.config = config;
        ci_config_set_current(config);
        done = ci_log_open(&ctx, config, "castiron-dbsync");
    }
    if (done)
        ci_config_report(&ctx, config);
    done = done && ci_db_open_configured(&ctx, config, &ctx.db) && command->run(&ctx, &request);
    if (!done)
        report(&ctx);
    ci_db_rollback(&ctx);
    ci_arena_reset(ctx.mem);
    ci_db_close(ctx.db);
    ci_log_close();
    ci_config_free(config);
    ci_arena_free(ctx.mem);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
