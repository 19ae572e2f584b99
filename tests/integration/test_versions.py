# SPDX-License-Identifier: Apache-2.0
"""Every field of every resource in every version, as the reference says.

The reference is tests/golden/reference/fields.json: since which version a field is shown, may be
asked for by fields=, sorts, is created and is patched. All 115 versions are asked where that is
a read; what writes is asked at the versions around the one that brought the field.
"""
import http.client
import json
import os
import re

import case
import contract
import server

NODE = '11111111-2222-4333-8444-0000000000a1'
OTHER = '11111111-2222-4333-8444-0000000000a2'
PORT = '11111111-2222-4333-8444-0000000000b1'
GROUP = '11111111-2222-4333-8444-0000000000d1'
CHASSIS = '11111111-2222-4333-8444-0000000000c1'
NEW = '11111111-2222-4333-8444-0000000000e1'
CONNECTOR = '11111111-2222-4333-8444-0000000000f1'
TARGET = '11111111-2222-4333-8444-0000000000f2'
TEMPLATE = '11111111-2222-4333-8444-0000000000f3'
RUNBOOK = '11111111-2222-4333-8444-0000000000f4'
RULE = '11111111-2222-4333-8444-0000000000f5'
ALLOCATION = '11111111-2222-4333-8444-0000000000f6'
EVENT = '11111111-2222-4333-8444-0000000000f7'
NEWEST = 115

STEP = {'interface': 'deploy', 'step': 'deploy', 'args': {}}
ACTION = {'op': 'set-attribute', 'args': {'path': '/extra/x', 'value': 'y'}}
STEPS = {'deploy_templates': [dict(STEP, priority=10)], 'runbooks': [dict(STEP, order=1)]}
# What each resource is made of at least.
LEAST = {
    'nodes': {'driver': 'fake-hardware'}, 'chassis': {},
    'ports': {'node_uuid': NODE, 'address': '52:54:00:00:00:09'}, 'portgroups': {'node_uuid': NODE},
    'connectors': {'node_uuid': NODE, 'type': 'iqn', 'connector_id': 'iqn.2026-01.org.example:new'},
    'targets': {'node_uuid': NODE, 'volume_type': 'iscsi', 'boot_index': 7, 'volume_id': 'new'},
    'deploy_templates': {'name': 'CUSTOM_NEW', 'steps': STEPS['deploy_templates']},
    'runbooks': {'name': 'CUSTOM_NEW', 'steps': STEPS['runbooks']},
    'inspection_rules': {'actions': [ACTION]}, 'allocations': {'resource_class': 'new'},
}
# What is there from the beginning: (path, what is not as little as it can be).
THERE = [
    ('chassis', 'chassis', {'uuid': CHASSIS}), ('nodes', 'nodes', {'uuid': NODE}), ('nodes', 'nodes', {'uuid': OTHER}),
    ('ports', 'ports', {'uuid': PORT, 'address': '52:54:00:00:00:01'}), ('portgroups', 'portgroups', {'uuid': GROUP}),
    ('volume/connectors', 'connectors', {'uuid': CONNECTOR, 'connector_id': 'iqn.2026-01.org.example:old'}),
    ('volume/targets', 'targets', {'uuid': TARGET, 'boot_index': 0}),
    ('deploy_templates', 'deploy_templates', {'uuid': TEMPLATE, 'name': 'CUSTOM_OLD'}),
    ('runbooks', 'runbooks', {'uuid': RUNBOOK, 'name': 'CUSTOM_OLD'}),
    ('inspection_rules', 'inspection_rules', {'uuid': RULE}),
    ('allocations', 'allocations', {'uuid': ALLOCATION, 'resource_class': 'old'}),
]
# What a field is set to; what is not here is set by its type.
VALUES = {
    'driver': 'fake-hardware', 'chassis_uuid': CHASSIS, 'node_uuid': NODE, 'parent_node': OTHER,
    'instance_uuid': NEW, 'uuid': NEW, 'address': '52:54:00:00:00:09', 'network_interface': 'noop',
    'storage_interface': 'noop', 'firmware_interface': 'no-firmware', 'portgroup_uuid': None,
    'local_link_connection': {}, 'network_data': {}, 'boot_mode': 'uefi', 'owner': None,
    'conductor_group': '', 'type': 'iqn', 'volume_type': 'iscsi', 'boot_index': 7, 'actions': [ACTION],
    'mode': 'active-backup', 'node': None, 'candidate_nodes': [], 'phase': 'main',
}
# Where one word means different things.
VALUES_OF = {('deploy_templates', 'name'): 'CUSTOM_NEW', ('deploy_templates', 'steps'): STEPS['deploy_templates'],
             ('runbooks', 'name'): 'CUSTOM_NEW', ('runbooks', 'steps'): STEPS['runbooks'],
             ('portgroups', 'name'): 'new', ('portgroups', 'address'): '52:54:00:00:00:0a'}
