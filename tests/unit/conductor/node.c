/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/calls.h"

#include "tests/unit/conductor/bench.h"

static bool update(struct ci_node *node, bool reset_interfaces)
{
    return bench_call(node, CI_RPC_update_node,
                      json_pack("{s:o, s:b}", "node_obj", bench_message(node), "reset_interfaces",
                                reset_interfaces),
                      NULL);
}

static bool destroy(const struct ci_node *node)
{
    return bench_call(node, CI_RPC_destroy_node, NULL, NULL);
}

static struct ci_node *node_in(const char *state)
{
    bench_start();
    return bench_node("n", state);
}

START_TEST(a_created_node_gets_its_interfaces_and_is_answered)
{
    struct ci_ctx *ctx = bench_start();
    struct ci_node *node = ci_object_new(ctx->mem, &ci_node_type), *created;
    json_t *answer;

    ci_node_set_uuid(node, ci_uuid_new(ctx->mem));
    ci_node_set_driver(node, "fake-hardware");
    ci_node_set_extra(node, "{\"a\": NaN}");
    ok(ci_rpc_new_node(ctx, node, CI_RPC_create_node,
                       json_pack("{s:o}", "node_obj", bench_message(node)), &answer));
    ok(ci_wire_read(ctx, answer, CI_WIRE_CLIENT, &created));
    ck_assert_str_eq(created->uuid, node->uuid);
    ck_assert_str_eq(created->power_interface, "fake");
    ck_assert_str_eq(created->provision_state, "enroll");
    ck_assert_str_eq(bench_reload(node)->extra, "{\"a\": NaN}");
    ck_assert_int_ne(created->created_at, CI_NULL_TIME);
    refused(NodeAlreadyExists, "already exists",
            ci_rpc_new_node(ctx, node, CI_RPC_create_node,
                            json_pack("{s:o}", "node_obj", bench_message(node)), &answer));
    ck_assert_int_eq(bench_count("SELECT count(*) FROM nodes"), 1);
    bench_stop();
}
END_TEST

START_TEST(a_node_of_an_unknown_driver_has_no_conductor)
{
    struct ci_ctx *ctx = bench_start();
    struct ci_node *node = ci_object_new(ctx->mem, &ci_node_type);
    json_t *answer;

    ci_node_set_uuid(node, ci_uuid_new(ctx->mem));
    ci_node_set_driver(node, "nope");
    refused(NoValidHost,
            "No conductor service registered which supports driver nope for conductor group \"\". "
            "Ensure the driver is valid and enabled.",
            ci_rpc_new_node(ctx, node, CI_RPC_create_node,
                            json_pack("{s:o}", "node_obj", bench_message(node)), &answer));
    bench_stop();
}
END_TEST

START_TEST(an_update_saves_what_changed_and_nothing_else)
{
    struct ci_node *node = node_in(CI_STATE_AVAILABLE), *stale = bench_reload(node), *after;

    ci_node_set_power_state(node, CI_POWER_ON);
    ok(ci_node_save(bench.ctx, node));
    ci_node_set_description(stale, "new");
    ok(update(stale, false));
    after = bench_reload(node);
    ck_assert_str_eq(after->description, "new");
    ck_assert_str_eq(after->power_state, CI_POWER_ON);
    ck_assert_ptr_null(after->reservation);
    bench_stop();
}
END_TEST

/* How often the node's row is written, which the triggers of a test count. */
static void count_writes(void)
{
    ok(ci_db_script(bench.ctx, "CREATE TABLE writes (field TEXT);"
                               "CREATE TRIGGER count_write AFTER UPDATE ON nodes BEGIN "
                               "INSERT INTO writes VALUES (NEW.reservation); END"));
}

START_TEST(an_update_is_saved_and_its_lock_given_back_by_one_statement)
{
    struct ci_node *node = node_in(CI_STATE_AVAILABLE), *after;
    json_t *answer;

    count_writes();
    ci_node_set_description(node, "new");
    ok(bench_call(node, CI_RPC_update_node, json_pack("{s:o}", "node_obj", bench_message(node)),
                  &answer));
    ck_assert_int_eq(bench_count("SELECT count(*) FROM writes"), 2); /* taken, and saved */
    ok(ci_wire_read(bench.ctx, answer, CI_WIRE_CLIENT, &after));
    ck_assert_str_eq(after->description, "new");
    ck_assert_str_eq(after->reservation, "testhost"); /* as it was saved, in Ironic's answer */
    after = bench_reload(node);
    ck_assert_ptr_null(after->reservation);
    ck_assert_str_eq(after->description, "new");
    bench_stop();
}
END_TEST

