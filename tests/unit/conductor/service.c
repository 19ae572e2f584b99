/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/service.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/conductor/bench.h"

START_TEST(a_started_conductor_is_registered_with_what_it_offers)
{
    bench_prepare();
    bench.config->conductor.conductor_group = "Rack-1";
    bench_begin();
    ck_assert(ci_conductor_is_ready(bench.conductor));
    ck_assert_int_eq(bench.conductor->id, 1);
    ck_assert_int_eq(bench_count("SELECT count(*) FROM conductors WHERE hostname = 'testhost' AND "
                                 "online = 1 AND conductor_group = 'rack-1' AND "
                                 "drivers = '[\"fake-hardware\"]' AND updated_at IS NOT NULL"),
                     1);
    ck_assert_int_eq(bench_count("SELECT count(DISTINCT interface_type) FROM "
                                 "conductor_hardware_interfaces WHERE \"default\" = 1"),
                     13);
    bench_stop();
}
END_TEST

START_TEST(a_stopped_conductor_is_offline_and_offers_nothing)
{
    bench_start();
    ck_assert(ci_conductor_stop(bench.conductor, CI_LEAVE_GRACEFUL));
    bench.conductor = NULL;
    ck_assert_int_eq(bench_count("SELECT count(*) FROM conductors WHERE online = 0"), 1);
    ck_assert_int_eq(bench_count("SELECT count(*) FROM conductor_hardware_interfaces"), 0);
    bench_stop();
}
END_TEST

START_TEST(started_again_it_has_the_same_row)
{
    bench_start();
    ck_assert(ci_conductor_stop(bench.conductor, CI_LEAVE_GRACEFUL));
    ci_rpc_free(bench.ctx->rpc);
    bench_begin();
    ck_assert_int_eq(bench.conductor->id, 1);
    ck_assert_int_eq(bench_count("SELECT count(*) FROM conductors"), 1);
    bench_stop();
}
END_TEST

START_TEST(a_second_one_on_the_same_database_is_refused)
{
    struct ci_conductor *second;

    bench_start();
    refused(ConductorAlreadyRegistered, "A conductor named testhost ([DEFAULT]host) is running",
            ci_conductor_start(bench.ctx, &second));
    ck_assert(ci_conductor_is_ready(bench.conductor));
    bench_stop();
}
END_TEST

START_TEST(without_hardware_types_it_does_not_start)
{
    static const char *const none[] = {NULL};
    struct ci_conductor *conductor;

    bench_prepare();
    bench.config->DEFAULT.enabled_hardware_types = none;
    refused(NoDriversLoaded, "testhost cannot be started because no hardware types were loaded",
            ci_conductor_start(bench.ctx, &conductor));
    ck_assert_int_eq(bench_count("SELECT count(*) FROM conductors"), 0);
    bench.config->DEFAULT.enabled_hardware_types = bench_types;
    bench_begin();
    bench_stop();
}
END_TEST

/* What a process leaves behind that is killed in the middle of it all. */
static struct ci_node *left_behind(const char *name, const char *state)
{
    struct ci_node *node = bench_node(name, state), *locked;

    ok(ci_node_reserve(bench.ctx, node->uuid, "TestHost", &locked));
    ci_node_set_power_state(locked, CI_POWER_OFF);
    ci_node_set_target_power_state(locked, CI_POWER_ON);
    ok(ci_node_save(bench.ctx, locked));
    return node;
}