# Where a patch needs another value than a create: what is there already, or what may be alone.
PATCHED = {
    ('inspection_rules', 'uuid'): RULE, ('portgroups', 'address'): '52:54:00:00:00:0b',
    'address': '52:54:00:00:00:01', 'uuid': CHASSIS, 'protected_reason': None,
    'retired_reason': None, 'network_data': {'links': [], 'networks': [], 'services': []},
}
# The reference calls these not creatable; Ironic's schemas have them.
CREATABLE_TOO = {('nodes', 'description'), ('ports', 'description'), ('chassis', 'description'),
                 ('inspection_rules', 'description'), ('runbooks', 'description')}
# Below their version these are refused as members that no version has.
UNKNOWN_BEFORE = {('runbooks', 'description'): 112, ('allocations', 'node'): 58}
# So are names of fields that the version has not, in fields= of these.
UNKNOWN_FIELDS = {'allocations', 'drivers'}
# Null counts as a value when these are made.
NULL_COUNTS = {'ports', 'allocations'}
# Patched from this version on: below it the method is not there.
PATCHED_SINCE = {'allocations': 57}
# Ironic does not look at the version of these when ports and port groups are patched, says the reference.
PATCHED_IN_ANY_VERSION = {('ports', 'name'), ('ports', 'description'), ('ports', 'vendor'),
                          ('ports', 'category'), ('ports', 'available_for_dynamic_portgroup'),
                          ('portgroups', 'physical_network'), ('portgroups', 'category')}
# Stands for node_uuid: not beside it, and no member of what is patched.
NEVER_THERE = {('ports', 'node_ident')}
# Ironic gives a 500 for these in fields= of a list, since no column has them; here they are told.
LISTED_TOO = {('nodes', 'chassis_uuid'), ('nodes', 'conductor'), ('nodes', 'allocation_uuid')}
# fields= came to all resources with one version, but for these.
FIELDS_SINCE = {'drivers': 77}
BY_TYPE = {'boolean': False, 'object': {}, 'array': [], 'integer': 1}


def reference(resource):
    path = os.path.join(server.ROOT, 'tests', 'golden', 'reference', 'fields.json')
    with open(path, encoding='utf-8') as f:
        return json.load(f)['resources'][resource]


def minor(version):
    return int(version.split('.')[1])


class Resource:
    """One resource of the reference: its paths and its fields, with the numbers of versions."""

    def __init__(self, name, item):
        table = reference(name)
        self.path, self.key = table['list_path'], table['collection_key']
        self.item = '%s/%s' % (self.path, item)
        self.extra_sort_keys = table['extra_sort_keys']
        self.fields = table['fields']
        self.first = minor(table['endpoint_min_version'])
        self.writable = any(field['creatable'] for field in self.fields.values())

    def since(self, name):
        """The first version and the first without it, or Nones for what is never shown."""
        field = self.fields[name]
        if field['min_version'] is None:
            return None, None
        return minor(field['min_version']), minor(field['removed_in'] or '1.%d' % (NEWEST + 1))

    def is_there(self, version):
        return version >= self.first

    def has(self, name, version):
        first, gone = self.since(name)
        return first is not None and first <= version < gone

    def value(self, name):
        if (self.key, name) in VALUES_OF:
            return VALUES_OF[self.key, name]
        if name in VALUES:
            return VALUES[name]
        if name.endswith('_interface'):
            return 'fake'
        return BY_TYPE.get(re.split('[( ]', self.fields[name]['type'])[0], 'x')

    def around(self, name):
        """The versions at which a field may begin to behave otherwise."""
        first = self.since(name)[0] or self.first
        other = UNKNOWN_BEFORE.get((self.key, name), first)
        return sorted(v for v in {self.first, first - 1, first, other - 1, other, 50, NEWEST} if self.first <= v <= NEWEST)


