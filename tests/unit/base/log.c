/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/logline.h"
#include "tests/unit/unit.h"

static char path[64];

/* Opens the log into a fresh file, with these options besides. */
static void open_log(struct ci_ctx *ctx, const char *const *more)
{
    const char *overrides[16] = {ci_printf(ctx->mem, "DEFAULT.log_file=%s", path)};
    const char *const none[] = {"/dev/null", NULL};
    struct ci_config_sources sources = {"castiron", none, NULL, overrides};
    struct ci_config *config;

    for (size_t i = 0; more && more[i]; i++)
        overrides[i + 1] = more[i];
    ck_assert_msg(ci_config_load(ctx, &sources, &config), "%s", ctx->error->message);
    ck_assert(ci_log_open(ctx, config, "castiron"));
    ci_config_free(config);
}

static struct ci_ctx *start(const char *const *more)
{
    struct ci_ctx *ctx = unit_ctx();

    snprintf(path, sizeof path, "/tmp/castiron-log-XXXXXX");
    close(mkstemp(path));
    open_log(ctx, more);
    return ctx;
}

/* What the log has; the file is gone after it. */
static char *finish(struct ci_ctx *ctx)
{
    char *text = ci_alloc(ctx->mem, 1 << 20);
    int fd;

    ci_log_close();
    fd = open(path, O_RDONLY);
    ck_assert_int_ge(read(fd, text, (1 << 20) - 1), 0);
    close(fd);
    unlink(path);
    return text;
}

static void check_line(const char *line, const char *pattern)
{
    regex_t regex;

    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    ck_assert_msg(regexec(&regex, line, 0, NULL, 0) == 0, "%s\ndoes not match\n%s", line, pattern);
    regfree(&regex);
}

#define STAMP "^20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} [0-9]+ "

START_TEST(lines_have_oslo_logs_format)
{
    struct ci_ctx *ctx = start(NULL);

    ci_info(NULL, "Node deployed", "node=%s n=%d", "n1", 7);
    check_line(finish(ctx),
               STAMP "INFO castiron\\.tests\\.unit\\.base\\.log \\[-\\] Node deployed: "
                     "node=n1 n=7\n$");
}
END_TEST

START_TEST(a_context_is_shown)
{
    struct ci_ctx *ctx = start(NULL);

    ctx->request_id = "req-1";
    ctx->who.user_id = "u";
    ctx->who.project_id = "p";
    ci_warning(ctx, "Words alone");
    check_line(finish(ctx), STAMP "WARNING castiron\\.tests\\.unit\\.base\\.log "
                                  "\\[- req-1 u p - - - -\\] Words alone\n$");
}
END_TEST

START_TEST(an_event_is_one_line)
{
    struct ci_ctx *ctx = start(NULL);
    const char *text;

    ci_error_log(NULL, "Bad\nthing", "value=%s", "a\nb\r\x1b[0m\xff\xc3\xa9");
    text = finish(ctx);
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
    ck_assert_ptr_nonnull(strstr(text, "Bad\\nthing: value=a\\nb\\r\\x1b[0m\\xff\xc3\xa9\n"));
}
END_TEST

START_TEST(debug_lines_come_only_when_asked_for)
{
    static const char *const debug[] = {"DEFAULT.debug=true", NULL};
    struct ci_ctx *ctx = start(NULL);

    ck_assert(!ci_log_enabled(CI_LOG_DEBUG));
    ci_debug(NULL, "Hidden");
    ck_assert_str_eq(finish(ctx), "");
    ctx = start(debug);
    ck_assert(ci_log_enabled(CI_LOG_DEBUG));
    ci_debug(NULL, "Seen", "x=1");
    check_line(finish(ctx),
               STAMP "DEBUG .* \\[-\\] Seen: x=1 [a-z_]+ tests/unit/base/log\\.c:[0-9]+\n$");
}
END_TEST

START_TEST(formats_are_the_operators)
{
    static const char *const more[] = {"DEFAULT.logging_default_format_string=%(levelname)-8s|%("
                                       "process)09d|%(threadName)s|%(message)s|"
                                       "100%%|%(nonsense|%",
                                       "DEFAULT.log_date_format=%Y", NULL};
    struct ci_ctx *ctx = start(more);

    ci_info(NULL, "Words");
    check_line(finish(ctx), "^INFO    \\|[0-9]{9}\\|-\\|Words\\|100%\\|%\\(nonsense\\|%\n$");
}
END_TEST

