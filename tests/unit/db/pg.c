/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL behind the interface: what holds on every engine, deadlines, and restarts. */
#include <stdlib.h>

#include "tests/unit/db/postgres.h"
#define DB_URL postgres_url
#include "tests/unit/db/statements.h"

enum { DEADLINE_NS = 20 * 1000000 };

static struct ci_ctx beside(const struct ci_ctx *ctx)
{
    return (struct ci_ctx){.mem = ci_arena_new(), .db = ctx->db};
}

static void set_deadline(struct ci_ctx *ctx)
{
    ctx->deadline_ns = ci_time_monotonic_ns() + DEADLINE_NS;
}

START_TEST(a_locked_table_is_not_waited_for)
{
    struct ci_ctx *ctx = unit_ctx(), holder;
    struct ci_rows *rows;
    int64_t started_ns;

    db_open(ctx, DB_URL, 8);
    things_new(ctx);
    holder = beside(ctx);
    must(&holder, ci_db_begin(&holder));
    ck_assert_int_eq(count_things(ctx), 0);
    must(&holder, ci_db_run(&holder, "LOCK TABLE things", 0, NULL, NULL));
    for (int i = 0; i < 10; i++) {
        set_deadline(ctx);
        started_ns = ci_time_monotonic_ns();
        must_fail(ctx, MustWait, ci_db_query(ctx, "SELECT n FROM things", 0, NULL, &rows));
        ck_assert_int_lt(ci_time_monotonic_ns() - started_ns, 3 * DEADLINE_NS);
    }
    ci_db_rollback(&holder);
    ctx->deadline_ns = 0;
    /* All eight connections are to be had again, one after the other in transactions. */
    ck_assert_int_eq(count_things(ctx), 0);
    for (int i = 0; i < 100; i++) {
        set_deadline(ctx);
        if (ci_db_query(ctx, "SELECT n FROM things", 0, NULL, &rows))
            break;
        ci_error_clear(ctx);
    }
    ck_assert_uint_eq(rows->count, 0);
    ci_arena_free(holder.mem);
    db_close(ctx);
}
END_TEST

START_TEST(readers_given_up_leave_connections_to_those_who_wait)
{
    struct ci_ctx *ctx = unit_ctx(), holder, others[3];
    struct ci_rows *rows;

    db_open(ctx, DB_URL, 4);
    things_new(ctx);
    /* Four connections, then three idle ones. */
    holder = beside(ctx);
    must(&holder, ci_db_begin(&holder));
    for (int i = 0; i < 3; i++) {
        others[i] = beside(ctx);
        must(&others[i], ci_db_begin(&others[i]));
    }
    for (int i = 0; i < 3; i++) {
        must(&others[i], ci_db_commit(&others[i]));
        ci_arena_free(others[i].mem);
    }
    must(&holder, ci_db_run(&holder, "LOCK TABLE things", 0, NULL, NULL));
    for (int i = 0; i < 8; i++) {
        set_deadline(ctx);
        must_fail(ctx, MustWait, ci_db_query(ctx, "SELECT n FROM things", 0, NULL, &rows));
    }
    ctx->deadline_ns = 0;
    must(ctx, ci_db_begin(ctx));
    others[0] = beside(ctx);
    must(&others[0], ci_db_begin(&others[0]));
    /* The third is the one given up: its statement is cancelled on the server. */
    others[1] = beside(ctx);
    must(&others[1], ci_db_begin(&others[1]));
    must(&others[1], ci_db_ping(&others[1]));
    ci_arena_free(others[0].mem);
    ci_arena_free(others[1].mem);
    ci_arena_free(holder.mem);
    db_close(ctx);
}
END_TEST

START_TEST(what_passes_is_told_apart_from_what_does_not)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_rows *rows;

    db_open(ctx, DB_URL, 2);
    must_fail(ctx, DatabaseUnavailable,
              ci_db_query(ctx, "SELECT 1 / (SELECT 0) FROM pg_terminate_backend(pg_backend_pid())",
                          0, NULL, &rows));
    must(ctx, ci_db_ping(ctx));
    must_fail(ctx, DatabaseUnavailable,
              ci_db_script(ctx, "DO $$BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END$$"));
    must_fail(ctx, DatabaseError,
              ci_db_script(ctx, "DO $$BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '22P02'; END$$"));
    must(ctx, ci_db_ping(ctx));
    db_close(ctx);
}
END_TEST

START_TEST(what_the_server_says_is_not_told_to_clients)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_rows *rows;

    db_open(ctx, DB_URL, 2);
    things_new(ctx);
    ck_assert(!ci_db_query(ctx, "SELECT id FROM things WHERE id = $1", VALUES("hush"), &rows));
    ck_assert_str_eq(ctx->error->message, ci_error_kind(CI_ERR_DatabaseError)->format);
    ci_error_clear(ctx);
    /* Its details would show the row, secrets included: not even the log gets them. */
    must_fail(
        ctx, DatabaseError,
        ci_db_run(ctx, "INSERT INTO things (id, name) VALUES (NULL, $1)", VALUES("hush"), NULL));
    ck_assert_ptr_nonnull(strstr(ci_db_trouble(ctx->mem, ctx->db), "null value"));
    ck_assert_ptr_null(strstr(ci_db_trouble(ctx->mem, ctx->db), "hush"));
    db_close(ctx);
}
END_TEST

