/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/periodic.h"
#include "objects/allocation.h"
#include "objects/conductor.h"
#include "tests/unit/conductor/life.h"

/* A conductor that was here and is gone, and one that is here; their rows' ids. */
static int64_t other(const char *host, bool online)
{
    struct ci_conductor_record *record = ci_object_new(bench.ctx->mem, &ci_conductor_record_type);

    ci_conductor_record_set_hostname(record, host);
    ci_conductor_record_set_drivers(record, "[]");
    ok(ci_conductor_register(bench.ctx, record, CI_CONDUCTOR_REFUSE));
    if (!online)
        ok(ci_conductor_unregister(bench.ctx, record));
    return record->id;
}

static struct ci_node *held_by(const char *host, const char *state)
{
    struct ci_node *node = bench_node(NULL, state);

    ok(ci_node_reserve(bench.ctx, node->uuid, host, &node));
    return node;
}

START_TEST(work_of_a_conductor_that_is_gone_fails)
{
    static const char *const states[][2] = {
        {CI_STATE_DEPLOYING, CI_STATE_DEPLOYFAIL},    {CI_STATE_CLEANING, CI_STATE_CLEANFAIL},
        {CI_STATE_VERIFYING, CI_STATE_ENROLL},        {CI_STATE_INSPECTING, CI_STATE_INSPECTFAIL},
        {CI_STATE_ADOPTING, CI_STATE_ADOPTFAIL},      {CI_STATE_RESCUING, CI_STATE_RESCUEFAIL},
        {CI_STATE_UNRESCUING, CI_STATE_UNRESCUEFAIL}, {CI_STATE_DELETING, CI_STATE_ERROR},
        {CI_STATE_SERVICING, CI_STATE_SERVICEFAIL},
    };
    enum { STATES = sizeof states / sizeof states[0] };
    struct ci_node *nodes[STATES];

    life_start();
    other("gone", false);
    for (size_t i = 0; i < STATES; i++)
        nodes[i] = held_by("gone", states[i][0]);
    ok(ci_orphans_nodes(bench.conductor, bench.ctx));
    for (size_t i = 0; i < STATES; i++) {
        struct ci_node *after = bench_settle(nodes[i]);

        ck_assert_msg(ci_same(after->provision_state, states[i][1]), "%s became %s", states[i][0],
                      after->provision_state);
        ck_assert_str_eq(after->last_error, "Operation was aborted due to conductor take over");
    }
    bench_stop();
}
END_TEST

START_TEST(a_pending_power_operation_is_aborted)
{
    struct ci_node *node;

    life_start();
    other("gone", false);
    node = held_by("gone", CI_STATE_ACTIVE);
    ci_node_set_target_power_state(node, CI_POWER_OFF);
    ok(ci_node_save(bench.ctx, node));
    ok(ci_orphans_nodes(bench.conductor, bench.ctx));
    node = bench_settle(node);
    ck_assert_ptr_null(node->target_power_state);
    in_state(node, CI_STATE_ACTIVE);
    ck_assert_str_eq(node->last_error,
                     "Pending power operation was aborted due to conductor take over");
    bench_stop();
}
END_TEST

START_TEST(in_maintenance_only_the_lock_goes)
{
    struct ci_node *node;

    life_start();
    other("gone", false);
    node = held_by("gone", CI_STATE_DEPLOYING);
    ci_node_set_maintenance(node, true);
    ok(ci_node_save(bench.ctx, node));
    ok(ci_orphans_nodes(bench.conductor, bench.ctx));
    node = bench_settle(node);
    in_state(node, CI_STATE_DEPLOYING);
    ck_assert_ptr_null(node->last_error);
    bench_stop();
}
END_TEST

START_TEST(whoever_is_there_keeps_its_nodes)
{
    struct ci_node *node, *own;

    life_start();
    other("here", true);
    node = held_by("here", CI_STATE_DEPLOYING);
    own = held_by("testhost", CI_STATE_DEPLOYING);
    ok(ci_orphans_nodes(bench.conductor, bench.ctx));
    ck_assert_str_eq(bench_reload(node)->reservation, "here");
    ck_assert_str_eq(bench_reload(own)->reservation, "testhost");
    bench_stop();
}
END_TEST

