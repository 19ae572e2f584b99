/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/task.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/conductor/bench.h"

static bool take(const struct ci_node *node, enum ci_lock lock, struct ci_task **ret_task)
{
    return ci_task_take(bench.conductor, bench.ctx, node->uuid, lock, "a test", ret_task);
}

START_TEST(an_exclusive_task_holds_the_lock_until_it_is_released)
{
    struct ci_node *node;
    struct ci_task *task;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ok(take(node, CI_EXCLUSIVE, &task));
    ck_assert_str_eq(bench_reload(node)->reservation, "testhost");
    ck_assert_ptr_nonnull(task->hardware);
    ci_task_release(task);
    ck_assert_ptr_null(bench_reload(node)->reservation);
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(a_shared_task_takes_no_lock_and_does_not_mind_one)
{
    struct ci_task *exclusive, *shared;
    struct ci_node *node;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ok(take(node, CI_SHARED, &shared));
    ck_assert(shared->shared);
    ck_assert_ptr_null(bench_reload(node)->reservation);
    ok(take(node, CI_EXCLUSIVE, &exclusive));
    ok(take(node, CI_SHARED, &shared));
    ci_task_release(exclusive);
    bench_stop();
}
END_TEST

START_TEST(a_locked_node_is_refused_in_ironics_words)
{
    struct ci_task *first, *second;
    struct ci_node *node;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ok(take(node, CI_EXCLUSIVE, &first));
    refused(NodeLocked,
            ci_printf(bench.ctx->mem,
                      "Node %s is locked by host testhost, please retry after the current "
                      "operation is completed.",
                      node->uuid),
            take(node, CI_EXCLUSIVE, &second));
    ci_task_release(first);
    ok(take(node, CI_EXCLUSIVE, &second));
    ci_task_release(second);
    bench_stop();
}
END_TEST

START_TEST(nodes_that_are_not_there_are_not_found)
{
    struct ci_task *task;

    bench_start();
    refused(NodeNotFound, "Node nobody could not be found.",
            ci_task_take(bench.conductor, bench.ctx, "nobody", CI_EXCLUSIVE, "a test", &task));
    refused(NodeNotFound, "could not be found",
            ci_task_take_id(bench.conductor, bench.ctx, 4711, CI_SHARED, "a test", &task));
    bench_stop();
}
END_TEST

START_TEST(the_lock_goes_with_the_arena_if_nobody_gave_it_back)
{
    struct ci_node *node;
    struct ci_task *task;
    struct ci_ctx *ctx;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ctx = ci_conductor_ctx_new(bench.conductor, bench.ctx);
    ck_assert(ci_task_take(bench.conductor, ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    ck_assert_str_eq(bench_reload(node)->reservation, "testhost");
    ci_conductor_ctx_free(ctx);
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(a_driver_that_cannot_be_loaded_leaves_no_lock)
{
    struct ci_node *node;
    struct ci_task *task;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ci_node_set_driver(node, "gone");
    ok(ci_node_save(bench.ctx, node));
    ck_assert(!take(node, CI_EXCLUSIVE, &task));
    ci_error_clear(bench.ctx);
    ck_assert_ptr_null(bench_reload(node)->reservation);
    ok(ci_task_take_bare(bench.conductor, bench.ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    ck_assert_ptr_null(task->hardware);
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(an_upgraded_task_has_the_node_as_it_is_now)
{
    struct ci_node *node;
    struct ci_task *task;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ok(take(node, CI_SHARED, &task));
    ci_node_set_description(node, "changed meanwhile");
    ok(ci_node_save(bench.ctx, node));
    ok(ci_task_upgrade(task));
    ck_assert(!task->shared);
    ck_assert_str_eq(task->node->description, "changed meanwhile");
    ck_assert_str_eq(bench_reload(node)->reservation, "testhost");
    ci_task_release(task);
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

/* Two threads that each add to a number which only the lock protects. */
static const char *contended;
static int inside, most, turns;

static void *contend(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20; i++) {
        struct ci_ctx *ctx = ci_conductor_ctx_new(bench.conductor, NULL);
        struct ci_task *task;

        if (ci_task_take(bench.conductor, ctx, contended, CI_EXCLUSIVE_PATIENT, "a test", &task)) {
            inside++;
            most = inside > most ? inside : most;
            bench_nap();
            inside--;
            turns++;
            ci_task_release(task);
        }
        ci_conductor_ctx_free(ctx);
    }
    return NULL;
}

START_TEST(of_two_threads_only_one_has_the_node)
{
    struct ci_node *node;
    pthread_t threads[2];

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    contended = node->uuid;
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, contend, NULL), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(most, 1);
    ck_assert_int_eq(turns, 40);
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

static atomic_bool may_end;
static atomic_int begun;

static void wait_for_the_test(struct ci_task *task, void *arg)
{
    atomic_fetch_add(&begun, 1);
    while (!atomic_load(&may_end))
        bench_nap();
    ci_node_set_description(task->node, arg);
    ck_assert(ci_node_save(task->ctx, task->node));
}

/* What a call does that goes on after its answer; the context ends before the work does. */
static bool spawn(const struct ci_node *node, void (*work)(struct ci_task *, void *),
                  const char *arg)
{
    struct ci_ctx *ctx = ci_conductor_ctx_new(bench.conductor, bench.ctx);
    struct ci_task *task;
    bool done;

    ck_assert(ci_task_take(bench.conductor, ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    done = ci_task_spawn(task, work, ci_strdup(ctx->mem, arg));
    if (!done)
        (void)ci_error_set(bench.ctx, ctx->error->class, "%s", ctx->error->message);
    ci_conductor_ctx_free(ctx);
    return done;
}

START_TEST(spawned_work_keeps_the_lock_and_its_memory_after_the_answer)
{
    struct ci_node *node;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ok(spawn(node, wait_for_the_test, "done"));
    while (atomic_load(&begun) < 1)
        bench_nap();
    ck_assert_str_eq(bench_reload(node)->reservation, "testhost");
    atomic_store(&may_end, true);
    ck_assert_str_eq(bench_settle(node)->description, "done");
    bench_stop();
}
END_TEST

START_TEST(a_full_pool_refuses_and_the_lock_is_given_back)
{
    struct ci_node *one, *other;

    bench_prepare();
    bench.config->conductor.workers_pool_size = 1;
    bench_begin();
    one = bench_node("one", CI_STATE_AVAILABLE);
    other = bench_node("other", CI_STATE_AVAILABLE);
    ok(spawn(one, wait_for_the_test, "done"));
    refused(NoFreeConductorWorker,
            "Requested action cannot be performed due to lack of free conductor workers.",
            spawn(other, wait_for_the_test, "done"));
    ck_assert_ptr_null(bench_reload(other)->reservation);
    atomic_store(&may_end, true);
    bench_settle(one);
    bench_stop();
}
END_TEST

static bool spawn_patiently(const struct ci_node *node)
{
    struct ci_ctx *ctx = ci_conductor_ctx_new(bench.conductor, NULL);
    struct ci_task *task;
    bool done;

    ck_assert(ci_task_take(bench.conductor, ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    ci_task_can_wait(task);
    done = ci_task_spawn(task, wait_for_the_test, ci_strdup(ctx->mem, "done"));
    ck_assert(done || ci_failed_with(ctx, CI_ERR_NoFreeConductorWorker));
    ci_conductor_ctx_free(ctx);
    return done;
}

START_TEST(reserved_workers_are_kept_from_what_can_wait)
{
    struct ci_node *nodes[4];

    bench_prepare();
    bench.config->conductor.workers_pool_size = 3;
    bench.config->conductor.reserved_workers_pool_percentage = 50; /* rounded down: one */
    bench_begin();
    for (int i = 0; i < 4; i++)
        nodes[i] = bench_node(NULL, CI_STATE_AVAILABLE);
    ck_assert(spawn_patiently(nodes[0]));
    ck_assert(spawn_patiently(nodes[1]));
    ck_assert(!spawn_patiently(nodes[2]));
    ck_assert_ptr_null(bench_reload(nodes[2])->reservation);
    ok(spawn(nodes[2], wait_for_the_test, "done"));
    refused(NoFreeConductorWorker, "lack of free conductor workers",
            spawn(nodes[3], wait_for_the_test, "done"));
    atomic_store(&may_end, true);
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(bench_settle(nodes[i])->description, "done");
    bench_stop();
}
END_TEST

static void fail_late(struct ci_task *task, void *arg)
{
    (void)ci_fail(task->ctx, NetworkError);
    (void)arg;
}

START_TEST(an_error_that_work_leaves_behind_becomes_the_last_error)
{
    struct ci_node *node;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ok(spawn(node, fail_late, ""));
    ck_assert_str_eq(bench_settle(node)->last_error,
                     "Async execution of a test failed with error: Network operation failure.");
    bench_stop();
}
END_TEST

static void go_on(struct ci_task *task, void *arg)
{
    if (!ci_task_spawn(task, wait_for_the_test, arg))
        ci_error_clear(task->ctx);
}

START_TEST(work_may_hand_its_task_to_further_work)
{
    struct ci_node *node;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ok(spawn(node, go_on, "twice"));
    while (atomic_load(&begun) < 1)
        bench_nap();
    ck_assert_str_eq(bench_reload(node)->reservation, "testhost");
    atomic_store(&may_end, true);
    ck_assert_str_eq(bench_settle(node)->description, "twice");
    bench_stop();
}
END_TEST

static void wait_for_the_end(struct ci_task *task, void *arg)
{
    (void)arg;
    atomic_fetch_add(&begun, 1);
    while (!ci_task_cancelled(task))
        bench_nap();
}

START_TEST(a_conductor_that_leaves_at_once_cancels_its_work)
{
    struct ci_node *node;
    struct ci_ctx *ctx = bench_start();

    node = bench_node("n", CI_STATE_AVAILABLE);
    ok(spawn(node, wait_for_the_end, ""));
    while (atomic_load(&begun) < 1)
        bench_nap();
    ck_assert(ci_conductor_stop(bench.conductor, CI_LEAVE_NOW));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench.conductor = NULL;
    ck_assert_ptr_nonnull(ctx->db);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/task", an_exclusive_task_holds_the_lock_until_it_is_released,
          a_shared_task_takes_no_lock_and_does_not_mind_one,
          a_locked_node_is_refused_in_ironics_words, nodes_that_are_not_there_are_not_found,
          the_lock_goes_with_the_arena_if_nobody_gave_it_back,
          a_driver_that_cannot_be_loaded_leaves_no_lock, an_upgraded_task_has_the_node_as_it_is_now,
          of_two_threads_only_one_has_the_node,
          spawned_work_keeps_the_lock_and_its_memory_after_the_answer,
          a_full_pool_refuses_and_the_lock_is_given_back,
          reserved_workers_are_kept_from_what_can_wait,
          an_error_that_work_leaves_behind_becomes_the_last_error,
          work_may_hand_its_task_to_further_work, a_conductor_that_leaves_at_once_cancels_its_work)