START_TEST(what_a_killed_process_left_is_put_right)
{
    static const char *const cases[][2] = {
        {CI_STATE_DEPLOYING, CI_STATE_DEPLOYFAIL},    {CI_STATE_CLEANING, CI_STATE_CLEANFAIL},
        {CI_STATE_VERIFYING, CI_STATE_ENROLL},        {CI_STATE_INSPECTING, CI_STATE_INSPECTFAIL},
        {CI_STATE_ADOPTING, CI_STATE_ADOPTFAIL},      {CI_STATE_RESCUING, CI_STATE_RESCUEFAIL},
        {CI_STATE_UNRESCUING, CI_STATE_UNRESCUEFAIL}, {CI_STATE_DELETING, CI_STATE_ERROR},
        {CI_STATE_SERVICING, CI_STATE_SERVICEFAIL},
    };
    enum { CASES = sizeof cases / sizeof cases[0] };
    struct ci_node *nodes[CASES], *idle, *others, *after;

    bench_prepare();
    for (size_t i = 0; i < CASES; i++)
        nodes[i] = left_behind(ci_printf(bench.ctx->mem, "n%zu", i), cases[i][0]);
    idle = left_behind("idle", CI_STATE_ACTIVE);
    others = bench_node("others", CI_STATE_DEPLOYING);
    ok(ci_node_reserve(bench.ctx, others->uuid, "elsewhere", &after));
    bench_begin();
    for (size_t i = 0; i < CASES; i++) {
        after = bench_reload(nodes[i]);
        ck_assert_ptr_null(after->reservation);
        ck_assert_ptr_null(after->target_power_state);
        ck_assert_msg(ci_same(after->provision_state, cases[i][1]), "%s became %s", cases[i][0],
                      after->provision_state);
        ck_assert_str_eq(after->last_error,
                         ci_printf(bench.ctx->mem,
                                   "The %s state can't be resumed by conductor testhost. Moving to "
                                   "fail state.",
                                   cases[i][0]));
    }
    after = bench_reload(idle);
    ck_assert_str_eq(after->provision_state, CI_STATE_ACTIVE);
    ck_assert_str_eq(after->last_error,
                     "Pending power operation was aborted due to conductor restart");
    after = bench_reload(others);
    ck_assert_str_eq(after->provision_state, CI_STATE_DEPLOYING);
    ck_assert_str_eq(after->reservation, "elsewhere");
    ck_assert_int_eq(bench_count("SELECT count(*) FROM node_history WHERE event_type = "
                                 "'transition' AND severity = 'ERROR'"),
                     CASES);
    bench_stop();
}
END_TEST

START_TEST(calls_are_refused_once_it_has_left)
{
    struct ci_node *node;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ok(bench_call(node, CI_RPC_get_boot_device, NULL, NULL));
    ck_assert(ci_conductor_stop(bench.conductor, CI_LEAVE_GRACEFUL));
    bench.conductor = NULL;
    /* The ring is as old as SQLite lets it be; a new one is empty. */
    ci_rpc_free(bench.ctx->rpc);
    bench.ctx->rpc = ci_rpc_local_new("testhost", ci_conductor_dispatch, NULL);
    refused(TemporaryFailure, "Resource temporarily unavailable",
            bench_call(node, CI_RPC_get_boot_device, NULL, NULL));
    bench_stop();
}
END_TEST

static struct ci_conductor *entering;
static pthread_t early_caller;
static atomic_bool calling, early_answered;

/* Calls while the conductor enters, as a message does that has waited in its queue. */
static void *call_early(void *arg)
{
    struct ci_ctx *ctx = ci_conductor_ctx_new(entering, bench.ctx);
    json_t *args = ci_json(ctx, json_pack("{ss}", "driver_name", "fake-hardware")), *answer;

    (void)arg;
    atomic_store(&calling, true);
    if (ci_conductor_dispatch(ctx, CI_RPC_get_driver_properties, args, &answer, entering))
        atomic_store(&early_answered, true);
    ci_conductor_ctx_free(ctx);
    return NULL;
}

/* A ci_conductor_open: the call has begun when the start goes on. */
static void let_in(struct ci_ctx *ctx, struct ci_conductor *conductor, void *arg)
{
    (void)ctx, (void)arg;
    entering = conductor;
    ck_assert_int_eq(pthread_create(&early_caller, NULL, call_early, NULL), 0);
    while (!atomic_load(&calling))
        bench_nap();
    for (int i = 0; i < 50; i++)
        bench_nap();
}

