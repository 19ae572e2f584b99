/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Ports, port groups, chassis and rows of any type, on whichever engine RECORDS_URL names. */
#include "objects/bios_setting.h"
#include "tests/unit/objects/records.h"

static struct ci_port *port_new(struct ci_ctx *ctx, const struct ci_node *node, const char *address)
{
    struct ci_port *port = ci_object_new(ctx->mem, &ci_port_type);

    ci_port_set_node_id(port, node->id);
    ci_port_set_address(port, address);
    return port;
}

START_TEST(ports_know_their_node)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *one = node_made(ctx, UUID_A, "one"), *two = node_made(ctx, UUID_B, "two");
    struct ci_port *port = port_new(ctx, one, "52:54:00:00:00:01"), *found, **ports;
    size_t count;

    must(ctx, ci_port_create(ctx, port));
    ck_assert_str_eq(port->node_uuid, UUID_A);
    ck_assert_int_eq(port->pxe_enabled, 1);
    ck_assert_int_eq(port->is_smartnic, 0);
    ck_assert_int_eq(port->available_for_dynamic_portgroup, 1);
    must(ctx, ci_port_load(ctx, port->uuid, &found));
    ck_assert_str_eq(found->node_uuid, UUID_A);
    must(ctx, ci_port_load_address(ctx, "52:54:00:00:00:01", &found));
    ci_port_set_node_id(found, two->id);
    must(ctx, ci_port_save(ctx, found));
    ck_assert_str_eq(found->node_uuid, UUID_B);
    must(ctx, ci_port_load_of_node(ctx, one->id, &count, &ports));
    ck_assert_uint_eq(count, 0);
    must(ctx, ci_port_load_of_node(ctx, two->id, &count, &ports));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(ports[0]->uuid, port->uuid);
    must(ctx, ci_port_destroy(ctx, port));
    must_fail(ctx, PortNotFound, ci_port_destroy(ctx, port));
    must_fail(ctx, PortNotFound, ci_port_save(ctx, port));
    must_fail(ctx, PortNotFound, ci_port_load_name(ctx, "none", &found));
    db_close(ctx);
}
END_TEST

START_TEST(addresses_and_names_of_ports_are_unique)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *node = node_made(ctx, UUID_A, "one");
    struct ci_port *port = port_new(ctx, node, "52:54:00:00:00:01"), *other;

    ci_port_set_name(port, "eth0");
    must(ctx, ci_port_create(ctx, port));
    must_say(ctx, MACAlreadyExists, "A port with MAC address 52:54:00:00:00:01 already exists.",
             ci_port_create(ctx, port_new(ctx, node, "52:54:00:00:00:01")));
    other = port_new(ctx, node, "52:54:00:00:00:02");
    ci_port_set_uuid(other, UUID_B);
    ci_port_set_name(other, "eth0");
    must_say(ctx, PortAlreadyExists, "A port with UUID " UUID_B " already exists.",
             ci_port_create(ctx, other));
    ci_port_set_name(other, "eth1");
    must(ctx, ci_port_create(ctx, other));
    ci_port_set_name(other, "eth0");
    must_say(ctx, PortDuplicateName, "A port with name eth0 already exists.",
             ci_port_save(ctx, other));
    ci_port_set_name(other, "eth1");
    ci_port_set_address(other, "52:54:00:00:00:01");
    must_fail(ctx, MACAlreadyExists, ci_port_save(ctx, other));
    db_close(ctx);
}
END_TEST

START_TEST(an_old_port_moves_its_vif_when_it_is_read)
{
    struct ci_ctx *ctx = records_open();
    struct ci_config *config = ci_config_defaults();
    struct ci_node *node = node_made(ctx, UUID_A, "one");
    struct ci_port *port = port_new(ctx, node, "52:54:00:00:00:01");

    config->DEFAULT.pin_release_version = "9.2";
    ctx->config = config;
    ci_port_set_extra(port, "{\"vif_port_id\": \"v\"}");
    ci_port_set_vendor(port, "somebody");
    must(ctx, ci_port_create(ctx, port));
    ck_assert_str_eq(ask(ctx, "SELECT version FROM ports"), "1.7");
    ck_assert_ptr_null(ask(ctx, "SELECT vendor FROM ports"));
    ck_assert_str_eq(ask(ctx, "SELECT internal_info FROM ports"), "{}");
    ctx->config = NULL;
    must(ctx, ci_port_load(ctx, port->uuid, &port));
    ck_assert_str_eq(port->internal_info, "{\"tenant_vif_port_id\": \"v\"}");
    must(ctx, ci_port_save(ctx, port));
    ck_assert_str_eq(ask(ctx, "SELECT internal_info FROM ports"),
                     "{\"tenant_vif_port_id\": \"v\"}");
    ck_assert_str_eq(ask(ctx, "SELECT version FROM ports"), "1.16");
    config->DEFAULT.pin_release_version = NULL;
    ci_config_free(config);
    db_close(ctx);
}
END_TEST

