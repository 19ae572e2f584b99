/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What must hold on every engine. A file that includes this gives DB_URL, a URL of a database
 * it may use, and lists STATEMENT_TESTS among its tests.
 */
#include <pthread.h>
#include <stdio.h>

#include "tests/unit/db/database.h"

START_TEST(values_come_back_as_they_went)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_rows *rows;
    const char *text = "it's \"quoted\" $1 \xc3\xa9 \\n ; -- \n end";

    db_open(ctx, DB_URL, 2);
    things_new(ctx);
    must(ctx, ci_db_run(ctx, "INSERT INTO things (name, n, live, at) VALUES ($1, $2, $3, $4)",
                        VALUES(text, "-42", "1", "2026-11-23 06:18:00.123456"), NULL));
    must(ctx, ci_db_run(ctx, "INSERT INTO things (name, n, live, at) VALUES ($1, $2, $3, $4)",
                        VALUES("", NULL, "0", NULL), NULL));
    must(ctx, ci_db_query(ctx, "SELECT name, n, live, at FROM things ORDER BY id", 0, NULL, &rows));
    ck_assert_uint_eq(rows->count, 2);
    ck_assert_uint_eq(rows->columns, 4);
    ck_assert_str_eq(ci_row_text(rows, 0, 0), text);
    ck_assert_int_eq(ci_row_int(rows, 0, 1, 7), -42);
    ck_assert_int_eq(ci_row_bool(rows, 0, 2, -1), 1);
    ck_assert_str_eq(ci_row_text(rows, 0, 3), "2026-11-23 06:18:00.123456");
    ck_assert_str_eq(ci_row_text(rows, 1, 0), "");
    ck_assert_ptr_null(ci_row_text(rows, 1, 1));
    ck_assert_int_eq(ci_row_int(rows, 1, 1, 7), 7);
    ck_assert_int_eq(ci_row_bool(rows, 1, 2, -1), 0);
    ck_assert_ptr_null(ci_row_text(rows, 1, 3));
    ck_assert_int_eq(ci_row_bool(rows, 1, 3, -1), -1);
    db_close(ctx);
}
END_TEST

START_TEST(placeholders_may_repeat_and_come_in_any_order)
{
    struct ci_ctx *ctx = unit_ctx();
    const char *sql = "SELECT name FROM things WHERE n = $2 AND (name = $3 OR name = $1) "
                      "AND name <> $4 AND n = $2 ORDER BY name LIMIT $5";
    struct ci_rows *rows;

    db_open(ctx, DB_URL, 2);
    things_new(ctx);
    thing_add(ctx, "a", "1");
    thing_add(ctx, "b", "1");
    thing_add(ctx, "c", "1");
    thing_add(ctx, "d", "2");
    must(ctx, ci_db_query(ctx, sql, VALUES("b", "1", "a", "c", "10"), &rows));
    ck_assert_uint_eq(rows->count, 2);
    ck_assert_str_eq(ci_row_text(rows, 0, 0), "a");
    ck_assert_str_eq(ci_row_text(rows, 1, 0), "b");
    must(ctx, ci_db_query(ctx, sql, VALUES("d", "2", "c", "x", "10"), &rows));
    ck_assert_uint_eq(rows->count, 1);
    ck_assert_str_eq(ci_row_text(rows, 0, 0), "d");
    must(ctx, ci_db_query(ctx, sql, VALUES("b", "1", "a", "c", "1"), &rows));
    ck_assert_uint_eq(rows->count, 1);
    db_close(ctx);
}
END_TEST

START_TEST(a_statement_is_known_by_its_text_not_its_place)
{
    struct ci_ctx *ctx = unit_ctx();
    char sql[64];
    struct ci_rows *rows;

    db_open(ctx, DB_URL, 1);
    for (int i = 0; i < 600; i++) {
        snprintf(sql, sizeof sql, "SELECT %d", i % 400);
        must(ctx, ci_db_query(ctx, sql, 0, NULL, &rows));
        ck_assert_int_eq(ci_row_int(rows, 0, 0, -1), i % 400);
    }
    db_close(ctx);
}
END_TEST

START_TEST(changes_are_counted)
{
    struct ci_ctx *ctx = unit_ctx();
    int64_t changed = -1;

    db_open(ctx, DB_URL, 2);
    things_new(ctx);
    thing_add(ctx, "a", "1");
    thing_add(ctx, "b", "1");
    must(ctx, ci_db_run(ctx, "UPDATE things SET n = n + 1 WHERE n = $1", VALUES("1"), &changed));
    ck_assert_int_eq(changed, 2);
    must(ctx, ci_db_run(ctx, "UPDATE things SET n = 0 WHERE n = $1", VALUES("1"), &changed));
    ck_assert_int_eq(changed, 0);
    must(ctx, ci_db_run(ctx, "DELETE FROM things WHERE name = $1", VALUES("a"), &changed));
    ck_assert_int_eq(changed, 1);
    db_close(ctx);
}
END_TEST

