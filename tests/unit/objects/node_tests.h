/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Nodes in a database, on whichever engine RECORDS_URL names. */
#include "objects/states.h"
#include "tests/unit/objects/records.h"

START_TEST(a_new_node_has_the_defaults_of_its_columns)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *node = ci_object_new(ctx->mem, &ci_node_type), *found;
    struct ci_rows *rows;
    static const char *const expected[] = {"enroll", "", "{}", "{}", "1.44", NULL, NULL};

    ci_node_set_driver(node, "fake-hardware");
    must(ctx, ci_node_create(ctx, node));
    ck_assert_ptr_nonnull(node->uuid);
    must(ctx,
         ci_db_query(ctx,
                     "SELECT provision_state, conductor_group, properties, clean_step, version, "
                     "updated_at, power_state FROM nodes WHERE NOT maintenance AND NOT "
                     "protected AND NOT retired AND NOT disable_power_off AND NOT "
                     "console_enabled AND automated_clean IS NULL AND created_at IS NOT NULL",
                     0, NULL, &rows));
    ck_assert_uint_eq(rows->count, 1);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        ck_assert_pstr_eq(ci_row_text(rows, 0, i), expected[i]);

    must(ctx, ci_node_load(ctx, node->uuid, &found));
    for (size_t i = 0; i < ci_node_count; i++)
        if (i != ci_node_traits_n)
            ck_assert_msg(ci_field_equal(node, found, &ci_node_type.fields[i]), "%s",
                          ci_node_type.fields[i].name);
    db_close(ctx);
}
END_TEST

START_TEST(a_node_is_found_by_uuid_name_and_id)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *node = node_made(ctx, UUID_A, "one"), *found;

    must(ctx, ci_node_load(ctx, UUID_A, &found));
    ck_assert_str_eq(found->name, "one");
    must(ctx, ci_node_load(ctx, "one", &found));
    ck_assert_str_eq(found->uuid, UUID_A);
    must(ctx, ci_node_load_id(ctx, node->id, &found));
    ck_assert_str_eq(found->uuid, UUID_A);
    must_say(ctx, NodeNotFound, "Node two could not be found.", ci_node_load(ctx, "two", &found));
    must_say(ctx, NodeNotFound, "Node " UUID_B " could not be found.",
             ci_node_load(ctx, UUID_B, &found));
    db_close(ctx);
}
END_TEST

START_TEST(uuids_names_and_instances_of_nodes_are_unique)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *first = node_made(ctx, UUID_A, "one"), *second;

    ci_node_set_instance_uuid(first, UUID_B);
    must(ctx, ci_node_save(ctx, first));
    must_say(ctx, NodeAlreadyExists, "A node with UUID " UUID_A " already exists.",
             ci_node_create(ctx, node_new(ctx, UUID_A, "two")));
    must_say(ctx, DuplicateName, "A node with name one already exists.",
             ci_node_create(ctx, node_new(ctx, UUID_B, "one")));
    second = node_made(ctx, UUID_B, "two");
    ci_node_set_name(second, "one");
    must_say(ctx, DuplicateName, "A node with name one already exists.", ci_node_save(ctx, second));
    ci_node_set_name(second, "two");
    ci_node_set_instance_uuid(second, UUID_B);
    must_say(ctx, InstanceAssociated,
             "Instance " UUID_B " is already associated with a node, it cannot be associated with "
             "this other node " UUID_B,
             ci_node_save(ctx, second));
    ci_node_set_uuid(first, UUID_A);
    must_fail(ctx, InvalidParameterValue, ci_node_save(ctx, first));
    db_close(ctx);
}
END_TEST

START_TEST(a_lock_is_taken_once_and_given_back_by_its_owner)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *node = node_made(ctx, UUID_A, "one"), *locked;

    must(ctx, ci_node_reserve(ctx, "one", "here", &locked));
    ck_assert_str_eq(locked->reservation, "here");
    ck_assert(locked->updated_at != CI_NULL_TIME);
    must_say(ctx, NodeLocked,
             "Node " UUID_A " is locked by host here, please retry after the current operation is "
             "completed.",
             ci_node_reserve(ctx, UUID_A, "there", &locked));
    must_fail(ctx, NodeLocked, ci_node_reserve(ctx, UUID_A, "here", &locked));
    must_fail(ctx, NodeLocked, ci_node_release(ctx, node->id, "there"));
    must(ctx, ci_node_release(ctx, node->id, "here"));
    ck_assert_ptr_null(ask(ctx, "SELECT reservation FROM nodes"));
    must_say(ctx, NodeNotLocked, "Node " UUID_A " found not to be locked on release",
             ci_node_release(ctx, node->id, "here"));
    must_fail(ctx, NodeNotFound, ci_node_reserve(ctx, UUID_B, "here", &locked));
    must_fail(ctx, NodeNotFound, ci_node_release(ctx, node->id + 1, "here"));
    db_close(ctx);
}
END_TEST

