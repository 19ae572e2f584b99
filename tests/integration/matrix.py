# SPDX-License-Identifier: Apache-2.0
"""Operations that an API hands to a conductor, of records and devices beside the node itself.

Tests for a class of test_cluster: they are run for each pair of an API and a conductor.
"""
MAC = '52:54:00:12:34:%02x'


def replace(field, value):
    return [{'op': 'replace', 'path': '/' + field, 'value': value}]


class Matrix:
    """What is asked of devices."""

    def test_vendor_methods(self):
        self.enroll('vendor', vendor_interface='fake')
        path = '/v1/nodes/vendor/vendor_passthru'
        methods = self.ask('GET', path + '/methods').json
        self.assertEqual(['fourth_method_shared_lock', 'second_method', 'third_method_sync'],
                         sorted(set(methods) - {'log_passthrough'}))  # of newer releases
        self.assertEqual({'async': True, 'attach': False, 'http_methods': ['POST'],
                          'description': 'Test if the value of bar is kazoo',
                          'require_exclusive_lock': True}, methods['second_method'])
        self.assertTrue(self.ask('POST', path + '/third_method_sync', {'bar': 'meow'}).json)
        self.assertFalse(self.ask('POST', path + '/third_method_sync', {'bar': 'woof'}).json)
        self.ask('POST', path + '/second_method', {'bar': 'kazoo'}, 202)
        self.becomes('vendor', 'reservation', None)
        self.fails('POST', path + '/second_method', {}, 400, "Parameter 'bar' not passed")
        self.fails('POST', path + '/none_such', {}, 400, 'No handler for method none_such')
        self.fails('PUT', path + '/second_method', {}, 400, 'does not support HTTP PUT')
        self.lock('vendor', 'elsewhere')
        self.addCleanup(self.lock, 'vendor', None)
        self.ask('POST', path + '/fourth_method_shared_lock', {'bar': 'woof'}, 202)
        self.fails('POST', path + '/second_method', {'bar': 'kazoo'}, 409, 'is locked by host')

    def test_a_node_without_vendor_methods(self):
        # Its methods are not asked for: Ironic's API keeps one list for all nodes of a driver.
        self.enroll('plain', vendor_interface='no-vendor')
        self.fails('POST', '/v1/nodes/plain/vendor_passthru/second_method', {'bar': 'kazoo'}, 400,
                   'No handler for method second_method')

    def test_indicators(self):
        self.enroll('lights')
        path = '/v1/nodes/lights/management/indicators'
        self.ask('GET', path)
        light = path + '/led@system'
        self.assertEqual({'state': 'on'}, self.ask('GET', light).json)
        self.fails('GET', path + '/led@nic', None, 400, 'Invalid component nic')
        self.fails('GET', path + '/none@system', None, 400, 'Invalid indicator none')
        self.fails('PUT', light, {'state': 'on'}, 400, 'set_indicator_state')
        self.enroll('dark', management_interface='noop')
        self.fails('GET', '/v1/nodes/dark/management/indicators', None, 400,
                   'get_supported_indicators')

    def test_a_raid_configuration(self):
        self.enroll('raid', raid_interface='fake')
        path = '/v1/nodes/raid/states/raid'
        config = {'logical_disks': [{'raid_level': '1', 'size_gb': 100}]}
        self.ask('PUT', path, config, 204)
        self.assertEqual(config, self.node('raid')['target_raid_config'])
        self.fails('PUT', path, {'logical_disks': [{'size_gb': 'x'}]}, 400,
                   "'raid_level' is a required property")
        self.fails('PUT', path, {'logical_disks': [dict(config['logical_disks'][0],
                                                        disk_type='tape')]}, 400,
                   "'tape' is not one of")
        self.ask('PUT', path, {}, 204)
        self.assertFalse(self.node('raid')['target_raid_config'])
        self.enroll('no-raid', raid_interface='no-raid')
        self.fails('PUT', '/v1/nodes/no-raid/states/raid', config, 404, 'does not support raid')

    def test_portgroups(self):
        node = self.enroll('bonded')
        groups = [self.ask('POST', '/v1/portgroups', {
            'node_uuid': node['uuid'], 'name': name, 'address': MAC % n}, 201).json
            for n, name in enumerate(('bond0', 'bond1'))]
        path = '/v1/portgroups/' + groups[0]['uuid']
        self.assertEqual('bond2', self.ask('PATCH', path, replace('name', 'bond2')).json['name'])
        self.fails('PATCH', path, replace('name', 'bond1'), 409, 'bond1 already exists')
        self.fails('PATCH', path, replace('address', MAC % 1), 409, 'already exists')
        port = self.ask('POST', '/v1/ports', {'node_uuid': node['uuid'], 'address': MAC % 9,
                                              'portgroup_uuid': groups[0]['uuid']}, 201).json
        if not self.conductor.debian:
            self.fails('DELETE', path, None, 400, 'contains ports')
        self.lock('bonded', 'elsewhere')
        self.addCleanup(self.lock, 'bonded', None)
        self.fails('PATCH', path, replace('name', 'bond3'), 409, 'is locked by host')
        self.lock('bonded', None)
        self.ask('DELETE', '/v1/ports/' + port['uuid'], status=204)
        # Debian's conductor compares a number with a UUID, which PostgreSQL refuses.
        if not self.conductor.debian:
            self.ask('DELETE', path, status=204)
            self.fails('GET', path, None, 404, 'could not be found')

    def turn(self, node, state):
        self.ask('PUT', '/v1/nodes/%s/states/power' % node, {'target': state}, 202)
        self.becomes(node, 'power_state', state)
        self.becomes(node, 'reservation', None)

    def volume(self, collection, body, field, taken, words):
        """One of a collection of volumes, changed and deleted while the node is off."""
        path = '%s/%s' % (collection, self.ask('POST', collection, body, 201).json['uuid'])
        self.turn(body['node_uuid'], 'power off')
        self.ask('PATCH', path, replace('extra', {'a': 1}))
        self.assertEqual({'a': 1}, self.ask('GET', path).json['extra'])
        self.fails('PATCH', path, replace(field, taken), 409, words)
        self.turn(body['node_uuid'], 'power on')
        self.fails('PATCH', path, replace('extra', {}), 400, 'while it is in state')
        self.fails('DELETE', path, None, 400, 'while it is in state')
        self.turn(body['node_uuid'], 'power off')
        self.ask('DELETE', path, status=204)
        self.fails('GET', path, None, 404, 'could not be found')

    def test_volume_connectors(self):
        node = self.enroll('connected')['uuid']
        body = {'node_uuid': node, 'type': 'iqn', 'connector_id': 'iqn.2026-11.test:%s' % node}
        self.ask('POST', '/v1/volume/connectors', dict(body, connector_id='taken'), 201)
        self.volume('/v1/volume/connectors', body, 'connector_id', 'taken', 'already exists')

    def test_volume_targets(self):
        node = self.enroll('targeted')['uuid']
        body = {'node_uuid': node, 'volume_type': 'iscsi', 'volume_id': 'v', 'boot_index': 0}
        self.ask('POST', '/v1/volume/targets', dict(body, boot_index=1), 201)
        self.volume('/v1/volume/targets', body, 'boot_index', 1, 'already exists')

    def allocate(self, name, state):
        """A new allocation that comes to that state."""
        path = '/v1/allocations/' + name
        self.ask('POST', '/v1/allocations', {'name': name, 'resource_class': 'matrix'}, 201)
        self.api.wait_until(lambda: self.ask('GET', path).json['state'] == state, 30,
                            'the allocation %s to be %s' % (name, state))
        return self.ask('GET', path).json

    def test_allocations(self):
        self.assertIn('matrix', self.allocate('none', 'error')['last_error'])
        self.ask('DELETE', '/v1/allocations/none', status=204)
        node = self.enroll('allocated', resource_class='matrix')
        self.provision('allocated', 'manage', 'manageable')
        self.provision('allocated', 'provide', 'available')
        self.turn(node['uuid'], 'power off')
        made = self.allocate('one', 'active')
        self.assertEqual(node['uuid'], made['node_uuid'])
        self.assertEqual(made['uuid'], self.node('allocated')['instance_uuid'])
        self.fails('POST', '/v1/allocations', {'name': 'one', 'resource_class': 'matrix'}, 409,
                   'already exists')
        self.ask('DELETE', '/v1/allocations/one', status=204)
        self.assertIsNone(self.node('allocated')['instance_uuid'])
        self.fails('DELETE', '/v1/allocations/one', None, 404, 'could not be found')

    def test_lookup(self):
        node = self.enroll('ramdisk')['uuid']
        tokens = [self.ask('GET', '/v1/lookup?node_uuid=' + node).json['config']['agent_token']
                  for _ in range(2)]
        self.assertEqual((43, '******'), (len(tokens[0]), tokens[1]))
