/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/flow.h"

#include "tests/unit/conductor/life.h"

/* A task on a node with these dictionaries. */
static struct ci_task *take(const char *internal_info, const char *step)
{
    struct ci_node *node = bench_node(NULL, CI_STATE_CLEANWAIT);
    struct ci_task *task;

    ci_node_set_driver_internal_info(node, internal_info);
    ci_node_set_clean_step(node, step);
    ok(ci_node_save(bench.ctx, node));
    ok(ci_task_take(bench.conductor, bench.ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    return task;
}

START_TEST(a_list_goes_on_after_the_step_that_called_back)
{
#define STEPS "\"clean_steps\": [{\"step\": \"a\"}, {\"step\": \"b\"}]"
    static const struct {
        const char *info, *step;
        int64_t index;
    } cases[] = {
        {"{" STEPS "}", NULL, 0},
        {"{" STEPS "}", "{}", 0},
        {"{" STEPS ", \"clean_step_index\": 0}", "{\"step\": \"a\"}", 1},
        {"{" STEPS ", \"clean_step_index\": 1}", "{\"step\": \"b\"}", CI_FLOW_NO_STEP},
        {"{" STEPS ", \"clean_step_index\": 1, \"skip_current_clean_step\": false}",
         "{\"step\": \"b\"}", 1},
        {"{" STEPS ", \"clean_step_index\": null}", "{\"step\": \"a\"}", CI_FLOW_NO_STEP},
        {"{\"clean_steps\": null}", NULL, CI_FLOW_NO_STEP},
        {"{}", NULL, CI_FLOW_NO_STEP},
    };

    life_start();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_task *task = take(cases[i].info, cases[i].step);
        int64_t index;

        ok(ci_flow_next(task, CI_FLOW_CLEAN, &index));
        ck_assert_msg(index == cases[i].index, "%s: %d", cases[i].info, (int)index);
        ck_assert_ptr_null(life_info(task->node->driver_internal_info, "skip_current_clean_step"));
        ci_task_release(task);
    }
    bench_stop();
#undef STEPS
}
END_TEST

START_TEST(what_a_flow_noted_is_forgotten_and_nothing_else)
{
    struct ci_task *task;

    life_start();
    task = take("{\"kept\": 1, \"agent_url\": \"u\", \"agent_secret_token\": \"t\", "
                "\"clean_steps\": [1], \"clean_step_index\": 3, \"cleaning_reboot\": true, "
                "\"skip_current_clean_step\": true, \"cleaning_polling\": true, "
                "\"cleaning_disable_ramdisk\": true, \"declarative_cleaning\": true, "
                "\"agent_cached_clean_steps\": {}, \"deploy_steps\": null}",
                NULL);
    ok(ci_flow_wipe(task, CI_FLOW_CLEAN));
    ck_assert_str_eq(task->node->driver_internal_info,
                     "{\"kept\": 1, \"clean_steps\": null, \"deploy_steps\": null}");
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(an_abort_is_noted_on_a_step_that_must_not_be_stopped)
{
    struct ci_task *task;
    bool now, noted;

    life_start();
    task = take("{}", "{\"interface\": \"i\", \"step\": \"s\", \"abortable\": false}");
    ok(ci_flow_abort_now(task, CI_FLOW_CLEAN, &now));
    ck_assert(!now);
    ok(ci_flow_abort_noted(task, CI_FLOW_CLEAN, &noted));
    ck_assert(noted);
    ck_assert_ptr_nonnull(strstr(bench_reload(task->node)->clean_step, "\"abort_after\": true"));
    ck_assert_str_eq(ci_flow_aborted_text(task, CI_FLOW_CLEAN),
                     "By request, the clean operation was aborted during or after the completion "
                     "of step \"i.s\"");
    ci_task_release(task);
    task = take("{}", "{\"interface\": \"i\", \"step\": \"s\", \"abortable\": true}");
    ok(ci_flow_abort_now(task, CI_FLOW_CLEAN, &now));
    ck_assert(now);
    ok(ci_flow_abort_noted(task, CI_FLOW_CLEAN, &noted));
    ck_assert(!noted);
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(secrets_in_arguments_do_not_go_into_the_history)
{
    struct ci_task *task;

    life_start();
    task = take("{\"clean_steps\": [{\"step\": \"a\", \"args\": {\"password\": \"hush\", \"deep\": "
                "{\"auth_token\": \"hush\"}, \"n\": 1, \"list\": [{\"secret\": \"hush\"}]}}]}",
                NULL);
    ci_flow_note_start(task, CI_FLOW_CLEAN, "manual cleaning");
    ck_assert_int_eq(bench_count("SELECT COUNT(*) FROM node_history WHERE event LIKE '%hush%'"), 0);
    ck_assert_int_eq(bench_count("SELECT COUNT(*) FROM node_history WHERE event = "
                                 "'Starting manual cleaning with steps=[{''step'': ''a'', "
                                 "''args'': {''password'': ''***'', ''deep'': {''auth_token'': "
                                 "''***''}, ''n'': 1, ''list'': [{''secret'': ''***''}]}}]'"),
                     1);
    ci_task_release(task);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/flow", a_list_goes_on_after_the_step_that_called_back,
          what_a_flow_noted_is_forgotten_and_nothing_else,
          an_abort_is_noted_on_a_step_that_must_not_be_stopped,
          secrets_in_arguments_do_not_go_into_the_history)
