/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/periodic.h"
#include "tests/unit/conductor/life.h"

/* A node that waits for longer than any timeout. */
static struct ci_node *waiting(const char *state, const char *target)
{
    struct ci_node *node = bench_node(NULL, CI_STATE_MANAGEABLE);
    const char *values[] = {"2020-01-01 00:00:00.000000", node->uuid};

    life_put(node, state, target);
    ok(ci_db_run(bench.ctx,
                 "UPDATE nodes SET provision_updated_at = $1, inspection_started_at = $1 "
                 "WHERE uuid = $2",
                 2, values, NULL));
    return bench_reload(node);
}

static const struct {
    const char *name, *state, *target;
    ci_periodic_job *job;
    const char *failed, *failed_target, *error; /* "%s": the node */
} cases[] = {
    {"deploy", CI_STATE_DEPLOYWAIT, CI_STATE_ACTIVE, ci_timeouts_deploy, CI_STATE_DEPLOYFAIL,
     CI_STATE_ACTIVE, "Timeout reached while waiting for callback for node "},
    {"clean", CI_STATE_CLEANWAIT, CI_STATE_AVAILABLE, ci_timeouts_clean, CI_STATE_CLEANFAIL,
     CI_STATE_AVAILABLE,
     "Timeout reached while cleaning the node. Please check if the ramdisk responsible for the "
     "cleaning is running on the node. Failed on step {}."},
    {"manual clean", CI_STATE_CLEANWAIT, CI_STATE_MANAGEABLE, ci_timeouts_clean, CI_STATE_CLEANFAIL,
     CI_STATE_MANAGEABLE,
     "Timeout reached while cleaning the node. Please check if the ramdisk responsible for the "
     "cleaning is running on the node. Failed on step {}."},
    {"rescue", CI_STATE_RESCUEWAIT, CI_STATE_RESCUE, ci_timeouts_rescue, CI_STATE_RESCUEFAIL,
     CI_STATE_RESCUE, "Timeout reached while waiting for rescue ramdisk callback for node"},
    {"service", CI_STATE_SERVICEWAIT, CI_STATE_ACTIVE, ci_timeouts_service, CI_STATE_SERVICEFAIL,
     CI_STATE_ACTIVE,
     "Timeout reached while servicing the node. Please check if the ramdisk responsible for the "
     "servicing is running on the node. Failed on step {}."},
    {"inspect", CI_STATE_INSPECTWAIT, CI_STATE_MANAGEABLE, ci_timeouts_inspect,
     CI_STATE_INSPECTFAIL, CI_STATE_MANAGEABLE,
     "Timeout reached while inspecting the node. Please check if the ramdisk responsible for the "
     "inspection is running on the node."},
};
enum { CASES = sizeof cases / sizeof cases[0] };

START_TEST(a_node_that_waits_too_long_fails_in_ironics_words)
{
    life_start();
    for (size_t i = 0; i < CASES; i++) {
        struct ci_node *node = waiting(cases[i].state, cases[i].target);

        ok(cases[i].job(bench.conductor, bench.ctx));
        node = bench_settle(node);
        ck_assert_msg(ci_same(node->provision_state, cases[i].failed), "%s: %s", cases[i].name,
                      node->provision_state);
        ck_assert_msg(ci_same(node->target_provision_state, cases[i].failed_target), "%s: %s",
                      cases[i].name, node->target_provision_state);
        ck_assert_msg(node->last_error && strstr(node->last_error, cases[i].error), "%s: %s",
                      cases[i].name, node->last_error);
        ck_assert_msg(!ci_is_true(node->maintenance), "%s", cases[i].name);
    }
    ck_assert_int_eq(bench_count("SELECT count(*) FROM node_history WHERE severity = 'ERROR'"),
                     CASES);
    bench_stop();
}
END_TEST

START_TEST(a_step_that_never_ended_is_named_and_sets_the_node_apart)
{
    struct ci_node *node;

    life_start();
    node = waiting(CI_STATE_CLEANWAIT, CI_STATE_AVAILABLE);
    ci_node_set_clean_step(node, "{\"step\": \"erase\", \"priority\": 10}");
    ok(ci_node_save(bench.ctx, node));
    ok(ci_timeouts_clean(bench.conductor, bench.ctx));
    node = bench_settle(node);
    ck_assert_ptr_nonnull(strstr(node->last_error, "Failed on step {'step': 'erase', 'priority': "
                                                   "10}."));
    ck_assert(ci_is_true(node->maintenance));
    ck_assert_str_eq(node->fault, "clean failure");
    bench_stop();
}
END_TEST

START_TEST(nodes_that_wait_no_longer_than_they_may_go_on)
{
    struct ci_node *young, *apart, *locked, *ignored;

    life_start();
    young = life_put(bench_node(NULL, CI_STATE_MANAGEABLE), CI_STATE_DEPLOYWAIT, CI_STATE_ACTIVE);
    apart = waiting(CI_STATE_DEPLOYWAIT, CI_STATE_ACTIVE);
    ci_node_set_maintenance(apart, true);
    ok(ci_node_save(bench.ctx, apart));
    locked = waiting(CI_STATE_DEPLOYWAIT, CI_STATE_ACTIVE);
    ok(ci_node_reserve(bench.ctx, locked->uuid, "elsewhere", &ignored));
    for (size_t i = 0; i < CASES; i++)
        ok(cases[i].job(bench.conductor, bench.ctx));
    in_state(bench_settle(young), CI_STATE_DEPLOYWAIT);
    in_state(bench_reload(apart), CI_STATE_DEPLOYWAIT);
    in_state(bench_reload(locked), CI_STATE_DEPLOYWAIT);
    bench_stop();
}
END_TEST

START_TEST(some_nodes_a_run_and_the_others_with_the_next)
{
    enum { NODES = 5 };

    life_prepare();
    bench.config->conductor.periodic_max_workers = 3;
    bench_begin();
    for (int i = 0; i < NODES; i++)
        waiting(CI_STATE_DEPLOYWAIT, CI_STATE_ACTIVE);
    ok(ci_timeouts_deploy(bench.conductor, bench.ctx));
    while (ci_workers_busy(bench.conductor->workers) > 0)
        bench_nap();
    ck_assert_int_eq(
        bench_count("SELECT count(*) FROM nodes WHERE provision_state = 'deploy failed'"), 3);
    ok(ci_timeouts_deploy(bench.conductor, bench.ctx));
    while (ci_workers_busy(bench.conductor->workers) > 0)
        bench_nap();
    ck_assert_int_eq(
        bench_count("SELECT count(*) FROM nodes WHERE provision_state = 'deploy failed'"), NODES);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/timeouts", a_node_that_waits_too_long_fails_in_ironics_words,
          a_step_that_never_ended_is_named_and_sets_the_node_apart,
          nodes_that_wait_no_longer_than_they_may_go_on,
          some_nodes_a_run_and_the_others_with_the_next)
