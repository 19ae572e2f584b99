/* SPDX-License-Identifier: Apache-2.0 */
#include "objects/info.h"

#include "tests/unit/conductor/bench.h"

static const char *token_of(const struct ci_node *node)
{
    json_t *info;

    ok(ci_info_read(bench.ctx, node->driver_internal_info, &info));
    return json_string_value(json_object_get(info, "agent_secret_token"));
}

static struct ci_node *ask(const struct ci_node *node)
{
    struct ci_node *answered;
    json_t *answer;

    ok(bench_call(node, CI_RPC_get_node_with_token, NULL, &answer));
    ok(ci_wire_read(bench.ctx, answer, CI_WIRE_CLIENT, &answered));
    return answered;
}

START_TEST(an_agent_is_given_its_token_once)
{
    struct ci_node *node;
    const char *token;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    token = token_of(ask(node));
    ck_assert_uint_eq(strlen(token), 43);
    ck_assert_str_eq(token_of(bench_reload(node)), token);
    ck_assert_str_eq(token_of(ask(node)), "******");
    ck_assert_str_eq(token_of(bench_reload(node)), token);
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(no_token_is_made_for_a_locked_node)
{
    struct ci_node *node;
    struct ci_task *task;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ok(ci_task_take(bench.conductor, bench.ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    refused(NodeLocked, "is locked by host",
            bench_call(node, CI_RPC_get_node_with_token, NULL, NULL));
    ci_task_release(task);
    ck_assert_ptr_null(token_of(bench_reload(node)));
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/agent_trust", an_agent_is_given_its_token_once,
          no_token_is_made_for_a_locked_node)
