/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each test runs a program made of cmd/daemon in a child, listens to it on a socket as systemd
 * would, and sends it signals.
 */
#include "cmd/daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/config.h"
#include "base/log.h"
#include "tests/unit/unit.h"

/*
 * A program that may not be traced cannot be looked through by the leak sanitizer either, which
 * asks this before it tries.
 */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}

enum { MESSAGE_MAX = 512, ARGUMENTS_MAX = 16 };

static char folder[64];
static int notified = -1;

/* A folder with a configuration file, an empty home and systemd's socket. */
static struct ci_ctx *start(const char *config)
{
    struct ci_ctx *ctx = unit_ctx();
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = 20};
    FILE *file;

    snprintf(folder, sizeof folder, "/tmp/castiron-daemon-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    file = fopen(ci_printf(ctx->mem, "%s/test.conf", folder), "w");
    fputs(config, file);
    fclose(file);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/notify", folder);
    notified = socket(AF_UNIX, SOCK_DGRAM, 0);
    ck_assert_int_eq(bind(notified, (struct sockaddr *)&address, sizeof address), 0);
    setsockopt(notified, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    setenv("HOME", folder, 1);
    return ctx;
}

static void end(struct ci_ctx *ctx)
{
    close(notified);
    ck_assert_int_eq(system(ci_printf(ctx->mem, "rm -rf '%s'", folder)), 0);
}

/* The next thing that the child tells systemd. */
static const char *told(struct ci_ctx *ctx)
{
    char message[MESSAGE_MAX + 1];
    ssize_t n = recv(notified, message, MESSAGE_MAX, 0);

    ck_assert_msg(n > 0, "nothing was told");
    return ci_strndup(ctx->mem, message, (size_t)n);
}

static void reloaded(const struct ci_config *config, void *arg)
{
    ci_info(NULL, "Hook", "limit=%d %s", (int)config->api.max_limit, (const char *)arg);
}

/* The child: a program that does nothing but wait; its exit code says why it left. */
static _Noreturn void run(const char *const *arguments)
{
    char *argv[ARGUMENTS_MAX] = {strdup("castiron-test")};
    int argc = 1;
    struct ci_daemon *daemon;
    enum ci_daemon_leave leave;

    for (; arguments[argc - 1]; argc++)
        argv[argc] = strdup(arguments[argc - 1]);
    daemon = ci_daemon_start("castiron-test", "Waits.", argc, argv);
    ci_daemon_on_reload(daemon, reloaded, strdup("told"));
    ci_daemon_ready(daemon);
    leave = ci_daemon_wait(daemon);
    if (ci_daemon_ctx(daemon)->config->api.max_limit == 77)
        pause(); /* never comes to an end by itself */
    exit(ci_daemon_end(daemon) + 10 + (int)leave);
}

/* Starts it with test.conf and test.log, and these arguments besides. */
static pid_t spawn(struct ci_ctx *ctx, const char *more)
{
    const char *const arguments[] = {"--config-file",
                                     ci_printf(ctx->mem, "%s/test.conf", folder),
                                     "--log-file",
                                     ci_printf(ctx->mem, "%s/test.log", folder),
                                     more,
                                     NULL};
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        run(arguments);
    return pid;
}

static int exit_code(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static const char *log_text(struct ci_ctx *ctx)
{
    char *text = ci_alloc(ctx->mem, 65536);
    int fd = open(ci_printf(ctx->mem, "%s/test.log", folder), O_RDONLY);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_ge(read(fd, text, 65535), 0);
    close(fd);
    return text;
}

START_TEST(signals_say_how_to_leave)
{
    static const struct {
        int signal, code;
    } cases[] = {{SIGTERM, 10 + CI_DAEMON_GRACEFUL},
                 {SIGUSR2, 10 + CI_DAEMON_DRAIN},
                 {SIGINT, 10 + CI_DAEMON_NOW}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_ctx *ctx = start("");
        pid_t pid = spawn(ctx, NULL);

        ck_assert_str_eq(told(ctx), "READY=1\nSTATUS=Serving");
        kill(pid, SIGPIPE);
        kill(pid, cases[i].signal);
        ck_assert_str_eq(told(ctx), "STOPPING=1\nSTATUS=Leaving");
        ck_assert_int_eq(exit_code(pid), cases[i].code);
        end(ctx);
    }
}
END_TEST

START_TEST(an_interrupt_while_leaving_ends_at_once)
{
    struct ci_ctx *ctx = start("[api]\nmax_limit = 77\n");
    pid_t pid = spawn(ctx, NULL);

    (void)told(ctx);
    kill(pid, SIGTERM);
    ck_assert_str_eq(told(ctx), "STOPPING=1\nSTATUS=Leaving");
    kill(pid, SIGTERM);
    kill(pid, SIGINT);
    ck_assert_int_eq(exit_code(pid), 130);
    ck_assert_ptr_nonnull(strstr(log_text(ctx), "Interrupted while leaving"));
    end(ctx);
}
END_TEST

START_TEST(a_hangup_reads_the_configuration_and_opens_the_log_again)
{
    struct ci_ctx *ctx = start("[api]\nmax_limit = 1\nport = 1\n");
    pid_t pid = spawn(ctx, NULL);
    const char *path = ci_printf(ctx->mem, "%s/test.conf", folder);
    FILE *file;

    (void)told(ctx);
    file = fopen(path, "w");
    fputs("[api]\nmax_limit = 2\nport = 2\n", file);
    fclose(file);
    ck_assert_int_eq(unlink(ci_printf(ctx->mem, "%s/test.log", folder)), 0);
    kill(pid, SIGHUP);
    ck_assert_int_eq(strncmp(told(ctx), "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
    ck_assert_str_eq(told(ctx), "READY=1");
    ck_assert_ptr_nonnull(strstr(log_text(ctx), "Hook: limit=2 told"));
    ck_assert_ptr_nonnull(strstr(log_text(ctx), "[api]max_limit changed from 1 to 2"));
    ck_assert_ptr_nonnull(strstr(log_text(ctx), "[api]port changed, which needs a start: ignored"));
    file = fopen(path, "w");
    fputs("[api]\nmax_limit = x\n", file);
    fclose(file);
    kill(pid, SIGHUP);
    (void)told(ctx);
    ck_assert_str_eq(told(ctx), "READY=1");
    ck_assert_ptr_nonnull(strstr(log_text(ctx), "The configuration stays as it was"));
    ck_assert_ptr_null(strstr(log_text(ctx), "limit=x"));
    kill(pid, SIGTERM);
    ck_assert_int_eq(exit_code(pid), 10);
    end(ctx);
}
END_TEST

START_TEST(usr1_opens_the_log_again_and_tells_the_state)
{
    struct ci_ctx *ctx = start("");
    pid_t pid = spawn(ctx, NULL);

    (void)told(ctx);
    ck_assert_int_eq(unlink(ci_printf(ctx->mem, "%s/test.log", folder)), 0);
    kill(pid, SIGUSR1);
    for (int i = 0; i < 1000 && access(ci_printf(ctx->mem, "%s/test.log", folder), F_OK) != 0; i++)
        usleep(10000);
    kill(pid, SIGTERM);
    ck_assert_int_eq(exit_code(pid), 10);
    ck_assert_ptr_nonnull(strstr(log_text(ctx), "State: program=castiron-test version="));
    end(ctx);
}
END_TEST

START_TEST(the_watchdog_is_fed)
{
    struct ci_ctx *ctx = start("");
    pid_t pid;

    setenv("WATCHDOG_USEC", "40000", 1);
    pid = spawn(ctx, NULL);
    (void)told(ctx);
    ck_assert_str_eq(told(ctx), "WATCHDOG=1");
    ck_assert_str_eq(told(ctx), "WATCHDOG=1");
    kill(pid, SIGTERM);
    ck_assert_int_eq(exit_code(pid), 10);
    end(ctx);
}
END_TEST

START_TEST(exit_codes_tell_what_was_wrong)
{
    static const struct {
        const char *argument;
        int code;
    } cases[] = {{"--help", 0},
                 {"--version", 0},
                 {"--nonsense", 2},
                 {"word", 2},
                 {"--set=api.nothing=1", 1},
                 {"--set=api.port=x", 1},
                 {"--config-file=/nonexistent", 1}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_ctx *ctx = start("");

        ck_assert_msg(exit_code(spawn(ctx, cases[i].argument)) == cases[i].code, "%s",
                      cases[i].argument);
        end(ctx);
    }
}
END_TEST

START_TEST(the_process_is_set_up)
{
    struct ci_ctx *ctx = start("[DEFAULT]\ndebug = false\n");
    char *argv[] = {
        strdup("castiron-test"),           strdup("-d"), strdup("--set"), strdup("api.port=7"),
        strdup("--config-file=/dev/null"), NULL};
    struct ci_daemon *daemon = ci_daemon_start("castiron-test", "Waits.", 5, argv);
    struct rlimit files;
    sigset_t blocked;

    ck_assert(ci_config_current()->DEFAULT.debug);
    ck_assert_int_eq(ci_config_current()->api.port, 7);
    ck_assert_ptr_eq(ci_daemon_ctx(daemon)->config, ci_config_current());
    ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    ck_assert_uint_eq(files.rlim_cur, files.rlim_max);
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    ck_assert(sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGUSR2));
    ck_assert_int_eq(ci_daemon_end(daemon), 0);
    ck_assert_ptr_null(ci_config_current());
    for (int i = 0; i < 5; i++)
        free(argv[i]);
    end(ctx);
}
END_TEST

START_TEST(what_was_taken_may_be_finished_as_long_as_the_options_say)
{
    struct ci_config *config = ci_config_defaults();

    config->conductor.graceful_shutdown_timeout = 60;
    config->DEFAULT.drain_shutdown_timeout = 1800;
    ck_assert_int_eq(ci_daemon_limit_s(config, CI_DAEMON_GRACEFUL), 60);
    ck_assert_int_eq(ci_daemon_limit_s(config, CI_DAEMON_DRAIN), 1800);
    ck_assert_int_eq(ci_daemon_limit_s(config, CI_DAEMON_NOW), 0);
    config->conductor.graceful_shutdown_timeout = 0; /* for ever */
    config->DEFAULT.drain_shutdown_timeout = INT64_MAX;
    ck_assert_int_gt(ci_daemon_limit_s(config, CI_DAEMON_GRACEFUL), 86400);
    ck_assert_int_gt(ci_daemon_limit_s(config, CI_DAEMON_DRAIN), 86400);
    ck_assert_int_eq(ci_daemon_limit_s(config, CI_DAEMON_NOW), 0);
    ci_config_free(config);
}
END_TEST

UNIT_MAIN("cmd/daemon", what_was_taken_may_be_finished_as_long_as_the_options_say,
          signals_say_how_to_leave, an_interrupt_while_leaving_ends_at_once,
          a_hangup_reads_the_configuration_and_opens_the_log_again,
          usr1_opens_the_log_again_and_tells_the_state, the_watchdog_is_fed,
          exit_codes_tell_what_was_wrong, the_process_is_set_up)
