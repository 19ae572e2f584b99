/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/steps.h"

#include <limits.h>

#include "objects/info.h"
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

/* An interface of the test's own, whose ramdisk offers steps, or fails to. */
static const struct ci_step_offer own_offers[] = {
    {.name = "own",
     .priority = 5,
     .without_ramdisk = true,
     .argsinfo = "{\"a\": {\"required\": true}, \"b\": {\"required\": true, \"description\": "
                 "\"the other\"}, \"c\": {}, \"d\": {\"required\": false}}"},
    {0}};
static const struct ci_step_offer broken_offers[] = {{.name = "broken", .argsinfo = "{"}, {0}};
static int ramdisk_answers; /* so often, then it fails */

static bool add_steps(struct ci_task *task, enum ci_flow flow, json_t *steps)
{
    size_t i;
    json_t *step, *more = list("[{'interface': 'deploy', 'step': 'own', 'priority': 99}, "
                               "{'interface': 'deploy', 'step': 'erase', 'priority': '7'}, "
                               "{'interface': 'deploy', 'step': 'late', 'priority': 'x'}, "
                               "{'interface': 'deploy', 'step': 'later', 'priority': []}, "
                               "{'interface': 'deploy', 'step': 'last'}, "
                               "{'interface': 'no', 'step': 'where', 'priority': 7}]");

    (void)flow;
    if (ramdisk_answers-- <= 0)
        return ci_fail_text(task->ctx, IronicException, "no ramdisk");
    json_array_foreach(more, i, step) json_array_append(steps, step);
    return true;
}

/* The task's node has that deploy interface alone. */
static void give_interface(struct ci_task *task, const struct ci_step_offer *offers, bool ramdisk)
{
    struct ci_deploy *deploy = ci_new(bench.ctx->mem, struct ci_deploy);
    struct ci_hardware *hardware = ci_new(bench.ctx->mem, struct ci_hardware);

    deploy->base = (struct ci_interface){.type = "deploy",
                                         .name = "own",
                                         .clean_steps = offers,
                                         .deploy_steps = offers,
                                         .service_steps = offers,
                                         .add_steps = ramdisk ? add_steps : NULL};
    hardware->deploy = deploy;
    task->hardware = hardware;
    ramdisk_answers = INT_MAX;
}

static const char *ids(const json_t *steps)
{
    const char *all = "";

    for (size_t i = 0; i < json_array_size(steps); i++)
        all = ci_printf(bench.ctx->mem, "%s %s", all,
                        ci_step_id(bench.ctx, json_array_get(steps, i)));
    return all;
}

static const char *kept(const struct ci_task *task, const char *key)
{
    return ids(life_info(task->node->driver_internal_info, key));
}

