/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/conductor/life.h"

START_TEST(a_deployed_node_holds_what_ironics_would)
{
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_MANAGEABLE);
    node = life_verb(life_verb(node, "adopt", NULL), "deleted", NULL);
    node = life_verb(
        node, "active",
        json_pack("{s:{s:{s:s}, s:s}}", "configdrive", "meta_data", "a", "b", "user_data", "x"));
    in_state(node, CI_STATE_ACTIVE);
    ck_assert_str_eq(node->driver_internal_info, "{\"deploy_steps\": null, \"clean_steps\": null}");
    ck_assert_str_eq(node->instance_info,
                     "{\"configdrive\": {\"meta_data\": {\"a\": \"b\"}, \"user_data\": \"x\"}}");
    ck_assert_int_eq(node->conductor_affinity, bench.conductor->id);
    ck_assert_ptr_null(node->last_error);
    ck_assert_ptr_null(node->target_provision_state);
    ck_assert_ptr_null(node->power_state);
    ck_assert_int_eq(
        bench_count("SELECT COUNT(*) FROM node_history WHERE event_type = 'deployment_end' AND "
                    "event = 'Deployment completed successfully with steps=[{''step'': ''deploy'', "
                    "''priority'': 100, ''abortable'': True, ''argsinfo'': None, ''interface'': "
                    "''deploy''}]'"),
        1);
    bench_stop();
}
END_TEST

static struct ci_node *with_info(const char *instance_info)
{
    struct ci_node *node = bench_node(NULL, CI_STATE_AVAILABLE);

    ci_node_set_instance_info(node, instance_info);
    ok(ci_node_save(bench.ctx, node));
    return node;
}

START_TEST(the_kind_of_image_is_noted)
{
    struct ci_node *node;

    life_start();
    node = life_verb(with_info("{\"image_source\": \"http://h/i\"}"), "active", NULL);
    in_state(node, CI_STATE_ACTIVE);
    ck_assert(json_is_true(life_info(node->driver_internal_info, "is_whole_disk_image")));
    ck_assert_str_eq(json_string_value(life_info(node->instance_info, "image_type")), "whole-disk");
    node = life_verb(node, "deleted", NULL);
    ck_assert_str_eq(node->instance_info, "{}");
    ck_assert_ptr_null(life_info(node->driver_internal_info, "is_whole_disk_image"));
    node = life_verb(
        with_info("{\"image_source\": \"http://h/i\", \"kernel\": \"k\", \"ramdisk\": \"r\"}"),
        "active", NULL);
    ck_assert_str_eq(json_string_value(life_info(node->instance_info, "image_type")), "partition");
    bench_stop();
}
END_TEST

START_TEST(traits_of_the_instance_must_be_traits_of_the_node)
{
    static const char *const traits[] = {"CUSTOM_A", NULL};
    struct ci_node *node;

    life_start();
    node = with_info("{\"traits\": [\"CUSTOM_A\", \"CUSTOM_B\"]}");
    refused(InstanceDeployFailure,
            ci_printf(bench.ctx->mem,
                      "Failed to validate deploy or power info for node %s: Cannot specify "
                      "instance traits that are not also set on the node. Node %s is missing "
                      "traits CUSTOM_A, CUSTOM_B",
                      node->uuid, node->uuid),
            life_ask(node, "active", NULL));
    ok(ci_node_set_traits_rows(bench.ctx, node, traits));
    ci_node_set_instance_info(node, "{\"traits\": [\"CUSTOM_A\"]}");
    ok(ci_node_save(bench.ctx, node));
    in_state(life_verb(node, "active", NULL), CI_STATE_ACTIVE);
    refused(InstanceDeployFailure, "Error parsing traits from Node",
            life_ask(with_info("{\"traits\": \"x\"}"), "active", NULL));
    bench_stop();
}
END_TEST

static json_t *deploy_args(const char *interface, const char *step, int priority)
{
    return json_pack("{s:[{s:s, s:s, s:{}, s:i}]}", "deploy_steps", "interface", interface, "step",
                     step, "args", "priority", priority);
}

START_TEST(steps_asked_for_are_held_against_the_offers)
{
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    refused(InstanceDeployFailure,
            "Validation of deploy steps from \"deploy steps\" argument failed.deploy step deploy "
            "on interface deploy is a core step and cannot be overridden by user steps. It may be "
            "disabled by setting the priority to 0",
            life_ask(node, "active", deploy_args("deploy", "deploy", 50)));
    in_state(bench_reload(node), CI_STATE_AVAILABLE);
    refused(StepNotAllowed, "deploy step 'vendor.send_raw' is not allowed.",
            life_ask(node, "active", deploy_args("vendor", "send_raw", 50)));
    in_state(life_verb(node, "active", deploy_args("raid", "from_the_ramdisk", 50)),
             CI_STATE_ACTIVE);
    bench_stop();
}
END_TEST