START_TEST(a_port_group_with_ports_stays)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *node = node_made(ctx, UUID_A, "one");
    struct ci_portgroup *group = ci_object_new(ctx->mem, &ci_portgroup_type), *other, **groups;
    struct ci_port *port = port_new(ctx, node, "52:54:00:00:00:01"), **ports;
    size_t count;

    ci_portgroup_set_node_id(group, node->id);
    ci_portgroup_set_name(group, "bond");
    must(ctx, ci_portgroup_create(ctx, group));
    ck_assert_str_eq(group->node_uuid, UUID_A);
    ck_assert_int_eq(group->standalone_ports_supported, 1);
    ci_port_set_portgroup_id(port, group->id);
    must(ctx, ci_port_create(ctx, port));
    must(ctx, ci_port_load_of_portgroup(ctx, group->id, &count, &ports));
    ck_assert_uint_eq(count, 1);
    must_fail(ctx, PortgroupNotEmpty, ci_portgroup_destroy(ctx, group));
    other = ci_object_new(ctx->mem, &ci_portgroup_type);
    ci_portgroup_set_name(other, "bond");
    must_say(ctx, PortgroupDuplicateName, "A portgroup with name bond already exists.",
             ci_portgroup_create(ctx, other));
    must(ctx, ci_portgroup_load(ctx, "bond", &other));
    ci_portgroup_set_mode(other, "active-backup");
    must(ctx, ci_portgroup_save(ctx, other));
    must(ctx, ci_portgroup_load_of_node(ctx, node->id, &count, &groups));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(groups[0]->mode, "active-backup");
    must(ctx, ci_port_destroy(ctx, port));
    must(ctx, ci_portgroup_destroy(ctx, group));
    must_fail(ctx, PortgroupNotFound, ci_portgroup_destroy(ctx, group));
    must_fail(ctx, PortgroupNotFound, ci_portgroup_load(ctx, "bond", &other));
    db_close(ctx);
}
END_TEST

START_TEST(a_chassis_with_nodes_stays)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *node = node_made(ctx, UUID_A, "one");
    struct ci_chassis *chassis = ci_object_new(ctx->mem, &ci_chassis_type), *other;

    must(ctx, ci_chassis_create(ctx, chassis));
    ci_node_set_chassis_id(node, chassis->id);
    must(ctx, ci_node_save(ctx, node));
    must_fail(ctx, ChassisNotEmpty, ci_chassis_destroy(ctx, chassis));
    other = ci_object_new(ctx->mem, &ci_chassis_type);
    ci_chassis_set_uuid(other, chassis->uuid);
    must_fail(ctx, ChassisAlreadyExists, ci_chassis_create(ctx, other));
    must(ctx, ci_chassis_load(ctx, chassis->uuid, &other));
    ci_chassis_set_description(other, "r\xc3\xa4k");
    must(ctx, ci_chassis_save(ctx, other));
    must(ctx, ci_chassis_load_id(ctx, chassis->id, &other));
    ck_assert_str_eq(other->description, "r\xc3\xa4k");
    must(ctx, ci_node_destroy(ctx, node));
    must(ctx, ci_chassis_destroy(ctx, chassis));
    must_fail(ctx, ChassisNotFound, ci_chassis_destroy(ctx, chassis));
    must_fail(ctx, ChassisNotFound, ci_chassis_save(ctx, chassis));
    db_close(ctx);
}
END_TEST