START_TEST(json_lines_are_json)
{
    static const char *const more[] = {"DEFAULT.use_json=true", NULL};
    struct ci_ctx *ctx = start(more);
    json_t *line;

    ctx->request_id = "req-\"1\"";
    ci_info(ctx, "Words", "a=%s", "\"\\\n");
    line = json_loads(finish(ctx), 0, NULL);
    ck_assert_ptr_nonnull(line);
    ck_assert_str_eq(json_string_value(json_object_get(line, "message")), "Words: a=\"\\\\n");
    ck_assert_str_eq(json_string_value(json_object_get(line, "levelname")), "INFO");
    ck_assert_str_eq(json_string_value(json_object_get(line, "pathname")), "tests/unit/base/log.c");
    ck_assert_str_eq(
        json_string_value(json_object_get(json_object_get(line, "context"), "request_id")),
        "req-\"1\"");
    json_decref(line);
}
END_TEST

START_TEST(opening_again_follows_a_rotation)
{
    struct ci_ctx *ctx = start(NULL);
    char moved[80];
    const char *text;

    snprintf(moved, sizeof moved, "%s.1", path);
    ci_info(NULL, "Before");
    ck_assert_int_eq(rename(path, moved), 0);
    ci_info(NULL, "Still there");
    open_log(ctx, NULL);
    ci_info(NULL, "After");
    text = finish(ctx);
    ck_assert_ptr_null(strstr(text, "Still there"));
    ck_assert_ptr_nonnull(strstr(text, "After"));
    unlink(moved);
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_leaves_the_log_as_it_was)
{
    struct ci_ctx *ctx = start(NULL);
    struct ci_config *config = ci_config_defaults();

    config->DEFAULT.log_file = "/nonexistent/log";
    ck_assert(!ci_log_open(ctx, config, "castiron"));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "/nonexistent/log"));
    ci_config_free(config);
    ci_info(NULL, "Here");
    ck_assert_ptr_nonnull(strstr(finish(ctx), "Here"));
}
END_TEST

START_TEST(log_dir_holds_the_programs_file)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_config *config = ci_config_defaults();
    char folder[] = "/tmp/castiron-log-XXXXXX";

    ck_assert_ptr_nonnull(mkdtemp(folder));
    config->DEFAULT.log_dir = folder;
    ck_assert(ci_log_open(ctx, config, "castiron-api"));
    snprintf(path, sizeof path, "%s/castiron-api.log", folder);
    ci_info(NULL, "Here");
    ck_assert_ptr_nonnull(strstr(finish(ctx), "Here"));
    ci_config_free(config);
    rmdir(folder);
}
END_TEST

static void *write_lines(void *arg)
{
    for (int i = 0; i < 500; i++)
        ci_info(NULL, "Line", "thread=%d %0100d end", *(const int *)arg, i);
    return NULL;
}

START_TEST(lines_of_threads_do_not_mix)
{
    struct ci_ctx *ctx = start(NULL);
    pthread_t threads[4];
    int numbers[4] = {0, 1, 2, 3}, lines = 0;
    char *text, *line, *rest;

    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, write_lines, &numbers[i]);
    for (int i = 0; i < 20; i++)
        open_log(ctx, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    text = finish(ctx);
    for (line = text; *line; line = rest + 1, lines++) {
        rest = strchr(line, '\n');
        ck_assert_ptr_nonnull(rest);
        *rest = '\0';
        check_line(line, STAMP "INFO castiron[^ ]+ \\[-\\] Line: thread=[0-3] [0-9]{100} end$");
    }
    ck_assert_int_eq(lines, 2000);
}
END_TEST

UNIT_MAIN("base/log", lines_have_oslo_logs_format, a_context_is_shown, an_event_is_one_line,
          debug_lines_come_only_when_asked_for, formats_are_the_operators, json_lines_are_json,
          opening_again_follows_a_rotation, a_file_that_cannot_be_opened_leaves_the_log_as_it_was,
          log_dir_holds_the_programs_file, lines_of_threads_do_not_mix)
