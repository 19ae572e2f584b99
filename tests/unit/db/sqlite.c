/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite behind the interface: what holds on every engine, and the engine's own promises. */
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char sqlite_dir[64];
static char sqlite_url[128];

#define DB_URL sqlite_url
#include "tests/unit/db/statements.h"

START_TEST(a_database_in_memory_works)
{
    struct ci_ctx *ctx = unit_ctx();

    db_open(ctx, "sqlite://", 5);
    things_new(ctx);
    thing_add(ctx, "a", "1");
    ck_assert_int_eq(count_things(ctx), 1);
    db_close(ctx);
}
END_TEST

START_TEST(a_relative_path_is_relative)
{
    struct ci_ctx *ctx = unit_ctx();
    struct stat found;

    ck_assert_int_eq(chdir(sqlite_dir), 0);
    db_open(ctx, "sqlite:///here.sqlite", 2);
    must(ctx, ci_db_ping(ctx));
    things_new(ctx);
    db_close(ctx);
    ck_assert_int_eq(stat("here.sqlite", &found), 0);
}
END_TEST

START_TEST(a_folder_that_is_missing_is_unavailable)
{
    struct ci_ctx *ctx = unit_ctx();

    db_open(ctx, "sqlite:////nowhere/at/all.sqlite", 2);
    must_fail(ctx, DatabaseUnavailable, ci_db_ping(ctx));
    db_close(ctx);
}
END_TEST

START_TEST(a_reader_does_not_wait_for_the_writer)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_ctx other = {.mem = ci_arena_new()};
    int64_t started_ns;

    db_open(ctx, DB_URL, 3);
    things_new(ctx);
    other.db = ctx->db;
    must(ctx, ci_db_begin(ctx));
    ck_assert_int_eq(count_things(&other), 0); /* makes the second connection */
    thing_add(ctx, "a", "1");
    started_ns = ci_time_monotonic_ns();
    other.deadline_ns = started_ns + 20 * 1000000;
    ck_assert_int_eq(count_things(&other), 0);
    ck_assert_int_lt(ci_time_monotonic_ns() - started_ns, 20 * 1000000);
    must(ctx, ci_db_commit(ctx));
    other.deadline_ns = 0;
    ck_assert_int_eq(count_things(&other), 1);
    ci_arena_free(other.mem);
    db_close(ctx);
}
END_TEST

START_TEST(a_long_read_ends_at_its_deadline)
{
    struct ci_ctx *ctx = unit_ctx();
    int64_t started_ns;
    struct ci_rows *rows;

    db_open(ctx, DB_URL, 1);
    must(ctx, ci_db_ping(ctx));
    started_ns = ci_time_monotonic_ns();
    ctx->deadline_ns = started_ns + 20 * 1000000;
    must_fail(ctx, MustWait,
              ci_db_query(ctx,
                          "SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                          "SELECT i + 1 FROM n WHERE i < 100000000) SELECT i FROM n)",
                          0, NULL, &rows));
    ck_assert_int_lt(ci_time_monotonic_ns() - started_ns, 500 * 1000000);
    ctx->deadline_ns = 0;
    must(ctx, ci_db_ping(ctx));
    db_close(ctx);
}
END_TEST

static void *commit_soon(void *arg)
{
    const struct timespec pause = {.tv_nsec = 100 * 1000000};

    nanosleep(&pause, NULL);
    ck_assert(ci_db_commit(arg));
    return NULL;
}

/* The deadline of a read that failed early is not that of the next one on the connection. */
START_TEST(a_deadline_ends_with_its_statement)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_ctx other = {.mem = ci_arena_new()}; /* as another process: a database of its own */
    struct ci_db_options options = {.url = DB_URL, .max_connections = 1};
    struct ci_rows *rows;
    pthread_t thread;

    db_open(ctx, DB_URL, 1);
    things_new(ctx);
    must(&other, ci_db_open(&other, &options, &other.db));
    ctx->deadline_ns = ci_time_monotonic_ns() + 1000000;
    must_fail(ctx, DatabaseError, ci_db_query(ctx, "SELECT nothing FROM nowhere", 0, NULL, &rows));
    while (ci_time_monotonic_ns() < ctx->deadline_ns)
        ;
    ctx->deadline_ns = 0;
    must(&other, ci_db_begin(&other));
    ck_assert_int_eq(pthread_create(&thread, NULL, commit_soon, &other), 0);
    must(ctx, ci_db_begin(ctx)); /* waits for the other one */
    must(ctx, ci_db_commit(ctx));
    pthread_join(thread, NULL);
    ci_arena_reset(other.mem);
    ci_db_close(other.db);
    ci_arena_free(other.mem);
    db_close(ctx);
}
END_TEST

START_TEST(processes_wait_for_each_other)
{
    struct ci_ctx *ctx = unit_ctx();
    int failed = 0;

    db_open(ctx, DB_URL, 2);
    things_new(ctx);
    thing_add(ctx, "sum", "0");
    db_close(ctx);
    for (int i = 0; i < 4; i++) {
        if (fork() == 0) {
            struct writer w = {.number = i};

            db_open(ctx, DB_URL, 2);
            w.db = ctx->db;
            write_things(&w);
            _exit(w.trouble[0] ? 1 : 0);
        }
    }
    for (int i = 0; i < 4; i++) {
        int status;

        wait(&status);
        failed += status != 0;
    }
    ck_assert_int_eq(failed, 0);
    db_open(ctx, DB_URL, 2);
    ck_assert_int_eq(count_things(ctx), 1 + 4 * WRITES);
    db_close(ctx);
}
END_TEST

START_TEST(a_killed_writer_leaves_what_was_committed)
{
    struct ci_ctx *ctx = unit_ctx();
    pid_t child;
    int status;

    db_open(ctx, DB_URL, 2);
    things_new(ctx);
    db_close(ctx);
    child = fork();
    if (child == 0) {
        db_open(ctx, DB_URL, 2);
        thing_add(ctx, "kept", "1");
        must(ctx, ci_db_begin(ctx));
        thing_add(ctx, "forgotten", "1");
        kill(getpid(), SIGKILL);
    }
    waitpid(child, &status, 0);
    ck_assert(WIFSIGNALED(status));
    db_open(ctx, DB_URL, 2);
    ck_assert_int_eq(count_things(ctx), 1);
    thing_add(ctx, "after", "1");
    db_close(ctx);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        STATEMENT_TESTS,
        a_database_in_memory_works,
        a_relative_path_is_relative,
        a_folder_that_is_missing_is_unavailable,
        a_reader_does_not_wait_for_the_writer,
        a_long_read_ends_at_its_deadline,
        a_deadline_ends_with_its_statement,
        processes_wait_for_each_other,
        a_killed_writer_leaves_what_was_committed,
    };
    char command[128];
    int result;

    snprintf(sqlite_dir, sizeof sqlite_dir, "/tmp/castiron-sqlite-XXXXXX");
    if (!mkdtemp(sqlite_dir))
        return EXIT_FAILURE;
    snprintf(sqlite_url, sizeof sqlite_url, "sqlite:///%s/db.sqlite", sqlite_dir);
    result = unit_run("db/sqlite", tests, sizeof tests / sizeof tests[0]);
    snprintf(command, sizeof command, "rm -rf %s", sqlite_dir);
    return system(command) == 0 ? result : EXIT_FAILURE;
}
