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

/* A node with two children, of which the second one alone is to run a step. */
static struct ci_node *with_children(struct ci_node **ret_first, struct ci_node **ret_second)
{
    struct ci_node *node = bench_node(NULL, CI_STATE_ACTIVE), *children[2];

    for (size_t i = 0; i < 2; i++) {
        children[i] = bench_node(NULL, CI_STATE_ACTIVE);
        ci_node_set_parent_node(children[i], node->uuid);
        ok(ci_node_save(bench.ctx, children[i]));
    }
    *ret_first = children[0];
    *ret_second = children[1];
    return node;
}

static json_t *on_child(const char *interface, const char *step, const struct ci_node *child)
{
    return service_args(json_pack("[{s:s, s:s, s:b, s:[s]}]", "interface", interface, "step", step,
                                  "execute_on_child_nodes", 1, "limit_child_node_execution",
                                  child->uuid),
                        true);
}

START_TEST(a_step_that_a_child_goes_on_with_fails_unless_that_is_permitted)
{
    struct ci_node *node, *first, *second;

    life_start();
    node = with_children(&first, &second);
    node = life_verb(node, "service", on_child("vendor", "trigger_servicewait", second));
    in_state(node, CI_STATE_SERVICEFAIL);
    ck_assert_msg(strstr(node->last_error,
                         ci_printf(bench.ctx->mem,
                                   "on child node %s, step returned invalid value: service wait",
                                   second->uuid)),
                  "%s", node->last_error);
    bench.config->conductor.permit_child_node_step_async_result = true;
    node = with_children(&first, &second);
    in_state(life_verb(node, "service", on_child("vendor", "trigger_servicewait", second)),
             CI_STATE_ACTIVE);
    second = bench_reload(second);
    in_state(second, CI_STATE_ACTIVE);
    ck_assert_ptr_null(second->reservation);
    bench_stop();
}
END_TEST

START_TEST(a_step_is_limited_to_chosen_children)
{
    struct ci_node *node, *first, *second;

    life_start();
    node = with_children(&first, &second);
    ci_node_set_power_state(node, CI_POWER_ON);
    ok(ci_node_save(bench.ctx, node));
    in_state(life_verb(node, "service", on_child("power", "power_on", second)), CI_STATE_ACTIVE);
    ck_assert_ptr_null(bench_reload(first)->power_state);
    ck_assert_str_eq(bench_reload(second)->power_state, CI_POWER_ON);
    bench_stop();
}
END_TEST

START_TEST(a_child_neither_waits_nor_is_held)
{
    static const char *const steps[] = {"hold", "wait", NULL};
    struct ci_node *node, *first, *second;

    life_start();
    for (size_t i = 0; steps[i]; i++) {
        node = with_children(&first, &second);
        node = life_verb(node, "service", on_child("power", steps[i], second));
        in_state(node, CI_STATE_SERVICEFAIL);
        ck_assert_msg(strstr(node->last_error, "cannot be executed on a child node"), "%s",
                      node->last_error);
        in_state(bench_reload(second), CI_STATE_ACTIVE);
        ck_assert_ptr_null(bench_reload(second)->power_state);
    }
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
          a_step_that_a_child_goes_on_with_fails_unless_that_is_permitted,
          a_step_is_limited_to_chosen_children, a_child_neither_waits_nor_is_held,
          a_failed_service_in_maintenance_is_not_aborted)
