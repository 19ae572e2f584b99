/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/steps.h"

#include "tests/unit/conductor/life.h"

static struct ci_task *take(void)
{
    struct ci_task *task;

    ok(ci_task_take(bench.conductor, bench.ctx, bench_node("n", CI_STATE_AVAILABLE)->uuid,
                    CI_EXCLUSIVE, "a test", &task));
    return task;
}

static const char *text(const json_t *value)
{
    return ci_json_text(bench.ctx->mem, value);
}

/* The JSON of a list written with single quotes. */
static json_t *list(const char *quoted)
{
    char *json = ci_strdup(bench.ctx->mem, quoted);
    json_t *value;

    for (char *at = json; *at; at++) {
        if (*at == '\'')
            *at = '"';
    }
    ok(ci_json_read(bench.ctx, json, strlen(json), &ci_json_trusted, &value));
    return value;
}

START_TEST(offers_are_described_as_ironic_does)
{
    struct ci_task *task;
    json_t *steps;

    life_start();
    task = take();
    ok(ci_steps_offered(task, CI_FLOW_DEPLOY, &steps));
    ck_assert_str_eq(text(steps), "[{\"step\": \"deploy\", \"priority\": 100, \"abortable\": true, "
                                  "\"argsinfo\": null, \"interface\": \"deploy\"}]");
    ok(ci_steps_offered(task, CI_FLOW_CLEAN, &steps));
    ck_assert_uint_eq(json_array_size(steps), 5);
    ck_assert_str_eq(text(json_array_get(steps, 0)),
                     "{\"step\": \"log_passthrough\", \"priority\": 1, \"abortable\": false, "
                     "\"argsinfo\": null, \"interface\": \"vendor\", \"requires_ramdisk\": true}");
    ok(ci_steps_offered(task, CI_FLOW_SERVICE, &steps));
    ck_assert_uint_eq(json_array_size(steps), 2);
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(all_errors_are_told_at_once)
{
    static const struct ci_steps_rules strict = {.prefix = "No: "};
    struct ci_task *task;
    json_t *steps;

    life_start();
    task = take();
    refused(InvalidParameterValue,
            "No: node does not support this clean step: {'interface': 'raid', 'step': 'x'}; clean "
            "step {'interface': 'vendor', 'step': 'log_passthrough', 'args': {'a': 1, 'b': 2}} has "
            "these unexpected arguments: a, b",
            ci_steps_validate(task, CI_FLOW_CLEAN,
                              list("[{'interface': 'raid', 'step': 'x'}, {'interface': 'vendor', "
                                   "'step': 'log_passthrough', 'args': {'a': 1, 'b': 2}}]"),
                              &strict, &steps));
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(errors_do_not_show_secrets_of_arguments)
{
    static const struct ci_steps_rules strict = {.prefix = NULL};
    struct ci_task *task;
    json_t *steps;

    life_start();
    task = take();
    refused(InvalidParameterValue,
            "node does not support this clean step: {'interface': 'raid', 'step': 'x', 'args': "
            "{'users': [{'name': 'a', 'password': '***'}]}}; clean step {'interface': 'vendor', "
            "'step': 'log_passthrough', 'args': {'token': '***'}} has these unexpected arguments",
            ci_steps_validate(
                task, CI_FLOW_CLEAN,
                list("[{'interface': 'raid', 'step': 'x', 'args': {'users': [{'name': 'a', "
                     "'password': 'hush'}]}}, {'interface': 'vendor', 'step': 'log_passthrough', "
                     "'args': {'token': 'hush'}}]"),
                &strict, &steps));
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(deploy_steps_come_only_once)
{
    static const struct ci_steps_rules lenient = {.skip_missing = true};
    static const struct ci_steps_rules strict = {.prefix = NULL};
    const char *twice = "[{'interface': 'deploy', 'step': 'deploy', 'args': {}, 'priority': 0}, "
                        "{'interface': 'deploy', 'step': 'deploy', 'args': {}, 'priority': 0}]";
    struct ci_task *task;
    json_t *steps;

    life_start();
    task = take();
    refused(InvalidParameterValue, "Duplicate deploy steps for deploy.deploy",
            ci_steps_validate(task, CI_FLOW_DEPLOY, list(twice), &strict, &steps));
    ok(ci_steps_validate(task, CI_FLOW_DEPLOY,
                         list("[{'interface': 'raid', 'step': 'x', 'args': {}, 'priority': 5}]"),
                         &lenient, &steps));
    ck_assert_uint_eq(json_array_size(steps), 0);
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(steps_run_by_priority_then_by_interface)
{
    static const char *const override[] = {
        "bios.factory_reset", "7", "firmware.update", "7", "bios.cache_bios_settings", "9", NULL};
    struct ci_task *task;
    json_t *steps;
    const char *order = "";

    life_prepare();
    bench.config->conductor.clean_step_priority_override = override;
    bench_begin();
    task = take();
    ok(ci_steps_set_clean(task, false, false));
    steps = list(task->node->driver_internal_info);
    steps = json_object_get(steps, "clean_steps");
    for (size_t i = 0; i < json_array_size(steps); i++)
        order = ci_printf(bench.ctx->mem, "%s %s", order,
                          ci_step_id(bench.ctx, json_array_get(steps, i)));
    ck_assert_str_eq(order, " bios.cache_bios_settings firmware.update bios.factory_reset "
                            "vendor.log_passthrough");
    ck_assert_str_eq(bench_reload(task->node)->driver_internal_info,
                     task->node->driver_internal_info);
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(disallowed_steps_are_left_out_of_automated_lists)
{
    static const char *const disallowed[] = {"vendor.log_passthrough", NULL};
    struct ci_task *task;

    life_prepare();
    bench.config->api.disallow_clean_steps = disallowed;
    bench_begin();
    task = take();
    ok(ci_steps_set_clean(task, false, false));
    ck_assert_str_eq(task->node->driver_internal_info,
                     "{\"clean_steps\": [], \"clean_step_index\": null}");
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(strange_steps_are_errors_not_crashes)
{
    static const struct ci_steps_rules strict = {.prefix = NULL};
    static const char *const strange[] = {"[{}]",
                                          "[1]",
                                          "[null]",
                                          "[[]]",
                                          "[{'interface': 5}]",
                                          "[{'interface': 'bios', 'step': ['x']}]",
                                          "[{'interface': 'bios', 'step': 'wait', 'args': [1]}]"};
    struct ci_task *task;

    life_start();
    task = take();
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        for (int flow = CI_FLOW_CLEAN; flow <= CI_FLOW_SERVICE; flow++) {
            json_t *steps;

            ok(ci_steps_check_allowed(bench.ctx, (enum ci_flow)flow, list(strange[i])));
            if (!ci_steps_validate(task, (enum ci_flow)flow, list(strange[i]), &strict, &steps))
                ck_assert_msg(ci_failed_with(bench.ctx, CI_ERR_InvalidParameterValue), "%s: %s",
                              strange[i], why());
            ci_error_clear(bench.ctx);
        }
    }
    ci_task_release(task);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/steps", offers_are_described_as_ironic_does, all_errors_are_told_at_once,
          errors_do_not_show_secrets_of_arguments, deploy_steps_come_only_once,
          steps_run_by_priority_then_by_interface, disallowed_steps_are_left_out_of_automated_lists,
          strange_steps_are_errors_not_crashes)
