# SPDX-License-Identifier: Apache-2.0
"""The hooks of an inspection that are not on by default, on what an agent sends."""
import os

from test_agent import INVENTORY, MAC, OPTIONS, AgentCase

SECOND_MAC = '52:54:00:12:34:57'
LLDP = [[1, '04112233aabbcc'], [2, '0545746865726e6574312f3138'], [3, '0078'],
        [5, '737769746368'], [127, '0080c2010064'], [127, '00120f042400'], [0, '']]
PARSED = {'switch_chassis_id': '11:22:33:aa:bb:cc', 'switch_port_id': 'Ethernet1/18',
          'switch_system_name': 'switch', 'switch_port_untagged_vlan_id': 100,
          'switch_port_mtu': 9216}
FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../etc')


INSPECTOR = {'require_managed_boot': 'false', 'add_ports': 'all'}


class HookCase(AgentCase):
    """An inspection with more hooks than those of the default."""

    OPTIONS = dict(OPTIONS, DEFAULT=dict(
        OPTIONS['DEFAULT'], enabled_inspect_interfaces='agent,no-inspect',
        default_inspect_interface='agent'), inspector=INSPECTOR)

    def inspect(self, inventory=INVENTORY, **more):
        """Inspects with what the ramdisk sends; gives the node."""
        self.ask_for('inspect')
        self.until('inspect wait')
        reply = self.agent.inspect(inventory, **more)
        self.assertEqual(202, reply.status, reply)
        return self.until('manageable')


class Hooks(HookCase):
    """All of them but root-device."""

    OPTIONS = dict(HookCase.OPTIONS, inspector=dict(
        INSPECTOR, hooks='$default_hooks,pci-devices,accelerators,extra-hardware,parse-lldp,'
                         'local-link-connection,physical-network,raid-device',
        known_accelerators=os.path.join(FILES, 'known_accelerators.yaml'),
        pci_device_alias='{"vendor_id": "10de", "product_id": "1eb8", "name": "gpu"}',
        physical_network_cidr_map='198.51.100.0/24:other,192.0.2.0/24:physnet'))

    def ports(self):
        listed = self.ask('GET', '/v1/ports/detail').json['ports']
        return {port['address']: port for port in listed}

    def plugin_data(self):
        return self.ask('GET', '/v1/nodes/n/inventory').json['plugin_data']

    def test_lldp_is_kept_and_connects_the_ports(self):
        self.inspect(lldp_raw={'eth0': LLDP, 'eth1': LLDP[:1] + [[2, '03aa']]})
        kept = self.plugin_data()
        self.assertEqual({'eth0': PARSED, 'eth1': {'switch_chassis_id': '11:22:33:aa:bb:cc'}},
                         kept['parsed_lldp'])
        link = {'switch_id': '11:22:33:aa:bb:cc', 'port_id': 'Ethernet1/18',
                'switch_info': 'switch'}
        ports = self.ports()
        self.assertEqual(link, ports[MAC]['local_link_connection'])
        # Nothing is believed of a packet with a malformed TLV.
        self.assertEqual({}, ports[SECOND_MAC]['local_link_connection'])
        # What is there stays, whoever wrote it.
        mine = {'switch_id': '11:22:33:aa:bb:00', 'port_id': 'mine'}
        self.ask('PATCH', '/v1/ports/' + ports[MAC]['uuid'], [
            {'op': 'add', 'path': '/local_link_connection', 'value': mine}], 200)
        self.inspect(lldp_raw={'eth0': LLDP})
        self.assertEqual(dict(link, **mine), self.ports()[MAC]['local_link_connection'])

    def test_lldp_that_is_none_harms_nothing(self):
        for raw in ('text', {'eth0': 'text'}, {'eth0': [1, None, [1], ['1', '04'], [1, 'zz'],
                                                         [1, '0'], [2, '05' + 'ff' * 600]]}):
            self.inspect(lldp_raw=raw)
            self.assertNotIn('parsed_lldp', self.plugin_data())
            self.assertEqual({}, self.ports()[MAC]['local_link_connection'])

    def test_addresses_tell_physical_networks(self):
        self.inspect()
        ports = self.ports()
        self.assertEqual('physnet', ports[MAC]['physical_network'])
        self.assertIsNone(ports[SECOND_MAC]['physical_network'])

    def test_pci_devices_are_named_and_known(self):
        device = {'vendor_id': '10de', 'product_id': '1eb8', 'bus': '0000:88:00.0'}
        node = self.inspect(pci_devices=[device, dict(device, bus='0000:89:00.0'),
                                         dict(device, product_id='0000')])
        self.assertEqual('gpu:2', node['properties']['capabilities'])
        self.assertEqual([dict(vendor_id='10de', device_id='1eb8', type='GPU', pci_address=bus,
                               device_info='NVIDIA Corporation Tesla T4')
                          for bus in ('0000:88:00.0', '0000:89:00.0')],
                         node['properties']['accelerators'])

    def test_extra_hardware_data_is_kept_as_dictionaries(self):
        self.inspect(data=[['cpu', 'logical', 'number', '4'], ['disk', 'sda', 'size', 10]])
        kept = self.plugin_data()
        self.assertEqual({'cpu': {'logical': {'number': 4}}, 'disk': {'sda': {'size': 10}}},
                         kept['extra'])
        self.assertNotIn('data', kept)

    def test_a_disk_that_is_new_becomes_the_root_device(self):
        def disks(*serials):
            return dict(INVENTORY, disks=[{'name': '/dev/sd' + s, 'serial': s} for s in serials])
        self.assertNotIn('root_device', self.inspect(disks('a'))['properties'])
        self.assertNotIn('root_device', self.inspect(disks('a', 'b', 'c'))['properties'])
        self.assertEqual({'serial': 'd'},
                         self.inspect(disks('d', 'b', 'c'))['properties']['root_device'])
        # Once it is known it stays.
        self.assertEqual({'serial': 'd'},
                         self.inspect(disks('d', 'b', 'c', 'e'))['properties']['root_device'])


