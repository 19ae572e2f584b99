/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/machine.h"

#include <stdatomic.h>

#include "base/metrics.h"
#include "tests/unit/conductor/life.h"

static struct ci_task *take(const struct ci_node *node)
{
    struct ci_task *task;

    ok(ci_task_take(bench.conductor, bench.ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    return task;
}

START_TEST(a_move_is_saved_with_its_target_and_time)
{
    struct ci_task *task;
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    task = take(node);
    ok(ci_machine_move(task, CI_EVENT_deploy, NULL, NULL, NULL));
    node = bench_reload(node);
    in_state(node, CI_STATE_DEPLOYING);
    ck_assert_str_eq(node->target_provision_state, CI_STATE_ACTIVE);
    ck_assert(node->provision_updated_at != CI_NULL_TIME);
    ok(ci_machine_move(task, CI_EVENT_done, NULL, NULL, NULL));
    node = bench_reload(node);
    in_state(node, CI_STATE_ACTIVE);
    ck_assert_ptr_null(node->target_provision_state);
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(a_target_given_replaces_the_machines)
{
    struct ci_task *task;
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_MANAGEABLE);
    task = take(node);
    ok(ci_machine_move(task, CI_EVENT_clean, CI_STATE_MANAGEABLE, NULL, NULL));
    ck_assert_str_eq(bench_reload(node)->target_provision_state, CI_STATE_MANAGEABLE);
    ok(ci_machine_move(task, CI_EVENT_fail, NULL, NULL, NULL));
    ck_assert_str_eq(bench_reload(node)->target_provision_state, CI_STATE_AVAILABLE);
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(what_is_no_move_changes_nothing)
{
    struct ci_task *task;
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_ENROLL);
    task = take(node);
    refused(InvalidState,
            "Can not transition from state 'enroll' on event 'deploy' (no defined transition)",
            ci_machine_move(task, CI_EVENT_deploy, NULL, NULL, NULL));
    refused(InvalidStateRequested,
            ci_printf(bench.ctx->mem,
                      "The requested action \"deploy\" can not be performed on node \"%s\" while "
                      "it is in state \"enroll\".",
                      node->uuid),
            ci_machine_ask(task, "deploy", CI_EVENT_deploy, NULL, NULL, NULL));
    in_state(bench_reload(node), CI_STATE_ENROLL);
    ci_task_release(task);
    bench_stop();
}
END_TEST

static void wait_for(struct ci_task *task, void *arg)
{
    atomic_bool *go = arg;

    (void)task;
    while (!*go)
        bench_nap();
}

START_TEST(without_a_free_worker_the_states_go_back)
{
    static atomic_bool go;
    struct ci_node *busy[64];
    struct ci_node *node;
    int n = 0;

    go = false;
    life_prepare();
    bench.config->conductor.workers_pool_size = 3;
    bench_begin();
    node = bench_node("n", CI_STATE_AVAILABLE);
    for (;;) {
        struct ci_task *task;

        ck_assert_int_lt(n, 64);
        busy[n] = bench_node(NULL, CI_STATE_AVAILABLE);
        task = take(busy[n++]);
        if (!ci_machine_move(task, CI_EVENT_deploy, NULL, wait_for, &go)) {
            ck_assert(ci_failed_with(bench.ctx, CI_ERR_NoFreeConductorWorker));
            ci_error_clear(bench.ctx);
            ci_task_release(task);
            break;
        }
    }
    node = bench_reload(busy[n - 1]);
    in_state(node, CI_STATE_AVAILABLE);
    ck_assert_ptr_null(node->target_provision_state);
    ck_assert_str_eq(node->last_error, "No free conductor workers available");
    ck_assert_int_eq(bench_count("SELECT COUNT(*) FROM node_history WHERE event_type = "
                                 "'provisioning' AND severity = 'ERROR'"),
                     1);
    go = true;
    bench_settle(node);
    bench_stop();
}
END_TEST

START_TEST(an_inspection_has_times_of_its_own)
{
    struct ci_task *task;
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_MANAGEABLE);
    task = take(node);
    ok(ci_machine_move(task, CI_EVENT_inspect, NULL, NULL, NULL));
    ck_assert(bench_reload(node)->inspection_started_at != CI_NULL_TIME);
    ok(ci_machine_move(task, CI_EVENT_fail, NULL, NULL, NULL));
    ck_assert(bench_reload(node)->inspection_started_at == CI_NULL_TIME);
    ck_assert(bench_reload(node)->inspection_finished_at == CI_NULL_TIME);
    ok(ci_machine_move(task, CI_EVENT_inspect, NULL, NULL, NULL));
    ok(ci_machine_move(task, CI_EVENT_wait, NULL, NULL, NULL));
    ok(ci_machine_move(task, CI_EVENT_done, NULL, NULL, NULL));
    ck_assert(bench_reload(node)->inspection_finished_at != CI_NULL_TIME);
    ci_task_release(task);
    bench_stop();
}
END_TEST

/* Keeps all workers busy until go is set. */
static void occupy(atomic_bool *go)
{
    for (int n = 0; n < 64; n++) {
        struct ci_task *task = take(bench_node(NULL, CI_STATE_AVAILABLE));

        if (ci_machine_move(task, CI_EVENT_deploy, NULL, wait_for, go))
            continue;
        ck_assert(ci_failed_with(bench.ctx, CI_ERR_NoFreeConductorWorker));
        ci_error_clear(bench.ctx);
        ci_task_release(task);
        return;
    }
    ck_abort_msg("the workers do not end");
}

START_TEST(an_inspection_that_finds_no_worker_goes_back_too)
{
    static atomic_bool go;
    struct ci_node *node;
    struct ci_task *task;

    go = false;
    life_prepare();
    bench.config->conductor.workers_pool_size = 3;
    bench_begin();
    occupy(&go);
    node = bench_node("n", CI_STATE_INSPECTFAIL);
    task = take(node);
    ck_assert(!ci_machine_ask(task, "inspect", CI_EVENT_inspect, NULL, wait_for, &go));
    ck_assert(ci_failed_with(bench.ctx, CI_ERR_NoFreeConductorWorker));
    ci_error_clear(bench.ctx);
    in_state(bench_reload(node), CI_STATE_INSPECTFAIL);
    ck_assert_int_eq(bench_count("SELECT COUNT(*) FROM node_history WHERE event_type = "
                                 "'introspection'"),
                     1);
    /* What cannot be put back is told, and the reason stays the first one. */
    ok(ci_db_script(bench.ctx, "CREATE TRIGGER keep BEFORE UPDATE OF last_error ON nodes WHEN "
                               "NEW.last_error IS NOT NULL BEGIN SELECT RAISE(ABORT, 'no'); END"));
    ck_assert(!ci_machine_move(task, CI_EVENT_inspect, NULL, wait_for, &go));
    ck_assert(ci_failed_with(bench.ctx, CI_ERR_NoFreeConductorWorker));
    ci_error_clear(bench.ctx);
    in_state(bench_reload(node), CI_STATE_INSPECTING);
    ok(ci_db_script(bench.ctx, "DROP TRIGGER keep"));
    ci_task_release(task);
    go = true;
    bench_settle(node);
    bench_stop();
}
END_TEST

START_TEST(a_node_without_a_state_or_a_row_does_not_move)
{
    struct ci_task *task;
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_DELETING);
    task = take(node);
    ok(ci_machine_move(task, CI_EVENT_fail, NULL, NULL, NULL));
    in_state(bench_reload(node), CI_STATE_ERROR);
    task->node->provision_state = NULL;
    refused(InvalidState, "from state 'None' on event",
            ci_machine_move(task, CI_EVENT_deploy, NULL, NULL, NULL));
    refused(InvalidStateRequested, "while it is in state \"None\"",
            ci_machine_ask(task, "deploy", CI_EVENT_deploy, NULL, NULL, NULL));
    task->node->provision_state = CI_STATE_AVAILABLE;
    ok(ci_db_run(bench.ctx, "DELETE FROM nodes", 0, NULL, NULL));
    refused(NodeNotFound, "could not be found",
            ci_machine_move(task, CI_EVENT_deploy, NULL, NULL, NULL));
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(moves_are_counted_by_state_and_event)
{
    struct ci_text *page;
    struct ci_task *task;

    life_start();
    page = ci_text_new(bench.ctx->mem, 1 << 20);
    task = take(bench_node("n", CI_STATE_AVAILABLE));
    ok(ci_machine_move(task, CI_EVENT_deploy, NULL, NULL, NULL));
    ok(ci_machine_move(task, CI_EVENT_done, NULL, NULL, NULL));
    ci_machine_write_metrics(ci_metrics_prometheus(bench.ctx->mem, page));
    ck_assert_ptr_nonnull(strstr(page->bytes, "castiron_conductor_moves_total{from=\"available\","
                                              "event=\"deploy\",to=\"deploying\"} 1\n"));
    /* The node came to be available without a move: how long it was is not known. */
    ck_assert_ptr_null(strstr(page->bytes, "seconds_count{state=\"available\"}"));
    ck_assert_ptr_nonnull(
        strstr(page->bytes, "castiron_conductor_state_seconds_count{state=\"deploying\"} 1\n"));
    ck_assert_ptr_null(strstr(page->bytes, "event=\"fail\""));
    ci_task_release(task);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/machine", a_move_is_saved_with_its_target_and_time,
          a_target_given_replaces_the_machines, what_is_no_move_changes_nothing,
          without_a_free_worker_the_states_go_back, an_inspection_has_times_of_its_own,
          an_inspection_that_finds_no_worker_goes_back_too,
          a_node_without_a_state_or_a_row_does_not_move, moves_are_counted_by_state_and_event)
