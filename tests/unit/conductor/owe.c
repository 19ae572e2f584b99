/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks that a lost database leaves behind. A file that may not grow is a database that cannot
 * be written to.
 */
#include "conductor/task_private.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "tests/unit/conductor/bench.h"

static struct ci_node *node_held_by(const char *host)
{
    struct ci_node *node;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    if (host) {
        ci_node_set_reservation(node, host);
        ok(ci_node_save(bench.ctx, node));
    }
    return node;
}

static void await_workers(void)
{
    while (ci_workers_busy(bench.conductor->workers) > 0)
        bench_nap();
}

static void let_the_database_grow(bool may)
{
    static rlim_t before;
    struct rlimit size;

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &size), 0);
    if (!may)
        before = size.rlim_cur;
    size.rlim_cur = may ? before : 0;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &size), 0);
}

START_TEST(a_lock_that_nobody_has_is_given_back)
{
    struct ci_node *node = node_held_by("testhost");

    ci_task_owe(bench.conductor, node->uuid, CI_NULL_TIME);
    await_workers();
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(the_lock_of_another_conductor_stays)
{
    struct ci_node *node = node_held_by("another");

    ci_task_owe(bench.conductor, node->uuid, CI_NULL_TIME);
    await_workers();
    ck_assert_str_eq(bench_reload(node)->reservation, "another");
    bench_stop();
}
END_TEST

START_TEST(a_lock_that_a_task_has_taken_since_stays)
{
    struct ci_node *node = node_held_by(NULL);
    struct ci_task *task;

    ok(ci_task_take(bench.conductor, bench.ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    ci_task_owe(bench.conductor, node->uuid, CI_NULL_TIME);
    await_workers();
    ck_assert_str_eq(bench_reload(node)->reservation, "testhost");
    ci_task_release(task);
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(a_lock_of_unknown_outcome_is_known_by_its_time)
{
    struct ci_node *node = node_held_by(NULL), *taken;
    int64_t at_us = ci_time_now_us();

    ok(ci_node_reserve_at(bench.ctx, "n", "testhost", at_us, &taken));
    ci_task_owe(bench.conductor, "n", at_us - 1);
    await_workers();
    ck_assert_str_eq(bench_reload(node)->reservation, "testhost");
    ci_task_owe(bench.conductor, "n", at_us);
    await_workers();
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(a_task_that_ends_without_the_database_owes_its_lock)
{
    struct ci_node *node = node_held_by(NULL);
    struct ci_task *task;

    ok(ci_task_take(bench.conductor, bench.ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    let_the_database_grow(false);
    ci_task_release(task);
    for (int i = 0; i < 50; i++) /* it does not give up */
        bench_nap();
    ck_assert_int_eq(ci_workers_busy(bench.conductor->workers), 1);
    let_the_database_grow(true);
    await_workers();
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(a_save_that_fails_without_the_database_owes_the_lock)
{
    struct ci_node *node = node_held_by(NULL);
    struct ci_task *task;

    ok(ci_task_take(bench.conductor, bench.ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    ci_node_set_description(node, "new");
    let_the_database_grow(false);
    refused(DatabaseUnavailable, "database", ci_task_save_and_release(task, node));
    let_the_database_grow(true);
    await_workers();
    ck_assert_ptr_null(bench_reload(node)->reservation);
    ck_assert_ptr_null(bench_reload(node)->description);
    bench_stop();
}
END_TEST

START_TEST(a_lock_that_cannot_be_taken_without_the_database_is_owed)
{
    struct ci_node *node = node_held_by(NULL);
    struct ci_task *task;

    let_the_database_grow(false);
    refused(DatabaseUnavailable, "database",
            ci_task_take(bench.conductor, bench.ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    let_the_database_grow(true);
    await_workers();
    ok(ci_task_take(bench.conductor, bench.ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    ci_task_release(task);
    bench_stop();
}
END_TEST

/* Tasks in turn on one node, while its lock is said again and again to be owed. */
static const char *contended;
static atomic_int inside, most, turns;

static void *contend(void *unused)
{
    (void)unused;
    for (int i = 0; i < 40; i++) {
        struct ci_ctx *ctx = ci_conductor_ctx_new(bench.conductor, NULL);
        struct ci_task *task;

        if (ci_task_take(bench.conductor, ctx, contended, CI_EXCLUSIVE_PATIENT, "a test", &task)) {
            int now = atomic_fetch_add(&inside, 1) + 1;

            if (now > atomic_load(&most))
                atomic_store(&most, now);
            bench_nap();
            atomic_fetch_sub(&inside, 1);
            atomic_fetch_add(&turns, 1);
            ci_task_release(task);
        }
        ci_conductor_ctx_free(ctx);
    }
    return NULL;
}

START_TEST(no_debt_ever_frees_the_lock_of_a_task)
{
    struct ci_node *node = node_held_by(NULL);
    pthread_t threads[3];

    contended = node->uuid;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, contend, NULL), 0);
    while (atomic_load(&turns) < 100) {
        if (ci_workers_busy(bench.conductor->workers) < 4)
            ci_task_owe(bench.conductor, node->uuid, CI_NULL_TIME);
        bench_nap();
    }
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    await_workers();
    ck_assert_int_eq(atomic_load(&most), 1);
    ck_assert_int_eq(atomic_load(&turns), 120);
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/owe", a_lock_that_nobody_has_is_given_back,
          the_lock_of_another_conductor_stays, a_lock_that_a_task_has_taken_since_stays,
          a_lock_of_unknown_outcome_is_known_by_its_time,
          a_task_that_ends_without_the_database_owes_its_lock,
          a_save_that_fails_without_the_database_owes_the_lock,
          a_lock_that_cannot_be_taken_without_the_database_is_owed,
          no_debt_ever_frees_the_lock_of_a_task)
