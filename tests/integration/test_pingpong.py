# SPDX-License-Identifier: Apache-2.0
"""Debian's Ironic and castiron take turns on every resource and field of one database."""
import json
import os
import unittest

import broker
import case
import member
import server

VERSION = '1.82'  # what both speak
NETWORKS = {'links': [], 'networks': [], 'services': []}
# What a field is given by the one and then by the other; the rest by type.
VALUES = {
    'address': ('52:54:00:00:00:01', '52:54:00:00:00:02'), 'bios_interface': ('fake', 'no-bios'),
    'boot_interface': ('fake', 'fake'), 'chassis_uuid': (None, None),
    'conductor_group': ('', ''), 'connector_id': ('iqn.one', 'iqn.two'),
    'console_interface': ('fake', 'no-console'), 'deploy_interface': ('fake', 'fake'),
    'driver': ('fake-hardware', 'fake-hardware'), 'inspect_interface': ('fake', 'no-inspect'),
    'instance_uuid': ('11111111-2222-4333-8444-000000000001', None),
    'local_link_connection': ({'switch_id': '52:54:00:00:00:09', 'port_id': '1',
                               'switch_info': 'x'}, {}),
    'management_interface': ('noop', 'fake'), 'mode': ('802.3ad', 'active-backup'),
    'name': ('one', 'two'), 'network_data': (NETWORKS, NETWORKS), 'network_interface': ('noop', 'noop'),
    'physical_network': ('net-1', None), 'power_interface': ('fake', 'fake'),
    'raid_interface': ('fake', 'no-raid'), 'rescue_interface': ('fake', 'no-rescue'),
    'storage_interface': ('fake', 'noop'), 'type': ('iqn', 'wwpn'),
    'vendor_interface': ('fake', 'no-vendor'), 'volume_id': ('volume-1', 'volume-2'),
    'volume_type': ('iscsi', 'fibre_channel'),
    'steps': ([{'interface': 'deploy', 'step': 'deploy', 'args': {}, 'priority': 10}],
              [{'interface': 'bios', 'step': 'apply_configuration', 'args': {'a': [1]},
                'priority': 20}]),
}
NOT_AS_MADE = ('created_at', 'updated_at')
BY_TYPE = {'boolean': (True, False), 'object': ({'a': 1}, {'b': [2, None, {'c': 'd\u00e9'}]}),
           'array': (['x'], []), 'integer': (1, 2), 'string': ('x', 'y\u00e9')}


def template(name):
    return {'name': name, 'steps': [{'interface': 'deploy', 'step': 'deploy', 'args': {},
                                     'priority': 1}]}


# What is created, by its name in the reference; it may name the node that is there.
RESOURCES = {
    'chassis': lambda node, n: {'description': 'c'},
    'node': lambda node, n: {'driver': 'fake-hardware', 'name': 'node-%d' % n},
    'port': lambda node, n: {'node_uuid': node, 'address': '52:54:00:00:01:%02x' % n},
    'portgroup': lambda node, n: {'node_uuid': node, 'name': 'group-%d' % n},
    'volume_connector': lambda node, n: {'node_uuid': node, 'type': 'iqn',
                                         'connector_id': 'iqn-%d' % n},
    'volume_target': lambda node, n: {'node_uuid': node, 'volume_type': 'iscsi',
                                      'boot_index': 10 + n, 'volume_id': 'v-%d' % n},
    'deploy_template': lambda node, n: template('CUSTOM_T%d' % n),
}


def reference(name):
    path = os.path.join(server.ROOT, 'tests', 'golden', 'reference', 'fields.json')
    with open(path, encoding='utf-8') as file:
        return json.load(file)['resources'][name]


def patchable(table):
    """Names of fields that both may change."""
    for name, field in table['fields'].items():
        first = int(field['min_version'].split('.')[1]) if field['min_version'] else 999
        if field['patchable'] and first <= 82 and not field['removed_in']:
            yield name, field['type'].split('(')[0]


