/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/conductor/life.h"

START_TEST(a_node_forgets_its_instance_but_not_its_traits)
{
    static const char *const traits[] = {"CUSTOM_A", NULL};
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_ACTIVE);
    ci_node_set_instance_uuid(node, ci_uuid_new(bench.ctx->mem));
    ci_node_set_instance_name(node, "vm");
    ci_node_set_instance_info(node, "{\"image_source\": \"http://h/i\"}");
    ci_node_set_driver_internal_info(
        node, "{\"agent_url\": \"u\", \"instance\": {}, \"root_uuid_or_disk_id\": \"d\", "
              "\"is_whole_disk_image\": true, \"deploy_boot_mode\": \"uefi\", \"kept\": 1}");
    ok(ci_node_save(bench.ctx, node));
    ok(ci_node_set_traits_rows(bench.ctx, node, traits));
    node = life_verb(node, "deleted", NULL);
    in_state(node, CI_STATE_AVAILABLE);
    ck_assert_ptr_null(node->instance_uuid);
    ck_assert_ptr_null(node->instance_name);
    ck_assert_str_eq(node->instance_info, "{}");
    ck_assert_str_eq(node->driver_internal_info,
                     "{\"kept\": 1, \"deploy_steps\": null, \"clean_steps\": null}");
    ok(ci_node_load_traits(bench.ctx, node));
    ck_assert_str_eq(node->traits, "[\"CUSTOM_A\"]");
    bench_stop();
}
END_TEST

START_TEST(its_allocation_ends_with_the_instance)
{
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_ACTIVE);
    ok(ci_db_run(bench.ctx,
                 "INSERT INTO allocations (id, uuid, name, node_id, state) VALUES (1, "
                 "'11111111-2222-4333-8444-555555555555', 'a', 1, 'active')",
                 0, NULL, NULL));
    ci_node_set_allocation_id(node, 1);
    ci_node_set_instance_uuid(node, "11111111-2222-4333-8444-555555555555");
    ok(ci_node_save(bench.ctx, node));
    node = life_verb(node, "deleted", NULL);
    in_state(node, CI_STATE_AVAILABLE);
    ck_assert(node->allocation_id == CI_NULL_INT);
    ck_assert_ptr_null(node->instance_uuid);
    ck_assert_int_eq(bench_count("SELECT COUNT(*) FROM allocations"), 0);
    bench_stop();
}
END_TEST

START_TEST(from_every_state_that_takes_it_the_node_becomes_available)
{
    static const char *const states[] = {
#define STATE(name, text, target, flags) text,
#include "objects/states.def"
    };

    life_start();
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (ci_state_allows_verb(states[i], "deleted"))
            in_state(life_verb(bench_node(NULL, states[i]), "deleted", NULL), CI_STATE_AVAILABLE);
    }
    bench_stop();
}
END_TEST

START_TEST(an_allocation_that_cannot_end_leaves_the_node_in_error)
{
    struct ci_node *node;

    life_start();
    node = bench_node("n", CI_STATE_ACTIVE);
    ok(ci_db_run(bench.ctx,
                 "INSERT INTO allocations (id, uuid, node_id, state) VALUES (1, "
                 "'11111111-2222-4333-8444-555555555555', 1, 'active')",
                 0, NULL, NULL));
    ok(ci_db_script(bench.ctx, "CREATE TRIGGER keep BEFORE DELETE ON allocations BEGIN "
                               "SELECT RAISE(ABORT, 'no'); END"));
    ci_node_set_allocation_id(node, 1);
    ci_node_set_instance_uuid(node, "11111111-2222-4333-8444-555555555555");
    ok(ci_node_save(bench.ctx, node));
    node = life_verb(node, "deleted", NULL);
    in_state(node, CI_STATE_ERROR);
    ck_assert_msg(strstr(node->last_error, "Failed to tear down: "), "%s", node->last_error);
    ck_assert_int_eq(node->allocation_id, 1);
    ok(ci_db_script(bench.ctx, "DROP TRIGGER keep"));
    in_state(life_verb(node, "deleted", NULL), CI_STATE_AVAILABLE);
    ck_assert_int_eq(bench_count("SELECT COUNT(*) FROM allocations"), 0);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/tear_down", a_node_forgets_its_instance_but_not_its_traits,
          its_allocation_ends_with_the_instance,
          an_allocation_that_cannot_end_leaves_the_node_in_error,
          from_every_state_that_takes_it_the_node_becomes_available)
