/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/stuck.h"

#include "base/time.h"
#include "conductor/periodic.h"
#include "tests/unit/conductor/bench.h"

#define US_PER_S INT64_C(1000000)

/* A node that has been in the state for so long. */
static struct ci_node *node_since(const char *name, const char *state, int64_t seconds)
{
    struct ci_node *node = bench_node(name, state);

    ci_node_set_target_provision_state(node, ci_state_target(state));
    ci_node_set_provision_updated_at(node, ci_time_now_us() - seconds * US_PER_S);
    ok(ci_node_save(bench.ctx, node));
    return node;
}

static void is_in(const struct ci_node *node, const char *state)
{
    ck_assert_str_eq(bench_reload(node)->provision_state, state);
}

START_TEST(what_nobody_works_on_any_more_is_failed)
{
    struct ci_node *left, *fresh, *held, *apart, *waiting, *locked;

    bench_start();
    ck_assert_int_eq(bench.config->conductor.heartbeat_timeout, 60);
    left = node_since("left", CI_STATE_DEPLOYING, 61);
    fresh = node_since("fresh", CI_STATE_DEPLOYING, 30);
    held = node_since("held", CI_STATE_CLEANING, 3600);
    ok(ci_node_reserve(bench.ctx, held->uuid, "somebody", &locked));
    apart = node_since("apart", CI_STATE_DELETING, 3600);
    ci_node_set_maintenance(apart, 1);
    ok(ci_node_save(bench.ctx, apart));
    waiting = node_since("waiting", CI_STATE_DEPLOYWAIT, 3600);
    ok(ci_stuck_sweep(bench.conductor, bench.ctx));
    is_in(left, CI_STATE_DEPLOYFAIL);
    ck_assert_str_eq(bench_reload(left)->last_error,
                     "The deploying state can't be resumed by conductor testhost. Moving to fail "
                     "state.");
    ck_assert_ptr_null(bench_reload(left)->reservation);
    is_in(fresh, CI_STATE_DEPLOYING);
    is_in(held, CI_STATE_CLEANING);
    is_in(apart, CI_STATE_DELETING);
    is_in(waiting, CI_STATE_DEPLOYWAIT);
    ok(ci_node_release(bench.ctx, held->id, "somebody"));
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/stuck", what_nobody_works_on_any_more_is_failed)
