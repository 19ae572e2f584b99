/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of a program that serves.
 *
 * The main thread does nothing but wait for signals: handlers could do next to nothing safely,
 * and a thread that waits can read files, take locks and log.
 */
#include "cmd/daemon.h"

#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "cmd/notify.h"
#include "cmd/version.h"

enum { LIST_MAX = 64, FAILED = 1, MISUSED = 2, INTERRUPTED = 130 };

struct ci_daemon {
    struct ci_ctx ctx;
    const char *program;
    struct ci_config_sources sources;
    struct ci_config *config; /* the newest; older ones end with the daemon */
    void (*reloaded)(const struct ci_config *config, void *arg);
    void *reloaded_arg;
    int64_t started_us;
};

/* What the command line gathers. */
struct arguments {
    const char *files[LIST_MAX + 1], *dirs[LIST_MAX + 1], *overrides[LIST_MAX + 1];
    size_t n_files, n_dirs, n_overrides;
};

/* One row an option: what it is called and which configuration option it stands for. */
static const struct {
    struct option option;
    const char *sets; /* followed by the argument, if it takes one */
    const char *argument, *help;
} rows[] = {
    {{"config-file", required_argument, NULL, 'f'},
     NULL,
     "FILE",
     "read this file; may be repeated"},
    {{"config-dir", required_argument, NULL, 'c'}, NULL, "DIR", "read its *.conf; may be repeated"},
    {{"debug", no_argument, NULL, 'd'}, "DEFAULT.debug=true", "", "log more"},
    {{"nodebug", no_argument, NULL, 'n'}, "DEFAULT.debug=false", "", "do not"},
    {{"log-file", required_argument, NULL, 'l'}, "DEFAULT.log_file=", "FILE", "log to this file"},
    {{"log-dir", required_argument, NULL, 'L'}, "DEFAULT.log_dir=", "DIR", "log to a file in it"},
    {{"use-json", no_argument, NULL, 'j'}, "DEFAULT.use_json=true", "", "log as JSON"},
    {{"use-journal", no_argument, NULL, 'J'}, "DEFAULT.use_journal=true", "", "log to the journal"},
    {{"use-syslog", no_argument, NULL, 's'}, "DEFAULT.use_syslog=true", "", "log to syslog"},
    {{"set", required_argument, NULL, 'S'}, "", "SECTION.OPTION=VALUE", "set any option"},
    {{"version", no_argument, NULL, 'v'}, NULL, "", "print the version"},
    {{"help", no_argument, NULL, 'h'}, NULL, "", "print this"},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static void print_help(const char *program, const char *summary)
{
    printf("usage: %s [option …]\n\n%s\n\noptions:\n", program, summary);
    for (size_t i = 0; i < ROWS; i++)
        printf("  --%s%s%-*s  %s%s\n", rows[i].option.name, *rows[i].argument ? " " : "",
               (int)(34 - strlen(rows[i].option.name) - (*rows[i].argument ? 1 : 0)),
               rows[i].argument, rows[i].help, rows[i].option.val == 'd' ? " (also -d)" : "");
    puts(
        "\nWithout --config-file: castiron.conf, or else ironic.conf, in ~/.NAME, ~, /etc/NAME and "
        "/etc.\nSignals: TERM leave in order, USR2 drain, INT leave at once, HUP reload, USR1 "
        "reopen "
        "the log.");
}

static _Noreturn void misused(const char *program, const char *why, const char *what)
{
    (void)fprintf(stderr, "%s: %s%s (--help tells what there is)\n", program, why, what);
    exit(MISUSED);
}

static void add(const char *program, const char **list, size_t *n, const char *value)
{
    if (*n == LIST_MAX)
        misused(program, "too many of ", value);
    list[(*n)++] = value;
}

static void take_row(struct ci_daemon *daemon, const char *summary, struct arguments *arguments,
                     size_t row, const char *value)
{
    const char *program = daemon->program;

    switch (rows[row].option.val) {
    case 'f':
        add(program, arguments->files, &arguments->n_files, value);
        return;
    case 'c':
        add(program, arguments->dirs, &arguments->n_dirs, value);
        return;
    case 'v':
        puts(CI_VERSION);
        exit(EXIT_SUCCESS);
    case 'h':
        print_help(program, summary);
        exit(EXIT_SUCCESS);
    default:
        add(program, arguments->overrides, &arguments->n_overrides,
            ci_printf(daemon->ctx.mem, "%s%s", rows[row].sets, value ? value : ""));
    }
}

static void read_command_line(struct ci_daemon *daemon, const char *summary, int argc, char **argv,
                              struct arguments *arguments)
{
    struct option options[ROWS + 1] = {0};
    int letter, row;

    for (size_t i = 0; i < ROWS; i++) {
        options[i] = rows[i].option;
        options[i].val = (int)i;
        options[i].flag = NULL;
    }
    optind = 1;
    opterr = 0;
    while (letter = getopt_long(argc, argv, "d", options, &row), letter != -1) {
        if (letter == '?')
            misused(daemon->program, "this option is not understood: ", argv[optind - 1]);
        take_row(daemon, summary, arguments, letter == 'd' ? 2 : (size_t)letter, optarg);
    }
    if (optind < argc)
        misused(daemon->program, "this is no option: ", argv[optind]);
}

/*
 * Few arenas and early returns of memory to the system: requests are short and threads many, and
 * what glibc would hoard for speed is what an operator sees as a leak.
 */
static void limit_memory(void)
{
    (void)mallopt(M_ARENA_MAX, 2);
    (void)mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 512 * 1024);
}

