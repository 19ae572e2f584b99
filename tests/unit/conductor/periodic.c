/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/periodic.h"

#include "tests/unit/conductor/life.h"

START_TEST(a_job_is_due_at_the_next_multiple_of_its_interval)
{
    static const struct {
        int64_t began, ended, interval, next;
    } cases[] = {
        {0, 0, 10, 10}, {0, 9, 10, 10}, {0, 10, 10, 20}, {0, 25, 10, 30}, {7, 8, 10, 17},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_int_eq(ci_periodic_next(cases[i].began, cases[i].ended, cases[i].interval),
                         cases[i].next);
}
END_TEST

START_TEST(intervals_are_the_configurations)
{
    struct ci_config *config = ci_config_defaults();

    ck_assert_int_eq(ci_periodic_interval(config, "sync_power_states"), 120);
    ck_assert_int_eq(ci_periodic_interval(config, "power_failure_recovery"), 300);
    ck_assert_int_eq(ci_periodic_interval(config, "nothing"), 0);
    config->conductor.sync_power_state_interval = 0;
    config->conductor.power_failure_recovery_interval = -1;
    ck_assert_int_eq(ci_periodic_interval(config, "sync_power_states"), 0);
    ck_assert_int_eq(ci_periodic_interval(config, "power_failure_recovery"), 0);
    ci_config_free(config);
}
END_TEST

static struct ci_node *failed_node(void)
{
    struct ci_node *node = bench_node("n", CI_STATE_ACTIVE);

    ci_node_set_maintenance(node, true);
    ci_node_set_fault(node, "power failure");
    ok(ci_node_save(bench.ctx, node));
    return node;
}

START_TEST(a_job_runs_by_itself_again_and_again)
{
    struct ci_node *node;

    life_prepare();
    bench.config->conductor.power_failure_recovery_interval = 1;
    bench_begin();
    node = failed_node();
    for (int round = 0; round < 2; round++) {
        while (ci_is_true(bench_reload(node)->maintenance))
            bench_nap();
        node = bench_settle(node);
        ci_node_set_maintenance(node, true);
        ci_node_set_fault(node, "power failure");
        ok(ci_node_save(bench.ctx, node));
    }
    bench_stop();
}
END_TEST

START_TEST(a_conductor_that_leaves_begins_no_job)
{
    struct ci_node *node;

    life_prepare();
    bench.config->conductor.power_failure_recovery_interval = 1;
    bench_begin();
    ci_conductor_leave(bench.conductor, CI_LEAVE_NOW);
    ck_assert(!ci_conductor_is_staying(bench.conductor));
    node = failed_node();
    ok(ci_sync_power_recover(bench.conductor, bench.ctx));
    ck_assert(ci_is_true(bench_reload(node)->maintenance));
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/periodic", a_job_is_due_at_the_next_multiple_of_its_interval,
          intervals_are_the_configurations, a_job_runs_by_itself_again_and_again,
          a_conductor_that_leaves_begins_no_job)