START_TEST(an_update_whose_lock_is_lost_is_saved_all_the_same)
{
    struct ci_node *node = node_in(CI_STATE_AVAILABLE), *after;

    ok(ci_db_script(bench.ctx, "CREATE TRIGGER steal AFTER UPDATE OF reservation ON nodes "
                               "WHEN NEW.reservation = 'testhost' BEGIN UPDATE nodes "
                               "SET reservation = 'another' WHERE id = NEW.id; END"));
    ci_node_set_description(node, "new");
    ok(update(node, false));
    after = bench_reload(node);
    ck_assert_str_eq(after->description, "new");
    ck_assert_str_eq(after->reservation, "another");
    bench_stop();
}
END_TEST

START_TEST(an_update_that_the_database_refuses_leaves_no_lock)
{
    struct ci_node *node = node_in(CI_STATE_AVAILABLE), *other = bench_node("m", CI_STATE_ENROLL);

    ci_node_set_name(node, other->name);
    refused(DuplicateName, "A node with name m already exists", update(node, false));
    ck_assert_ptr_null(bench_reload(other)->reservation);
    ok(ci_node_load(bench.ctx, "n", &node));
    ck_assert_ptr_null(node->reservation);
    bench_stop();
}
END_TEST

START_TEST(a_sender_of_an_older_release_leaves_what_it_does_not_know)
{
    struct ci_node *node = node_in(CI_STATE_ACTIVE), *sent = bench_reload(node), *after;
    json_t *message;

    ci_node_set_description(sent, "from an old API");
    ok(ci_wire_write_at(bench.ctx, sent, 37, &message));
    ok(bench_call(node, CI_RPC_update_node, json_pack("{s:O}", "node_obj", message), NULL));
    after = bench_reload(node);
    ck_assert_str_eq(after->description, "from an old API");
    ck_assert_str_eq(after->firmware_interface, node->firmware_interface);
    bench_stop();
}
END_TEST

START_TEST(leaving_maintenance_clears_its_reason_and_fault)
{
    struct ci_node *node = node_in(CI_STATE_AVAILABLE), *after;

    ci_node_set_maintenance(node, 1);
    ci_node_set_maintenance_reason(node, "broken");
    ci_node_set_fault(node, "power failure");
    ok(ci_node_save(bench.ctx, node));
    ci_node_set_maintenance(node, 0);
    ok(update(node, false));
    after = bench_reload(node);
    ck_assert_ptr_null(after->maintenance_reason);
    ck_assert_ptr_null(after->fault);
    bench_stop();
}
END_TEST

START_TEST(protection_asks_for_an_active_node_and_its_reason_for_protection)
{
    struct ci_node *node = node_in(CI_STATE_AVAILABLE);

    ci_node_set_protected(node, 1);
    refused(InvalidState,
            "can only be made protected in provision states 'active' or 'rescue', the current "
            "state is 'available'",
            update(node, false));
    ci_node_set_protected(node, 0);
    ci_node_set_protected_reason(node, "why");
    /* Both changed: taking protection away takes its reason, too. */
    ok(update(node, false));
    ck_assert_ptr_null(bench_reload(node)->protected_reason);
    node = bench_reload(node);
    ci_node_set_protected_reason(node, "why");
    refused(InvalidParameterValue,
            "The protected_reason field can only be set when protected is True",
            update(node, false));
    bench_stop();
}
END_TEST

START_TEST(an_available_node_cannot_be_retired)
{
    struct ci_node *node = node_in(CI_STATE_AVAILABLE), *other;

    ci_node_set_retired(node, 1);
    refused(InvalidState, "can not have 'retired' set in provision state 'available'",
            update(node, false));
    other = bench_node("m", CI_STATE_MANAGEABLE);
    ci_node_set_retired(other, 1);
    ci_node_set_retired_reason(other, "old");
    ok(update(other, false));
    ck_assert_str_eq(bench_reload(other)->retired_reason, "old");
    bench_stop();
}
END_TEST