/* Every connection is a file; a dump of our memory would hold tokens and passwords. */
static void set_limits(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files); /* the soft limit is enough for a small service */
    }
    (void)prctl(PR_SET_DUMPABLE, 0);
}

static sigset_t taken_signals(void)
{
    static const int taken[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    sigset_t signals;

    sigemptyset(&signals);
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        sigaddset(&signals, taken[i]);
    return signals;
}

static void block_signals(void)
{
    sigset_t signals = taken_signals();

    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

static void free_config(void *config)
{
    ci_config_free(config);
}

/* The configuration becomes the process's, and lives until its end: work may still hold it. */
static void adopt(struct ci_daemon *daemon, struct ci_config *config)
{
    ci_defer(daemon->ctx.mem, free_config, config);
    daemon->config = config;
    daemon->ctx.config = config;
    ci_config_set_current(config);
}

/* In a context of its own: what the reading took is not needed any more. */
static struct ci_config *load(const struct ci_daemon *daemon)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct ci_config *config;

    if (!ci_config_load(&ctx, &daemon->sources, &config) ||
        !ci_log_open(&ctx, config, daemon->program)) {
        (void)fprintf(stderr, "%s: %s\n", daemon->program, ctx.error->message);
        exit(FAILED);
    }
    ci_arena_free(ctx.mem);
    return config;
}

struct ci_daemon *ci_daemon_start(const char *program, const char *summary, int argc, char **argv)
{
    struct ci_arena *mem;
    struct ci_daemon *daemon;
    struct arguments *arguments;
    struct ci_config *config;

    limit_memory();
    mem = ci_arena_new();
    daemon = ci_new(mem, struct ci_daemon);
    daemon->ctx.mem = mem;
    daemon->program = program;
    daemon->started_us = ci_time_now_us();
    arguments = ci_new(mem, struct arguments);
    read_command_line(daemon, summary, argc, argv, arguments);
    daemon->sources = (struct ci_config_sources){program, arguments->files, arguments->dirs,
                                                 arguments->overrides};
    config = load(daemon);
    adopt(daemon, config);
    ci_config_report(NULL, config);
    set_limits();
    block_signals();
    return daemon;
}

struct ci_ctx *ci_daemon_ctx(struct ci_daemon *daemon)
{
    return &daemon->ctx;
}

void ci_daemon_on_reload(struct ci_daemon *daemon,
                         void (*reloaded)(const struct ci_config *config, void *arg), void *arg)
{
    daemon->reloaded = reloaded;
    daemon->reloaded_arg = arg;
}

void ci_daemon_ready(struct ci_daemon *daemon)
{
    ci_info(NULL, "Started", "program=%s version=%s pid=%d", daemon->program, CI_VERSION, getpid());
    ci_notify("READY=1\nSTATUS=Serving");
}

/* In a context of its own, since reloads may come for years. */
static void reload(struct ci_daemon *daemon)
{
    struct ci_ctx ctx = {.mem = ci_arena_new(), .config = daemon->config};
    struct ci_config *config;

    ci_notify(ci_printf(ctx.mem, "RELOADING=1\nMONOTONIC_USEC=%lld",
                        (long long)(ci_time_monotonic_ns() / 1000)));
    if (!ci_config_reload(&ctx, &daemon->sources, daemon->config, &config)) {
        ci_error_log(NULL, "The configuration stays as it was", "error=%s", ctx.error->message);
    } else {
        adopt(daemon, config);
        if (!ci_log_open(&ctx, config, daemon->program))
            ci_error_log(NULL, "The log stays as it was", "error=%s", ctx.error->message);
        ci_config_report(NULL, config);
        if (daemon->reloaded)
            daemon->reloaded(config, daemon->reloaded_arg);
        ci_info(NULL, "Reloaded", "program=%s", daemon->program);
    }
    ci_notify("READY=1");
    ci_arena_free(ctx.mem);
}

/* A line for the operator: how long, how large, how many files. */
static void tell_state(struct ci_daemon *daemon)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    struct rusage use = {0};
    struct mallinfo2 heap = mallinfo2();

    if (!ci_log_open(&ctx, daemon->config, daemon->program))
        ci_error_log(NULL, "The log stays as it was", "error=%s", ctx.error->message);
    (void)getrusage(RUSAGE_SELF, &use);
    ci_info(
        NULL, "State", "program=%s version=%s up_s=%lld heap_bytes=%zu max_rss_kib=%ld cpu_s=%lld",
        daemon->program, CI_VERSION, (long long)((ci_time_now_us() - daemon->started_us) / 1000000),
        heap.uordblks + heap.hblkhd, use.ru_maxrss,
        (long long)(use.ru_utime.tv_sec + use.ru_stime.tv_sec));
    ci_arena_free(ctx.mem);
}