START_TEST(an_insert_tells_its_key)
{
    struct ci_ctx *ctx = unit_ctx();
    int64_t first, second;

    db_open(ctx, DB_URL, 2);
    things_new(ctx);
    must(ctx,
         ci_db_insert(ctx, "INSERT INTO things (name) VALUES ($1)", VALUES("a"), "id", &first));
    must(ctx,
         ci_db_insert(ctx, "INSERT INTO things (name) VALUES ($1)", VALUES("b"), "id", &second));
    ck_assert_int_gt(first, 0);
    ck_assert_int_eq(second, first + 1);
    db_close(ctx);
}
END_TEST

START_TEST(a_violation_names_table_and_column)
{
    struct ci_ctx *ctx = unit_ctx();

    db_open(ctx, DB_URL, 2);
    things_new(ctx);
    thing_add(ctx, "a", "1");
    ck_assert(!ci_db_run(ctx, "INSERT INTO things (name) VALUES ($1)", VALUES("a"), NULL));
    ck_assert_msg(ci_db_violated(ctx, "things", "name"), "%s", why(ctx));
    ck_assert(!ci_db_violated(ctx, "things", "n"));
    ck_assert(!ci_db_violated(ctx, "things", "nam"));
    ck_assert(!ci_db_violated(ctx, "thing", "name"));
    ck_assert(!ci_db_violated(ctx, "hings", "name"));
    ck_assert_int_eq(ctx->error->status, 409);
    ci_error_clear(ctx);
    ck_assert(!ci_db_violated(ctx, "things", "name"));
    db_close(ctx);
}
END_TEST

START_TEST(a_violation_names_each_of_several_columns)
{
    struct ci_ctx *ctx = unit_ctx();

    db_open(ctx, DB_URL, 2);
    must(ctx, ci_db_script(ctx, "DROP TABLE IF EXISTS pairs; CREATE TABLE pairs (a INTEGER NOT "
                                "NULL, b VARCHAR(9) NOT NULL, PRIMARY KEY (a, b))"));
    must(ctx, ci_db_run(ctx, "INSERT INTO pairs (a, b) VALUES ($1, $2)", VALUES("1", "x"), NULL));
    ck_assert(!ci_db_run(ctx, "INSERT INTO pairs (a, b) VALUES ($1, $2)", VALUES("1", "x"), NULL));
    ck_assert_msg(ci_db_violated(ctx, "pairs", "a"), "%s", why(ctx));
    ck_assert(ci_db_violated(ctx, "pairs", "b"));
    ci_error_clear(ctx);
    db_close(ctx);
}
END_TEST

START_TEST(a_refused_statement_harms_nothing)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_rows *rows;

    db_open(ctx, DB_URL, 1);
    must_fail(ctx, DatabaseError, ci_db_query(ctx, "SELECT nothing FROM nowhere", 0, NULL, &rows));
    must_fail(ctx, DatabaseError, ci_db_query(ctx, "SELEC", 0, NULL, &rows));
    must(ctx, ci_db_ping(ctx));
    db_close(ctx);
}
END_TEST

START_TEST(a_commit_keeps_and_a_rollback_forgets)
{
    struct ci_ctx *ctx = unit_ctx();

    db_open(ctx, DB_URL, 2);
    things_new(ctx);
    must(ctx, ci_db_begin(ctx));
    thing_add(ctx, "a", "1");
    must(ctx, ci_db_commit(ctx));
    ck_assert_ptr_null(ctx->tx);
    must(ctx, ci_db_begin(ctx));
    thing_add(ctx, "b", "1");
    ck_assert_int_eq(count_things(ctx), 2);
    ci_db_rollback(ctx);
    ck_assert_int_eq(count_things(ctx), 1);
    ci_db_rollback(ctx);
    must_fail(ctx, DatabaseError, ci_db_commit(ctx));
    db_close(ctx);
}
END_TEST

START_TEST(the_end_of_the_arena_rolls_back)
{
    struct ci_ctx *ctx = unit_ctx();

    db_open(ctx, DB_URL, 1);
    things_new(ctx);
    must(ctx, ci_db_begin(ctx));
    thing_add(ctx, "a", "1");
    ci_arena_reset(ctx->mem);
    ctx->tx = NULL;
    ck_assert_int_eq(count_things(ctx), 0);
    db_close(ctx);
}
END_TEST

