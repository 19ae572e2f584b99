/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/sync_power.h"

#include "conductor/periodic.h"
#include "tests/unit/conductor/life.h"

/* A machine that says and does what a case wants. */
static struct machine {
    const char *says; /* NULL: nothing */
    bool fails;       /* to answer */
    bool refuses;     /* to be changed */
    bool leads;       /* its driver never makes it follow */
    int asked, changed;
} machine;

static bool get_state(struct ci_task *task, const char **ret_state)
{
    machine.asked++;
    *ret_state = machine.says;
    return !machine.fails || ci_fail_text(task->ctx, PowerStateFailure, "no answer");
}

static bool set_state(struct ci_task *task, const char *state, int64_t timeout_s)
{
    (void)timeout_s;
    machine.changed++;
    if (machine.refuses)
        return ci_fail_text(task->ctx, PowerStateFailure, "it will not");
    machine.says = state;
    return true;
}

static const struct ci_power power = {
    .base = {.type = "power", .name = "odd"}, .get_state = get_state, .set_state = set_state};
static const struct ci_power leading_power = {.base = {.type = "power", .name = "odder"},
                                              .get_state = get_state,
                                              .set_state = set_state,
                                              .no_force = true};

/* The task of a node on that machine. */
static struct ci_task *task_on(struct ci_node *node)
{
    struct ci_task *task = ci_task_on(bench.conductor, bench.ctx, bench_reload(node), "test");
    struct ci_hardware *hardware = ci_new(bench.ctx->mem, struct ci_hardware);

    ok(ci_task_load_driver(task));
    *hardware = *task->hardware;
    hardware->power = machine.leads ? &leading_power : &power;
    task->hardware = hardware;
    return task;
}

static struct ci_node *node_with(const char *recorded)
{
    struct ci_node *node = bench_node(NULL, CI_STATE_ACTIVE);

    ci_node_set_power_state(node, recorded);
    ok(ci_node_save(bench.ctx, node));
    return node;
}

/* One sync after `count` failures; how many there are then. */
static int64_t sync_once(struct ci_node *node, int64_t count)
{
    struct ci_task *task = task_on(node);
    int64_t now = -1;

    ok(ci_sync_power_node(task, count, &now));
    ci_task_release(task);
    return now;
}

static const struct sync_case {
    const char *what, *recorded, *says;
    bool fails, refuses, leads, keep_off, no_force;
    int64_t before, after;
    const char *now; /* recorded */
    bool set_apart;
    int changed;
} cases[] = {
    {"agreement", CI_POWER_ON, CI_POWER_ON, .before = 2, .after = 0, .now = CI_POWER_ON},
    {"nothing known of either side", NULL, NULL, .after = 0},
    {"first knowledge", NULL, CI_POWER_OFF, .after = 0, .now = CI_POWER_OFF},
    {"forced", CI_POWER_ON, CI_POWER_OFF, .after = 1, .now = CI_POWER_ON, .changed = 1},
    {"forced in vain", CI_POWER_ON, CI_POWER_OFF, .refuses = true, .after = 1, .now = CI_POWER_ON,
     .changed = 1},
    {"not forced", CI_POWER_ON, CI_POWER_OFF, .no_force = true, .after = 1, .now = CI_POWER_OFF},
    {"one that follows nothing", CI_POWER_ON, CI_POWER_OFF, .leads = true, .after = 1,
     .now = CI_POWER_OFF},
    {"one that follows nothing and says nothing", CI_POWER_ON, NULL, .leads = true, .after = 1},
    {"never switched off", CI_POWER_ON, CI_POWER_OFF, .keep_off = true, .after = 1,
     .now = CI_POWER_OFF},
    {"too often", CI_POWER_ON, CI_POWER_OFF, .before = 3, .after = 4, .now = CI_POWER_OFF,
     .set_apart = true},
    {"no answer", CI_POWER_ON, NULL, .fails = true, .before = 2, .after = 3, .now = CI_POWER_ON},
    {"no answer, too often", CI_POWER_ON, NULL, .fails = true, .before = 3, .after = 4,
     .set_apart = true},
    {"an error for an answer", CI_POWER_ON, CI_POWER_ERROR, .after = 1, .now = CI_POWER_ON},
};

