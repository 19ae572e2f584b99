/* SPDX-License-Identifier: Apache-2.0 */
#include "objects/port.h"

#include "objects/portgroup.h"
#include "tests/unit/conductor/bench.h"

static bool send(const struct ci_node *node, enum ci_rpc_method method, struct ci_port *port)
{
    return bench_call(node, method,
                      json_pack("{s:o}", method == CI_RPC_destroy_port ? "port" : "port_obj",
                                bench_message(port)),
                      NULL);
}

static struct ci_port *new_port(const struct ci_node *node, const char *address)
{
    struct ci_port *port = ci_object_new(bench.ctx->mem, &ci_port_type);

    ci_port_set_uuid(port, ci_uuid_new(bench.ctx->mem));
    ci_port_set_node_id(port, node->id);
    ci_port_set_address(port, address);
    return port;
}

static struct ci_port *stored(const struct ci_port *port)
{
    struct ci_port *now;

    ok(ci_port_load(bench.ctx, port->uuid, &now));
    return now;
}

static struct ci_node *node_in(const char *state)
{
    bench_start();
    return bench_node("n", state);
}

START_TEST(a_port_is_created_changed_and_deleted)
{
    struct ci_node *node = node_in(CI_STATE_AVAILABLE);
    struct ci_port *port = new_port(node, "52:54:00:00:00:01");

    ok(send(node, CI_RPC_create_port, port));
    port = stored(port);
    ck_assert(ci_is_true(port->pxe_enabled));
    ci_port_set_extra(port, "{\"a\": 1}");
    ok(send(node, CI_RPC_update_port, port));
    ck_assert_str_eq(stored(port)->extra, "{\"a\": 1}");
    ok(send(node, CI_RPC_destroy_port, port));
    refused(PortNotFound, port->uuid, ci_port_load(bench.ctx, port->uuid, &port));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(a_sender_of_an_older_release_leaves_what_it_does_not_know)
{
    struct ci_node *node = node_in(CI_STATE_AVAILABLE);
    struct ci_port *port = new_port(node, "52:54:00:00:00:01");
    json_t *message;

    ci_port_set_name(port, "eth0");
    ok(send(node, CI_RPC_create_port, port));
    port = stored(port);
    ci_port_set_extra(port, "{\"a\": 1}");
    ok(ci_wire_write_at(bench.ctx, port, 9, &message));
    ok(bench_call(node, CI_RPC_update_port, json_pack("{s:O}", "port_obj", message), NULL));
    ck_assert_str_eq(stored(port)->extra, "{\"a\": 1}");
    ck_assert_str_eq(stored(port)->name, "eth0");
    bench_stop();
}
END_TEST

START_TEST(an_address_is_used_once)
{
    struct ci_node *node = node_in(CI_STATE_AVAILABLE);
    struct ci_port *other;

    ok(send(node, CI_RPC_create_port, new_port(node, "52:54:00:00:00:01")));
    refused(MACAlreadyExists, "A port with MAC address 52:54:00:00:00:01 already exists.",
            send(node, CI_RPC_create_port, new_port(node, "52:54:00:00:00:01")));
    other = new_port(node, "52:54:00:00:00:02");
    ok(send(node, CI_RPC_create_port, other));
    other = stored(other);
    ci_port_set_address(other, "52:54:00:00:00:01");
    refused(MACAlreadyExists, "A port with MAC address 52:54:00:00:00:01 already exists.",
            send(node, CI_RPC_update_port, other));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(a_port_is_created_while_its_node_is_locked_but_not_changed)
{
    struct ci_node *node = node_in(CI_STATE_AVAILABLE);
    struct ci_port *port = new_port(node, "52:54:00:00:00:01");
    struct ci_task *task;

    ok(ci_task_take(bench.conductor, bench.ctx, node->uuid, CI_EXCLUSIVE, "a test", &task));
    ok(send(node, CI_RPC_create_port, port));
    port = stored(port);
    ci_port_set_extra(port, "{}");
    refused(NodeLocked, "is locked by host", send(node, CI_RPC_update_port, port));
    refused(NodeLocked, "is locked by host", send(node, CI_RPC_destroy_port, port));
    ci_task_release(task);
    bench_stop();
}
END_TEST

START_TEST(the_address_of_a_used_nodes_port_stays)
{
    struct ci_node *node = node_in(CI_STATE_ACTIVE);
    struct ci_port *port = new_port(node, "52:54:00:00:00:01");

    ok(send(node, CI_RPC_create_port, port));
    port = stored(port);
    ci_port_set_address(port, "52:54:00:00:00:02");
    refused(InvalidState,
            ci_printf(bench.ctx->mem,
                      "Cannot update hardware address for port %s as node %s is active or has "
                      "instance UUID assigned",
                      port->uuid, node->uuid),
            send(node, CI_RPC_update_port, port));
    ci_node_set_maintenance(node, 1);
    ok(ci_node_save(bench.ctx, node));
    ok(send(node, CI_RPC_update_port, port));
    bench_stop();
}
END_TEST

START_TEST(the_cable_of_a_port_moves_only_before_the_node_is_available)
{
    struct ci_node *node = node_in(CI_STATE_AVAILABLE);
    struct ci_port *port = new_port(node, "52:54:00:00:00:01");

    ok(send(node, CI_RPC_create_port, port));
    port = stored(port);
    ci_port_set_pxe_enabled(port, 0);
    refused(InvalidState, "updated unless node", send(node, CI_RPC_update_port, port));
    ci_node_set_provision_state(node, CI_STATE_MANAGEABLE);
    ok(ci_node_save(bench.ctx, node));
    ok(send(node, CI_RPC_update_port, port));
    ck_assert(!ci_is_true(stored(port)->pxe_enabled));
    bench_stop();
}
END_TEST

START_TEST(ports_of_a_group_are_in_one_physical_network)
{
    struct ci_node *node = node_in(CI_STATE_MANAGEABLE);
    struct ci_portgroup *group = ci_object_new(bench.ctx->mem, &ci_portgroup_type);
    struct ci_port *one = new_port(node, "52:54:00:00:00:01");
    struct ci_port *other = new_port(node, "52:54:00:00:00:02");

    ci_portgroup_set_node_id(group, node->id);
    ci_portgroup_set_uuid(group, ci_uuid_new(bench.ctx->mem));
    ci_portgroup_set_mode(group, "active-backup");
    ok(ci_portgroup_create(bench.ctx, group));
    ci_port_set_portgroup_id(one, group->id);
    ci_port_set_physical_network(one, "p1");
    ok(send(node, CI_RPC_create_port, one));
    ci_port_set_portgroup_id(other, group->id);
    refused(Conflict,
            ci_printf(bench.ctx->mem,
                      "Port with physical network None cannot become a member of port group %s "
                      "which has ports in physical network p1.",
                      group->uuid),
            send(node, CI_RPC_create_port, other));
    ci_port_set_physical_network(other, "p1");
    ok(send(node, CI_RPC_create_port, other));
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/port", a_port_is_created_changed_and_deleted,
          a_sender_of_an_older_release_leaves_what_it_does_not_know, an_address_is_used_once,
          a_port_is_created_while_its_node_is_locked_but_not_changed,
          the_address_of_a_used_nodes_port_stays,
          the_cable_of_a_port_moves_only_before_the_node_is_available,
          ports_of_a_group_are_in_one_physical_network)
