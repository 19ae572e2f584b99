/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/power.h"

#include "objects/info.h"
#include "tests/unit/conductor/bench.h"

static bool change(const struct ci_node *node, const char *state)
{
    return bench_call(node, CI_RPC_change_node_power_state, json_pack("{s:s}", "new_state", state),
                      NULL);
}

static int64_t history(void)
{
    return bench_count("SELECT count(*) FROM node_history");
}

/* A node whose record says so, as the fake driver reports it. */
static struct ci_node *node_with_power(const char *state)
{
    struct ci_node *node;

    bench_start();
    node = bench_node("n", CI_STATE_ACTIVE);
    ci_node_set_power_state(node, state);
    ok(ci_node_save(bench.ctx, node));
    return node;
}

START_TEST(every_power_state_that_can_be_asked_for_is_reached)
{
    static const char *const cases[][2] = {
        {CI_POWER_ON, CI_POWER_ON},        {CI_POWER_OFF, CI_POWER_OFF},  {CI_REBOOT, CI_POWER_ON},
        {CI_SOFT_POWER_OFF, CI_POWER_OFF}, {CI_SOFT_REBOOT, CI_POWER_ON},
    };
    struct ci_node *node = node_with_power(NULL);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_node *after;

        ok(change(node, cases[i][0]));
        after = bench_settle(node);
        ck_assert_msg(ci_same(after->power_state, cases[i][1]), "%s: %s", cases[i][0],
                      after->power_state);
        ck_assert_ptr_null(after->target_power_state);
        ck_assert_ptr_null(after->last_error);
    }
    ck_assert_int_eq(history(), 0);
    bench_stop();
}
END_TEST

START_TEST(a_change_notes_its_time_and_wipes_what_a_ramdisk_left)
{
    struct ci_node *node = node_with_power(CI_POWER_ON), *after;
    json_t *info;

    ci_node_set_driver_internal_info(
        node, "{\"agent_url\": \"u\", \"agent_secret_token\": \"t\", \"kept\": 1}");
    ok(ci_node_save(bench.ctx, node));
    ok(change(node, CI_POWER_OFF));
    after = bench_settle(node);
    ok(ci_info_read(bench.ctx, after->driver_internal_info, &info));
    ck_assert_ptr_nonnull(json_object_get(info, "last_power_state_change"));
    ck_assert_ptr_nonnull(json_object_get(info, "kept"));
    ck_assert_ptr_null(json_object_get(info, "agent_url"));
    ck_assert_ptr_null(json_object_get(info, "agent_secret_token"));
    bench_stop();
}
END_TEST

START_TEST(a_token_made_before_the_boot_outlives_it)
{
    struct ci_node *node = node_with_power(CI_POWER_ON);
    json_t *info;

    ci_node_set_driver_internal_info(
        node, "{\"agent_secret_token\": \"t\", \"agent_secret_token_pregenerated\": true}");
    ok(ci_node_save(bench.ctx, node));
    ok(change(node, CI_REBOOT));
    ok(ci_info_read(bench.ctx, bench_settle(node)->driver_internal_info, &info));
    ck_assert_ptr_nonnull(json_object_get(info, "agent_secret_token"));
    bench_stop();
}
END_TEST

START_TEST(nothing_is_done_where_the_node_is_there_already)
{
    struct ci_node *node = node_with_power(CI_POWER_ON), *after;

    ok(change(node, CI_POWER_ON));
    after = bench_settle(node);
    ck_assert_str_eq(after->power_state, CI_POWER_ON);
    ck_assert_ptr_null(after->target_power_state);
    ck_assert(!after->driver_internal_info ||
              !strstr(after->driver_internal_info, "last_power_state_change"));
    bench_stop();
}
END_TEST

START_TEST(an_unknown_power_state_is_refused_and_nothing_held)
{
    struct ci_node *node = node_with_power(CI_POWER_ON);

    refused(InvalidParameterValue,
            "The driver fake-hardware does not support the power state, sideways",
            change(node, "sideways"));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    ck_assert_ptr_null(bench_reload(node)->target_power_state);
    bench_stop();
}
END_TEST

START_TEST(a_node_that_must_stay_on_is_not_powered_off)
{
    struct ci_node *node = node_with_power(CI_POWER_ON), *after;

    ci_node_set_disable_power_off(node, 1);
    ok(ci_node_save(bench.ctx, node));
    ok(change(node, CI_POWER_OFF));
    after = bench_settle(node);
    ck_assert_str_eq(after->power_state, CI_POWER_ON);
    ck_assert_str_eq(after->last_error, "Async execution of node_power_action failed with error: "
                                        "Failed to set node power state to power off.");
    bench_stop();
}
END_TEST

