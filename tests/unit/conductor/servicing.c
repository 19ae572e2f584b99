/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/conductor/life.h"

static json_t *service_args(json_t *steps, bool no_ramdisk)
{
    return json_pack("{s:o, s:b}", "service_steps", steps, "disable_ramdisk", no_ramdisk);
}

START_TEST(a_serviced_node_is_active_again)
{
    struct ci_node *node;

    life_start();
    node = life_verb(bench_node("n", CI_STATE_ACTIVE), "service",
                     service_args(life_steps("vendor", "log_passthrough"), true));
    in_state(node, CI_STATE_ACTIVE);
    ck_assert_ptr_null(node->target_provision_state);
    ck_assert_str_eq(node->driver_internal_info, "{\"service_steps\": null}");
    ck_assert_int_eq(
        bench_count("SELECT COUNT(*) FROM node_history WHERE event = 'Starting servicing with "
                    "steps=[{''interface'': ''vendor'', ''step'': ''log_passthrough'', "
                    "''abortable'': False, ''priority'': 0}]'"),
        1);
    bench_stop();
}
END_TEST

START_TEST(a_step_may_leave_the_node_waiting_until_it_is_aborted_or_called)
{
    struct ci_node *node;

    life_start();
    node = life_verb(bench_node("n", CI_STATE_ACTIVE), "service",
                     service_args(life_steps("vendor", "trigger_servicewait"), false));
    in_state(node, CI_STATE_SERVICEWAIT);
    ok(bench_call(node, CI_RPC_continue_node_service, json_object(), NULL));
    in_state(bench_settle(node), CI_STATE_ACTIVE);
    node = life_verb(node, "service",
                     service_args(life_steps("vendor", "trigger_servicewait"), false));
    node = life_verb(node, "abort", NULL);
    in_state(node, CI_STATE_SERVICEWAIT);
    ck_assert(json_is_true(life_info(node->service_step, "abort_after")));
    ok(bench_call(node, CI_RPC_continue_node_service, json_object(), NULL));
    node = bench_settle(node);
    in_state(node, CI_STATE_SERVICEFAIL);
    ck_assert_str_eq(node->last_error,
                     "By request, the service operation was aborted during or after the "
                     "completion of step \"vendor.trigger_servicewait\"");
    in_state(life_verb(node, "abort", NULL), CI_STATE_ACTIVE);
    bench_stop();
}
END_TEST

START_TEST(steps_nobody_offers_fail_the_service)
{
    struct ci_node *node;

    life_start();
    node = life_verb(bench_node("n", CI_STATE_ACTIVE), "service",
                     service_args(life_steps("raid", "x"), false));
    in_state(node, CI_STATE_SERVICEFAIL);
    ck_assert_ptr_nonnull(strstr(node->last_error,
                                 "node does not support this service step: {'interface': 'raid', "
                                 "'step': 'x'}"));
    in_state(life_verb(node, "deleted", NULL), CI_STATE_AVAILABLE);
    node = bench_node("m", CI_STATE_ACTIVE);
    refused(StepNotAllowed, "[api]disallow_service_steps",
            life_ask(node, "service", service_args(life_steps("vendor", "send_raw"), false)));
    ci_node_set_maintenance(node, true);
    ok(ci_node_save(bench.ctx, node));
    refused(NodeInMaintenance, "The service operation can't be performed on node",
            life_ask(node, "service", service_args(life_steps("raid", "x"), false)));
    bench_stop();
}
END_TEST

START_TEST(a_held_service_goes_on_by_itself)
{
    struct ci_node *node;

    life_start();
    node =
        life_verb(bench_node("n", CI_STATE_ACTIVE), "service",
                  service_args(json_pack("[{s:s, s:s}, {s:s, s:s}]", "interface", "power", "step",
                                         "hold", "interface", "power", "step", "power_on"),
                               true));
    in_state(node, CI_STATE_SERVICEHOLD);
    node = life_verb(node, "unhold", NULL);
    in_state(node, CI_STATE_ACTIVE);
    ck_assert_str_eq(node->power_state, CI_POWER_ON);
    bench_stop();
}
END_TEST

START_TEST(a_failed_service_in_maintenance_is_not_aborted)
{
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_SERVICEFAIL);
    ci_node_set_maintenance(node, true);
    ok(ci_node_save(bench.ctx, node));
    refused(InvalidState, "Can not abort service on node", life_ask(node, "abort", NULL));
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/servicing", a_serviced_node_is_active_again,
          a_step_may_leave_the_node_waiting_until_it_is_aborted_or_called,
          steps_nobody_offers_fail_the_service, a_held_service_goes_on_by_itself,
          a_failed_service_in_maintenance_is_not_aborted)