START_TEST(what_waited_in_its_queue_is_answered_when_it_has_entered)
{
    bench_prepare();
    ok(ci_conductor_start_open(bench.ctx, let_in, NULL, &bench.conductor));
    pthread_join(early_caller, NULL);
    ck_assert(early_answered);
    bench_stop();
}
END_TEST

START_TEST(a_context_of_its_own_has_an_identity_and_a_request_id)
{
    struct ci_ctx *ctx, *copy;

    bench_start();
    ctx = ci_conductor_ctx_new(bench.conductor, NULL);
    ck_assert(ctx->who.is_admin);
    ck_assert(strncmp(ctx->request_id, "req-", 4) == 0);
    copy = ci_conductor_ctx_new(bench.conductor, ctx);
    ck_assert_str_eq(copy->request_id, ctx->request_id);
    ck_assert_ptr_ne(copy->request_id, ctx->request_id);
    ci_conductor_ctx_free(ctx);
    ck_assert_ptr_eq(copy->db, bench.ctx->db);
    ci_conductor_ctx_free(copy);
    bench_stop();
}
END_TEST

static struct ci_node *crowd[3];
static atomic_int answered, locked_out, broken;

/* What an API's thread does: calls, each in a context of its own. */
static void *call_around(void *arg)
{
    static const struct {
        enum ci_rpc_method method;
        const char *key, *value;
    } calls[] = {
        {CI_RPC_change_node_power_state, "new_state", CI_POWER_ON},
        {CI_RPC_get_boot_device, NULL, NULL},
        {CI_RPC_change_node_power_state, "new_state", CI_POWER_OFF},
        {CI_RPC_validate_driver_interfaces, NULL, NULL},
        {CI_RPC_set_boot_device, "device", "pxe"},
        {CI_RPC_change_node_boot_mode, "new_state", "uefi"},
    };
    size_t seed = (size_t)arg;

    for (size_t i = 0; i < 30; i++) {
        size_t n = (i + seed) % (sizeof calls / sizeof calls[0]);
        struct ci_ctx *ctx = ci_conductor_ctx_new(bench.conductor, bench.ctx);
        json_t *args = json_object(), *answer;

        if (calls[n].key)
            json_object_set_new(args, calls[n].key, json_string(calls[n].value));
        if (ci_rpc_node(ctx, crowd[(i + seed) % 3], calls[n].method, args, &answer))
            atomic_fetch_add(&answered, 1);
        else if (ci_failed_with(ctx, CI_ERR_NodeLocked))
            atomic_fetch_add(&locked_out, 1);
        else
            atomic_fetch_add(&broken, 1);
        ci_conductor_ctx_free(ctx);
    }
    return NULL;
}

START_TEST(of_many_that_call_at_once_each_is_answered_or_locked_out)
{
    pthread_t threads[6];

    bench_start();
    for (int i = 0; i < 3; i++)
        crowd[i] = bench_node(ci_printf(bench.ctx->mem, "n%d", i), CI_STATE_ACTIVE);
    for (size_t i = 0; i < 6; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, call_around, (void *)i), 0);
    for (size_t i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_null(bench_settle(crowd[i])->target_power_state);
    ck_assert_int_eq(broken, 0);
    ck_assert_int_eq(answered + locked_out, 180);
    ck_assert_int_ge(answered, 60);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/service", a_started_conductor_is_registered_with_what_it_offers,
          a_stopped_conductor_is_offline_and_offers_nothing, started_again_it_has_the_same_row,
          a_second_one_on_the_same_database_is_refused, without_hardware_types_it_does_not_start,
          what_a_killed_process_left_is_put_right, calls_are_refused_once_it_has_left,
          what_waited_in_its_queue_is_answered_when_it_has_entered,
          a_context_of_its_own_has_an_identity_and_a_request_id,
          of_many_that_call_at_once_each_is_answered_or_locked_out)