START_TEST(a_ramdisk_adds_steps_that_are_not_there_yet)
{
    static const char *const override[] = {"deploy.late", "30", "deploy.last", "x", NULL};
    struct ci_task *task;
    json_t *steps;

    life_prepare();
    bench.config->conductor.clean_step_priority_override = override;
    bench_begin();
    task = take();
    give_interface(task, own_offers, true);
    ok(ci_steps_offered(task, CI_FLOW_CLEAN, &steps));
    ck_assert_str_eq(ids(steps),
                     " deploy.own deploy.erase deploy.late deploy.later deploy.last no.where");
    ok(ci_steps_set_clean(task, false, false));
    ck_assert_str_eq(kept(task, "clean_steps"), " deploy.late deploy.erase no.where deploy.own");
    ok(ci_steps_set_deploy(task, true, false));
    ck_assert_str_eq(kept(task, "deploy_steps"), " deploy.erase no.where deploy.own");
    ramdisk_answers = 0;
    refused(IronicException, "no ramdisk", ci_steps_offered(task, CI_FLOW_SERVICE, &steps));
    refused(IronicException, "no ramdisk", ci_steps_set_clean(task, false, false));
    for (int answers = 0; answers < 3; answers++) { /* of three that a deployment's list asks for */
        ramdisk_answers = answers;
        refused(IronicException, "no ramdisk", ci_steps_set_deploy(task, true, false));
    }
    ramdisk_answers = 3;
    ok(ci_steps_set_deploy(task, true, false));
    give_interface(task, broken_offers, false);
    ck_assert(!ci_steps_offered(task, CI_FLOW_CLEAN, &steps));
    ci_error_clear(bench.ctx);
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(arguments_that_are_required_are_named_with_their_meaning)
{
    static const struct ci_steps_rules strict = {.no_ramdisk = true};
    struct ci_task *task;
    json_t *steps;

    life_start();
    task = take();
    give_interface(task, own_offers, false);
    refused(InvalidParameterValue, "missing these required arguments: a, b (the other)",
            ci_steps_validate(task, CI_FLOW_CLEAN, list("[{'interface': 'deploy', 'step': 'own'}]"),
                              &strict, &steps));
    ok(ci_steps_validate(task, CI_FLOW_SERVICE,
                         list("[{'interface': 'deploy', 'step': 'own', 'args': {'a': 1, 'b': 2}}]"),
                         &strict, &steps));
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(steps, 0), "priority")), 5);
    /* A deployment's step that is switched off needs none. */
    ok(ci_steps_validate(task, CI_FLOW_DEPLOY,
                         list("[{'interface': 'deploy', 'step': 'own', 'priority': 0}]"), &strict,
                         &steps));
    refused(InvalidParameterValue, "required arguments: a, b",
            ci_steps_validate(task, CI_FLOW_DEPLOY,
                              list("[{'interface': 'deploy', 'step': 'own', 'priority': 1}]"),
                              &strict, &steps));
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(what_needs_a_ramdisk_is_known)
{
    static const struct ci_steps_rules without = {.no_ramdisk = true};
    static const struct {
        const char *steps;
        bool need;
    } rows[] = {
        {"[]", false},
        {"[{'interface': 'power', 'step': 'reboot'}]", false},
        {"[{'interface': 'x', 'step': 'y', 'execute_on_child_nodes': true}]", false},
        {"[{'interface': 'x', 'step': 'y', 'execute_on_child_nodes': false}]", true},
        {"[{'interface': 'deploy', 'step': 'own'}]", false},
        {"[{'interface': 'deploy', 'step': 'erase'}]", true},
        {"[{'interface': 'x', 'step': 'y'}]", true},
    };
    struct ci_task *task;
    json_t *steps;
    bool need;

    life_start();
    task = take();
    refused(InvalidParameterValue, "requires booting a ramdisk",
            ci_steps_validate(task, CI_FLOW_CLEAN,
                              list("[{'interface': 'vendor', 'step': 'log_passthrough'}]"),
                              &without, &steps));
    refused(InvalidParameterValue, "is a core step and cannot be overridden",
            ci_steps_validate(task, CI_FLOW_DEPLOY,
                              list("[{'interface': 'deploy', 'step': 'deploy', 'priority': 1}]"),
                              &without, &steps));
    ok(ci_steps_need_ramdisk(task, CI_FLOW_CLEAN,
                             list("[{'interface': 'vendor', 'step': 'log_passthrough'}]"), &need));
    ck_assert(need);
    give_interface(task, own_offers, true);
    refused(InvalidParameterValue, "requires booting a ramdisk",
            ci_steps_validate(task, CI_FLOW_CLEAN,
                              list("[{'interface': 'deploy', 'step': 'erase'}]"), &without,
                              &steps));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ok(ci_steps_need_ramdisk(task, CI_FLOW_CLEAN, list(rows[i].steps), &need));
        ck_assert_msg(need == rows[i].need, "%s", rows[i].steps);
    }
    ok(ci_steps_validate(task, CI_FLOW_CLEAN, list(rows[2].steps), &without, &steps));
    refused(InvalidParameterValue, "node does not support this clean step",
            ci_steps_validate(task, CI_FLOW_CLEAN, list(rows[3].steps), &without, &steps));
    ramdisk_answers = 0;
    refused(IronicException, "no ramdisk",
            ci_steps_need_ramdisk(task, CI_FLOW_CLEAN, list("[]"), &need));
    refused(IronicException, "no ramdisk",
            ci_steps_validate(task, CI_FLOW_CLEAN, list("[]"), &without, &steps));
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(lists_that_were_asked_for_are_kept_and_looked_at)
{
    struct ci_task *task;

    life_start();
    task = take();
    ok(ci_steps_set_clean(task, false, true)); /* nothing is kept */
    ck_assert_str_eq(kept(task, "clean_steps"), "");
    ci_node_set_driver_internal_info(
        task->node, "{\"clean_steps\": [{\"interface\": \"bios\", \"step\": \"factory_reset\"}], "
                    "\"service_steps\": 5}");
    ok(ci_steps_set_clean(task, false, true));
    ck_assert_str_eq(kept(task, "clean_steps"), " bios.factory_reset");
    ok(ci_steps_set_service(task, false));
    ck_assert_str_eq(kept(task, "service_steps"), "");
    ci_node_set_driver_internal_info(
        task->node, "{\"clean_steps\": [{\"interface\": \"bios\", \"step\": \"x\"}], "
                    "\"service_steps\": [{\"interface\": \"bios\", \"step\": \"x\"}], "
                    "\"user_deploy_steps\": [{\"interface\": \"bios\", \"step\": \"x\"}]}");
    refused(InvalidParameterValue, "does not support", ci_steps_set_clean(task, false, true));
    refused(InvalidParameterValue, "does not support", ci_steps_set_service(task, false));
    refused(InvalidParameterValue, "does not support", ci_steps_set_deploy(task, true, false));
    refused(InvalidParameterValue, "does not support", ci_steps_renew_deploy(task));
    task->node->driver_internal_info = "[";
    ck_assert(!ci_steps_set_clean(task, false, true));
    ci_error_clear(bench.ctx);
    ck_assert(!ci_steps_set_clean(task, false, false));
    ci_error_clear(bench.ctx);
    ck_assert(!ci_steps_set_service(task, false));
    ci_error_clear(bench.ctx);
    ck_assert(!ci_steps_set_deploy(task, true, false));
    ci_error_clear(bench.ctx);
    ci_task_release(task);
    bench_stop();
}
END_TEST