START_TEST(what_a_sync_comes_to)
{
    life_start();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_node *node = node_with(cases[i].recorded);

        machine = (struct machine){.says = cases[i].says,
                                   .fails = cases[i].fails,
                                   .refuses = cases[i].refuses,
                                   .leads = cases[i].leads};
        bench.config->conductor.force_power_state_during_sync = !cases[i].no_force;
        ci_node_set_disable_power_off(node, cases[i].keep_off);
        ok(ci_node_save(bench.ctx, node));
        ck_assert_msg(sync_once(node, cases[i].before) == cases[i].after, "%s", cases[i].what);
        node = bench_reload(node);
        ck_assert_msg(ci_same(node->power_state, cases[i].now), "%s: %s", cases[i].what,
                      node->power_state);
        ck_assert_msg(ci_is_true(node->maintenance) == cases[i].set_apart, "%s", cases[i].what);
        ck_assert_msg(ci_same(node->fault, "power failure") == cases[i].set_apart, "%s",
                      cases[i].what);
        ck_assert_msg(machine.changed == cases[i].changed, "%s", cases[i].what);
        ck_assert_ptr_null(node->reservation);
    }
    bench_stop();
}
END_TEST

START_TEST(a_node_set_apart_says_why)
{
    struct ci_node *node;

    life_start();
    node = node_with(CI_POWER_ON);
    machine = (struct machine){.fails = true};
    ck_assert_int_eq(sync_once(node, 3), 4);
    node = bench_reload(node);
    ck_assert_str_eq(
        node->last_error,
        ci_printf(bench.ctx->mem,
                  "During sync_power_state, max retries exceeded for node %s, node state None does "
                  "not match expected state 'power on'. Updating DB state to 'None' Switching node "
                  "to maintenance mode. Error: no answer",
                  node->uuid));
    ck_assert_str_eq(node->maintenance_reason, node->last_error);
    ck_assert_int_eq(bench_count("SELECT count(*) FROM node_history WHERE event_type = "
                                 "'monitoring' AND severity = 'ERROR'"),
                     1);
    bench_stop();
}
END_TEST

START_TEST(a_node_that_agrees_has_no_error_any_more)
{
    struct ci_node *node;

    life_start();
    node = node_with(CI_POWER_ON);
    ci_node_set_last_error(node, "once");
    ok(ci_node_save(bench.ctx, node));
    machine = (struct machine){.says = CI_POWER_ON};
    ck_assert_int_eq(sync_once(node, 0), 0);
    ck_assert_ptr_null(bench_reload(node)->last_error);
    bench_stop();
}
END_TEST

START_TEST(without_history_an_error_stays)
{
    struct ci_node *node;

    life_prepare();
    bench.config->conductor.node_history = false;
    bench_begin();
    node = node_with(CI_POWER_ON);
    ci_node_set_last_error(node, "once");
    ok(ci_node_save(bench.ctx, node));
    machine = (struct machine){.says = CI_POWER_ON};
    ck_assert_int_eq(sync_once(node, 0), 0);
    ck_assert_str_eq(bench_reload(node)->last_error, "once");
    bench_stop();
}
END_TEST

START_TEST(a_locked_node_is_no_failure_of_its_machine)
{
    struct ci_node *node, *locked;
    struct ci_task *task;
    int64_t count;

    life_start();
    node = node_with(CI_POWER_ON);
    ok(ci_node_reserve(bench.ctx, node->uuid, "elsewhere", &locked));
    machine = (struct machine){.says = CI_POWER_OFF};
    task = task_on(node);
    refused(NodeLocked, "elsewhere", ci_sync_power_node(task, 0, &count));
    ck_assert_int_eq(machine.changed, 0);
    bench_stop();
}
END_TEST

