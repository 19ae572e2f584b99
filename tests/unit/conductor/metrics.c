/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/metrics.h"

#include "conductor/periodic.h"
#include "tests/unit/conductor/life.h"

static const char *page(void)
{
    struct ci_text *text = ci_text_new(bench.ctx->mem, 1 << 20);

    ci_conductor_write_metrics(ci_metrics_prometheus(bench.ctx->mem, text), bench.conductor);
    return text->bytes;
}

#define told(line) ck_assert_msg(strstr(page(), line "\n"), "%s is not in %s", line, page())

START_TEST(moves_steps_and_calls_are_counted)
{
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    node = life_verb(node, "active", NULL);
    told("castiron_conductor_moves_total{from=\"available\",event=\"deploy\",to=\"deploying\"} 1");
    told("castiron_conductor_moves_total{from=\"deploying\",event=\"done\",to=\"active\"} 1");
    told("castiron_conductor_state_seconds_count{state=\"deploying\"} 1");
    told("castiron_conductor_call_seconds_count{method=\"do_node_deploy\",outcome=\"done\"} 1");
    told("castiron_conductor_step_seconds_count{flow=\"deploy\",outcome=\"done\"} 1");
    told("castiron_conductor_workers_refused_total 0");
    refused(InvalidStateRequested, "provide", life_ask(node, "provide", NULL));
    told("castiron_conductor_call_seconds_count{method=\"do_provisioning_action\","
         "outcome=\"failed\"} 1");
    bench_stop();
}
END_TEST

START_TEST(nodes_are_counted_by_the_job)
{
    struct ci_node *node;

    life_start();
    (void)bench_node("a", CI_STATE_AVAILABLE);
    (void)bench_node("b", CI_STATE_ACTIVE);
    node = bench_node("c", CI_STATE_ACTIVE);
    ci_node_set_maintenance(node, true);
    ok(ci_node_save(bench.ctx, node));
    ok(ci_metrics_count_nodes(bench.conductor, bench.ctx));
    told("castiron_conductor_nodes{state=\"active\"} 2");
    told("castiron_conductor_nodes{state=\"available\"} 1");
    told("castiron_conductor_nodes_in_maintenance 1");
    told("castiron_conductor_nodes_reserved 0");
    ck_assert_ptr_null(strstr(page(), "castiron_conductor_nodes{state=\"enroll\"}"));
    bench_stop();
}
END_TEST

START_TEST(nobodys_figures_ask_the_database_for_nothing)
{
    struct ci_config *config = ci_config_defaults();

    ck_assert_int_eq(ci_periodic_interval(config, "count_nodes"), 0);
    config->conductor.enable_metrics = true;
    ck_assert_int_eq(ci_periodic_interval(config, "count_nodes"), 60);
    config->conductor.count_nodes_interval = 0;
    ck_assert_int_eq(ci_periodic_interval(config, "count_nodes"), 0);
    ci_config_free(config);
}
END_TEST

START_TEST(runs_of_periodic_work_are_counted)
{
    life_prepare();
    bench.config->conductor.power_failure_recovery_interval = 1;
    bench_begin();
    while (!strstr(page(),
                   "castiron_conductor_periodic_seconds_count{job=\"power_failure_recovery\"}"))
        bench_nap();
    told("castiron_conductor_periodic_failures_total{job=\"power_failure_recovery\"} 0");
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/metrics", moves_steps_and_calls_are_counted, nodes_are_counted_by_the_job,
          nobodys_figures_ask_the_database_for_nothing, runs_of_periodic_work_are_counted)
