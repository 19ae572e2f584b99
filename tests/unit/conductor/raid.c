/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/conductor/bench.h"

static struct ci_node *begin(void)
{
    static const char *const both[] = {"fake", "no-raid", NULL};

    bench_start();
    bench.config->DEFAULT.enabled_raid_interfaces = both;
    return bench_node("n", CI_STATE_AVAILABLE);
}

static bool set(const struct ci_node *node, json_t *config)
{
    return bench_call(node, CI_RPC_set_target_raid_config,
                      json_pack("{s:o}", "target_raid_config", config), NULL);
}

static json_t *mirror(void)
{
    return json_pack("{s:[{s:s, s:i}]}", "logical_disks", "raid_level", "1", "size_gb", 100);
}

START_TEST(a_wanted_configuration_is_stored_and_taken_back)
{
    struct ci_node *node = begin();

    ok(set(node, mirror()));
    ck_assert_str_eq(bench_reload(node)->target_raid_config,
                     "{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100}]}");
    refused(InvalidParameterValue,
            "RAID config validation error: 'raid_level' is a required property",
            set(node, json_pack("{s:[{s:s}]}", "logical_disks", "size_gb", "x")));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    ok(set(node, json_object()));
    ck_assert(ci_same(bench_reload(node)->target_raid_config, "{}") ||
              !bench_reload(node)->target_raid_config);
    bench_stop();
}
END_TEST

START_TEST(a_node_without_raid_takes_none)
{
    struct ci_node *node = begin();

    ck_assert_str_eq(node->raid_interface, "fake");
    ci_node_set_raid_interface(node, "no-raid");
    ok(ci_node_save(bench.ctx, node));
    refused(UnsupportedDriverExtension, "does not support raid", set(node, mirror()));
    ok(set(node, json_object()));
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/raid", a_wanted_configuration_is_stored_and_taken_back,
          a_node_without_raid_takes_none)