START_TEST(a_machine_that_answers_again_ends_its_maintenance)
{
    struct ci_node *node;
    struct ci_task *task;

    life_start();
    node = node_with(NULL);
    ci_node_set_maintenance(node, true);
    ci_node_set_maintenance_reason(node, "it failed");
    ci_node_set_fault(node, "power failure");
    ok(ci_node_save(bench.ctx, node));
    machine = (struct machine){.fails = true};
    task = task_on(node);
    ok(ci_sync_power_recover_node(task));
    ck_assert(ci_is_true(bench_reload(node)->maintenance));
    machine = (struct machine){.says = CI_POWER_ON};
    ok(ci_sync_power_recover_node(task));
    ci_task_release(task);
    node = bench_reload(node);
    ck_assert(!ci_is_true(node->maintenance));
    ck_assert_ptr_null(node->maintenance_reason);
    ck_assert_ptr_null(node->fault);
    ck_assert_str_eq(node->power_state, CI_POWER_ON);
    ck_assert_ptr_null(node->reservation);
    bench_stop();
}
END_TEST

START_TEST(counts_are_kept_of_failing_nodes_only)
{
    struct ci_sync_counts *counts = ci_sync_counts_new();

    ck_assert_int_eq(ci_sync_counts_get(counts, 7), 0);
    ci_sync_counts_set(counts, 7, 2);
    ci_sync_counts_set(counts, INT64_MAX, 1);
    ck_assert_int_eq(ci_sync_counts_get(counts, 7), 2);
    ck_assert_int_eq(ci_sync_counts_get(counts, INT64_MAX), 1);
    ci_sync_counts_set(counts, 7, 0);
    ck_assert_int_eq(ci_sync_counts_get(counts, 7), 0);
    ci_sync_counts_free(counts);
}
END_TEST

/* The whole job, over nodes that it must leave alone: each would lose its error otherwise. */
START_TEST(the_job_goes_through_all_nodes_but_those_to_be_left_alone)
{
    static const char *const left_alone[] = {CI_STATE_DEPLOYWAIT, CI_STATE_CLEANWAIT,
                                             CI_STATE_ENROLL, CI_STATE_ADOPTFAIL};
    enum { NODES = 120 };

    life_start();
    for (int i = 0; i < NODES; i++)
        node_with(CI_POWER_ON);
    for (size_t i = 0; i < sizeof left_alone / sizeof left_alone[0]; i++)
        life_put(node_with(CI_POWER_ON), left_alone[i], NULL);
    for (int i = 0; i < 4; i++) {
        struct ci_node *node = node_with(CI_POWER_ON);

        if (i == 0)
            ci_node_set_maintenance(node, true);
        if (i == 1)
            ci_node_set_target_power_state(node, CI_POWER_OFF);
        if (i == 2)
            ci_node_set_driver_internal_info(node, "{\"redfish_fw_updates\": []}");
        ok(ci_node_save(bench.ctx, node));
        if (i == 3)
            ok(ci_node_reserve(bench.ctx, node->uuid, "elsewhere", &node));
    }
    ok(ci_db_run(bench.ctx, "UPDATE nodes SET last_error = 'x'", 0, NULL, NULL));
    ok(ci_sync_power(bench.conductor, bench.ctx));
    ck_assert_int_eq(bench_count("SELECT count(*) FROM nodes WHERE last_error IS NULL"), NODES);
    ck_assert_int_eq(bench_count("SELECT count(*) FROM nodes WHERE last_error = 'x'"), 8);
    bench_stop();
}
END_TEST

START_TEST(nodes_of_another_conductor_are_left_alone)
{
    struct ci_node *node;

    life_start();
    node = node_with(CI_POWER_ON);
    ci_node_set_conductor_group(node, "elsewhere");
    ci_node_set_last_error(node, "x");
    ok(ci_node_save(bench.ctx, node));
    ok(ci_sync_power(bench.conductor, bench.ctx));
    ck_assert_str_eq(bench_reload(node)->last_error, "x");
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/sync_power", what_a_sync_comes_to, a_node_set_apart_says_why,
          a_node_that_agrees_has_no_error_any_more, without_history_an_error_stays,
          a_locked_node_is_no_failure_of_its_machine,
          a_machine_that_answers_again_ends_its_maintenance, counts_are_kept_of_failing_nodes_only,
          the_job_goes_through_all_nodes_but_those_to_be_left_alone,
          nodes_of_another_conductor_are_left_alone)