def of(api, reply):
    """An answer without the address of the service that gave it."""
    return json.loads(reply.text.replace(api.url, ''))


@unittest.skipUnless(member.have_debian(), 'python3-ironic is not installed')
class PingPong(unittest.TestCase):
    """Two APIs and two conductors, one of each kind; each node belongs to one of the latter."""

    @classmethod
    def setUpClass(cls):
        rabbit = broker.Broker().start()
        cls.addClassCleanup(rabbit.stop)
        cls.cluster = member.Cluster(case.OneCluster.get(), rabbit)
        cls.addClassCleanup(cls.cluster.discard)
        cls.cluster.with_debian = True
        cls.cluster.prepare()
        services = [cls.cluster.add(kind, debian) for kind in ('conductor', 'api')
                    for debian in (True, False)]
        for service in services:
            service.launch()
        for service in services:
            service.wait_until(service.is_there, 120, '%s to be there' % service.name)
        cls.apis = services[2:]
        cls.accepted = 0

    def ask(self, api, method, path, body=None):
        return api.request(method, path, body, version=VERSION, timeout=60)

    def good(self, api, method, path, body, status):
        reply = self.ask(api, method, path, body)
        self.assertEqual(status, reply.status, '%s: %s %s: %r' % (api.name, method, path, reply))
        return reply

    def both_show(self, path, what):
        """The one answer that both give."""
        old, new = (self.ask(api, 'GET', path) for api in self.apis)
        self.assertEqual((200, 200), (old.status, new.status), (path, old, new))
        self.assertEqual(*(of(api, reply) for api, reply in zip(self.apis, (old, new))),
                         (path, what))
        return of(self.apis[1], new)

    def patch(self, path, field, values):
        """Each writes what the other reads; what the one refuses the other refuses."""
        for api, other, value in zip(self.apis, self.apis[::-1], values):
            change = [{'op': 'add', 'path': '/' + field, 'value': value}]
            reply = self.ask(api, 'PATCH', path, change)
            if reply.status != 200:
                self.both_refuse(path, change, {api: reply, other: self.ask(other, 'PATCH', path,
                                                                            change)})
                continue
            shown = self.both_show(path, field)
            self.assertEqual(value, shown[field], (path, field))
            PingPong.accepted += 1

    def remove(self, path, field):
        """Removed by the one, it is gone for both; or neither can."""
        change = [{'op': 'remove', 'path': '/' + field}]
        reply = self.ask(self.apis[0], 'PATCH', path, change)
        if reply.status == 200:
            self.both_show(path, field)
        else:
            self.both_refuse(path, change, {self.apis[0]: reply, self.apis[1]: self.ask(
                self.apis[1], 'PATCH', path, change)})

    def both_refuse(self, path, change, replies):
        """With the same status; where Debian's has a defect and answers 500, ours may not."""
        old, new = (replies[api].status for api in self.apis)
        if old == 500:
            self.assertLess(new, 500, (path, change, replies))
        else:
            self.assertEqual(old, new, (path, change, replies))

    def node(self):
        made = self.good(self.apis[0], 'POST', '/v1/nodes', {'driver': 'fake-hardware'}, 201).json
        path = '/v1/nodes/' + made['uuid']
        self.good(self.apis[1], 'PUT', path + '/states/power', {'target': 'power off'}, 202)
        self.apis[1].wait_until(lambda: self.is_at_rest(path), 60, 'power off')
        return made['uuid']

    def is_at_rest(self, path, state=None):
        node = self.good(self.apis[1], 'GET', path, None, 200).json
        return (node['power_state'] == 'power off' and not node['reservation']
                and state in (None, node['provision_state']))

    def turns(self, name):
        table = reference(name)
        path, least = table['list_path'], RESOURCES[name]
        node = None if name in ('chassis', 'node', 'deploy_template') else self.node()
        for n, (maker, other) in enumerate((self.apis, self.apis[::-1])):
            made = self.good(maker, 'POST', path, least(node, n), 201).json
            item = '%s/%s' % (path, made['uuid'])
            shown = self.both_show(item, 'made')
            # Debian's answer to a POST has whole seconds.
            self.assertEqual({k: v for k, v in shown.items() if k not in NOT_AS_MADE},
                             {k: v for k, v in json.loads(json.dumps(made).replace(
                                 maker.url, '')).items() if k not in NOT_AS_MADE})
            for field, kind in patchable(table) if n == 0 else ():
                with self.subTest(field=field, maker=maker.name):
                    values = VALUES.get(field, BY_TYPE.get(kind, ('x', 'y')))
                    if field == 'name' and name == 'deploy_template':
                        values = ('CUSTOM_ONE', 'CUSTOM_TWO')
                    self.patch(item, field, values)
                    self.remove(item, field)
            self.both_show('%s?limit=1000' % path, 'list')
            # Debian's conductor cannot delete port groups with PostgreSQL.
            if name != 'portgroup':
                self.good(other, 'DELETE', item, None, 204)
                for api in self.apis:
                    self.good(api, 'GET', item, None, 404)

    def test_what_both_have(self):
        """S38 S56: created by the one, read by the other, changed in turns, deleted by the other."""
        for name in RESOURCES:
            with self.subTest(name):
                self.turns(name)
        self.assertGreater(self.accepted, 90)

    def test_allocations(self):
        """S56: an allocation of the one is found and ended by the other."""
        for maker, other in (self.apis, self.apis[::-1]):
            node = self.node()
            self.good(maker, 'PATCH', '/v1/nodes/' + node, [
                {'op': 'add', 'path': '/resource_class', 'value': 'C-' + node[:8]}], 200)
            for verb in ('manage', 'provide'):
                self.good(other, 'PUT', '/v1/nodes/%s/states/provision' % node, {'target': verb},
                          202)
                state = {'manage': 'manageable', 'provide': 'available'}[verb]
                maker.wait_until(lambda n=node, s=state: self.is_at_rest('/v1/nodes/' + n, s), 60,
                                 state)
            made = self.good(maker, 'POST', '/v1/allocations', {
                'resource_class': 'C-' + node[:8], 'name': 'a-' + node[:8]}, 201).json
            path = '/v1/allocations/' + made['uuid']
            maker.wait_until(lambda p=path: self.ask(self.apis[1], 'GET', p).json['state']
                             != 'allocating', 60, 'the allocation')
            self.assertEqual('active', self.both_show(path, 'state')['state'])
            self.assertEqual(node, self.both_show(path, 'allocated')['node_uuid'])
            self.patch(path, 'extra', ({'a': 1}, {'b': 2}))
            self.good(other, 'DELETE', path, None, 204)
            self.assertIsNone(self.both_show('/v1/nodes/' + node, 'freed')['allocation_uuid'])

    def test_parts_of_a_node(self):
        """S56: traits, history, states and maintenance."""
        for maker, other in (self.apis, self.apis[::-1]):
            node = '/v1/nodes/' + self.node()
            self.good(maker, 'PUT', node + '/traits', {'traits': ['CUSTOM_A', 'CUSTOM_B']}, 204)
            self.good(other, 'DELETE', node + '/traits/CUSTOM_A', None, 204)
            self.assertEqual(['CUSTOM_B'], self.both_show(node + '/traits', 'traits')['traits'])
            self.good(maker, 'PUT', node + '/maintenance', {'reason': 'r\u00e9ason'}, 202)
            self.both_show(node, 'maintenance')
            self.good(other, 'DELETE', node + '/maintenance', None, 202)
            self.both_show(node + '/states', 'states')
            self.both_show(node + '/history', 'history')
            self.both_show(node + '/bios', 'bios')
            self.good(maker, 'DELETE', node, None, 204)
