/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/conductor/life.h"

static json_t *clean_args(json_t *steps)
{
    return json_pack("{s:o}", "clean_steps", steps);
}

static struct ci_node *clean(const struct ci_node *node, json_t *steps)
{
    return life_verb(node, "clean", clean_args(steps));
}

START_TEST(manual_cleaning_runs_its_steps_and_ends_manageable)
{
    struct ci_node *node;

    life_start();
    node = clean(bench_node("n", CI_STATE_MANAGEABLE), life_steps("bios", "factory_reset"));
    in_state(node, CI_STATE_MANAGEABLE);
    ck_assert_ptr_null(node->target_provision_state);
    ck_assert_ptr_null(node->last_error);
    ck_assert_str_eq(node->driver_internal_info, "{\"clean_steps\": null}");
    ck_assert_str_eq(node->clean_step, "{}");
    ck_assert_int_eq(bench_count("SELECT COUNT(*) FROM node_history WHERE severity = 'INFO' AND "
                                 "event_type = 'manual_cleaning_start' AND "
                                 "event LIKE 'Starting manual cleaning with steps=[{''interface'': "
                                 "''bios'', ''step'': ''factory_reset'', ''abortable'': False, "
                                 "''priority'': 0}]'"),
                     1);
    ck_assert_int_eq(bench_count("SELECT COUNT(*) FROM node_history WHERE event = "
                                 "'Manual Cleaning completed successfully with steps=[]'"),
                     1);
    bench_stop();
}
END_TEST

/* A cleaning that fails before its first step: told, but the node is not at fault. */
static void fails_early(json_t *args, const char *message)
{
    struct ci_node *node = bench_node(NULL, CI_STATE_MANAGEABLE);

    node = life_verb(node, "clean", args);
    in_state(node, CI_STATE_CLEANFAIL);
    ck_assert_str_eq(node->target_provision_state, CI_STATE_MANAGEABLE);
    ck_assert_ptr_nonnull(node->last_error);
    ck_assert_str_eq(node->last_error,
                     ci_printf(bench.ctx->mem, "Cannot clean node %s: %s", node->uuid, message));
    ck_assert(!ci_is_true(node->maintenance));
    ck_assert_ptr_null(node->fault);
    in_state(life_verb(node, "manage", NULL), CI_STATE_MANAGEABLE);
}

START_TEST(steps_are_marked_as_declared_for_releases_that_know_the_mark)
{
    static const struct {
        const char *pin;
        bool marked;
    } cases[] = {{NULL, true}, {"31.0", true}, {"30.0", false}, {"21.4", false}};

    life_start();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_node *node = bench_node(NULL, CI_STATE_MANAGEABLE);

        bench.config->DEFAULT.pin_release_version = cases[i].pin;
        node = life_verb(
            node, "clean",
            json_pack("{s:[{s:s, s:s}]}", "clean_steps", "interface", "power", "step", "hold"));
        in_state(node, CI_STATE_CLEANHOLD);
        ck_assert_msg(!!life_info(node->driver_internal_info, "declarative_cleaning") ==
                          cases[i].marked,
                      "%s", cases[i].pin);
    }
    bench_stop();
}
END_TEST

START_TEST(steps_that_do_not_fit_are_told_in_ironics_words)
{
    json_t *args;

    life_start();
    fails_early(clean_args(life_steps("deploy", "x")),
                "node does not support this clean step: {'interface': "
                "'deploy', 'step': 'x'}");
    fails_early(clean_args(life_steps("bios", "apply_configuration")),
                "clean step {'interface': 'bios', 'step': "
                "'apply_configuration'} is missing these required arguments: settings (List of "
                "BIOS settings, each item needs to contain a dictionary with name/value pairs)");
    fails_early(clean_args(json_pack("[{s:s, s:s, s:{s:i}}]", "interface", "bios", "step",
                                     "factory_reset", "args", "hard", 1)),
                "clean step {'interface': 'bios', 'step': 'factory_reset', "
                "'args': {'hard': 1}} has these unexpected arguments: hard");
    args = clean_args(life_steps("bios", "factory_reset"));
    json_object_set_new(args, "disable_ramdisk", json_true());
    fails_early(args, "clean step {'interface': 'bios', 'step': "
                      "'factory_reset'} requires booting a ramdisk");
    bench_stop();
}
END_TEST

