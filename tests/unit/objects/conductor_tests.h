/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Conductors in a database, on whichever engine RECORDS_URL names. */
#include "tests/unit/objects/records.h"

enum { TIMEOUT_S = 60 };

static struct ci_conductor_record *conductor_new(struct ci_ctx *ctx, const char *hostname)
{
    struct ci_conductor_record *conductor = ci_object_new(ctx->mem, &ci_conductor_record_type);

    ci_conductor_record_set_hostname(conductor, hostname);
    ci_conductor_record_set_drivers(conductor, "[\"fake-hardware\"]");
    return conductor;
}

static struct ci_conductor_record *registered(struct ci_ctx *ctx, const char *hostname)
{
    struct ci_conductor_record *conductor = conductor_new(ctx, hostname);

    must(ctx, ci_conductor_register(ctx, conductor, CI_CONDUCTOR_REFUSE));
    return conductor;
}

START_TEST(a_host_is_registered_once_and_keeps_its_row)
{
    struct ci_ctx *ctx = records_open();
    struct ci_conductor_record *first = registered(ctx, "here"), *again, *found;

    again = conductor_new(ctx, "here");
    ci_conductor_record_set_conductor_group(again, "rack");
    must_say(ctx, ConductorAlreadyRegistered, "Conductor here already registered.",
             ci_conductor_register(ctx, again, CI_CONDUCTOR_REFUSE));
    must(ctx, ci_conductor_register(ctx, again, CI_CONDUCTOR_TAKE_OVER));
    ck_assert_int_eq(again->id, first->id);
    must(ctx, ci_conductor_unregister(ctx, again));
    must_fail(ctx, ConductorNotFound, ci_conductor_unregister(ctx, again));
    must_say(ctx, ConductorNotFound, "Conductor here could not be found.",
             ci_conductor_load(ctx, "here", CI_CONDUCTOR_ONLINE, &found));
    must(ctx, ci_conductor_load(ctx, "here", CI_CONDUCTOR_ANY, &found));
    ck_assert_int_eq(found->online, 0);
    ck_assert_str_eq(found->conductor_group, "rack");
    ck_assert_str_eq(found->drivers, "[\"fake-hardware\"]");
    must(ctx, ci_conductor_register(ctx, conductor_new(ctx, "here"), CI_CONDUCTOR_REFUSE));
    must(ctx, ci_conductor_load(ctx, "here", CI_CONDUCTOR_ONLINE, &found));
    ck_assert_int_eq(found->id, first->id);
    ck_assert_str_eq(ask(ctx, "SELECT version FROM conductors"), "1.6");
    db_close(ctx);
}
END_TEST

START_TEST(an_old_heartbeat_counts_where_heartbeats_are_written)
{
    struct ci_ctx *ctx = records_open();
    bool sqlite = ci_db_is_sqlite(ctx->db);
    struct ci_conductor_record *found, **alive;
    const char *const *offline;
    size_t count;

    registered(ctx, "here");
    registered(ctx, "there");
    must(ctx, ci_db_script(ctx, "UPDATE conductors SET updated_at = '2020-01-02 03:04:05' "
                                "WHERE hostname = 'there'"));
    must(ctx, ci_conductor_load_alive(ctx, TIMEOUT_S, &count, &alive));
    ck_assert_uint_eq(count, sqlite ? 2 : 1);
    ck_assert_str_eq(alive[0]->hostname, "here");
    must(ctx, ci_conductor_load_alive(ctx, 0, &count, &alive));
    ck_assert_uint_eq(count, 2);
    must(ctx, ci_conductor_load(ctx, "there", CI_CONDUCTOR_ANY, &found));
    ck_assert(ci_conductor_is_alive(ctx, found, TIMEOUT_S) == sqlite);
    ck_assert(ci_conductor_is_alive(ctx, found, 0));
    must(ctx, ci_conductor_offline_hosts(ctx, TIMEOUT_S, &offline));
    ck_assert_pstr_eq(offline[0], sqlite ? NULL : "there");
    must(ctx, ci_conductor_touch(ctx, "there", CI_CONDUCTOR_STAYING));
    must(ctx, ci_conductor_load_all(ctx, &count, &alive));
    ck_assert_uint_eq(count, 2);
    ck_assert(ci_conductor_is_alive(ctx, alive[1], TIMEOUT_S));
    must(ctx, ci_conductor_touch(ctx, "there", CI_CONDUCTOR_LEAVING));
    must(ctx, ci_conductor_load(ctx, "there", CI_CONDUCTOR_ANY, &found));
    ck_assert(!ci_conductor_is_alive(ctx, found, TIMEOUT_S));
    must_fail(ctx, ConductorNotFound, ci_conductor_touch(ctx, "nobody", CI_CONDUCTOR_STAYING));
    db_close(ctx);
}
END_TEST