START_TEST(a_lost_lock_is_given_back_by_its_owner_and_time_only)
{
    struct ci_ctx *ctx = records_open();
    const int64_t at_us = ci_time_now_us();
    struct ci_node *locked;

    node_made(ctx, UUID_A, "one");
    must(ctx, ci_node_reserve_at(ctx, "one", "here", at_us, &locked));
    must(ctx, ci_node_free_lost(ctx, UUID_A, "there", at_us));
    must(ctx, ci_node_free_lost(ctx, UUID_A, "here", at_us - 1));
    ck_assert_str_eq(ask(ctx, "SELECT reservation FROM nodes"), "here");
    must(ctx, ci_node_free_lost(ctx, "one", "here", at_us));
    ck_assert_ptr_null(ask(ctx, "SELECT reservation FROM nodes"));
    must(ctx, ci_node_free_lost(ctx, "one", "here", at_us));
    must(ctx, ci_node_reserve(ctx, "one", "here", &locked));
    must(ctx, ci_node_free_lost(ctx, UUID_A, "here", CI_NULL_TIME));
    ck_assert_ptr_null(ask(ctx, "SELECT reservation FROM nodes"));
    db_close(ctx);
}
END_TEST

START_TEST(only_what_changed_is_saved)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *node = node_made(ctx, UUID_A, "one"), *other;

    must(ctx, ci_node_load(ctx, UUID_A, &other));
    ci_node_set_description(node, "mine");
    ci_node_set_extra(other, "{\"a\": 0.10}");
    must(ctx, ci_node_save(ctx, node));
    must(ctx, ci_node_save(ctx, other));
    ck_assert_str_eq(ask(ctx, "SELECT description FROM nodes"), "mine");
    ck_assert_str_eq(ask(ctx, "SELECT extra FROM nodes"), "{\"a\": 0.10}");
    ck_assert(node->updated_at != CI_NULL_TIME);
    must(ctx, ci_node_destroy(ctx, node));
    must_fail(ctx, NodeNotFound, ci_node_save(ctx, other));
    db_close(ctx);
}
END_TEST

/* Saves a state; gives the node as it is stored. */
static struct ci_node *moved(struct ci_ctx *ctx, struct ci_node *node, const char *state)
{
    struct ci_node *stored;

    ci_node_set_provision_state(node, state);
    must(ctx, ci_node_save(ctx, node));
    must(ctx, ci_node_load(ctx, node->uuid, &stored));
    return stored;
}

START_TEST(times_of_states_and_inspections_are_kept)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *node = node_made(ctx, UUID_A, "one");

    ck_assert(node->provision_updated_at == CI_NULL_TIME);
    node = moved(ctx, node, CI_STATE_MANAGEABLE);
    ck_assert(node->provision_updated_at != CI_NULL_TIME);
    ck_assert(node->inspection_started_at == CI_NULL_TIME);
    ck_assert(node->inspection_finished_at == CI_NULL_TIME);
    node = moved(ctx, node, CI_STATE_INSPECTING);
    ck_assert(node->inspection_started_at != CI_NULL_TIME);
    ck_assert(node->inspection_finished_at == CI_NULL_TIME);
    node = moved(ctx, node, CI_STATE_INSPECTWAIT);
    ck_assert(node->inspection_started_at != CI_NULL_TIME);
    node = moved(ctx, node, CI_STATE_MANAGEABLE);
    ck_assert(node->inspection_started_at == CI_NULL_TIME);
    ck_assert(node->inspection_finished_at != CI_NULL_TIME);
    node = moved(ctx, node, CI_STATE_INSPECTING);
    ck_assert(node->inspection_finished_at == CI_NULL_TIME);
    node = moved(ctx, node, CI_STATE_INSPECTFAIL);
    ck_assert(node->inspection_started_at == CI_NULL_TIME);
    ck_assert(node->inspection_finished_at == CI_NULL_TIME);
    db_close(ctx);
}
END_TEST