START_TEST(only_the_outermost_commit_commits)
{
    struct ci_ctx *ctx = unit_ctx();

    db_open(ctx, DB_URL, 2);
    things_new(ctx);
    must(ctx, ci_db_begin(ctx));
    must(ctx, ci_db_begin(ctx));
    thing_add(ctx, "a", "1");
    must(ctx, ci_db_commit(ctx));
    ck_assert_ptr_nonnull(ctx->tx);
    ci_db_rollback(ctx);
    ck_assert_int_eq(count_things(ctx), 0);
    must(ctx, ci_db_begin(ctx));
    must(ctx, ci_db_begin(ctx));
    thing_add(ctx, "b", "1");
    must(ctx, ci_db_commit(ctx));
    must(ctx, ci_db_commit(ctx));
    ck_assert_int_eq(count_things(ctx), 1);
    db_close(ctx);
}
END_TEST

START_TEST(a_failed_transaction_takes_nothing_more)
{
    struct ci_ctx *ctx = unit_ctx();

    db_open(ctx, DB_URL, 1);
    things_new(ctx);
    must(ctx, ci_db_begin(ctx));
    thing_add(ctx, "a", "1");
    must_fail(ctx, UniqueViolation,
              ci_db_run(ctx, "INSERT INTO things (name) VALUES ($1)", VALUES("a"), NULL));
    must_fail(ctx, DatabaseError,
              ci_db_run(ctx, "INSERT INTO things (name) VALUES ($1)", VALUES("b"), NULL));
    must_fail(ctx, DatabaseError, ci_db_commit(ctx));
    ck_assert_ptr_null(ctx->tx);
    ck_assert_int_eq(count_things(ctx), 0);
    db_close(ctx);
}
END_TEST

struct seen {
    size_t rows, chunks, longest, stop_after;
    int64_t sum;
};

static inline bool see(struct ci_ctx *ctx, const struct ci_rows *rows, void *arg)
{
    struct seen *seen = arg;

    seen->chunks++;
    seen->rows += rows->count;
    seen->longest = rows->count > seen->longest ? rows->count : seen->longest;
    for (size_t i = 0; i < rows->count; i++)
        seen->sum += ci_row_int(rows, i, 1, 0);
    if (seen->stop_after && seen->chunks == seen->stop_after)
        return ci_fail(ctx, Conflict);
    return true;
}

/* Engines may take a statement with a limit another way. */
static inline void limited_results(struct ci_ctx *ctx)
{
    struct seen seen = {0}, some = {.stop_after = 1};
    const char *sql = "SELECT name, n FROM things WHERE n >= $1 ORDER BY n LIMIT $2";

    must(ctx, ci_db_query_chunks(ctx, sql, VALUES("1", "24"), 10, see, &seen));
    ck_assert_uint_eq(seen.rows, 24);
    ck_assert_uint_eq(seen.chunks, 3);
    ck_assert_int_eq(seen.sum, 24 * 25 / 2);
    must_fail(ctx, Conflict, ci_db_query_chunks(ctx, sql, VALUES("1", "24"), 10, see, &some));
    ck_assert_uint_eq(some.rows, 10);
}

START_TEST(long_results_come_in_chunks)
{
    struct ci_ctx *ctx = unit_ctx();
    struct seen seen = {0}, some = {.stop_after = 2}, none = {0};
    const char *sql = "SELECT name, n FROM things WHERE n >= $1 ORDER BY n";

    db_open(ctx, DB_URL, 1);
    things_new(ctx);
    must(ctx, ci_db_begin(ctx));
    for (int i = 1; i <= 25; i++)
        thing_add(ctx, ci_printf(ctx->mem, "t%d", i), ci_printf(ctx->mem, "%d", i));
    must(ctx, ci_db_commit(ctx));
    must(ctx, ci_db_query_chunks(ctx, sql, VALUES("1"), 10, see, &seen));
    ck_assert_uint_eq(seen.rows, 25);
    ck_assert_uint_eq(seen.chunks, 3);
    ck_assert_uint_eq(seen.longest, 10);
    ck_assert_int_eq(seen.sum, 25 * 26 / 2);
    must_fail(ctx, Conflict, ci_db_query_chunks(ctx, sql, VALUES("1"), 10, see, &some));
    ck_assert_uint_eq(some.rows, 20);
    limited_results(ctx);
    must(ctx, ci_db_query_chunks(ctx, sql, VALUES("99"), 10, see, &none));
    ck_assert_uint_eq(none.rows, 0);
    must_fail(ctx, DatabaseError,
              ci_db_query_chunks(ctx, "SELECT x FROM things", 0, NULL, 10, see, &none));
    ck_assert_int_eq(count_things(ctx), 25);
    db_close(ctx);
}
END_TEST