START_TEST(rows_of_a_newer_service_are_refused)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *node = node_made(ctx, UUID_A, "one"), *found, **all;
    size_t count;

    must(ctx, ci_db_script(ctx, "UPDATE nodes SET version = '1.45'"));
    must_say(ctx, IncompatibleObjectVersion,
             "Version 1.45 of Node is not supported, supported version is 1.44",
             ci_node_load(ctx, UUID_A, &found));
    must_fail(ctx, IncompatibleObjectVersion,
              ci_row_load_all(ctx, &ci_node_type, NULL, NULL, 0, NULL, &count, &all));
    must(ctx, ci_db_script(ctx, "UPDATE nodes SET version = NULL"));
    must_fail(ctx, IncompatibleObjectVersion, ci_node_load(ctx, UUID_A, &found));
    must(ctx, ci_db_script(ctx, "UPDATE nodes SET version = '1.36'"));
    must(ctx, ci_node_load(ctx, UUID_A, &found));
    ck_assert_int_eq(found->object.row_minor, 36);
    must(ctx, ci_node_save(ctx, found));
    ck_assert_str_eq(ask(ctx, "SELECT version FROM nodes"), "1.44");
    must(ctx, ci_node_destroy(ctx, node));
    db_close(ctx);
}
END_TEST

START_TEST(columns_named_as_words_of_sql_are_columns)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *node = node_made(ctx, UUID_A, "one");
    struct ci_node_history *entry = ci_object_new(ctx->mem, &ci_node_history_type), **entries;
    struct ci_bios_setting *setting = ci_object_new(ctx->mem, &ci_bios_setting_type), *found;
    const char *id = ci_printf(ctx->mem, "%d", (int)node->id);
    bool there;
    size_t count;

    ci_node_history_set_uuid(entry, UUID_B);
    ci_node_history_set_node_id(entry, node->id);
    ci_node_history_set_user(entry, "me");
    must(ctx, ci_row_insert(ctx, entry));
    must(ctx, ci_row_load_all(ctx, &ci_node_history_type, "node_id = $1", NULL, 1, &id, &count,
                              &entries));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(entries[0]->user, "me");

    ci_bios_setting_set_node_id(setting, id);
    ci_bios_setting_set_name(setting, "VT");
    ci_bios_setting_set_unique(setting, 1);
    ci_bios_setting_set_allowable_values(setting, "[\"on\", \"off\"]");
    must(ctx, ci_row_insert(ctx, setting));
    ci_bios_setting_set_value(setting, "on");
    must(ctx, ci_row_save(ctx, setting, &there));
    ck_assert(there);
    must(ctx, ci_row_load(ctx, &ci_bios_setting_type, "node_id = $1", 1, &id, &found));
    ck_assert_int_eq(found->unique, 1);
    ck_assert_str_eq(found->value, "on");
    must(ctx, ci_row_delete(ctx, setting, &there));
    ck_assert(there);
    must(ctx, ci_row_delete(ctx, setting, &there));
    ck_assert(!there);
    db_close(ctx);
}
END_TEST

START_TEST(a_long_event_keeps_its_head_and_tail)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node_history *entry = ci_object_new(ctx->mem, &ci_node_history_type);
    char *event = ci_alloc(ctx->mem, 3 * 40000 + 1);
    const char *kept;

    for (size_t i = 0; i < 40000; i++)
        memcpy(event + 3 * i, "\xe2\x82\xac", 3);
    ci_node_history_set_event(entry, event);
    must(ctx, ci_node_history_create(ctx, entry));
    kept = ask(ctx, "SELECT event FROM node_history");
    ck_assert_uint_le(strlen(kept), 65535);
    ck_assert_uint_ge(strlen(kept), 65535 - 4);
    ck_assert_ptr_nonnull(strstr(kept, "\xe2\x82\xac ... [truncated] ... \xe2\x82\xac"));
    ck_assert_str_eq(entry->uuid, ask(ctx, "SELECT uuid FROM node_history"));
    db_close(ctx);
}
END_TEST

#define PART_TESTS                                                                                 \
    ports_know_their_node, addresses_and_names_of_ports_are_unique,                                \
        an_old_port_moves_its_vif_when_it_is_read, a_port_group_with_ports_stays,                  \
        a_chassis_with_nodes_stays, rows_of_a_newer_service_are_refused,                           \
        columns_named_as_words_of_sql_are_columns, a_long_event_keeps_its_head_and_tail
