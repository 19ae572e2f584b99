/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/workers.h"

/* A gate that jobs wait at until the test opens it. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool open;
    atomic_int arrived, passed;
};

static struct gate gate;

static void gate_init(void)
{
    pthread_mutex_init(&gate.lock, NULL);
    pthread_cond_init(&gate.opened, NULL);
    gate.open = false;
    gate.arrived = gate.passed = 0;
}

static void gate_open(void)
{
    pthread_mutex_lock(&gate.lock);
    gate.open = true;
    pthread_cond_broadcast(&gate.opened);
    pthread_mutex_unlock(&gate.lock);
}

static void pass_gate(void *arg)
{
    struct gate *g = arg;

    g->arrived++;
    pthread_mutex_lock(&g->lock);
    while (!g->open)
        pthread_cond_wait(&g->opened, &g->lock);
    pthread_mutex_unlock(&g->lock);
    g->passed++;
}

static void count(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

#define EVENTUALLY(condition)                                                                      \
    do {                                                                                           \
        for (int tries = 0; !(condition) && tries < 5000; tries++)                                 \
            sleep_ms(1);                                                                           \
        ck_assert(condition);                                                                      \
    } while (0)

static struct ci_workers *pool_of(int threads, int queue_limit, int idle_s)
{
    gate_init();
    return ci_workers_new(&(struct ci_workers_options){
        .name = "test", .threads = threads, .queue_limit = queue_limit, .idle_s = idle_s});
}

START_TEST(each_job_runs_once)
{
    struct ci_workers *pool = pool_of(4, 100000, 0);
    atomic_int done = 0;
    int taken = 0;

    for (int i = 0; i < 20000; i++)
        taken += ci_workers_submit(pool, count, &done);
    ck_assert_int_eq(taken, 20000);
    ck_assert(ci_workers_drain(pool, 30000));
    ck_assert_int_eq(done, 20000);
    ci_workers_free(pool);
}
END_TEST

START_TEST(a_full_queue_refuses_and_the_refused_job_never_runs)
{
    struct ci_workers *pool = pool_of(2, 3, 0);

    for (int i = 0; i < 5; i++)
        ck_assert(ci_workers_submit(pool, pass_gate, &gate));
    ck_assert(!ci_workers_submit(pool, pass_gate, &gate));
    ck_assert_int_eq(ci_workers_waiting(pool), 3);
    ck_assert_int_eq(ci_workers_busy(pool), 2);
    gate_open();
    ci_workers_free(pool);
    ck_assert_int_eq(gate.passed, 5);
}
END_TEST

START_TEST(without_a_queue_a_job_is_refused_when_all_are_busy)
{
    struct ci_workers *pool = pool_of(2, 0, 0);

    ck_assert(ci_workers_submit(pool, pass_gate, &gate));
    ck_assert(ci_workers_submit(pool, pass_gate, &gate));
    ck_assert(!ci_workers_submit(pool, pass_gate, &gate));
    gate_open();
    EVENTUALLY(ci_workers_busy(pool) == 0);
    ck_assert(ci_workers_submit(pool, pass_gate, &gate));
    ci_workers_free(pool);
    ck_assert_int_eq(gate.passed, 3);
}
END_TEST

START_TEST(threads_start_on_demand_only)
{
    struct ci_workers *pool = pool_of(300, 0, 0);
    atomic_int done = 0;

    /* One job after the other needs one thread. */
    for (int i = 0; i < 50; i++) {
        ck_assert(ci_workers_submit(pool, count, &done));
        EVENTUALLY(ci_workers_busy(pool) == 0);
    }
    ck_assert_int_eq(ci_workers_threads(pool), 1);
    for (int i = 0; i < 300; i++)
        ck_assert(ci_workers_submit(pool, pass_gate, &gate));
    ck_assert_int_eq(ci_workers_threads(pool), 300);
    gate_open();
    ci_workers_free(pool);
    ck_assert_int_eq(gate.passed, 300);
}
END_TEST