START_TEST(with_a_deadline_only_reads_on_idle_connections_run)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_rows *rows;

    db_open(ctx, DB_URL, 2);
    ctx->deadline_ns = ci_time_monotonic_ns() + 1000000000;
    must_fail(ctx, MustWait, ci_db_query(ctx, "SELECT 1", 0, NULL, &rows));
    ctx->deadline_ns = 0;
    things_new(ctx);
    ctx->deadline_ns = ci_time_monotonic_ns() + 1000000000;
    must(ctx, ci_db_query(ctx, "SELECT 1", 0, NULL, &rows));
    must_fail(ctx, MustWait, ci_db_run(ctx, "DELETE FROM things", 0, NULL, NULL));
    must_fail(ctx, MustWait, ci_db_begin(ctx));
    must_fail(ctx, MustWait, ci_db_script(ctx, "SELECT 1"));
    ctx->deadline_ns = 0;
    must(ctx, ci_db_begin(ctx));
    ctx->deadline_ns = 1;
    thing_add(ctx, "in a transaction there is no deadline", "1");
    must(ctx, ci_db_commit(ctx));
    db_close(ctx);
}
END_TEST

enum { THREADS = 32, WRITES = 20 };

struct writer {
    struct ci_db *db;
    int number;
    char trouble[256];
};

/* Half of the writes are single statements, half transactions; reads between them. */
static inline void *write_things(void *arg)
{
    struct writer *w = arg;
    struct ci_ctx ctx = {.mem = ci_arena_new(), .db = w->db};
    bool fine = true;

    for (int i = 0; fine && i < WRITES; i++) {
        const char *name = ci_printf(ctx.mem, "%d-%d", w->number, i);
        struct ci_rows *rows;

        if (i % 2)
            fine = ci_db_run(&ctx, "INSERT INTO things (name, n) VALUES ($1, $2)",
                             VALUES(name, "1"), NULL);
        else
            fine = ci_db_begin(&ctx) &&
                   ci_db_run(&ctx, "UPDATE things SET n = n + 1 WHERE name = $1", VALUES("sum"),
                             NULL) &&
                   ci_db_run(&ctx, "INSERT INTO things (name, n) VALUES ($1, $2)",
                             VALUES(name, "1"), NULL) &&
                   ci_db_commit(&ctx);
        fine = fine &&
               ci_db_query(&ctx, "SELECT n FROM things WHERE name = $1", VALUES(name), &rows) &&
               rows->count == 1;
    }
    snprintf(w->trouble, sizeof w->trouble, "%s", fine ? "" : why(&ctx));
    ci_arena_free(ctx.mem);
    return NULL;
}

START_TEST(many_threads_write_without_an_error)
{
    struct ci_ctx *ctx = unit_ctx();
    pthread_t threads[THREADS];
    struct writer writers[THREADS];
    struct ci_rows *rows;

    db_open(ctx, DB_URL, 8);
    things_new(ctx);
    thing_add(ctx, "sum", "0");
    for (int i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){.db = ctx->db, .number = i};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_things, &writers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_str_eq(writers[i].trouble, "");
    }
    ck_assert_int_eq(count_things(ctx), 1 + THREADS * WRITES);
    must(ctx, ci_db_query(ctx, "SELECT n FROM things WHERE name = $1", VALUES("sum"), &rows));
    ck_assert_int_eq(ci_row_int(rows, 0, 0, -1), THREADS * WRITES / 2);
    db_close(ctx);
}
END_TEST

#define STATEMENT_TESTS                                                                            \
    values_come_back_as_they_went, placeholders_may_repeat_and_come_in_any_order,                  \
        a_statement_is_known_by_its_text_not_its_place, changes_are_counted,                       \
        an_insert_tells_its_key, a_violation_names_table_and_column,                               \
        a_violation_names_each_of_several_columns, a_refused_statement_harms_nothing,              \
        a_commit_keeps_and_a_rollback_forgets, the_end_of_the_arena_rolls_back,                    \
        only_the_outermost_commit_commits, a_failed_transaction_takes_nothing_more,                \
        long_results_come_in_chunks, with_a_deadline_only_reads_on_idle_connections_run,           \
        many_threads_write_without_an_error