START_TEST(interfaces_change_only_where_nobody_uses_the_node)
{
    struct ci_node *node = node_in(CI_STATE_ACTIVE);

    ci_node_set_deploy_interface(node, "fake");
    refused(InvalidState,
            "can not have deploy_interface updated unless it is in one of allowed (enroll, "
            "inspecting, inspect wait, manageable, available) states or in maintenance mode. "
            "Current state is 'active'.",
            update(node, false));
    ci_node_set_maintenance(node, 1);
    ok(update(node, false));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(an_interface_that_is_not_there_is_refused)
{
    struct ci_node *node = node_in(CI_STATE_MANAGEABLE);

    ci_node_set_power_interface(node, "ipmitool");
    refused(InterfaceNotFoundInEntrypoint, "ipmitool", update(node, false));
    ck_assert_str_eq(bench_reload(node)->power_interface, "fake");
    bench_stop();
}
END_TEST

START_TEST(resetting_interfaces_with_a_new_driver_gives_its_defaults)
{
    struct ci_node *node = node_in(CI_STATE_MANAGEABLE);

    ci_node_set_power_interface(node, "lost");
    ci_node_set_driver(node, "lost");
    ok(ci_node_save(bench.ctx, node));
    ci_node_set_driver(node, "fake-hardware");
    refused(InterfaceNotFoundInEntrypoint, "lost", update(node, false));
    ok(update(node, true));
    ck_assert_str_eq(bench_reload(node)->power_interface, "fake");
    bench_stop();
}
END_TEST

START_TEST(an_instance_is_not_overwritten)
{
    struct ci_node *node = node_in(CI_STATE_AVAILABLE), *stale = bench_reload(node);

    ci_node_set_instance_uuid(node, "5d3c5a3e-9a2b-4d11-8c0e-000000000001");
    ok(ci_node_save(bench.ctx, node));
    ci_node_set_instance_uuid(stale, "5d3c5a3e-9a2b-4d11-8c0e-000000000002");
    refused(NodeAssociated, "is associated with instance 5d3c5a3e-9a2b-4d11-8c0e-000000000001",
            update(stale, false));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(the_resource_class_of_a_used_node_stays)
{
    struct ci_node *node = node_in(CI_STATE_ACTIVE);

    ci_node_set_resource_class(node, "gold");
    ok(update(node, false));
    ci_node_set_resource_class(node, "silver");
    refused(InvalidState, "can not have resource_class updated", update(node, false));
    ck_assert_str_eq(bench_reload(node)->resource_class, "gold");
    bench_stop();
}
END_TEST

START_TEST(removing_the_instance_removes_its_allocation)
{
    struct ci_node *node = node_in(CI_STATE_AVAILABLE);
    const char *id;

    ok(ci_db_script(bench.ctx,
                    "INSERT INTO allocations (id, uuid, state, version) "
                    "VALUES (7, '5d3c5a3e-9a2b-4d11-8c0e-000000000007', 'active', '1.1')"));
    ci_node_set_instance_uuid(node, "5d3c5a3e-9a2b-4d11-8c0e-000000000007");
    ci_node_set_allocation_id(node, 7);
    ok(ci_node_save(bench.ctx, node));
    id = node->uuid;
    ci_node_set_instance_uuid(node, NULL);
    ok(update(node, false));
    ok(ci_node_load(bench.ctx, id, &node));
    ck_assert_ptr_null(node->instance_uuid);
    ck_assert_int_eq(node->allocation_id, CI_NULL_INT);
    ck_assert_int_eq(bench_count("SELECT count(*) FROM allocations"), 0);
    bench_stop();
}
END_TEST

START_TEST(a_locked_node_is_not_updated)
{
    struct ci_node *node = node_in(CI_STATE_AVAILABLE);
    struct ci_task *task;

    ok(ci_task_take(bench.conductor, bench.ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    ci_node_set_description(node, "new");
    refused(NodeLocked, "is locked by host testhost", update(node, false));
    refused(NodeLocked, "is locked by host testhost", destroy(node));
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(nodes_are_deleted_in_these_states_only)
{
    static const struct {
        const char *state;
        bool deletable;
    } cases[] = {
        {CI_STATE_ENROLL, true},    {CI_STATE_MANAGEABLE, true}, {CI_STATE_ADOPTFAIL, true},
        {CI_STATE_AVAILABLE, true}, {CI_STATE_ACTIVE, false},    {CI_STATE_DEPLOYFAIL, false},
        {CI_STATE_CLEANING, false}, {CI_STATE_CLEANFAIL, false},
    };

    bench_start();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_node *node = bench_node(ci_printf(bench.ctx->mem, "n%zu", i), cases[i].state);

        if (cases[i].deletable) {
            ok(destroy(node));
            refused(NodeNotFound, node->uuid, ci_node_load(bench.ctx, node->uuid, &node));
            continue;
        }
        refused(InvalidState,
                ci_printf(bench.ctx->mem,
                          "Can not delete node \"%s\" while it is in provision state \"%s\". Valid "
                          "provision states to perform deletion are: \"('manageable', 'enroll', "
                          "'adopt failed', 'available')\", or set the node into maintenance mode",
                          node->uuid, cases[i].state),
                destroy(node));
        ck_assert_ptr_null(bench_reload(node)->reservation);
    }
    bench_stop();
}
END_TEST

START_TEST(available_nodes_can_be_kept_from_deletion)
{
    struct ci_node *node = node_in(CI_STATE_AVAILABLE);

    bench.config->conductor.allow_deleting_available_nodes = false;
    refused(InvalidState, "are: \"('manageable', 'enroll', 'adopt failed')\"", destroy(node));
    bench_stop();
}
END_TEST

START_TEST(instances_and_protection_keep_a_node_but_maintenance_lets_it_go)
{
    struct ci_node *node = node_in(CI_STATE_AVAILABLE);

    ci_node_set_instance_uuid(node, "5d3c5a3e-9a2b-4d11-8c0e-000000000001");
    ok(ci_node_save(bench.ctx, node));
    refused(NodeAssociated, "is associated with instance", destroy(node));
    ci_node_set_maintenance(node, 1);
    ci_node_set_protected(node, 1);
    ok(ci_node_save(bench.ctx, node));
    refused(NodeProtected, "is protected", destroy(node));
    ci_node_set_protected(node, 0);
    ok(ci_node_save(bench.ctx, node));
    ok(destroy(node));
    bench_stop();
}
END_TEST

START_TEST(interfaces_are_validated_one_by_one)
{
    struct ci_node *node = node_in(CI_STATE_MANAGEABLE);
    json_t *answer, *deploy;

    ci_node_set_rescue_interface(node, "no-rescue");
    ci_node_set_instance_info(node, "{\"traits\": [\"CUSTOM_A\"]}");
    ok(ci_node_save(bench.ctx, node));
    ok(bench_call(node, CI_RPC_validate_driver_interfaces, NULL, &answer));
    ck_assert_uint_eq(json_object_size(answer), 12);
    ck_assert(json_is_true(json_object_get(json_object_get(answer, "power"), "result")));
    ck_assert_ptr_null(json_object_get(json_object_get(answer, "power"), "reason"));
    ck_assert_str_eq(
        json_string_value(json_object_get(json_object_get(answer, "rescue"), "reason")),
        "Driver fake-hardware does not support rescue (disabled or not implemented).");
    deploy = json_object_get(answer, "deploy");
    ck_assert(json_is_false(json_object_get(deploy, "result")));
    ck_assert(
        strstr(json_string_value(json_object_get(deploy, "reason")), "is missing traits CUSTOM_A"));
    bench_stop();
}
END_TEST

START_TEST(a_pin_before_firmware_validates_no_firmware)
{
    struct ci_node *node = node_in(CI_STATE_MANAGEABLE);
    json_t *answer;

    bench.config->DEFAULT.pin_release_version = "21.4";
    ok(bench_call(node, CI_RPC_validate_driver_interfaces, NULL, &answer));
    ck_assert_uint_eq(json_object_size(answer), 11);
    ck_assert_ptr_null(json_object_get(answer, "firmware"));
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/node", a_created_node_gets_its_interfaces_and_is_answered,
          a_node_of_an_unknown_driver_has_no_conductor,
          an_update_saves_what_changed_and_nothing_else,
          an_update_is_saved_and_its_lock_given_back_by_one_statement,
          an_update_whose_lock_is_lost_is_saved_all_the_same,
          an_update_that_the_database_refuses_leaves_no_lock,
          a_sender_of_an_older_release_leaves_what_it_does_not_know,
          leaving_maintenance_clears_its_reason_and_fault,
          protection_asks_for_an_active_node_and_its_reason_for_protection,
          an_available_node_cannot_be_retired, interfaces_change_only_where_nobody_uses_the_node,
          an_interface_that_is_not_there_is_refused,
          resetting_interfaces_with_a_new_driver_gives_its_defaults, an_instance_is_not_overwritten,
          the_resource_class_of_a_used_node_stays, removing_the_instance_removes_its_allocation,
          a_locked_node_is_not_updated, nodes_are_deleted_in_these_states_only,
          available_nodes_can_be_kept_from_deletion,
          instances_and_protection_keep_a_node_but_maintenance_lets_it_go,
          interfaces_are_validated_one_by_one, a_pin_before_firmware_validates_no_firmware)