START_TEST(a_changed_table_is_read_again)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_rows *rows;

    db_open(ctx, DB_URL, 1);
    things_new(ctx);
    /* Twice, so that it is prepared. */
    must(ctx, ci_db_query(ctx, "SELECT n FROM things", 0, NULL, &rows));
    must(ctx, ci_db_query(ctx, "SELECT n FROM things", 0, NULL, &rows));
    must(ctx, ci_db_script(ctx, "ALTER TABLE things ALTER COLUMN n TYPE TEXT"));
    must_fail(ctx, DatabaseUnavailable, ci_db_query(ctx, "SELECT n FROM things", 0, NULL, &rows));
    must(ctx, ci_db_query(ctx, "SELECT n FROM things", 0, NULL, &rows));
    db_close(ctx);
}
END_TEST

START_TEST(what_comes_a_second_time_is_prepared)
{
    static const char count[] = "SELECT count(*) FROM pg_prepared_statements WHERE statement = $1";
    static const char statement[] = "SELECT n FROM things WHERE id = $1";
    struct ci_ctx *ctx = unit_ctx();
    struct ci_rows *rows;

    db_open(ctx, DB_URL, 1);
    things_new(ctx);
    for (int64_t i = 0; i < 3; i++) {
        must(ctx, ci_db_query(ctx, statement, VALUES("1"), &rows));
        must(ctx, ci_db_query(ctx, count, VALUES(statement), &rows));
        ck_assert_int_eq(ci_row_int(rows, 0, 0, -1), i == 0 ? 0 : 1);
    }
    db_close(ctx);
}
END_TEST

START_TEST(the_session_speaks_utc)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_rows *rows;

    db_open(ctx, DB_URL, 1);
    must(ctx, ci_db_query(ctx,
                          "SELECT current_setting('timezone'), current_setting('application_name'),"
                          " current_setting('statement_timeout')",
                          0, NULL, &rows));
    ck_assert_str_eq(ci_row_text(rows, 0, 0), "UTC");
    ck_assert_str_eq(ci_row_text(rows, 0, 1), "castiron");
    ck_assert_str_eq(ci_row_text(rows, 0, 2), "30s");
    must(ctx, ci_db_script(ctx, "SELECT 1; SELECT 2"));
    must(ctx, ci_db_query(ctx, "SELECT current_setting('statement_timeout')", 0, NULL, &rows));
    ck_assert_str_eq(ci_row_text(rows, 0, 0), "30s");
    db_close(ctx);
}
END_TEST

START_TEST(connections_are_made_anew_after_a_restart)
{
    struct ci_ctx *ctx = unit_ctx(), other;
    struct ci_rows *rows;

    if (!postgres_is_ours())
        return;
    db_open(ctx, DB_URL, 4);
    things_new(ctx);
    other = beside(ctx);
    must(ctx, ci_db_begin(ctx));
    thing_add(ctx, "a", "1");
    must(&other, ci_db_ping(&other));
    ck_assert_int_eq(postgres_stop("fast"), 0);
    /* In flight: told to come again. Without a server: the same. */
    must_fail(ctx, DatabaseUnavailable, ci_db_query(ctx, "SELECT 1", 0, NULL, &rows));
    must_fail(&other, DatabaseUnavailable, ci_db_ping(&other));
    ck_assert_int_eq(postgres_start(), 0);
    must_fail(ctx, DatabaseError, ci_db_commit(ctx));
    set_deadline(ctx);
    must_fail(ctx, MustWait, ci_db_ping(ctx));
    ctx->deadline_ns = 0;
    must(&other, ci_db_ping(&other));
    ck_assert_int_eq(count_things(ctx), 0);
    ck_assert_int_eq(postgres_stop("immediate"), 0);
    ck_assert_int_eq(postgres_start(), 0);
    /* The idle connection is seen to be dead before it is used. */
    must(ctx, ci_db_ping(ctx));
    ci_arena_free(other.mem);
    db_close(ctx);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        STATEMENT_TESTS,
        a_locked_table_is_not_waited_for,
        readers_given_up_leave_connections_to_those_who_wait,
        what_passes_is_told_apart_from_what_does_not,
        what_the_server_says_is_not_told_to_clients,
        a_changed_table_is_read_again,
        what_comes_a_second_time_is_prepared,
        the_session_speaks_utc,
        connections_are_made_anew_after_a_restart,
    };
    int result = EXIT_FAILURE;

    if (postgres_begin())
        result = unit_run("db/pg", tests, sizeof tests / sizeof tests[0]);
    else
        fputs("db/pg: no PostgreSQL server could be started\n", stderr);
    postgres_end();
    return result;
}