START_TEST(without_any_step_a_deployment_fails)
{
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    node = life_verb(node, "active", deploy_args("deploy", "deploy", 0));
    in_state(node, CI_STATE_DEPLOYFAIL);
    ck_assert_str_eq(node->last_error, "No deploy steps returned by the driver");
    ck_assert_str_eq(node->target_provision_state, CI_STATE_ACTIVE);
    ck_assert(!ci_is_true(node->maintenance));
    in_state(life_verb(node, "active", NULL), CI_STATE_ACTIVE);
    bench_stop();
}
END_TEST

START_TEST(a_template_named_by_a_trait_brings_its_steps)
{
    static const char *const traits[] = {"CUSTOM_T", NULL};
    struct ci_node *node;

    life_start();
    ok(ci_db_run(bench.ctx,
                 "INSERT INTO deploy_templates (id, uuid, name) VALUES (1, "
                 "'11111111-2222-4333-8444-555555555555', 'CUSTOM_T')",
                 0, NULL, NULL));
    ok(ci_db_run(bench.ctx,
                 "INSERT INTO deploy_template_steps (deploy_template_id, interface, step, args, "
                 "priority) VALUES (1, 'deploy', 'deploy', '{}', 7)",
                 0, NULL, NULL));
    node = with_info("{\"traits\": [\"CUSTOM_T\"]}");
    ok(ci_node_set_traits_rows(bench.ctx, node, traits));
    refused(InstanceDeployFailure,
            "Validation of deploy steps from deploy templates matching this node's instance "
            "traits failed. Matching deploy templates: CUSTOM_T. Errors: deploy step deploy on",
            life_ask(node, "active", NULL));
    bench_stop();
}
END_TEST

START_TEST(maintenance_protection_and_limits_stop_a_deployment)
{
    struct ci_node *node;

    life_prepare();
    bench.config->conductor.max_concurrent_deploy = 1;
    bench_begin();
    node = bench_node("n", CI_STATE_ACTIVE);
    ci_node_set_protected(node, true);
    ok(ci_node_save(bench.ctx, node));
    refused(NodeProtected, "is protected and cannot be undeployed, rebuilt or deleted",
            life_ask(node, "rebuild", NULL));
    refused(NodeProtected, "is protected", life_ask(node, "deleted", NULL));
    node = bench_node("m", CI_STATE_AVAILABLE);
    ci_node_set_maintenance(node, true);
    ok(ci_node_save(bench.ctx, node));
    refused(NodeInMaintenance, "The provisioning operation can't be performed on node",
            life_ask(node, "active", NULL));
    bench_node("w", CI_STATE_DEPLOYWAIT);
    refused(ConcurrentActionLimit, "The concurrent action limit for provisioning has been reached",
            life_ask(node, "active", NULL));
    bench_stop();
}
END_TEST

START_TEST(the_project_of_the_instance_becomes_lessee_for_its_time)
{
    struct ci_node *node;

    life_start();
    node = life_verb(with_info("{\"project_id\": \"p1\"}"), "active", NULL);
    ck_assert_str_eq(node->lessee, "p1");
    node = life_verb(node, "deleted", NULL);
    ck_assert_ptr_null(node->lessee);
    ck_assert_ptr_null(life_info(node->driver_internal_info, "automatic_lessee"));
    bench_stop();
}
END_TEST

START_TEST(a_deployment_that_waits_goes_on_or_is_aborted)
{
    struct ci_node *node;

    life_start();
    node = life_put(bench_node("n", CI_STATE_DEPLOYWAIT), CI_STATE_DEPLOYWAIT, CI_STATE_ACTIVE);
    ok(bench_call(node, CI_RPC_continue_node_deploy, json_object(), NULL));
    node = bench_settle(node);
    in_state(node, CI_STATE_ACTIVE);
    life_put(node, CI_STATE_DEPLOYWAIT, CI_STATE_ACTIVE);
    node = life_verb(node, "abort", NULL);
    in_state(node, CI_STATE_DEPLOYFAIL);
    ck_assert_str_eq(node->last_error, "By request, the deploy operation was aborted");
    in_state(life_verb(node, "deleted", NULL), CI_STATE_AVAILABLE);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/deploy", a_deployed_node_holds_what_ironics_would, the_kind_of_image_is_noted,
          traits_of_the_instance_must_be_traits_of_the_node,
          steps_asked_for_are_held_against_the_offers, without_any_step_a_deployment_fails,
          a_template_named_by_a_trait_brings_its_steps,
          maintenance_protection_and_limits_stop_a_deployment,
          the_project_of_the_instance_becomes_lessee_for_its_time,
          a_deployment_that_waits_goes_on_or_is_aborted)
