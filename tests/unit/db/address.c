/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of [database]connection. */
#include <string.h>

#include "base/text.h"
#include "db/engine.h"
#include "tests/unit/unit.h"

struct good {
    const char *url, *scheme, *user, *password, *host, *port, *name, *key, *value;
};

static const struct good good[] = {
    {"sqlite://", "sqlite"},
    {"sqlite:///", "sqlite"},
    {"sqlite:///:memory:", "sqlite"},
    {"sqlite:///ironic.sqlite", "sqlite", .name = "ironic.sqlite"},
    {"sqlite:////var/lib/ironic.sqlite", "sqlite", .name = "/var/lib/ironic.sqlite"},
    {"sqlite+pysqlite:////a%20b", "sqlite", .name = "/a b"},
    {"sqlite:////a?timeout=30", "sqlite", .name = "/a", .key = "timeout", .value = "30"},
    {"postgresql://", "postgresql"},
    {"postgresql://h", "postgresql", .host = "h"},
    {"postgresql+psycopg2://u:p@h:5432/ironic", "postgresql", "u", "p", "h", "5432", "ironic"},
    {"postgresql://u@h/ironic", "postgresql", "u", NULL, "h", NULL, "ironic"},
    {"postgresql://u@h:5432/ironic", "postgresql", "u", NULL, "h", "5432", "ironic"},
    {"postgresql://h:5432/ironic", "postgresql", NULL, NULL, "h", "5432", "ironic"},
    {"postgresql://u:@h/ironic", "postgresql", "u", NULL, "h", NULL, "ironic"},
    {"postgresql://u%40x:p%2F%40%3a@h/i", "postgresql", "u@x", "p/@:", "h", NULL, "i"},
    {"postgresql://u:a/b?c@h/i", "postgresql", "u", "a/b?c", "h", NULL, "i"},
    {"postgresql://u:100%@h/i", "postgresql", "u", "100%", "h", NULL, "i"},
    {"postgresql://u:p@[::1]:5433/i", "postgresql", "u", "p", "::1", "5433", "i"},
    {"postgresql://u:p@[::1]/i", "postgresql", "u", "p", "::1", NULL, "i"},
    {"postgresql://u@/i?host=/run/pg", "postgresql", "u", NULL, NULL, NULL, "i", "host", "/run/pg"},
    {"postgresql://h/i?sslmode=verify-full&x=%2f", "postgresql", NULL, NULL, "h", NULL, "i",
     "sslmode", "verify-full"},
    {"postgresql://h/i?sslmode=&x=1", "postgresql", NULL, NULL, "h", NULL, "i", "x", "1"},
    {"postgresql://h/i?sslmode=", "postgresql", NULL, NULL, "h", NULL, "i"},
    {"mysql+pymysql://u:p@h/i?charset=utf8", "mysql", "u", "p", "h", NULL, "i", "charset", "utf8"},
};

static void same(const struct good *g, const char *what, const char *want, const char *got)
{
    ck_assert_msg(ci_same(want, got), "%s: %s is %s, not %s", g->url, what, got ? got : "NULL",
                  want ? want : "NULL");
}

START_TEST(urls_are_taken_apart)
{
    struct ci_ctx *ctx = unit_ctx();

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const struct good *g = &good[i];
        struct ci_db_address a;

        ck_assert_msg(ci_db_address_parse(ctx, ctx->mem, g->url, &a), "%s: %s", g->url,
                      ctx->error ? ctx->error->message : "");
        same(g, "scheme", g->scheme, a.scheme);
        same(g, "user", g->user, a.user);
        same(g, "password", g->password, a.password);
        same(g, "host", g->host, a.host);
        same(g, "port", g->port, a.port);
        same(g, "name", g->name, a.name);
        same(g, "key", g->key, a.keys[0]);
        same(g, "value", g->value, a.values[0]);
    }
}
END_TEST

static const char *const bad[] = {
    NULL,
    "",
    "ironic.sqlite",
    "://",
    "sqlite://relative",
    "postgresql://u:secret@h:port/i",
    "postgresql://u:secret@[::1/i",
    "postgresql://u:secret@h/i?novalue",
    "postgresql://u:secret@h/i?=x",
    "postgresql://u:secret@h/i?"
    "a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&"
    "a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1&a=1",
};

START_TEST(bad_urls_are_refused_without_showing_the_password)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_db_address a;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!ci_db_address_parse(ctx, ctx->mem, bad[i], &a), "%s", bad[i]);
        ck_assert_int_eq(ctx->error->class, CI_ERR_ConfigInvalid);
        ck_assert_ptr_nonnull(strstr(ctx->error->message, "[database]connection"));
        ck_assert_ptr_null(strstr(ctx->error->message, "secret"));
        ci_error_clear(ctx);
    }
}
END_TEST

START_TEST(databases_without_an_engine_are_refused_by_name)
{
    static const struct {
        const char *url, *word;
    } cases[] = {
        {"mysql+pymysql://u:secret@h/ironic", "mysql"},
        {"mariadb://u:secret@h/ironic", "mariadb"},
        {"oracle://u:secret@h/ironic", "oracle"},
        {"postgresql://u:secret@h/ironic?no_such_thing=1", "no_such_thing"},
    };
    struct ci_ctx *ctx = unit_ctx();
    struct ci_db *db;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct ci_db_options options = {.url = cases[i].url, .max_connections = 1};

        ck_assert_msg(!ci_db_open(ctx, &options, &db), "%s", cases[i].url);
        ck_assert_int_eq(ctx->error->class, CI_ERR_ConfigInvalid);
        ck_assert_ptr_nonnull(strstr(ctx->error->message, cases[i].word));
        ck_assert_ptr_null(strstr(ctx->error->message, "secret"));
        ci_error_clear(ctx);
    }
}
END_TEST

UNIT_MAIN("db/address", urls_are_taken_apart, bad_urls_are_refused_without_showing_the_password,
          databases_without_an_engine_are_refused_by_name)
