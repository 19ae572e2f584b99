/* SPDX-License-Identifier: Apache-2.0 */
#include "objects/portgroup.h"

#include "objects/port.h"
#include "tests/unit/conductor/bench.h"

static bool send(const struct ci_node *node, enum ci_rpc_method method,
                 struct ci_portgroup *portgroup, json_t **ret_answer)
{
    return bench_call(node, method,
                      json_pack("{s:o}",
                                method == CI_RPC_destroy_portgroup ? "portgroup" : "portgroup_obj",
                                bench_message(portgroup)),
                      ret_answer);
}

static struct ci_portgroup *new_group(const struct ci_node *node, const char *name)
{
    struct ci_portgroup *group = ci_object_new(bench.ctx->mem, &ci_portgroup_type);

    ci_portgroup_set_node_id(group, node->id);
    ci_portgroup_set_name(group, name);
    ci_portgroup_set_mode(group, "active-backup");
    ok(ci_portgroup_create(bench.ctx, group));
    ok(ci_portgroup_load(bench.ctx, group->uuid, &group));
    return group;
}

static struct ci_port *new_port(const struct ci_portgroup *group)
{
    struct ci_port *port = ci_object_new(bench.ctx->mem, &ci_port_type);

    ci_port_set_node_id(port, group->node_id);
    ci_port_set_portgroup_id(port, group->id);
    ci_port_set_address(port, "52:54:00:00:00:01");
    ok(ci_port_create(bench.ctx, port));
    return port;
}

START_TEST(a_port_group_is_changed_answered_and_deleted)
{
    struct ci_portgroup *group, *answered;
    struct ci_node *node;
    json_t *answer;

    bench_start();
    node = bench_node("n", CI_STATE_ACTIVE);
    group = new_group(node, "bond");
    ci_portgroup_set_name(group, "bond0");
    ok(send(node, CI_RPC_update_portgroup, group, &answer));
    ok(ci_wire_read(bench.ctx, answer, CI_WIRE_CLIENT, &answered));
    ck_assert_str_eq(answered->name, "bond0");
    ok(ci_portgroup_load(bench.ctx, group->uuid, &group));
    ck_assert_str_eq(group->name, "bond0");
    ok(send(node, CI_RPC_destroy_portgroup, group, NULL));
    refused(PortgroupNotFound, group->uuid, ci_portgroup_load(bench.ctx, group->uuid, &group));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(a_name_is_used_once)
{
    struct ci_portgroup *group;
    struct ci_node *node;

    bench_start();
    node = bench_node("n", CI_STATE_ACTIVE);
    new_group(node, "one");
    group = new_group(node, "two");
    ci_portgroup_set_name(group, "one");
    refused(PortgroupDuplicateName, "A portgroup with name one already exists.",
            send(node, CI_RPC_update_portgroup, group, NULL));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(a_group_with_ports_stays)
{
    struct ci_portgroup *group;
    struct ci_node *node;

    bench_start();
    node = bench_node("n", CI_STATE_ACTIVE);
    group = new_group(node, "bond");
    new_port(group);
    refused(PortgroupNotEmpty, "contains ports", send(node, CI_RPC_destroy_portgroup, group, NULL));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(a_group_moves_empty_to_a_node_that_is_not_in_use)
{
    struct ci_node *node, *busy, *idle;
    struct ci_portgroup *group;
    struct ci_port *port;

    bench_start();
    node = bench_node("n", CI_STATE_MANAGEABLE);
    busy = bench_node("busy", CI_STATE_ACTIVE);
    idle = bench_node("idle", CI_STATE_MANAGEABLE);
    group = new_group(node, "bond");
    ci_portgroup_set_node_id(group, busy->id);
    refused(InvalidState, "can not be associated to node",
            send(busy, CI_RPC_update_portgroup, group, NULL));
    ci_portgroup_set_node_id(group, idle->id);
    port = new_port(group);
    refused(PortgroupNotEmpty, "because there are ports associated",
            send(idle, CI_RPC_update_portgroup, group, NULL));
    ok(ci_port_destroy(bench.ctx, port));
    ok(send(idle, CI_RPC_update_portgroup, group, NULL));
    ok(ci_portgroup_load(bench.ctx, group->uuid, &group));
    ck_assert_str_eq(group->node_uuid, idle->uuid);
    bench_stop();
}
END_TEST

START_TEST(a_groups_ports_follow_it_into_another_network)
{
    struct ci_portgroup *group;
    struct ci_node *node;
    struct ci_port *port;

    bench_start();
    node = bench_node("n", CI_STATE_ACTIVE);
    group = new_group(node, "bond");
    port = new_port(group);
    ok(bench_call(
        node, CI_RPC_update_portgroup_physical_network,
        json_pack("{s:o, s:s}", "portgroup", bench_message(group), "new_physical_network", "p2"),
        NULL));
    ok(ci_portgroup_load(bench.ctx, group->uuid, &group));
    ok(ci_port_load(bench.ctx, port->uuid, &port));
    ck_assert_str_eq(group->physical_network, "p2");
    ck_assert_str_eq(port->physical_network, "p2");
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/portgroup", a_port_group_is_changed_answered_and_deleted, a_name_is_used_once,
          a_group_with_ports_stays, a_group_moves_empty_to_a_node_that_is_not_in_use,
          a_groups_ports_follow_it_into_another_network)