START_TEST(a_driver_that_refuses_leaves_an_error_and_a_history_entry)
{
    struct ci_node *node = node_with_power(CI_POWER_ON), *after;
    struct ci_task *task;

    ok(ci_task_take(bench.conductor, bench.ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    refused(InvalidParameterValue, "sideways", ci_power_action(task, "sideways", 0));
    ci_task_release(task);
    after = bench_reload(node);
    ck_assert(strncmp(after->last_error,
                      "Failed to change power state to 'power off' by 'sideways': ", 58) == 0);
    ck_assert_ptr_null(after->target_power_state);
    ck_assert_str_eq(after->power_state, CI_POWER_ON);
    ck_assert_int_eq(history(), 1);
    bench_stop();
}
END_TEST

START_TEST(without_a_free_worker_the_node_is_as_it_was)
{
    struct ci_node *node, *after;

    node = node_with_power(CI_POWER_ON);
    ck_assert(ci_workers_drain(bench.conductor->workers, 1000));
    refused(NoFreeConductorWorker, "lack of free conductor workers", change(node, CI_POWER_OFF));
    after = bench_reload(node);
    ck_assert_ptr_null(after->reservation);
    ck_assert_ptr_null(after->target_power_state);
    ck_assert_str_eq(after->power_state, CI_POWER_ON);
    ck_assert_str_eq(after->last_error, "No free conductor workers available");
    ck_assert_int_eq(history(), 1);
    bench_stop();
}
END_TEST

static struct ci_node *child_of(const struct ci_node *parent, const char *power_state)
{
    struct ci_node *child = bench_node("child", CI_STATE_ACTIVE);

    ci_node_set_parent_node(child, parent->uuid);
    ci_node_set_power_state(child, power_state);
    ok(ci_node_save(bench.ctx, child));
    return child;
}

START_TEST(powering_a_child_on_powers_its_parent_on)
{
    struct ci_node *parent = node_with_power(CI_POWER_OFF);
    struct ci_node *child = child_of(parent, CI_POWER_OFF);

    ok(change(child, CI_POWER_ON));
    ck_assert_str_eq(bench_settle(child)->power_state, CI_POWER_ON);
    ck_assert_str_eq(bench_settle(parent)->power_state, CI_POWER_ON);
    bench_stop();
}
END_TEST

START_TEST(powering_a_parent_off_powers_its_children_off)
{
    struct ci_node *parent = node_with_power(CI_POWER_ON);
    struct ci_node *child = child_of(parent, CI_POWER_ON);

    ok(change(parent, CI_POWER_OFF));
    ck_assert_str_eq(bench_settle(parent)->power_state, CI_POWER_OFF);
    ck_assert_str_eq(bench_settle(child)->power_state, CI_POWER_OFF);
    bench_stop();
}
END_TEST

START_TEST(a_locked_parent_is_named)
{
    struct ci_node *parent = node_with_power(CI_POWER_OFF);
    struct ci_node *child = child_of(parent, CI_POWER_OFF), *after;
    struct ci_task *task;

    ok(ci_task_take(bench.conductor, bench.ctx, parent->uuid, CI_EXCLUSIVE, "a test", &task));
    ok(change(child, CI_POWER_ON));
    after = bench_settle(child);
    ck_assert_msg(
        strstr(after->last_error,
               ci_printf(bench.ctx->mem, "parent_node %s is presently locked", parent->uuid)),
        "%s", after->last_error);
    ck_assert_str_eq(after->power_state, CI_POWER_OFF);
    ci_task_release(task);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/power", every_power_state_that_can_be_asked_for_is_reached,
          a_change_notes_its_time_and_wipes_what_a_ramdisk_left,
          a_token_made_before_the_boot_outlives_it, nothing_is_done_where_the_node_is_there_already,
          an_unknown_power_state_is_refused_and_nothing_held,
          a_node_that_must_stay_on_is_not_powered_off,
          a_driver_that_refuses_leaves_an_error_and_a_history_entry,
          without_a_free_worker_the_node_is_as_it_was, powering_a_child_on_powers_its_parent_on,
          powering_a_parent_off_powers_its_children_off, a_locked_parent_is_named)
