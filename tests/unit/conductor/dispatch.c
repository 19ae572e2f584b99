/* SPDX-License-Identifier: Apache-2.0 */
#include "conductor/calls.h"

#include "objects/port.h"
#include "tests/unit/conductor/bench.h"

/* Answers that are one text, for comparing. */
static const char *text(const json_t *answer)
{
    return answer ? ci_json_text(bench.ctx->mem, answer) : "null";
}

static bool dispatch(enum ci_rpc_method method, json_t *args)
{
    json_t *answer;

    return ci_conductor_dispatch(bench.ctx, method, ci_json(bench.ctx, args), &answer,
                                 bench.conductor);
}

START_TEST(arguments_are_held_against_the_methods_row)
{
    bench_start();
    refused(TypeError,
            "ConductorManager.get_boot_device() got an unexpected keyword argument 'zzz'",
            dispatch(CI_RPC_get_boot_device, json_pack("{s:s, s:i}", "node_id", "n", "zzz", 1)));
    refused(TypeError,
            "ConductorManager.get_boot_device() missing 1 required positional argument: 'node_id'",
            dispatch(CI_RPC_get_boot_device, json_object()));
    refused(TypeError,
            "ConductorManager.vif_attach() missing 2 required positional arguments: 'node_id' and "
            "'vif_info'",
            dispatch(CI_RPC_vif_attach, json_object()));
    refused(TypeError, "arguments: 'driver_method', 'http_method', and 'info'",
            dispatch(CI_RPC_vendor_passthru, json_pack("{s:s}", "node_id", "n")));
    refused(Invalid, "node_id", dispatch(CI_RPC_get_boot_device, json_pack("{s:[]}", "node_id")));
    bench_stop();
}
END_TEST

START_TEST(every_method_has_a_function)
{
    bench_start();
    for (int method = 0; method < CI_RPC_COUNT; method++)
        ck_assert_msg(ci_conductor_answers(method), "%s has no function", ci_rpc_row(method)->name);
    bench_stop();
}
END_TEST