/* The next signal, sending the watchdog's sign of life while there is none. */
static int next_signal(void)
{
    const sigset_t signals = taken_signals();
    int64_t watchdog_us = ci_notify_watchdog_us();
    struct timespec limit = {watchdog_us / 1000000, watchdog_us % 1000000 * 1000};
    int signal_number;

    for (;;) {
        signal_number =
            watchdog_us > 0 ? sigtimedwait(&signals, NULL, &limit) : sigwaitinfo(&signals, NULL);
        if (signal_number > 0)
            return signal_number;
        if (errno == EAGAIN)
            ci_notify("WATCHDOG=1");
    }
}

/* While the process leaves: SIGINT ends it, and systemd still wants signs of life. */
static void *wait_for_impatience(void *arg)
{
    (void)arg;
    while (next_signal() != SIGINT)
        continue;
    ci_warning(NULL, "Interrupted while leaving");
    _exit(INTERRUPTED);
}

static void watch_leaving(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, wait_for_impatience, NULL) == 0)
        pthread_detach(thread);
}

static enum ci_daemon_leave leave(struct ci_daemon *daemon, const char *signal_name,
                                  enum ci_daemon_leave how)
{
    ci_info(NULL, "Leaving", "program=%s signal=%s", daemon->program, signal_name);
    ci_notify("STOPPING=1\nSTATUS=Leaving");
    watch_leaving();
    return how;
}

enum ci_daemon_leave ci_daemon_wait(struct ci_daemon *daemon)
{
    for (;;) {
        switch (next_signal()) {
        case SIGTERM:
            return leave(daemon, "SIGTERM", CI_DAEMON_GRACEFUL);
        case SIGUSR2:
            return leave(daemon, "SIGUSR2", CI_DAEMON_DRAIN);
        case SIGINT:
            return leave(daemon, "SIGINT", CI_DAEMON_NOW);
        case SIGHUP:
            reload(daemon);
            break;
        case SIGUSR1:
            tell_state(daemon);
            break;
        }
    }
}

int ci_daemon_fail(struct ci_daemon *daemon)
{
    const struct ci_error *error = daemon->ctx.error;

    ci_error_log(NULL, "Cannot start", "program=%s error=%s", daemon->program,
                 error ? error->message : "unknown");
    (void)ci_daemon_end(daemon);
    return FAILED;
}

int ci_daemon_end(struct ci_daemon *daemon)
{
    struct ci_arena *mem = daemon->ctx.mem;

    ci_info(NULL, "Ended", "program=%s", daemon->program);
    ci_log_close();
    ci_config_set_current(NULL);
    ci_arena_free(mem);
    return EXIT_SUCCESS;
}