class RootDevice(HookCase):
    """The disk to install on."""

    OPTIONS = dict(HookCase.OPTIONS, inspector=dict(
        INSPECTOR, hooks='$default_hooks,root-device'))
    GIB = 1 << 30
    DISKS = [{'name': '/dev/sda', 'model': 'Model 1', 'size': 1000 * GIB, 'serial': '1111'},
             {'name': '/dev/sdb', 'model': 'Model 2', 'size': 10 * GIB, 'serial': '2222'},
             {'name': '/dev/sdc', 'model': 'Model 1', 'size': 20 * GIB, 'serial': '3333'},
             {'name': '/dev/sdd', 'model': 'Model 3', 'size': 0, 'serial': '4444'}]

    def hint(self, **properties):
        self.ask('PATCH', '/v1/nodes/n', [
            {'op': 'add', 'path': '/properties', 'value': properties}], 200)

    def inspect_disks(self, **more):
        return self.inspect(dict(INVENTORY, disks=self.DISKS), **more)

    def test_hints_and_what_they_skip_find_the_disk(self):
        for properties, disk, size in (
                ({}, None, 0),
                ({'root_device': {'serial': '1111'}}, 0, 999),
                ({'root_device': {'size': '>= 20', 'model': 'model 1'},
                  'skip_block_devices': [{'size': 1000}]}, 2, 19),
                ({'root_device': {'name': '/dev/sdd'}}, 3, 0)):
            self.hint(**properties)
            node = self.inspect_disks()
            self.assertEqual(size, node['properties']['local_gb'], properties)
            kept = self.ask('GET', '/v1/nodes/n/inventory').json['plugin_data']
            self.assertEqual(self.DISKS[disk] if disk is not None else None,
                             kept.get('root_disk'), properties)
            self.assertEqual(size, kept['local_gb'])

    def test_the_ramdisks_own_choice_counts_without_hints(self):
        node = self.inspect_disks(root_disk=self.DISKS[1])
        self.assertEqual(9, node['properties']['local_gb'])

    def test_hints_that_find_nothing_fail_the_inspection(self):
        for hints, text in (({'serial': '9'}, 'No disks satisfied root device hints for node'),
                            ({'size': 'x'}, 'because they failed to validate. Error: Root device '
                                            'hint "size" is not an integer value.'),
                            ({'nosuch': 1}, 'The hints "nosuch" are invalid.')):
            self.hint(root_device=hints)
            self.ask_for('inspect')
            self.until('inspect wait')
            self.assertEqual(202, self.agent.inspect(dict(INVENTORY, disks=self.DISKS)).status)
            self.assertIn(text, self.until('inspect failed')['last_error'])
