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

/* What Ironic's jobs do by default, and what turns each off. */
START_TEST(intervals_are_the_configurations)
{
    struct ci_config *config = ci_config_defaults();
    const struct {
        const char *job;
        int64_t every_s;
        int64_t *off[3];
    } cases[] = {
#define OPTION(name) &config->conductor.name
        {"sync_power_states", 120, {OPTION(sync_power_state_interval)}},
        {"power_failure_recovery", 300, {OPTION(power_failure_recovery_interval)}},
        {"check_deploy_timeouts",
         60,
         {OPTION(check_provision_state_interval), OPTION(deploy_callback_timeout)}},
        {"check_cleanwait_timeouts",
         60,
         {OPTION(check_provision_state_interval), OPTION(clean_callback_timeout)}},
        {"check_rescuewait_timeouts", 60, {OPTION(rescue_callback_timeout)}},
        {"check_servicewait_timeouts",
         60,
         {OPTION(check_provision_state_interval), OPTION(service_callback_timeout)}},
        {"check_inspect_wait_timeouts",
         60,
         {OPTION(check_provision_state_interval), OPTION(inspect_wait_timeout)}},
        {"check_orphan_nodes", 60, {OPTION(check_provision_state_interval)}},
        {"check_orphan_allocations", 60, {OPTION(check_allocations_interval)}},
        {"sync_local_state", 180, {OPTION(sync_local_state_interval)}},
        {"manage_node_history",
         86400,
         {OPTION(node_history_cleanup_interval), OPTION(node_history_cleanup_batch_count),
          OPTION(node_history_max_entries)}},
        {"cleanup_stale_conductors", 86400, {OPTION(conductor_cleanup_interval)}},
#undef OPTION
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(ci_periodic_interval(config, cases[i].job) == cases[i].every_s, "%s",
                      cases[i].job);
        for (size_t j = 0; j < 3 && cases[i].off[j]; j++) {
            int64_t before = *cases[i].off[j];

            *cases[i].off[j] = 0;
            ck_assert_msg(ci_periodic_interval(config, cases[i].job) == 0, "%s", cases[i].job);
            *cases[i].off[j] = before;
        }
    }
    ck_assert_int_eq(ci_periodic_interval(config, "nothing"), 0);
    config->conductor.sync_power_state_interval = -1;
    ck_assert_int_eq(ci_periodic_interval(config, "sync_power_states"), 0);
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