static void add_template(int id, const char *name, const char *step, const char *args)
{
    ok(ci_db_script(bench.ctx, ci_printf(bench.ctx->mem,
                                         "INSERT INTO deploy_templates (id, uuid, name) VALUES "
                                         "(%1$d, 'u%1$d', '%2$s'); INSERT INTO "
                                         "deploy_template_steps (deploy_template_id, interface, "
                                         "step, args, priority) VALUES (%1$d, 'deploy', '%3$s', "
                                         "'%4$s', 50)",
                                         id, name, step, args)));
}

START_TEST(deploy_templates_bring_their_steps)
{
    struct ci_task *task;

    life_start();
    task = take();
    give_interface(task, own_offers, true);
    add_template(1, "CUSTOM_A", "erase", "{}");
    add_template(2, "CUSTOM_B", "late", "{}");
    add_template(3, "CUSTOM_C", "unknown", "{}");
    add_template(4, "CUSTOM_D", "erase", "[");
    ci_node_set_instance_info(task->node,
                              "{\"traits\": [\"CUSTOM_A\", 5, \"CUSTOM_NONE\", \"CUSTOM_B\"]}");
    ok(ci_steps_check_deploy(task, NULL, false));
    ok(ci_steps_check_deploy(task, list("[{'interface': 'deploy', 'step': 'last', 'priority': 9}]"),
                             false));
    ok(ci_internal_info_set(
        bench.ctx, task->node, "user_deploy_steps",
        json_incref(list("[{'interface': 'deploy', 'step': 'erase', 'priority': 1}]"))));
    ok(ci_steps_renew_deploy(task));
    ck_assert_str_eq(kept(task, "deploy_steps"), " deploy.late no.where deploy.own deploy.erase");
    ck_assert(json_is_true(life_info(task->node->driver_internal_info, "steps_validated")));
    ci_node_set_instance_info(task->node, "{\"traits\": [\"CUSTOM_A\", \"CUSTOM_C\"]}");
    refused(InvalidParameterValue, "Matching deploy templates: CUSTOM_A,CUSTOM_C. Errors: ",
            ci_steps_check_deploy(task, NULL, false));
    refused(InvalidParameterValue, "Matching deploy templates",
            ci_steps_set_deploy(task, true, false));
    ok(ci_steps_check_deploy(task, NULL, true));
    ci_node_set_instance_info(task->node, "{\"traits\": [\"CUSTOM_D\"]}");
    ck_assert(!ci_steps_check_deploy(task, NULL, false));
    ci_error_clear(bench.ctx);
    task->node->instance_info = "[";
    ck_assert(!ci_steps_check_deploy(task, NULL, false));
    ci_error_clear(bench.ctx);
    ci_node_set_instance_info(task->node, "{\"traits\": [\"CUSTOM_A\"]}");
    ok(ci_db_script(bench.ctx, "DROP TABLE deploy_template_steps"));
    ck_assert(!ci_steps_check_deploy(task, NULL, false));
    ci_error_clear(bench.ctx);
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(a_list_that_cannot_be_saved_is_a_failure)
{
    struct ci_task *task;

    life_start();
    task = take();
    /* The list is saved, and that its steps are validated is not. */
    ok(ci_db_script(bench.ctx, "CREATE TRIGGER keep BEFORE UPDATE ON nodes WHEN "
                               "NEW.driver_internal_info LIKE '%steps_validated%' BEGIN "
                               "SELECT RAISE(ABORT, 'no'); END"));
    ck_assert(!ci_steps_renew_deploy(task));
    ci_error_clear(bench.ctx);
    ck_assert_str_eq(kept(task, "deploy_steps"), " deploy.deploy");
    ck_assert_ptr_null(strstr(bench_reload(task->node)->driver_internal_info, "steps_validated"));
    ok(ci_db_run(bench.ctx, "DELETE FROM nodes", 0, NULL, NULL));
    refused(NodeNotFound, "could not be found", ci_steps_set_clean(task, false, false));
    refused(NodeNotFound, "could not be found", ci_steps_set_service(task, false));
    refused(NodeNotFound, "could not be found", ci_steps_renew_deploy(task));
    ci_task_release(task);
    bench_stop();
}
END_TEST

/* A dictionary that is nested as deep as one may be, and so too deep for a list of steps. */
static const char *deepest(void)
{
    struct ci_text *json = ci_text_new(bench.ctx->mem, 1 << 16);

    ci_text_add(json, "{\"c\": ");
    for (size_t i = 1; i < ci_json_trusted.depth; i++)
        ci_text_add(json, "[");
    for (size_t i = 1; i < ci_json_trusted.depth; i++)
        ci_text_add(json, "]");
    ci_text_add(json, "}");
    return json->bytes;
}

START_TEST(a_list_that_is_nested_too_deep_is_not_gone_on_with)
{
    struct ci_task *task;

    life_start();
    task = take();
    add_template(1, "CUSTOM_DEEP", "wait", deepest());
    ci_node_set_instance_info(task->node, "{\"traits\": [\"CUSTOM_DEEP\"]}");
    refused(JSONTooDeep, "nested too deeply", ci_steps_set_deploy(task, true, false));
    ck_assert_str_eq(bench_reload(task->node)->driver_internal_info, "{}");
    task->node->driver_internal_info = NULL;
    refused(JSONTooDeep, "nested too deeply", ci_steps_renew_deploy(task));
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(each_flow_has_its_own_list_of_what_is_not_allowed)
{
    static const char *const names[] = {"a.b", NULL}, *const none[] = {NULL};

    bench_start();
    for (int flow = CI_FLOW_CLEAN; flow <= CI_FLOW_SERVICE; flow++) {
        ok(ci_steps_check_allowed(bench.ctx, (enum ci_flow)flow, NULL));
        bench.config->api.disallow_clean_steps = flow == CI_FLOW_CLEAN ? names : none;
        bench.config->api.disallow_deploy_steps = flow == CI_FLOW_DEPLOY ? names : none;
        bench.config->api.disallow_service_steps = flow == CI_FLOW_SERVICE ? names : none;
        ok(ci_steps_check_allowed(bench.ctx, (enum ci_flow)flow,
                                  list("[{'interface': 'a', 'step': 'c'}]")));
        refused(StepNotAllowed, "a.b",
                ci_steps_check_allowed(bench.ctx, (enum ci_flow)flow,
                                       list("[{'interface': 'a', 'step': 'b'}]")));
    }
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/steps", offers_are_described_as_ironic_does, all_errors_are_told_at_once,
          errors_do_not_show_secrets_of_arguments, deploy_steps_come_only_once,
          steps_run_by_priority_then_by_interface, disallowed_steps_are_left_out_of_automated_lists,
          strange_steps_are_errors_not_crashes, a_ramdisk_adds_steps_that_are_not_there_yet,
          arguments_that_are_required_are_named_with_their_meaning, what_needs_a_ramdisk_is_known,
          lists_that_were_asked_for_are_kept_and_looked_at, deploy_templates_bring_their_steps,
          a_list_that_cannot_be_saved_is_a_failure,
          a_list_that_is_nested_too_deep_is_not_gone_on_with,
          each_flow_has_its_own_list_of_what_is_not_allowed)
