/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/conductor/life.h"

START_TEST(a_node_goes_from_enroll_to_active_and_back)
{
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_ENROLL);
    node = life_verb(node, "manage", NULL);
    in_state(node, CI_STATE_MANAGEABLE);
    ck_assert_ptr_null(node->target_provision_state);
    ck_assert_ptr_null(node->last_error);
    ck_assert(node->provision_updated_at != CI_NULL_TIME);
    node = life_verb(node, "inspect", NULL);
    in_state(node, CI_STATE_MANAGEABLE);
    ck_assert(node->inspection_finished_at != CI_NULL_TIME);
    ck_assert(node->inspection_started_at == CI_NULL_TIME);
    node = life_verb(node, "provide", NULL);
    in_state(node, CI_STATE_AVAILABLE);
    node = life_verb(node, "active", NULL);
    in_state(node, CI_STATE_ACTIVE);
    node = life_verb(node, "rebuild", NULL);
    in_state(node, CI_STATE_ACTIVE);
    node = life_verb(node, "deleted", NULL);
    in_state(node, CI_STATE_AVAILABLE);
    node = life_verb(node, "manage", NULL);
    in_state(node, CI_STATE_MANAGEABLE);
    ck_assert_ptr_null(node->last_error);
    bench_stop();
}
END_TEST

START_TEST(each_verb_in_each_state_moves_or_is_refused_by_name)
{
    static const char *const verbs[] = {"active",   "rebuild", "deleted", "manage", "provide",
                                        "inspect",  "abort",   "clean",   "adopt",  "rescue",
                                        "unrescue", "unhold",  "service"};
    static const char *const states[] = {
#define STATE(name, text, target, flags) text,
#include "objects/states.def"
    };
    int refusals = 0;

    life_start();
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        for (size_t j = 0; j < sizeof verbs / sizeof verbs[0]; j++) {
            struct ci_node *node = bench_node(NULL, states[i]);
            json_t *args = json_object();

            if (strcmp(verbs[j], "clean") == 0)
                json_object_set_new(args, "clean_steps", life_steps("vendor", "log_passthrough"));
            if (strcmp(verbs[j], "service") == 0)
                json_object_set_new(args, "service_steps", life_steps("vendor", "log_passthrough"));
            if (strcmp(verbs[j], "rescue") == 0)
                json_object_set_new(args, "rescue_password", json_string("pw"));
            if (life_ask(node, verbs[j], args)) {
                ck_assert_msg(ci_state_allows_verb(states[i], verbs[j]), "%s in %s", verbs[j],
                              states[i]);
                node = bench_settle(node);
                ck_assert_msg(!ci_state_is(node->provision_state, CI_STATE_IS_STUCK),
                              "%s in %s ends in %s: %s", verbs[j], states[i], node->provision_state,
                              node->last_error ? node->last_error : "");
                continue;
            }
            if (ci_failed_with(bench.ctx, CI_ERR_UnsupportedDriverExtension)) {
                ck_assert_str_eq(states[i], "inspect wait"); /* fake inspection cannot be aborted */
            } else {
                ck_assert_msg(!ci_state_allows_verb(states[i], verbs[j]), "%s in %s: %s", verbs[j],
                              states[i], why());
                ck_assert_msg(ci_failed_with(bench.ctx, CI_ERR_InvalidStateRequested),
                              "%s in %s: %s", verbs[j], states[i], why());
                ck_assert_ptr_nonnull(strstr(why(), states[i]));
            }
            ci_error_clear(bench.ctx);
            refusals++;
            ck_assert_str_eq(bench_reload(node)->provision_state, states[i]);
            ck_assert_ptr_null(bench_reload(node)->reservation);
        }
    }
    ck_assert_int_gt(refusals, 300);
    bench_stop();
}
END_TEST

START_TEST(a_verb_nobody_knows_is_refused)
{
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_MANAGEABLE);
    refused(InvalidStateRequested, "The requested action \"fly\" can not be performed on node",
            life_ask(node, "fly", NULL));
    bench_stop();
}
END_TEST

START_TEST(a_retired_node_is_not_provided)
{
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_MANAGEABLE);
    ci_node_set_retired(node, true);
    ok(ci_node_save(bench.ctx, node));
    refused(NodeIsRetired, "The providing operation can't be performed on node",
            life_ask(node, "provide", NULL));
    in_state(bench_reload(node), CI_STATE_MANAGEABLE);
    bench_stop();
}
END_TEST

START_TEST(an_adopted_node_is_active_and_this_conductors)
{
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_MANAGEABLE);
    node = life_verb(node, "adopt", NULL);
    in_state(node, CI_STATE_ACTIVE);
    ck_assert_int_eq(node->conductor_affinity, bench.conductor->id);
    bench_stop();
}
END_TEST

START_TEST(a_rescued_node_has_its_password_hashed)
{
    struct ci_node *node;
    const json_t *hash;

    life_start();
    node = bench_node("n", CI_STATE_ACTIVE);
    node = life_verb(node, "rescue", json_pack("{s:s}", "rescue_password", "secret"));
    in_state(node, CI_STATE_RESCUE);
    hash = life_info(node->instance_info, "hashed_rescue_password");
    ck_assert_ptr_nonnull(hash);
    ck_assert_int_eq(strncmp(json_string_value(hash), "$5$", 3), 0);
    node = life_verb(node, "unrescue", NULL);
    in_state(node, CI_STATE_ACTIVE);
    bench_stop();
}
END_TEST

START_TEST(an_interface_that_refuses_keeps_the_node_where_it_is)
{
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_MANAGEABLE);
    ci_node_set_inspect_interface(node, "no-inspect");
    ok(ci_node_save(bench.ctx, node));
    refused(UnsupportedDriverExtension,
            "Driver fake-hardware does not support inspect (disabled or not implemented).",
            life_ask(node, "inspect", NULL));
    in_state(bench_reload(node), CI_STATE_MANAGEABLE);
    ci_node_set_rescue_interface(node, "no-rescue");
    life_put(node, CI_STATE_ACTIVE, NULL);
    refused(InstanceRescueFailure,
            "Validation failed: Driver fake-hardware does not support rescue",
            life_ask(node, "rescue", json_pack("{s:s}", "rescue_password", "secret")));
    node = bench_reload(node);
    in_state(node, CI_STATE_ACTIVE);
    ck_assert_ptr_null(life_info(node->instance_info, "rescue_password"));
    bench_stop();
}
END_TEST

START_TEST(a_node_that_is_locked_is_refused_and_left_alone)
{
    struct ci_task *task;
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_MANAGEABLE);
    ok(ci_task_take(bench.conductor, bench.ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    refused(NodeLocked, "is locked by host testhost", life_ask(node, "provide", NULL));
    in_state(bench_reload(node), CI_STATE_MANAGEABLE);
    ci_task_release(task);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/provision", a_node_goes_from_enroll_to_active_and_back,
          each_verb_in_each_state_moves_or_is_refused_by_name, a_verb_nobody_knows_is_refused,
          a_retired_node_is_not_provided, an_adopted_node_is_active_and_this_conductors,
          a_rescued_node_has_its_password_hashed,
          an_interface_that_refuses_keeps_the_node_where_it_is,
          a_node_that_is_locked_is_refused_and_left_alone)
