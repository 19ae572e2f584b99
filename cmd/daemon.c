/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of a program that serves.
 *
 * The main thread does nothing but wait for signals: handlers could do next to nothing safely,
 * and a thread that waits can read files, take locks and log.
 */
#include "cmd/daemon.h"

#include <errno.h>
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
#include "base/time.h"
#include "cmd/arguments.h"
#include "cmd/notify.h"
#include "cmd/version.h"
#include "objects/releases.h"

enum { FAILED = 1, INTERRUPTED = 130 };

struct ci_daemon {
    struct ci_ctx ctx;
    const char *program;
    struct ci_config_sources sources;
    struct ci_config *config; /* the newest; older ones end with the daemon */
    void (*reloaded)(const struct ci_config *config, void *arg);
    void *reloaded_arg;
    int64_t started_us;
};

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
    const struct ci_command_line line = {
        .program = program,
        .summary = summary,
        .more = "Signals: TERM leave in order, USR2 drain, INT leave at once, HUP reload, USR1 "
                "reopen the log.",
    };
    struct ci_arguments arguments;
    struct ci_arena *mem;
    struct ci_daemon *daemon;
    struct ci_config *config;

    limit_memory();
    mem = ci_arena_new();
    daemon = ci_new(mem, struct ci_daemon);
    daemon->ctx.mem = mem;
    daemon->program = program;
    daemon->started_us = ci_time_now_us();
    ci_arguments_read(mem, &line, argc, argv, &arguments);
    daemon->sources = arguments.sources;
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

/* What a cluster in the middle of an upgrade is asked about first. */
static void tell_release(const struct ci_daemon *daemon, const char *event)
{
    const struct ci_release *release = ci_release_pinned(&daemon->ctx);
    const char *pin = daemon->config->DEFAULT.pin_release_version;

    ci_info(NULL, event, "program=%s release=%s api=1.%d rpc=1.%d pin_release_version=%s",
            daemon->program, ci_release_name(release), ci_release_api_minor(release),
            ci_release_rpc_minor(release), pin && *pin ? pin : "none");
}

void ci_daemon_ready(struct ci_daemon *daemon)
{
    ci_info(NULL, "Started", "program=%s version=%s pid=%d", daemon->program, CI_VERSION, getpid());
    tell_release(daemon, "Speaking");
    ci_notify("READY=1\nSTATUS=Serving");
}

/* In a context of its own, since reloads may come for years. */
static void reload(struct ci_daemon *daemon)
{
    struct ci_ctx ctx = {.mem = ci_arena_new(), .config = daemon->config};
    const struct ci_release *release = ci_release_pinned(&daemon->ctx);
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
        if (ci_release_pinned(&daemon->ctx) != release)
            tell_release(daemon, "Speaking another release");
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

int ci_daemon_limit_s(const struct ci_config *config, enum ci_daemon_leave how)
{
    const int64_t most_s = INT32_MAX / 1000;
    int64_t limit_s = how == CI_DAEMON_DRAIN ? config->DEFAULT.drain_shutdown_timeout
                                             : config->conductor.graceful_shutdown_timeout;

    if (how == CI_DAEMON_NOW)
        return 0;
    return (int)(limit_s < 1 || limit_s > most_s ? most_s : limit_s);
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
