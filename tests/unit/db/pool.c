/* SPDX-License-Identifier: Apache-2.0 */
/* The pool, on SQLite; tests/unit/db/pg.c loses servers and gives connections up. */
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/db/database.h"

static char folder[64];

static void open_pool(struct ci_ctx *ctx, struct ci_db_options options)
{
    options.url = ci_printf(ctx->mem, "sqlite:///%s/db.sqlite", folder);
    must(ctx, ci_db_open(ctx, &options, &ctx->db));
}

static int64_t temporary_tables(struct ci_ctx *ctx)
{
    struct ci_rows *rows;

    must(ctx, ci_db_query(ctx, "SELECT count(*) FROM sqlite_temp_master", 0, NULL, &rows));
    return ci_row_int(rows, 0, 0, -1);
}

START_TEST(nothing_is_opened_before_it_is_needed)
{
    struct ci_ctx *ctx = unit_ctx();
    struct stat found;
    const char *path = ci_printf(ctx->mem, "%s/new.sqlite", folder);
    const struct ci_db_options options = {.url = ci_printf(ctx->mem, "sqlite:///%s", path),
                                          .max_connections = 2};

    must(ctx, ci_db_open(ctx, &options, &ctx->db));
    ck_assert_int_ne(stat(path, &found), 0);
    must(ctx, ci_db_ping(ctx));
    ck_assert_int_eq(stat(path, &found), 0);
    db_close(ctx);
}
END_TEST

START_TEST(who_finds_no_connection_is_told_after_a_while)
{
    struct ci_ctx *ctx = unit_ctx(), other;
    int64_t started_ns;

    open_pool(ctx, (struct ci_db_options){.max_connections = 1, .wait_s = 1});
    other = (struct ci_ctx){.mem = ci_arena_new(), .db = ctx->db};
    must(ctx, ci_db_begin(ctx));
    started_ns = ci_time_monotonic_ns();
    must_fail(&other, DatabaseUnavailable, ci_db_ping(&other));
    ck_assert_int_ge(ci_time_monotonic_ns() - started_ns, 900 * 1000000);
    ci_db_rollback(ctx);
    must(&other, ci_db_ping(&other));
    ci_arena_free(other.mem);
    db_close(ctx);
}
END_TEST

static void *wait_and_ping(void *arg)
{
    struct ci_ctx *ctx = arg;

    return ci_db_ping(ctx) ? ctx : NULL;
}

START_TEST(who_waits_gets_the_next_connection)
{
    struct ci_ctx *ctx = unit_ctx(), other;
    pthread_t thread;
    void *answer;

    open_pool(ctx, (struct ci_db_options){.max_connections = 1});
    other = (struct ci_ctx){.mem = ci_arena_new(), .db = ctx->db};
    must(ctx, ci_db_begin(ctx));
    ck_assert_int_eq(pthread_create(&thread, NULL, wait_and_ping, &other), 0);
    usleep(50000);
    must(ctx, ci_db_commit(ctx));
    pthread_join(thread, &answer);
    ck_assert_ptr_eq(answer, &other);
    ci_arena_free(other.mem);
    db_close(ctx);
}
END_TEST

START_TEST(the_connection_returned_last_is_lent_first)
{
    struct ci_ctx *ctx = unit_ctx(), other;

    open_pool(ctx, (struct ci_db_options){.max_connections = 2});
    other = (struct ci_ctx){.mem = ci_arena_new(), .db = ctx->db};
    must(ctx, ci_db_begin(ctx));
    must(&other, ci_db_ping(&other));
    must(ctx, ci_db_run(ctx, "CREATE TEMPORARY TABLE mark (a INTEGER)", 0, NULL, NULL));
    ck_assert_int_eq(temporary_tables(&other), 0);
    must(ctx, ci_db_commit(ctx));
    ck_assert_int_eq(temporary_tables(&other), 1);
    ck_assert_int_eq(temporary_tables(&other), 1);
    ci_arena_free(other.mem);
    db_close(ctx);
}
END_TEST

START_TEST(an_old_connection_is_replaced)
{
    struct ci_ctx *ctx = unit_ctx();

    open_pool(ctx, (struct ci_db_options){.max_connections = 1, .recycle_s = 1});
    must(ctx, ci_db_run(ctx, "CREATE TEMPORARY TABLE mark (a INTEGER)", 0, NULL, NULL));
    ck_assert_int_eq(temporary_tables(ctx), 1);
    usleep(1100000);
    ck_assert_int_eq(temporary_tables(ctx), 1); /* and closed when it is given back */
    ck_assert_int_eq(temporary_tables(ctx), 0);
    db_close(ctx);
}
END_TEST

START_TEST(the_reason_of_a_failed_connection_is_kept)
{
    struct ci_ctx *ctx = unit_ctx();

    db_open(ctx, "sqlite:////no/such/folder/x.sqlite", 1);
    ck_assert_ptr_null(ci_db_trouble(ctx->mem, ctx->db));
    must_fail(ctx, DatabaseUnavailable, ci_db_ping(ctx));
    ck_assert_str_eq(ci_db_trouble(ctx->mem, ctx->db),
                     "/no/such/folder/x.sqlite: unable to open database file");
    db_close(ctx);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        nothing_is_opened_before_it_is_needed, who_finds_no_connection_is_told_after_a_while,
        who_waits_gets_the_next_connection,    the_connection_returned_last_is_lent_first,
        an_old_connection_is_replaced,         the_reason_of_a_failed_connection_is_kept,
    };
    char command[128];
    int result;

    snprintf(folder, sizeof folder, "/tmp/castiron-pool-XXXXXX");
    if (!mkdtemp(folder))
        return EXIT_FAILURE;
    result = unit_run("db/pool", tests, sizeof tests / sizeof tests[0]);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? result : EXIT_FAILURE;
}