static json_t *apply(const char *name, const char *value)
{
    return json_pack("[{s:s, s:s, s:{s:[{s:s, s:s}, {s:s, s:i}]}}]", "interface", "bios", "step",
                     "apply_configuration", "args", "settings", "name", name, "value", value,
                     "name", "n", "value", 5);
}

START_TEST(bios_settings_are_kept_in_step)
{
    struct ci_node *node;

    life_start();
    node = clean(bench_node("n", CI_STATE_MANAGEABLE), apply("a", "1"));
    in_state(node, CI_STATE_MANAGEABLE);
    ck_assert_int_eq(bench_count("SELECT COUNT(*) FROM bios_settings WHERE node_id = 1 AND "
                                 "(name = 'a' AND value = '1' OR name = 'n' AND value = '5')"),
                     2);
    in_state(clean(node, apply("a", "2")), CI_STATE_MANAGEABLE);
    ck_assert_int_eq(bench_count("SELECT COUNT(*) FROM bios_settings WHERE value = '2'"), 1);
    in_state(clean(node, apply("b", "3")), CI_STATE_MANAGEABLE);
    ck_assert_int_eq(bench_count("SELECT COUNT(*) FROM bios_settings WHERE name = 'a'"), 0);
    ck_assert_int_eq(bench_count("SELECT COUNT(*) FROM bios_settings"), 2);
    in_state(clean(node, life_steps("bios", "factory_reset")), CI_STATE_MANAGEABLE);
    ck_assert_int_eq(bench_count("SELECT COUNT(*) FROM bios_settings"), 0);
    node = clean(node, json_pack("[{s:s, s:s, s:{s:[i]}}]", "interface", "bios", "step",
                                 "apply_configuration", "args", "settings", 1));
    in_state(node, CI_STATE_CLEANFAIL);
    ck_assert_ptr_nonnull(strstr(node->last_error, "A BIOS setting must have a name and a value"));
    bench_stop();
}
END_TEST

START_TEST(a_step_that_fails_puts_the_node_into_maintenance)
{
    struct ci_task *task;
    struct ci_node *node, *child;

    life_start();
    node = bench_node("n", CI_STATE_MANAGEABLE);
    child = bench_node("child", CI_STATE_MANAGEABLE);
    ci_node_set_parent_node(child, node->uuid);
    ok(ci_node_save(bench.ctx, child));
    ok(ci_task_take(bench.conductor, bench.ctx, child->uuid, CI_EXCLUSIVE, "a test", &task));
    node = clean(node, json_pack("[{s:s, s:s, s:b}]", "interface", "vendor", "step",
                                 "log_passthrough", "execute_on_child_nodes", 1));
    in_state(node, CI_STATE_CLEANFAIL);
    ck_assert(ci_is_true(node->maintenance));
    ck_assert_str_eq(node->fault, "clean failure");
    ck_assert_str_eq(node->maintenance_reason, node->last_error);
    ck_assert_ptr_nonnull(strstr(node->last_error, "failed step {'interface': 'vendor', 'step': "
                                                   "'log_passthrough', "));
    ck_assert_ptr_nonnull(strstr(node->last_error, "is locked by host testhost"));
    ck_assert_str_eq(node->clean_step, "{}");
    ck_assert_int_eq(bench_count("SELECT COUNT(*) FROM node_history WHERE event_type = 'cleaning' "
                                 "AND severity = 'ERROR'"),
                     1);
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(a_step_runs_on_child_nodes)
{
    struct ci_node *node, *child, *other;

    life_start();
    node = bench_node("n", CI_STATE_MANAGEABLE);
    child = bench_node("child", CI_STATE_MANAGEABLE);
    other = bench_node("other", CI_STATE_MANAGEABLE);
    ci_node_set_parent_node(child, node->uuid);
    ci_node_set_power_state(node, CI_POWER_ON);
    ok(ci_node_save(bench.ctx, child));
    ok(ci_node_save(bench.ctx, node));
    node = clean(node, json_pack("[{s:s, s:s, s:b}]", "interface", "power", "step", "power_on",
                                 "execute_on_child_nodes", 1));
    in_state(node, CI_STATE_MANAGEABLE);
    ck_assert_str_eq(bench_reload(child)->power_state, CI_POWER_ON);
    ck_assert_ptr_null(bench_reload(child)->reservation);
    ck_assert_ptr_null(bench_reload(other)->power_state);
    bench_stop();
}
END_TEST

START_TEST(automated_cleaning_is_skipped_where_the_node_or_the_configuration_says)
{
    struct ci_node *node;

    life_prepare();
    bench.config->conductor.automated_clean = false;
    bench_begin();
    node = life_verb(bench_node("a", CI_STATE_MANAGEABLE), "provide", NULL);
    in_state(node, CI_STATE_AVAILABLE);
    ck_assert_int_eq(bench_count("SELECT COUNT(*) FROM node_history"), 0);
    node = bench_node("b", CI_STATE_MANAGEABLE);
    ci_node_set_automated_clean(node, 1);
    ok(ci_node_save(bench.ctx, node));
    in_state(life_verb(node, "provide", NULL), CI_STATE_AVAILABLE);
    ck_assert_int_eq(bench_count("SELECT COUNT(*) FROM node_history"), 2);
    bench_stop();
}
END_TEST

START_TEST(a_priority_may_be_overridden)
{
    static const char *const override[] = {"vendor.log_passthrough",
                                           "0",
                                           "bios.factory_reset",
                                           "20",
                                           "bios.cache_bios_settings",
                                           "30",
                                           NULL};
    struct ci_node *node;

    life_prepare();
    bench.config->conductor.clean_step_priority_override = override;
    bench_begin();
    node = life_verb(bench_node("n", CI_STATE_MANAGEABLE), "provide", NULL);
    in_state(node, CI_STATE_AVAILABLE);
    ck_assert_int_eq(
        bench_count("SELECT COUNT(*) FROM node_history WHERE event LIKE "
                    "'Starting automated cleaning with steps=[{''step'': ''cache_bios_settings'', "
                    "''priority'': 30,%''step'': ''factory_reset'', ''priority'': 20,%' "
                    "AND event NOT LIKE '%log_passthrough%'"),
        1);
    bench_stop();
}
END_TEST

START_TEST(a_retired_node_is_manageable_after_automated_cleaning)
{
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_ACTIVE);
    ci_node_set_retired(node, true);
    ok(ci_node_save(bench.ctx, node));
    in_state(life_verb(node, "deleted", NULL), CI_STATE_MANAGEABLE);
    bench_stop();
}
END_TEST

