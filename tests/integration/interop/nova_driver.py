# SPDX-License-Identifier: Apache-2.0
"""nova's own Ironic driver at work, without a nova around it.

The driver, its client and the SDK below it are Debian's and whole; what it would read from nova's
database (instances, services) is made here. Each test has a node of its own, which the driver's
client enrols. Settings come from the file that NOVA_CONF names; NOVA_VERSION is the version that
the driver and the service must settle on. Runs under Debian's Python, by outcomes.py.
"""
import base64
import gzip
import json
import os
import time
import types
import unittest
import uuid
from unittest import mock

import nova.conf
from nova import context as nova_context
from nova import exception, objects
from nova.compute import power_state, provider_tree, task_states, vm_states
from nova.network import model as network_model
from nova.virt.ironic import driver as ironic_driver

CONF = nova.conf.CONF
HOST = 'compute-1'
TRAIT, RESOURCE = 'CUSTOM_GOLD', 'baremetal.gold'
WAIT_S = 120


def setUpModule():  # noqa: N802 (unittest's name)
    CONF([], project='nova', default_config_files=[os.environ['NOVA_CONF']])
    objects.register_all()


class Driver(unittest.TestCase):
    def setUp(self):
        self.context = nova_context.get_admin_context()
        for target, name, value in (
                (objects.ServiceList, 'get_all_computes_by_hv_type', []),
                (objects.InstanceList, 'get_uuids_by_host', set()),
                (objects.Instance, 'save', None), (objects.Instance, 'refresh', None)):
            patch = mock.patch.object(target, name, return_value=value)
            setattr(self, name, patch.start())
            self.addCleanup(patch.stop)
        self.driver = ironic_driver.IronicDriver(types.SimpleNamespace())
        self.call = self.driver.ironicclient.call

    def wait(self, node, **wanted):
        deadline = time.monotonic() + WAIT_S
        while True:
            found = self.call('node.get', node)
            if all(getattr(found, name) == value for name, value in wanted.items()):
                return found
            self.assertLess(time.monotonic(), deadline, '%s: %s' % (wanted, found.to_dict()))
            time.sleep(0.1)

    def provision(self, node, verb, state):
        self.call('node.set_provision_state', node, verb)
        self.wait(node, provision_state=state, reservation=None)

    def node(self, available=True, **fields):
        """A new node that is ready for use, deleted at the end."""
        made = self.call('node.create', driver='fake-hardware', resource_class=RESOURCE,
                         properties={'cpus': 4, 'memory_mb': 2048, 'local_gb': 10, 'cpu_arch': 'x86_64'},
                         **fields)
        self.addCleanup(self.forget, made.uuid)
        self.call('node.add_trait', made.uuid, TRAIT)
        if available:
            self.provision(made.uuid, 'manage', 'manageable')
            self.provision(made.uuid, 'provide', 'available')
            self.call('node.set_power_state', made.uuid, 'off')
            self.wait(made.uuid, power_state='power off', target_power_state=None, reservation=None)
        return made.uuid

    def forget(self, node):
        self.wait(node, reservation=None)
        self.call('node.set_maintenance', node, True)
        self.call('node.delete', node)

    def port(self, node, number):
        return self.call('port.create', node_uuid=node, pxe_enabled=True,
                         address='52:54:00:%02x:%02x:%02x' % (*uuid.UUID(node).bytes[:2], number)).uuid

    def instance(self, node, **fields):
        flavor = objects.Flavor(name='gold', memory_mb=2048, vcpus=4, root_gb=10, ephemeral_gb=0, swap=0,
                                extra_specs={'trait:%s' % TRAIT: 'required', 'capabilities:boot_mode': 'uefi'})
        values = dict(uuid=str(uuid.uuid4()), node=node, host=HOST, display_name='one', hostname='one',
                      vcpus=4, memory_mb=2048, root_gb=10, flavor=flavor, os_type=None, task_state=None,
                      vm_state=vm_states.BUILDING, config_drive='', image_ref='', project_id='demo',
                      user_id='demo', system_metadata={}, info_cache=objects.InstanceInfoCache(
                          network_info=network_model.NetworkInfo([])))
        return objects.Instance(self.context, **dict(values, **fields))

    @staticmethod
    def image():
        return objects.ImageMeta.from_dict({'id': str(uuid.uuid4()), 'properties': {}})

    @staticmethod
    def vifs(count=1):
        return network_model.NetworkInfo([
            network_model.VIF(id=str(uuid.uuid4()), address='fa:16:3e:00:00:%02x' % n)
            for n in range(count)])

    def spawn(self, node, network=None, **fields):
        instance = self.instance(node, **fields)
        network = network if network is not None else self.vifs(0)
        self.driver.prepare_for_spawn(instance)
        self.driver.plug_vifs(instance, network)
        self.driver.spawn(self.context, instance, self.image(), [], 'password', {}, network)
        self.addCleanup(self.driver.destroy, self.context, instance, network)
        instance.vm_state = vm_states.ACTIVE
        return instance

    def state_of(self, instance):
        return self.driver.get_info(instance, use_cache=False).state

    def test_the_version_is_settled(self):
        self.call('node.list')
        self.assertTrue(self.driver.ironicclient.is_api_version_negotiated)
        self.assertEqual(os.environ['NOVA_VERSION'], self.driver.ironicclient.current_api_version)

    def test_nodes_are_listed_with_their_resources(self):
        node, broken, busy = self.node(), self.node(), self.node()
        self.call('node.set_maintenance', broken, True)
        instance = self.spawn(busy)
        self.driver.init_host(HOST)
        self.assertLessEqual({node, broken}, set(self.driver.get_available_nodes()))
        # The instance is another service's.
        self.assertNotIn(busy, self.driver.get_available_nodes())
        self.get_uuids_by_host.return_value = {instance.uuid}
        self.assertIn(busy, self.driver.get_available_nodes())
        self.assertTrue(self.driver.node_is_available(node))
        self.assertFalse(self.driver.node_is_available(str(uuid.uuid4())))
        found = self.driver.get_available_resource(node)
        self.assertEqual((node, RESOURCE, 'ironic'), (found['hypervisor_hostname'], found['resource_class'],
                                                      found['hypervisor_type']))
        for one, reserved in ((node, 0), (broken, 1), (busy, 1)):
            tree = provider_tree.ProviderTree()
            tree.new_root(one, one)
            self.driver.update_provider_tree(tree, one)
            inventory = tree.data(one).inventory['CUSTOM_BAREMETAL_GOLD']
            self.assertEqual((1, reserved), (inventory['total'], inventory['reserved']))
            self.assertEqual({TRAIT}, set(tree.data(one).traits))

    def test_nodes_of_a_partition_are_listed(self):
        node = self.node(available=False)
        CONF.set_override('partition_key', '', 'ironic')
        CONF.set_override('peer_list', [CONF.host], 'ironic')
        self.addCleanup(CONF.clear_override, 'partition_key', 'ironic')
        self.addCleanup(CONF.clear_override, 'peer_list', 'ironic')
        self.assertIn(node, self.driver.get_available_nodes())
        CONF.set_override('partition_key', 'elsewhere', 'ironic')
        try:
            self.driver._can_send_version(min_version='1.46')
        except exception.IronicAPIVersionNotAvailable:
            return
        self.assertNotIn(node, self.driver.get_available_nodes())

    def test_an_instance_lives_and_ends(self):
        node = self.node()
        self.port(node, 1)
        network = self.vifs(1)
        instance = self.spawn(node, network)
        self.assertTrue(self.driver.instance_exists(instance))
        self.assertIn(instance.uuid, self.driver.list_instance_uuids())
        found = self.call('node.get', node)
        self.assertEqual(('active', instance.uuid), (found.provision_state, found.instance_uuid))
        self.assertEqual('one', found.instance_info['display_name'])
        self.assertEqual([TRAIT], found.instance_info['traits'])
        self.driver.destroy(self.context, instance, network)
        found = self.wait(node, provision_state='available', instance_uuid=None)
        self.assertEqual({}, found.instance_info)
        self.assertFalse(self.driver.instance_exists(instance))
        self.assertNotIn(instance.uuid, self.driver.list_instance_uuids())
        self.assertEqual(power_state.NOSTATE, self.state_of(instance))
        self.driver.destroy(self.context, instance, network)  # which is not there any more

    def test_an_instance_has_a_config_drive(self):
        node = self.node()
        drive = base64.b64encode(gzip.compress(os.urandom(300000)))
        with mock.patch.object(self.driver, '_generate_configdrive', return_value=drive):
            instance = self.spawn(node, config_drive='True')
        self.assertEqual('active', self.call('node.get', node).provision_state)
        self.assertTrue(self.driver.instance_exists(instance))

    def test_a_node_has_one_instance(self):
        node = self.node()
        instance = self.spawn(node)
        for other, words in ((self.instance(node), 'not available'),
                             (self.instance(str(uuid.uuid4())), 'could not be found')):
            with self.assertRaises(Exception) as raised:
                self.driver.prepare_for_spawn(other)
            self.assertIn(words, str(raised.exception))
        self.assertTrue(self.driver.instance_exists(instance))

    def test_a_spawn_that_does_not_begin_is_undone(self):
        node = self.node()
        instance = self.instance(node)
        self.driver.prepare_for_spawn(instance)
        self.assertTrue(self.driver.instance_exists(instance))
        self.driver.failed_spawn_cleanup(instance)
        self.assertFalse(self.driver.instance_exists(instance))

    def test_power_changes(self):
        node = self.node()
        instance = self.spawn(node)
        network = self.vifs(0)
        self.driver.power_off(instance)
        self.assertEqual(power_state.SHUTDOWN, self.state_of(instance))
        self.driver.power_on(self.context, instance, network)
        self.assertEqual(power_state.RUNNING, self.state_of(instance))
        self.driver.power_off(instance, timeout=10, retry_interval=1)
        self.assertEqual(power_state.SHUTDOWN, self.state_of(instance))
        for kind in ('HARD', 'SOFT'):
            self.driver.reboot(self.context, instance, network, kind)
            self.assertEqual(power_state.RUNNING, self.state_of(instance))
        instance.task_state = task_states.POWERING_OFF
        self.driver.power_update_event(instance, 'POWER_OFF')

    def test_interfaces_come_and_go(self):
        node = self.node()
        self.port(node, 1)
        self.port(node, 2)
        first, second = self.vifs(2)
        instance = self.spawn(node, network_model.NetworkInfo([first]))
        self.driver.attach_interface(self.context, instance, None, second)
        self.driver.plug_vifs(instance, network_model.NetworkInfo([first]))  # once more
        self.driver.detach_interface(self.context, instance, second)
        self.driver.detach_interface(self.context, instance, second)  # which is not there any more
        self.driver.unplug_vifs(instance, network_model.NetworkInfo([first]))
        # The network interface is one that keeps nothing.
        self.assertEqual([], self.call('node.vif_list', node))

    def test_ports_are_described_to_the_instance(self):
        node = self.node()
        group = self.call('portgroup.create', node_uuid=node, name='bond-' + node, mode='802.3ad',
                          properties={'miimon': 100})
        network = self.vifs(1)
        port = self.port(node, 1)
        instance = self.spawn(node, network)
        found = self.driver._get_network_metadata(self.call('node.get', node), network)
        self.assertEqual({'links', 'networks', 'services'}, set(found))
        self.assertEqual([port], [one.uuid for one in self.call('node.list_ports', node, detail=True)])
        self.assertEqual([group.uuid], [one.uuid for one in
                                        self.call('portgroup.list', node=node, detail=True)])
        self.driver.destroy(self.context, instance, network)

    def test_an_instance_is_rescued(self):
        node = self.node(rescue_interface='fake')
        instance = self.spawn(node)
        self.driver.rescue(self.context, instance, self.vifs(0), self.image(), 'secret', None)
        self.assertEqual('rescue', self.call('node.get', node).provision_state)
        self.driver.unrescue(self.context, instance)
        self.assertEqual('active', self.call('node.get', node).provision_state)
        self.driver.rescue(self.context, instance, self.vifs(0), self.image(), 'secret', None)

    def test_an_instance_that_cannot_be_rescued_is_not(self):
        instance = self.spawn(self.node(rescue_interface='no-rescue'))
        with self.assertRaises(exception.InstanceRescueFailure):
            self.driver.rescue(self.context, instance, self.vifs(0), self.image(), 'secret', None)

    def test_an_instance_is_rebuilt(self):
        node = self.node()
        instance = self.spawn(node)
        for keep in (False, True):
            instance.task_state = task_states.REBUILDING
            self.driver.rebuild(self.context, instance, self.image(), [], 'password', {}, [], None, None,
                                preserve_ephemeral=keep)
            found = self.call('node.get', node)
            self.assertEqual(('active', instance.uuid), (found.provision_state, found.instance_uuid))
            self.assertEqual(keep, found.instance_info['preserve_ephemeral'] in (True, 'True'))

    def test_a_node_without_a_serial_console_says_so(self):
        for console in ('fake', 'no-console'):
            instance = self.spawn(self.node(console_interface=console))
            with self.assertRaises(exception.ConsoleTypeUnavailable):
                self.driver.get_serial_console(self.context, instance)

    def test_what_management_cannot_do_is_said(self):
        instance = self.spawn(self.node())
        with self.assertRaises(Exception) as raised:
            self.driver.trigger_crash_dump(instance)
        self.assertIn('inject_nmi', str(raised.exception))

    def test_volumes_are_connected(self):
        node = self.node()
        self.call('volume_connector.create', node_uuid=node, type='iqn', connector_id='iqn.2017-08:' + node)
        self.call('volume_connector.create', node_uuid=node, type='ip', connector_id='192.0.2.1')
        instance = self.instance(node)
        found = self.driver.get_volume_connector(instance)
        self.assertEqual(('192.0.2.1', 'iqn.2017-08:' + node, False),
                         (found['ip'], found['initiator'], found['multipath']))
        volume = types.SimpleNamespace(boot_index=0, volume_id=str(uuid.uuid4()), connection_info=json.dumps({
            'driver_volume_type': 'iscsi', 'data': {'target_lun': 1, 'target_iqn': 'iqn.2017-08:target'}}))
        device = types.SimpleNamespace(is_volume=True, _bdm_obj=volume)
        self.driver._add_volume_target_info(self.context, instance, {'block_device_mapping': [device]})
        targets = self.call('node.list_volume_targets', node, detail=True)
        self.assertEqual([(volume.volume_id, 0, 'iscsi')],
                         [(one.volume_id, one.boot_index, one.volume_type) for one in targets])
        self.driver._cleanup_volume_target_info(instance)
        instance = self.spawn(node)
        self.driver._cleanup_volume_target_info(instance)
        self.driver.destroy(self.context, instance, self.vifs(0))


if __name__ == '__main__':
    unittest.main()
