/* SPDX-License-Identifier: Apache-2.0 */
#include "objects/volume_connector.h"
#include "objects/volume_target.h"

#include "tests/unit/conductor/bench.h"

static bool send(const struct ci_node *node, enum ci_rpc_method method, const char *argument,
                 const void *volume)
{
    return bench_call(node, method, json_pack("{s:o}", argument, bench_message(volume)), NULL);
}

static struct ci_node *node_that_is(const char *power_state)
{
    struct ci_node *node;

    bench_start();
    node = bench_node("n", CI_STATE_AVAILABLE);
    ci_node_set_power_state(node, power_state);
    ok(ci_node_save(bench.ctx, node));
    return node;
}

static struct ci_volume_connector *new_connector(const struct ci_node *node, const char *id)
{
    struct ci_volume_connector *connector =
        ci_object_new(bench.ctx->mem, &ci_volume_connector_type);

    ci_volume_connector_set_node_id(connector, node->id);
    ci_volume_connector_set_type(connector, "iqn");
    ci_volume_connector_set_connector_id(connector, id);
    ok(ci_volume_connector_create(bench.ctx, connector));
    ok(ci_volume_connector_load(bench.ctx, connector->uuid, &connector));
    return connector;
}

static struct ci_volume_target *new_target(const struct ci_node *node, int64_t boot_index)
{
    struct ci_volume_target *target = ci_object_new(bench.ctx->mem, &ci_volume_target_type);

    ci_volume_target_set_node_id(target, node->id);
    ci_volume_target_set_volume_type(target, "iscsi");
    ci_volume_target_set_volume_id(target, "v");
    ci_volume_target_set_boot_index(target, boot_index);
    ok(ci_volume_target_create(bench.ctx, target));
    ok(ci_volume_target_load(bench.ctx, target->uuid, &target));
    return target;
}

START_TEST(a_connector_is_changed_and_deleted)
{
    struct ci_node *node = node_that_is(CI_POWER_OFF);
    struct ci_volume_connector *connector = new_connector(node, "a");

    ci_volume_connector_set_connector_id(connector, "b");
    ok(send(node, CI_RPC_update_volume_connector, "connector", connector));
    ok(ci_volume_connector_load(bench.ctx, connector->uuid, &connector));
    ck_assert_str_eq(connector->connector_id, "b");
    ok(send(node, CI_RPC_destroy_volume_connector, "connector", connector));
    refused(VolumeConnectorNotFound, connector->uuid,
            send(node, CI_RPC_destroy_volume_connector, "connector", connector));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

START_TEST(a_connectors_type_and_id_are_used_once)
{
    struct ci_node *node = node_that_is(CI_POWER_OFF);
    struct ci_volume_connector *connector = new_connector(node, "a");

    new_connector(node, "b");
    ci_volume_connector_set_connector_id(connector, "b");
    refused(VolumeConnectorTypeAndIdAlreadyExists,
            "A volume connector with type iqn and connector ID b already exists.",
            send(node, CI_RPC_update_volume_connector, "connector", connector));
    bench_stop();
}
END_TEST

START_TEST(a_target_is_changed_and_deleted)
{
    struct ci_node *node = node_that_is(CI_POWER_OFF);
    struct ci_volume_target *target = new_target(node, 0);

    ci_volume_target_set_volume_id(target, "w");
    ok(send(node, CI_RPC_update_volume_target, "target", target));
    ok(ci_volume_target_load(bench.ctx, target->uuid, &target));
    ck_assert_str_eq(target->volume_id, "w");
    ok(send(node, CI_RPC_destroy_volume_target, "target", target));
    refused(VolumeTargetNotFound, target->uuid,
            send(node, CI_RPC_destroy_volume_target, "target", target));
    bench_stop();
}
END_TEST

START_TEST(a_targets_boot_index_is_used_once_on_its_node)
{
    struct ci_node *node = node_that_is(CI_POWER_OFF);
    struct ci_volume_target *target = new_target(node, 0);

    new_target(node, 1);
    ci_volume_target_set_boot_index(target, 1);
    refused(VolumeTargetBootIndexAlreadyExists, "A volume target with boot index '1'",
            send(node, CI_RPC_update_volume_target, "target", target));
    bench_stop();
}
END_TEST

START_TEST(volumes_of_a_node_that_runs_stay)
{
    struct ci_node *node = node_that_is(CI_POWER_ON);
    struct ci_volume_connector *connector = new_connector(node, "a");
    struct ci_volume_target *target = new_target(node, 0);

    refused(InvalidStateRequested, "\"volume connector update\" can not be performed on node",
            send(node, CI_RPC_update_volume_connector, "connector", connector));
    refused(InvalidStateRequested, "while it is in state \"power on\"",
            send(node, CI_RPC_destroy_volume_connector, "connector", connector));
    refused(InvalidStateRequested, "\"volume target update\"",
            send(node, CI_RPC_update_volume_target, "target", target));
    refused(InvalidStateRequested, "\"volume target deletion\"",
            send(node, CI_RPC_destroy_volume_target, "target", target));
    ck_assert_ptr_null(bench_reload(node)->reservation);
    bench_stop();
}
END_TEST

UNIT_MAIN("conductor/volume", a_connector_is_changed_and_deleted,
          a_connectors_type_and_id_are_used_once, a_target_is_changed_and_deleted,
          a_targets_boot_index_is_used_once_on_its_node, volumes_of_a_node_that_runs_stay)