START_TEST(maintenance_and_refused_steps_stop_cleaning_before_it_begins)
{
    struct ci_node *node;

    life_prepare();
    bench.config->conductor.allow_provisioning_in_maintenance = false;
    bench_begin();
    node = bench_node("n", CI_STATE_MANAGEABLE);
    refused(StepNotAllowed,
            "clean step 'vendor.send_raw' is not allowed. Disallowed by operator configuration "
            "[api]disallow_clean_steps.",
            life_ask(node, "clean", clean_args(life_steps("vendor", "send_raw"))));
    ci_node_set_maintenance(node, true);
    ok(ci_node_save(bench.ctx, node));
    refused(NodeInMaintenance, "The cleaning operation can't be performed on node",
            life_ask(node, "clean", clean_args(life_steps("bios", "factory_reset"))));
    refused(NodeInMaintenance, "The providing operation can't be performed on node",
            life_ask(node, "provide", NULL));
    in_state(bench_reload(node), CI_STATE_MANAGEABLE);
    life_put(node, CI_STATE_ACTIVE, NULL);
    node = life_verb(node, "deleted", NULL);
    in_state(node, CI_STATE_CLEANFAIL);
    ck_assert_str_eq(node->last_error, "Cleaning a node in maintenance mode is not allowed");
    bench_stop();
}
END_TEST

START_TEST(as_many_nodes_as_allowed_are_cleaned_at_a_time)
{
    struct ci_node *node;

    life_prepare();
    bench.config->conductor.max_concurrent_clean = 1;
    bench_begin();
    bench_node("a", CI_STATE_CLEANWAIT);
    node = bench_node("b", CI_STATE_MANAGEABLE);
    refused(ConcurrentActionLimit, "The concurrent action limit for cleaning has been reached",
            life_ask(node, "clean", clean_args(life_steps("bios", "factory_reset"))));
    bench_stop();
}
END_TEST

static json_t *steps_with(const char *middle)
{
    return json_pack("[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}]", "interface", "bios", "step",
                     "factory_reset", "interface", "power", "step", middle, "interface", "power",
                     "step", "power_on");
}