START_TEST(boot_devices_are_set_read_and_listed)
{
    struct ci_node *node;
    json_t *answer;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ok(bench_call(node, CI_RPC_get_boot_device, NULL, &answer));
    ck_assert_str_eq(text(answer), "{\"boot_device\": \"pxe\", \"persistent\": false}");
    ok(bench_call(node, CI_RPC_get_supported_boot_devices, NULL, &answer));
    ck_assert_str_eq(text(answer), "[\"pxe\"]");
    ok(bench_call(node, CI_RPC_set_boot_device,
                  json_pack("{s:s, s:b}", "device", "pxe", "persistent", 1), &answer));
    ck_assert_str_eq(text(answer), "null");
    refused(InvalidParameterValue, "Invalid boot device bogus specified.",
            bench_call(node, CI_RPC_set_boot_device, json_pack("{s:s}", "device", "bogus"), NULL));
    refused(UnsupportedDriverExtension,
            "Driver fake-hardware does not support inject_nmi (disabled or not implemented).",
            bench_call(node, CI_RPC_inject_nmi, NULL, NULL));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(boot_mode_and_secure_boot_change_in_the_background_or_say_why_not)
{
    struct ci_node *node, *after;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ok(bench_call(node, CI_RPC_change_node_boot_mode, json_pack("{s:s}", "new_state", "uefi"),
                  NULL));
    after = bench_settle(node);
    ck_assert_msg(ci_same(after->boot_mode, "uefi") ||
                      ci_same(after->last_error, "Failed to change boot mode to 'uefi: Driver "
                                                 "fake-hardware does not support set_boot_mode "
                                                 "(disabled or not implemented)."),
                  "%s", after->last_error);
    ok(bench_call(node, CI_RPC_change_node_secure_boot, json_pack("{s:b}", "new_state", 1), NULL));
    after = bench_settle(node);
    ck_assert_msg(ci_is_true(after->secure_boot) ||
                      ci_same(after->last_error,
                              "Failed to change secure_boot state to 'True': Driver fake-hardware "
                              "does not support set_secure_boot_state (disabled or not "
                              "implemented)."),
                  "%s", after->last_error);
    bench_stop();
}
END_TEST

START_TEST(traits_are_added_replaced_and_removed)
{
    struct ci_node *node;
    json_t *many;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ok(bench_call(
        node, CI_RPC_add_node_traits,
        json_pack("{s:[s,s,s], s:b}", "traits", "CUSTOM_A", "CUSTOM_B", "CUSTOM_A", "replace", 1),
        NULL));
    ok(bench_call(node, CI_RPC_add_node_traits, json_pack("{s:[s]}", "traits", "CUSTOM_C"), NULL));
    ok(bench_call(node, CI_RPC_add_node_traits, json_pack("{s:[s]}", "traits", "CUSTOM_C"), NULL));
    ok(bench_call(node, CI_RPC_remove_node_traits, json_pack("{s:[s]}", "traits", "CUSTOM_A"),
                  NULL));
    ok(ci_node_load_traits(bench.ctx, node));
    ck_assert_str_eq(node->traits, "[\"CUSTOM_B\", \"CUSTOM_C\"]");
    refused(NodeTraitNotFound,
            ci_printf(bench.ctx->mem, "Node %s doesn't have a trait 'CUSTOM_Z'", node->uuid),
            bench_call(node, CI_RPC_remove_node_traits, json_pack("{s:[s]}", "traits", "CUSTOM_Z"),
                       NULL));
    many = json_array();
    for (int i = 0; i < 51; i++)
        json_array_append_new(many, json_sprintf("CUSTOM_%d", i));
    refused(InvalidParameterValue,
            ci_printf(bench.ctx->mem,
                      "Could not modify traits for node %d as it would exceed the maximum number "
                      "of traits per node (51 vs. 50)",
                      (int)node->id),
            bench_call(node, CI_RPC_add_node_traits,
                       json_pack("{s:o, s:b}", "traits", json_incref(many), "replace", 1), NULL));
    json_array_remove(many, 50);
    ok(bench_call(node, CI_RPC_add_node_traits,
                  json_pack("{s:o, s:b}", "traits", many, "replace", 1), NULL));
    refused(
        InvalidParameterValue, "(51 vs. 50)",
        bench_call(node, CI_RPC_add_node_traits, json_pack("{s:[s]}", "traits", "CUSTOM_X"), NULL));
    ck_assert_int_eq(bench_count("SELECT count(*) FROM node_traits"), 50);
    ok(bench_call(node, CI_RPC_remove_node_traits, json_pack("{s:n}", "traits"), NULL));
    ck_assert_int_eq(bench_count("SELECT count(*) FROM node_traits"), 0);
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(vifs_are_attached_listed_and_detached)
{
    struct ci_node *node;
    json_t *answer;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ok(bench_call(node, CI_RPC_vif_attach, json_pack("{s:{s:s}}", "vif_info", "id", "v1"), NULL));
    ok(bench_call(node, CI_RPC_vif_list, NULL, &answer));
    ck_assert_str_eq(text(answer), "[]");
    ok(bench_call(node, CI_RPC_vif_detach, json_pack("{s:s}", "vif_id", "v1"), NULL));
    refused(Invalid, "id",
            bench_call(node, CI_RPC_vif_attach, json_pack("{s:{s:i}}", "vif_info", "id", 5), NULL));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(a_console_is_turned_on_shown_and_turned_off)
{
    struct ci_node *node;
    json_t *answer;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    refused(NodeConsoleNotEnabled, "Console access is not enabled on node",
            bench_call(node, CI_RPC_get_console_information, NULL, NULL));
    ok(bench_call(node, CI_RPC_set_console_mode, json_pack("{s:b}", "enabled", 1), NULL));
    ck_assert(ci_is_true(bench_settle(node)->console_enabled));
    ok(bench_call(node, CI_RPC_get_console_information, NULL, &answer));
    ck_assert_str_eq(text(answer), "{}");
    ok(bench_call(node, CI_RPC_set_console_mode, json_pack("{s:b}", "enabled", 0), NULL));
    ck_assert(!ci_is_true(bench_settle(node)->console_enabled));
    bench_stop();
}
END_TEST

START_TEST(a_hardware_type_tells_its_properties)
{
    struct ci_ctx *ctx = bench_start();
    json_t *answer;

    ok(ci_rpc_driver(ctx, "fake-hardware", CI_RPC_get_driver_properties,
                     json_pack("{s:s}", "driver_name", "fake-hardware"), &answer));
    ck_assert_str_eq(text(answer),
                     "{\"B1\": \"B1 description. Required.\", \"B2\": \"B2 description. "
                     "Required.\"}");
    ok(ci_rpc_driver(ctx, "fake-hardware", CI_RPC_get_raid_logical_disk_properties,
                     json_pack("{s:s}", "driver_name", "fake-hardware"), &answer));
    ck_assert_uint_eq(json_object_size(answer), 10);
    ok(ci_rpc_driver(ctx, "fake-hardware", CI_RPC_get_driver_vendor_passthru_methods,
                     json_pack("{s:s}", "driver_name", "fake-hardware"), &answer));
    ck_assert_str_eq(text(answer), "{}");
    refused(InvalidParameterValue, "No handler for method nosuch",
            ci_rpc_driver(ctx, "fake-hardware", CI_RPC_driver_vendor_passthru,
                          json_pack("{s:s, s:s, s:s, s:{}}", "driver_name", "fake-hardware",
                                    "driver_method", "nosuch", "http_method", "POST", "info"),
                          &answer));
    refused(DriverNotFound, "The driver 'nope' is unknown.",
            ci_rpc_driver(ctx, "nope", CI_RPC_get_driver_properties,
                          json_pack("{s:s}", "driver_name", "nope"), &answer));
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/dispatch", arguments_are_held_against_the_methods_row,
          every_method_has_a_function, boot_devices_are_set_read_and_listed,
          boot_mode_and_secure_boot_change_in_the_background_or_say_why_not,
          traits_are_added_replaced_and_removed, vifs_are_attached_listed_and_detached,
          a_console_is_turned_on_shown_and_turned_off, a_hardware_type_tells_its_properties)