START_TEST(idle_threads_end)
{
    struct ci_workers *pool = pool_of(8, 0, 1);
    atomic_int done = 0;

    for (int i = 0; i < 8; i++)
        ck_assert(ci_workers_submit(pool, pass_gate, &gate));
    gate_open();
    EVENTUALLY(ci_workers_threads(pool) == 0);
    ck_assert(ci_workers_submit(pool, count, &done));
    ci_workers_free(pool);
    ck_assert_int_eq(done, 1);
}
END_TEST

START_TEST(a_draining_pool_takes_nothing_but_finishes_what_it_has)
{
    struct ci_workers *pool = pool_of(1, 10, 0);

    for (int i = 0; i < 5; i++)
        ck_assert(ci_workers_submit(pool, pass_gate, &gate));
    ck_assert(!ci_workers_drain(pool, 20));
    ck_assert(!ci_workers_submit(pool, pass_gate, &gate));
    gate_open();
    ck_assert(ci_workers_drain(pool, 30000));
    ck_assert_int_eq(gate.passed, 5);
    ck_assert_int_eq(ci_workers_threads(pool), 0);
    ci_workers_free(pool);
}
END_TEST

struct submitter {
    struct ci_workers *pool;
    atomic_int *done;
    int taken;
};

static void *submit_many(void *arg)
{
    struct submitter *me = arg;

    for (int i = 0; i < 2000; i++)
        me->taken += ci_workers_submit(me->pool, count, me->done);
    return NULL;
}

START_TEST(jobs_come_from_many_threads)
{
    struct ci_workers *pool = pool_of(3, 16, 0);
    struct submitter submitters[4];
    pthread_t ids[4];
    atomic_int done = 0;
    int taken = 0;

    for (int i = 0; i < 4; i++) {
        submitters[i] = (struct submitter){.pool = pool, .done = &done};
        ck_assert_int_eq(pthread_create(&ids[i], NULL, submit_many, &submitters[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(ids[i], NULL);
        taken += submitters[i].taken;
    }
    ci_workers_free(pool);
    ck_assert_int_gt(taken, 0);
    ck_assert_int_eq(done, taken);
}
END_TEST

START_TEST(reserved_threads_are_for_urgent_jobs)
{
    struct ci_workers *pool;

    gate_init();
    pool = ci_workers_new(&(struct ci_workers_options){.threads = 3, .reserved = 1});
    ck_assert(ci_workers_submit_ordinary(pool, pass_gate, &gate));
    ck_assert(ci_workers_submit_ordinary(pool, pass_gate, &gate));
    ck_assert(!ci_workers_submit_ordinary(pool, pass_gate, &gate));
    ck_assert(ci_workers_submit(pool, pass_gate, &gate));
    ck_assert(!ci_workers_submit(pool, pass_gate, &gate));
    gate_open();
    ci_workers_free(pool);
    ck_assert_int_eq(gate.passed, 3);
}
END_TEST

START_TEST(refusals_are_counted)
{
    struct ci_workers *pool =
        ci_workers_new(&(const struct ci_workers_options){.name = "t", .threads = 1});

    ck_assert(ci_workers_drain(pool, 1000));
    ck_assert_uint_eq(ci_workers_refused(pool), 0);
    ck_assert(!ci_workers_submit(pool, NULL, NULL));
    ck_assert(!ci_workers_submit_ordinary(pool, NULL, NULL));
    ck_assert_uint_eq(ci_workers_refused(pool), 2);
    ci_workers_free(pool);
}
END_TEST

UNIT_MAIN("base/workers", refusals_are_counted, each_job_runs_once,
          reserved_threads_are_for_urgent_jobs, a_full_queue_refuses_and_the_refused_job_never_runs,
          without_a_queue_a_job_is_refused_when_all_are_busy, threads_start_on_demand_only,
          idle_threads_end, a_draining_pool_takes_nothing_but_finishes_what_it_has,
          jobs_come_from_many_threads)