START_TEST(a_held_cleaning_goes_on_when_it_is_let_and_called)
{
    struct ci_node *node;

    life_start();
    node = clean(bench_node("n", CI_STATE_MANAGEABLE), steps_with("hold"));
    in_state(node, CI_STATE_CLEANHOLD);
    ck_assert_str_eq(node->target_provision_state, CI_STATE_MANAGEABLE);
    ck_assert_int_eq(json_integer_value(life_info(node->driver_internal_info, "clean_step_index")),
                     1);
    node = life_verb(node, "unhold", NULL);
    in_state(node, CI_STATE_CLEANWAIT);
    ck_assert_ptr_null(node->power_state);
    ok(bench_call(node, CI_RPC_continue_node_clean, json_object(), NULL));
    node = bench_settle(node);
    in_state(node, CI_STATE_MANAGEABLE);
    ck_assert_str_eq(node->power_state, CI_POWER_ON);
    ck_assert_ptr_null(life_info(node->driver_internal_info, "clean_step_index"));
    bench_stop();
}
END_TEST

START_TEST(an_abort_waits_for_a_step_that_must_not_be_stopped)
{
    struct ci_node *node;

    life_start();
    node = clean(bench_node("n", CI_STATE_MANAGEABLE), steps_with("wait"));
    in_state(node, CI_STATE_CLEANWAIT);
    node = life_verb(node, "abort", NULL);
    in_state(node, CI_STATE_CLEANWAIT);
    ck_assert(json_is_true(life_info(node->clean_step, "abort_after")));
    ok(bench_call(node, CI_RPC_continue_node_clean, json_object(), NULL));
    node = bench_settle(node);
    in_state(node, CI_STATE_CLEANFAIL);
    ck_assert_str_eq(node->last_error, "By request, the clean operation was aborted during or "
                                       "after the completion of step \"power.wait\"");
    ck_assert_ptr_null(node->power_state);
    bench_stop();
}
END_TEST

START_TEST(cleaning_that_waits_for_its_first_step_is_aborted_at_once)
{
    struct ci_node *node;

    life_start();
    node = life_put(bench_node("n", CI_STATE_CLEANWAIT), CI_STATE_CLEANWAIT, CI_STATE_MANAGEABLE);
    node = life_verb(node, "abort", NULL);
    in_state(node, CI_STATE_CLEANFAIL);
    ck_assert_str_eq(node->target_provision_state, CI_STATE_MANAGEABLE);
    ck_assert_str_eq(node->last_error, "By request, the clean operation was aborted");
    bench_stop();
}
END_TEST

START_TEST(a_wait_of_seconds_goes_on_by_itself)
{
    struct ci_node *node;

    life_prepare();
    bench.config->conductor.max_conductor_wait_step_seconds = 0;
    bench_begin();
    node =
        clean(bench_node("n", CI_STATE_MANAGEABLE),
              json_pack("[{s:s, s:s, s:{s:i}}, {s:s, s:s}]", "interface", "power", "step", "wait",
                        "args", "seconds", 5, "interface", "power", "step", "power_off"));
    in_state(node, CI_STATE_MANAGEABLE);
    ck_assert_str_eq(node->power_state, CI_POWER_OFF);
    ck_assert_int_eq(bench_count("SELECT COUNT(*) FROM node_history WHERE event LIKE "
                                 "'A wait time exceeding the configured maximum%'"),
                     1);
    bench_stop();
}
END_TEST

START_TEST(nobody_goes_on_with_a_cleaning_that_does_not_wait)
{
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_MANAGEABLE);
    ok(bench_call(node, CI_RPC_continue_node_clean, json_object(), NULL));
    node = bench_settle(node);
    in_state(node, CI_STATE_MANAGEABLE);
    ck_assert_str_eq(node->driver_internal_info, "{}");
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/clean", manual_cleaning_runs_its_steps_and_ends_manageable,
          steps_are_marked_as_declared_for_releases_that_know_the_mark,
          steps_that_do_not_fit_are_told_in_ironics_words, bios_settings_are_kept_in_step,
          a_step_that_fails_puts_the_node_into_maintenance, a_step_runs_on_child_nodes,
          automated_cleaning_is_skipped_where_the_node_or_the_configuration_says,
          a_priority_may_be_overridden, a_retired_node_is_manageable_after_automated_cleaning,
          maintenance_and_refused_steps_stop_cleaning_before_it_begins,
          as_many_nodes_as_allowed_are_cleaned_at_a_time,
          a_held_cleaning_goes_on_when_it_is_let_and_called,
          an_abort_waits_for_a_step_that_must_not_be_stopped,
          cleaning_that_waits_for_its_first_step_is_aborted_at_once,
          a_wait_of_seconds_goes_on_by_itself, nobody_goes_on_with_a_cleaning_that_does_not_wait)