START_TEST(interfaces_are_those_of_live_conductors)
{
    struct ci_ctx *ctx = records_open();
    struct ci_conductor_record *here = registered(ctx, "here"), *there = registered(ctx, "there");
    const struct ci_conductor_interface two[] = {{"fake-hardware", "power", "fake",
                                                  .is_default = true},
                                                 {"ipmi", "power", "ipmitool"}},
                                        twice[] = {two[0], two[0]};
    struct ci_conductor_interface *found;
    size_t count;

    must(ctx, ci_conductor_set_interfaces(ctx, here, 2, two));
    must(ctx, ci_conductor_set_interfaces(ctx, there, 1, two));
    must(ctx, ci_conductor_load_interfaces(ctx, TIMEOUT_S, NULL, &count, &found));
    ck_assert_uint_eq(count, 3);
    must(ctx, ci_conductor_load_interfaces(ctx, TIMEOUT_S, "fake-hardware", &count, &found));
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(found[0].interface_name, "fake");
    ck_assert_str_eq(found[0].interface_type, "power");
    ck_assert(found[0].is_default);
    ck_assert_str_eq(found[1].hostname, "there");
    ck_assert_str_eq(found[1].group, "");
    must_fail(ctx, ConductorHardwareInterfacesAlreadyRegistered,
              ci_conductor_set_interfaces(ctx, here, 2, twice));
    must(ctx, ci_conductor_unregister(ctx, there));
    must(ctx, ci_conductor_load_interfaces(ctx, 0, "fake-hardware", &count, &found));
    ck_assert_uint_eq(count, 1);
    must(ctx, ci_conductor_set_interfaces(ctx, here, 0, NULL));
    must(ctx, ci_conductor_load_interfaces(ctx, 0, NULL, &count, &found));
    ck_assert_uint_eq(count, 0);
    db_close(ctx);
}
END_TEST

START_TEST(a_starting_conductor_forgets_its_former_life)
{
    struct ci_ctx *ctx = records_open();
    struct ci_node *one = node_made(ctx, UUID_A, "one"), *two = node_made(ctx, UUID_B, "two");
    int64_t count;

    ci_node_set_target_power_state(one, "power on");
    must(ctx, ci_node_save(ctx, one));
    must(ctx, ci_node_reserve(ctx, "one", "Here", &one));
    must(ctx, ci_node_reserve(ctx, "two", "elsewhere", &two));
    must(ctx, ci_conductor_clear_power_targets(ctx, "here", &count));
    ck_assert_int_eq(count, 1);
    ck_assert_str_eq(ask(ctx, "SELECT last_error FROM nodes WHERE name = 'one'"),
                     "Pending power operation was aborted due to conductor restart");
    must(ctx, ci_conductor_clear_reservations(ctx, "here", &count));
    ck_assert_int_eq(count, 1);
    ck_assert_ptr_null(ask(ctx, "SELECT reservation FROM nodes WHERE name = 'one'"));
    ck_assert_ptr_null(ask(ctx, "SELECT target_power_state FROM nodes WHERE name = 'one'"));
    ck_assert_str_eq(ask(ctx, "SELECT reservation FROM nodes WHERE name = 'two'"), "elsewhere");
    db_close(ctx);
}
END_TEST

#define CONDUCTOR_TESTS                                                                            \
    a_host_is_registered_once_and_keeps_its_row,                                                   \
        an_old_heartbeat_counts_where_heartbeats_are_written,                                      \
        interfaces_are_those_of_live_conductors, a_starting_conductor_forgets_its_former_life