class Versions(case.Case):
    """All on one server, which is asked over one connection."""

    ENGINE = 'sqlite'
    RESOURCES = (('node', NODE), ('port', PORT), ('chassis', CHASSIS), ('portgroup', GROUP),
                 ('volume_connector', CONNECTOR), ('volume_target', TARGET), ('deploy_template', TEMPLATE),
                 ('runbook', RUNBOOK), ('inspection_rule', RULE), ('allocation', ALLOCATION),
                 ('conductor', 'refhost'), ('driver', 'fake-hardware'))

    def setUp(self):
        super().setUp()
        for path, key, body in THERE:
            self.ask('POST', '/v1/' + path, dict(LEAST[key], **body), 201)
        # Volumes go only while their node is off.
        self.castiron.sql("update nodes set power_state = 'power off'")
        self.connection = http.client.HTTPConnection('127.0.0.1', self.castiron.port, timeout=30)
        self.addCleanup(self.connection.close)
        self.wrong = []

    def tearDown(self):
        if self.wrong:
            self.fail('%d differ from the reference:\n%s' % (len(self.wrong),
                                                             '\n'.join(self.wrong)))

    def request(self, version, method, path, body=None):
        self.connection.request(method, path, body and json.dumps(body), {
            'X-OpenStack-Ironic-API-Version': '1.%d' % version, 'Content-Type': 'application/json'})
        response = self.connection.getresponse()
        text = response.read().decode()
        contract.judge(method, path, response.status, {k.lower(): v for k, v in response.getheaders()}, text)
        return response.status, text

    def expect(self, version, what, expected, got, text=''):
        if expected != got:
            self.wrong.append('1.%d %s: %s, not %s %.300s' % (version, what, got, expected, text))

    def each(self, only=lambda resource: True):
        for name, item in self.RESOURCES:
            resource = Resource(name, item)
            if only(resource):
                yield resource

    def below(self, resource, version, path):
        """Is the version too old for the resource? Then it is not there."""
        if resource.is_there(version):
            return False
        status, text = self.request(version, 'GET', path)
        self.expect(version, path, True, status in (404, 406), text)
        return True

    def test_shown(self):
        for resource in self.each():
            for version in range(1, NEWEST + 1):
                if self.below(resource, version, resource.item):
                    continue
                status, text = self.request(version, 'GET', resource.item)
                self.expect(version, resource.item, 200, status, text)
                shown = {n for n in resource.fields
                         if resource.fields[n]['in_detail'] and resource.has(n, version)}
                self.expect(version, resource.item, [],
                            sorted(shown.symmetric_difference(json.loads(text))))

    def test_listed(self):
        for resource in self.each():
            for version in range(1, NEWEST + 1):
                if self.below(resource, version, resource.path):
                    continue
                _, text = self.request(version, 'GET', resource.path)
                shown = {n for n in resource.fields
                         if resource.fields[n]['in_default_list'] and resource.has(n, version)}
                self.expect(version, resource.path, [],
                            sorted(shown.symmetric_difference(json.loads(text)[resource.key][0])))

    def ask_for(self, resource, path, selectable):
        for name in resource.fields:
            for version in range(max(FIELDS_SINCE.get(resource.key, 8), resource.first), NEWEST + 1):
                expected = 400
                if resource.fields[name][selectable] or (resource.key, name) in LISTED_TOO:
                    refused = 400 if resource.key in UNKNOWN_FIELDS else 406
                    expected = 200 if resource.has(name, version) else refused
                status, text = self.request(version, 'GET', '%s?fields=%s' % (path, name))
                self.expect(version, '%s?fields=%s' % (path, name), expected, status, text)

    def test_fields_of_lists(self):
        for resource in self.each():
            self.ask_for(resource, resource.path, 'selectable_in_list')

    def test_fields_of_items(self):
        for resource in self.each():
            self.ask_for(resource, resource.item, 'selectable_in_item')

    def test_sort_keys(self):
        for resource in self.each(lambda resource: resource.key != 'drivers'):  # which cannot be sorted
            for name in list(resource.fields) + resource.extra_sort_keys:
                for version in range(resource.first, NEWEST + 1):
                    expected = 400
                    if name in resource.extra_sort_keys:
                        expected = 200
                    elif resource.fields[name]['sortable']:
                        expected = 200 if resource.has(name, version) else 406
                    elif resource.fields[name]['selectable_in_item']:
                        expected = 400 if resource.has(name, version) else 406
                    path = '%s?sort_key=%s' % (resource.path, name)
                    status, text = self.request(version, 'GET', path)
                    self.expect(version, path, expected, status, text)

    def test_created(self):
        for resource in self.each(lambda resource: resource.writable):
            for name in resource.fields:
                for version in resource.around(name):
                    value = resource.value(name)
                    first = resource.since(name)[0] or 1
                    expected = 400
                    where = (resource.key, name)
                    if where in NEVER_THERE:
                        expected = 400
                    elif resource.fields[name]['creatable'] or where in CREATABLE_TOO:
                        free = value is None and resource.key not in NULL_COUNTS
                        expected = 201 if version >= first or free else 406
                    if version < UNKNOWN_BEFORE.get(where, 0):
                        expected = 400
                    status, text = self.request(version, 'POST', resource.path,
                                                dict(LEAST[resource.key], **{'uuid': NEW, name: value}))
                    self.expect(version, 'POST %s %s' % (resource.path, name), expected, status,
                                text)
                    if status == 201 and name == 'instance_uuid':
                        self.ask('PATCH', '%s/%s' % (resource.path, NEW),
                                 [{'op': 'remove', 'path': '/instance_uuid'}])
                    if status == 201:
                        self.ask('DELETE', '%s/%s' % (resource.path, NEW), status=204)

    def test_patched(self):
        for resource in self.each(lambda resource: resource.writable):
            for name in resource.fields:
                for version in resource.around(name):
                    first = resource.since(name)[0] or 1
                    expected = 400
                    where = (resource.key, name)
                    if resource.fields[name]['patchable'] and where not in NEVER_THERE:
                        expected = 200
                        if version < first and where not in PATCHED_IN_ANY_VERSION:
                            expected = 406
                    if version < UNKNOWN_BEFORE.get(where, 0):
                        expected = 400
                    if version < PATCHED_SINCE.get(resource.key, 0):
                        expected = 405
                    status, text = self.request(version, 'PATCH', resource.item, [
                        {'op': 'add', 'path': '/' + name, 'value': PATCHED.get((resource.key, name), PATCHED.get(name, resource.value(name)))}])
                    self.expect(version, 'PATCH %s %s' % (resource.item, name), expected, status,
                                text)

    # What a conductor stores of a node; as the tables call it.
    RECORDS = {
        'bios_settings': {'name': 'virtualization', 'value': 'on', 'version': '1.1',
                          'allowable_values': '["on", "off"]'},
        'firmware_information': {'component': 'bios', 'initial_version': '1', 'version': '1.0'},
        'node_history': {'uuid': EVENT, 'severity': 'INFO', 'event': 'x', 'version': '1.0'},
    }
    # Of each: where its one item is found in the answer, in full and in the list as it is by default.
    PARTS = (('bios', '/bios/virtualization', lambda body: body['virtualization'],
              '/bios', lambda body: body['bios'][0]),
             ('bios', '/bios?detail=True', lambda body: body['bios'][0], None, None),
             ('firmware', '/firmware', lambda body: body['firmware'][0],
              '/firmware', lambda body: body['firmware'][0]),
             ('history', '/history/' + EVENT, lambda body: body,
              '/history', lambda body: body['history'][0]),
             ('history', '/history?detail=True', lambda body: body['history'][0], None, None))

    def store(self):
        for table, values in self.RECORDS.items():
            self.castiron.sql(
                "insert into %s (%s, node_id, created_at) select %s, id, '2026-01-02 03:04:05' from nodes "
                "where uuid = '%s'" % (table, ', '.join(values),
                                       ', '.join("'%s'" % value for value in values.values()), NODE))

    def hold_part(self, resource, path, item, version, where):
        since = 74 if path.endswith('bios?detail=True') else resource.first
        path = '/v1/nodes/%s%s' % (NODE, path)
        status, text = self.request(version, 'GET', path)
        if version < since:
            self.expect(version, path, True, status in (400, 404, 406), text)
            return
        shown = {name for name in resource.fields
                 if resource.fields[name][where] and resource.has(name, version)}
        self.expect(version, path, [], sorted(shown.symmetric_difference(item(json.loads(text)))), text)

    def test_parts_of_nodes(self):
        self.store()
        for name, full, item, default, first in self.PARTS:
            resource = Resource(name, '')
            for version in range(1, NEWEST + 1):
                self.hold_part(resource, full, item, version, 'in_detail')
                if default:
                    self.hold_part(resource, default, first, version, 'in_default_list')

class PortGroups(case.Case):
    """Ironic asks for the version of the first operation of a port group's patch, and of no other."""

    def test_the_first_operation_has_its_version(self):
        node = self.ask('POST', '/v1/nodes', {'driver': 'fake-hardware'}, 201).json['uuid']
        group = self.ask('POST', '/v1/portgroups', {'node_uuid': node}, 201).json['uuid']
        extra, properties = [{'op': 'add', 'path': '/%s/a' % of, 'value': 'b'} for of in ('extra', 'properties')]
        remove = {'op': 'remove', 'path': '/properties'}
        for version, patch, status in (('1.25', [properties, extra], 406), ('1.25', [remove], 406),
                                       ('1.25', [extra, properties], 200), ('1.26', [properties, extra], 200)):
            self.ask('PATCH', '/v1/portgroups/' + group, patch, status, version=version)
        self.assertEqual({'a': 'b'}, self.ask('GET', '/v1/portgroups/' + group).json['properties'])