START_TEST(long_errors_are_cut_at_whole_characters)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *node = node_made(ctx, UUID_A, "one");
    char *text = ci_alloc(ctx->mem, 2 * 5000 + 1);

    for (int i = 0; i < 5000; i++)
        memcpy(text + (size_t)2 * i, "\xc3\xa4", 2);
    ci_node_set_last_error(node, text);
    ci_node_set_maintenance_reason(node, "short");
    must(ctx, ci_node_save(ctx, node));
    ck_assert_uint_eq(strlen(ask(ctx, "SELECT last_error FROM nodes")), 2 * 4096);
    ck_assert_str_eq(ask(ctx, "SELECT maintenance_reason FROM nodes"), "short");
    db_close(ctx);
}
END_TEST

START_TEST(what_cannot_be_saved_is_refused)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *node = node_made(ctx, UUID_A, "one");

    ci_node_set_properties(node, "{\"memory_mb\": -1, \"local_gb\": \"big\"}");
    must_say(ctx, InvalidParameterValue,
             "The following properties for node " UUID_A " should be non-negative integers, but "
             "provided values are: local_gb=big, memory_mb=-1",
             ci_node_save(ctx, node));
    ci_node_set_properties(node, "{\"memory_mb\": \"1024\"}");
    ci_node_set_conductor_group(node, "no group");
    must_fail(ctx, InvalidConductorGroup, ci_node_save(ctx, node));
    ci_node_set_conductor_group(node, "Rack-1.A_b");
    ci_node_set_traits(node, "[\"CUSTOM_A\"]");
    must_fail(ctx, BadRequest, ci_node_save(ctx, node));
    ci_node_set_traits(node, NULL);
    must(ctx, ci_node_save(ctx, node));
    ck_assert_str_eq(ask(ctx, "SELECT conductor_group FROM nodes"), "rack-1.a_b");
    db_close(ctx);
}
END_TEST

START_TEST(traits_are_rows_shown_as_one_list)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *node = node_made(ctx, UUID_A, "one"), gone = *node;
    const char *const traits[] = {"CUSTOM_B", "CUSTOM_A", "CUSTOM_B", NULL};

    must(ctx, ci_node_load_traits(ctx, node));
    ck_assert_str_eq(node->traits, "[]");
    must(ctx, ci_node_set_traits_rows(ctx, node, traits));
    must(ctx, ci_node_add_trait(ctx, node, "CUSTOM_C"));
    must(ctx, ci_node_add_trait(ctx, node, "CUSTOM_A"));
    must(ctx, ci_node_load_traits(ctx, node));
    ck_assert_str_eq(node->traits, "[\"CUSTOM_A\", \"CUSTOM_B\", \"CUSTOM_C\"]");
    must(ctx, ci_node_remove_trait(ctx, node, "CUSTOM_B"));
    must_fail(ctx, NodeTraitNotFound, ci_node_remove_trait(ctx, node, "CUSTOM_B"));
    must(ctx, ci_node_load_traits(ctx, node));
    ck_assert_str_eq(node->traits, "[\"CUSTOM_A\", \"CUSTOM_C\"]");
    ck_assert_str_eq(ask(ctx, "SELECT version FROM node_traits WHERE trait = 'CUSTOM_A'"), "1.1");
    gone.id++;
    must_fail(ctx, NodeNotFound, ci_node_add_trait(ctx, &gone, "CUSTOM_A"));
    must_fail(ctx, NodeNotFound, ci_node_set_traits_rows(ctx, &gone, traits));
    must(ctx, ci_node_set_traits_rows(ctx, node, traits + 3));
    must(ctx, ci_node_load_traits(ctx, node));
    ck_assert_str_eq(node->traits, "[]");
    db_close(ctx);
}
END_TEST

START_TEST(a_node_has_fifty_traits_at_most)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *node = node_made(ctx, UUID_A, "one");
    const char *traits[52];

    for (int i = 0; i < 51; i++)
        traits[i] = ci_printf(ctx->mem, "CUSTOM_%d", i);
    traits[51] = NULL;
    must_say(ctx, InvalidParameterValue,
             ci_printf(ctx->mem,
                       "Could not modify traits for node %d as it would exceed the maximum number "
                       "of traits per node (51 vs. 50)",
                       (int)node->id),
             ci_node_set_traits_rows(ctx, node, traits));
    must(ctx, ci_node_set_traits_rows(ctx, node, traits + 1));
    must_fail(ctx, InvalidParameterValue, ci_node_add_trait(ctx, node, "CUSTOM_0"));
    must(ctx, ci_node_add_trait(ctx, node, "CUSTOM_1"));
    ck_assert_str_eq(ask(ctx, "SELECT COUNT(*) FROM node_traits"), "50");
    db_close(ctx);
}
END_TEST

