/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/config.h"

/*
 * What every program that serves shares: command line, configuration, log, limits, signals and
 * readiness. A main() is nearly this:
 *
 *     struct ci_daemon *daemon = ci_daemon_start("castiron-api", "what it does", argc, argv);
 *     struct ci_ctx *ctx = ci_daemon_ctx(daemon);
 *
 *     if (!ci_db_open(ctx, …) || !ci_api_start(ctx, …))
 *         return ci_daemon_fail(daemon);
 *     ci_daemon_ready(daemon);
 *     leave = ci_daemon_wait(daemon);
 *     ci_api_stop(api, …);
 *     return ci_daemon_end(daemon);
 *
 * Its command line is that of cmd/arguments.h.
 *
 * Signals, in every program:
 *     SIGTERM  leave in order: finish what is under way, within graceful_shutdown_timeout
 *     SIGUSR2  drain: the same, within drain_shutdown_timeout
 *     SIGINT   leave at once: stop what can be stopped; given again, or while leaving: exit
 *     SIGHUP   read the configuration again (mutable options change) and open the log again
 *     SIGUSR1  open the log again and write a line about the process into it
 *     SIGPIPE  ignored
 *
 * All are blocked in every thread; only ci_daemon_wait() takes them. Whoever starts another
 * program must unblock them in the child.
 *
 * systemd is told what goes on when it asked to be ($NOTIFY_SOCKET): READY, RELOADING, STOPPING,
 * STATUS, and WATCHDOG from ci_daemon_wait() at half the time that $WATCHDOG_USEC names.
 */
struct ci_daemon;

/* Why ci_daemon_wait() came back. */
enum ci_daemon_leave { CI_DAEMON_GRACEFUL, CI_DAEMON_DRAIN, CI_DAEMON_NOW };

/*
 * For how many seconds requests and calls that were taken may be finished then: 0 with
 * CI_DAEMON_NOW, else what the options say, whose 0 is for ever (as good as: what fits as
 * milliseconds into an int).
 */
int ci_daemon_limit_s(const struct ci_config *config, enum ci_daemon_leave how);

/*
 * Before anything else in main(), while there is one thread: reads the command line and the
 * configuration (which becomes ci_config_current()), opens the log, blocks signals, raises the
 * limit of open files to the hard one, forbids core dumps and tracing, and keeps the heap small.
 *
 * Ends the process with 0 after --help and --version, with 2 when the command line is not
 * understood, and with 1 (and the reason on standard error) when the configuration is wrong.
 */
struct ci_daemon *ci_daemon_start(const char *program, const char *summary, int argc, char **argv);

/* The context of start and end, with memory and configuration; the main thread's alone. */
struct ci_ctx *ci_daemon_ctx(struct ci_daemon *daemon);

/* Runs after each reload, in the main thread, with the new configuration. */
void ci_daemon_on_reload(struct ci_daemon *daemon,
                         void (*reloaded)(const struct ci_config *config, void *arg), void *arg);

/* Logs and tells systemd that requests are answered from now on. */
void ci_daemon_ready(struct ci_daemon *daemon);

/*
 * Takes signals until one says to leave, and tells systemd. From then on SIGINT ends the process
 * with 130; all other signals wait for nobody.
 */
enum ci_daemon_leave ci_daemon_wait(struct ci_daemon *daemon);

/* The start failed with ctx->error: logs it, ends the daemon; gives the exit code 1. */
int ci_daemon_fail(struct ci_daemon *daemon);

/*
 * All threads have ended: logs, frees configuration and log; gives the exit code 0. A process
 * that gives up on threads should _exit() instead.
 */
int ci_daemon_end(struct ci_daemon *daemon);
