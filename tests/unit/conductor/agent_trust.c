/* SPDX-License-Identifier: Apache-2.0 */
#include "objects/info.h"

#include <pthread.h>

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

/* A caller with a context of its own. */
struct caller {
    pthread_t thread;
    struct ci_ctx ctx;
    const struct ci_node *node;
    pthread_barrier_t *begin;
    const char *token;
};

static void *ask_beside_others(void *arg)
{
    struct caller *caller = arg;
    struct ci_node *answered;
    json_t *answer, *info;

    pthread_barrier_wait(caller->begin);
    if (ci_rpc_node(&caller->ctx, caller->node, CI_RPC_get_node_with_token, NULL, &answer) &&
        ci_wire_read(&caller->ctx, answer, CI_WIRE_CLIENT, &answered) &&
        ci_info_read(&caller->ctx, answered->driver_internal_info, &info))
        caller->token = json_string_value(json_object_get(info, "agent_secret_token"));
    return NULL;
}

START_TEST(of_several_who_ask_at_once_one_is_given_the_token)
{
    enum { CALLERS = 4, ROUNDS = 20 };
    struct caller callers[CALLERS];
    pthread_barrier_t begin;

    bench_prepare();
    bench.config->conductor.node_locked_retry_attempts = 1000000;
    bench_begin();
    pthread_barrier_init(&begin, NULL, CALLERS);
    for (int round = 0; round < ROUNDS; round++) {
        const struct ci_node *node = bench_node(NULL, CI_STATE_AVAILABLE);
        int given = 0;

        for (int i = 0; i < CALLERS; i++) {
            callers[i] = (struct caller){.node = node, .begin = &begin};
            callers[i].ctx.mem = ci_arena_new();
            ci_ctx_carry(&callers[i].ctx, bench.ctx);
            pthread_create(&callers[i].thread, NULL, ask_beside_others, &callers[i]);
        }
        for (int i = 0; i < CALLERS; i++) {
            pthread_join(callers[i].thread, NULL);
            ck_assert_msg(callers[i].token, "%s",
                          callers[i].ctx.error ? callers[i].ctx.error->message : "no token");
            given += strcmp(callers[i].token, "******") != 0;
            ci_arena_free(callers[i].ctx.mem);
        }
        ck_assert_int_eq(given, 1);
    }
    pthread_barrier_destroy(&begin);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/agent_trust", an_agent_is_given_its_token_once,
          of_several_who_ask_at_once_one_is_given_the_token, no_token_is_made_for_a_locked_node)