START_TEST(what_hangs_on_a_node_dies_with_it)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *node = node_made(ctx, UUID_A, "one"), *other = node_made(ctx, UUID_B, "two");
    static const struct {
        const char *table, *columns, *values;
    } children[] = {
        {"node_tags", "tag", "'a'"},
        {"node_traits", "trait", "'a'"},
        {"node_history", "uuid", "'a'"},
        {"node_inventory", "plugin_data", "'{}'"},
        {"bios_settings", "name", "'a'"},
        {"firmware_information", "component, initial_version", "'a', 'b'"},
        {"volume_connectors", "type", "'a'"},
        {"volume_targets", "boot_index", "0"},
        {"portgroups", "name", "'a'"},
        {"ports", "portgroup_id", "(SELECT id FROM portgroups)"},
        {"allocations", "uuid, state", "'a', 'active'"},
    };
    enum { CHILDREN = sizeof children / sizeof children[0] };

    for (size_t i = 0; i < CHILDREN; i++)
        must(ctx,
             ci_db_script(ctx, ci_printf(ctx->mem, "INSERT INTO %s (node_id, %s) VALUES (%d, %s)",
                                         children[i].table, children[i].columns, (int)node->id,
                                         children[i].values)));
    must(ctx, ci_db_script(ctx, "UPDATE nodes SET allocation_id = (SELECT id FROM allocations) "
                                "WHERE name = 'one'"));
    must(ctx, ci_node_destroy(ctx, node));
    for (size_t i = 0; i < CHILDREN; i++)
        ck_assert_str_eq(
            ask(ctx, ci_printf(ctx->mem, "SELECT COUNT(*) FROM %s", children[i].table)), "0");
    ck_assert_str_eq(ask(ctx, "SELECT name FROM nodes"), "two");
    must_say(ctx, NodeNotFound, "Node " UUID_A " could not be found.", ci_node_destroy(ctx, node));
    must(ctx, ci_node_destroy(ctx, other));
    db_close(ctx);
}
END_TEST

static void add_port(struct ci_ctx *ctx, const struct ci_node *node, const char *address)
{
    struct ci_port *port = ci_object_new(ctx->mem, &ci_port_type);

    ci_port_set_node_id(port, node->id);
    ci_port_set_address(port, address);
    must(ctx, ci_port_create(ctx, port));
}

START_TEST(a_node_is_found_by_any_of_very_many_addresses)
{
    enum { ADDRESSES = 70000 }; /* more than values that a statement may have */
    struct ci_ctx *ctx = records_open();
    struct ci_node *one = node_made(ctx, UUID_A, "one"), *two = node_made(ctx, UUID_B, "two"),
                   *found;
    const char **addresses = ci_alloc_array(ctx->mem, ADDRESSES + 1, sizeof *addresses);

    for (unsigned i = 0; i < ADDRESSES; i++)
        addresses[i] =
            ci_printf(ctx->mem, "52:54:00:%02x:%02x:%02x", i >> 16, i >> 8 & 255, i & 255);
    must_say(ctx, NodeNotFound, "No node has a port with such an address.",
             ci_node_load_addresses(ctx, addresses, &found));
    add_port(ctx, one, addresses[ADDRESSES - 1]);
    add_port(ctx, one, addresses[0]);
    must(ctx, ci_node_load_addresses(ctx, addresses, &found));
    ck_assert_str_eq(found->uuid, UUID_A);
    add_port(ctx, two, addresses[ADDRESSES / 2]);
    must_say(ctx, DuplicateNodeOnLookup, "Several nodes have ports with these addresses.",
             ci_node_load_addresses(ctx, addresses, &found));
    db_close(ctx);
}
END_TEST

#define NODE_TESTS                                                                                 \
    a_new_node_has_the_defaults_of_its_columns, a_node_is_found_by_uuid_name_and_id,               \
        uuids_names_and_instances_of_nodes_are_unique,                                             \
        a_lock_is_taken_once_and_given_back_by_its_owner,                                          \
        a_lost_lock_is_given_back_by_its_owner_and_time_only, only_what_changed_is_saved,          \
        times_of_states_and_inspections_are_kept, long_errors_are_cut_at_whole_characters,         \
        what_cannot_be_saved_is_refused, traits_are_rows_shown_as_one_list,                        \
        a_node_has_fifty_traits_at_most, a_node_is_found_by_any_of_very_many_addresses,            \
        what_hangs_on_a_node_dies_with_it