START_TEST(a_node_whose_lock_changed_hands_is_left_alone)
{
    struct ci_node *node;
    struct ci_task *task;

    life_start();
    node = held_by("here", CI_STATE_DEPLOYING);
    refused(NodeLocked, "here",
            ci_task_take_from(bench.conductor, bench.ctx, node->uuid, "gone", "test", &task));
    ok(ci_node_release(bench.ctx, node->id, "here"));
    refused(NodeNotLocked, node->uuid,
            ci_task_take_from(bench.conductor, bench.ctx, node->uuid, "gone", "test", &task));
    bench_stop();
}
END_TEST

static struct ci_allocation *allocating(int64_t conductor)
{
    struct ci_allocation *allocation = ci_object_new(bench.ctx->mem, &ci_allocation_type);

    ci_allocation_set_uuid(allocation, ci_uuid_new(bench.ctx->mem));
    ci_allocation_set_resource_class(allocation, "gold");
    ci_allocation_set_conductor_affinity(allocation, conductor);
    ok(ci_allocation_create(bench.ctx, allocation));
    return allocation;
}

static struct ci_node *golden(void)
{
    struct ci_node *node = bench_node(NULL, CI_STATE_AVAILABLE);

    ci_node_set_resource_class(node, "gold");
    ci_node_set_power_state(node, CI_POWER_OFF);
    ok(ci_node_save(bench.ctx, node));
    return node;
}

START_TEST(allocations_of_a_conductor_that_is_gone_go_on)
{
    struct ci_allocation *left, *kept;

    life_start();
    golden();
    golden();
    left = allocating(other("gone", false));
    kept = allocating(other("here", true));
    ok(ci_orphans_allocations(bench.conductor, bench.ctx));
    ok(ci_allocation_load(bench.ctx, left->uuid, &left));
    ck_assert_str_eq(left->state, CI_ALLOCATION_ACTIVE);
    ck_assert_int_eq(left->conductor_affinity, bench.conductor->id);
    ok(ci_allocation_load(bench.ctx, kept->uuid, &kept));
    ck_assert_str_eq(kept->state, CI_ALLOCATION_ALLOCATING);
    bench_stop();
}
END_TEST

START_TEST(allocations_of_a_former_process_go_on_at_the_start)
{
    struct ci_allocation *left;

    life_start();
    golden();
    left = allocating(bench.conductor->id);
    ck_assert(ci_conductor_stop(bench.conductor, CI_LEAVE_GRACEFUL));
    ci_rpc_free(bench.ctx->rpc);
    bench_begin();
    while (ci_workers_busy(bench.conductor->workers) > 0)
        bench_nap();
    ok(ci_allocation_load(bench.ctx, left->uuid, &left));
    ck_assert_str_eq(left->state, CI_ALLOCATION_ACTIVE);
    bench_stop();
}
END_TEST

START_TEST(instances_that_nobody_keeps_are_taken_over)
{
    struct ci_node *nodes[4];

    life_prepare();
    bench.config->conductor.periodic_max_workers = 2;
    bench_begin();
    for (int i = 0; i < 4; i++)
        nodes[i] = bench_node(NULL, CI_STATE_ACTIVE);
    ci_node_set_conductor_affinity(nodes[0], bench.conductor->id);
    ci_node_set_conductor_affinity(nodes[1], other("gone", false));
    ci_node_set_maintenance(nodes[2], true);
    ci_node_set_console_enabled(nodes[3], true);
    for (int i = 0; i < 3; i++)
        ok(ci_node_save(bench.ctx, nodes[i]));
    ok(ci_orphans_take_over(bench.conductor, bench.ctx));
    for (int i = 0; i < 4; i++) {
        nodes[i] = bench_settle(nodes[i]);
        ck_assert_int_eq(nodes[i]->conductor_affinity == bench.conductor->id, i != 2);
    }
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/orphans", work_of_a_conductor_that_is_gone_fails,
          a_pending_power_operation_is_aborted, in_maintenance_only_the_lock_goes,
          whoever_is_there_keeps_its_nodes, a_node_whose_lock_changed_hands_is_left_alone,
          allocations_of_a_conductor_that_is_gone_go_on,
          allocations_of_a_former_process_go_on_at_the_start,
          instances_that_nobody_keeps_are_taken_over)
