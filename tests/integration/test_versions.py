# SPDX-License-Identifier: Apache-2.0
"""Every field of nodes, ports and chassis in every version, as the reference says.

The reference is tests/golden/reference/fields.json: since which version a field is shown, may be
asked for by fields=, sorts, is created and is patched. All 115 versions are asked where that is
a read; what writes is asked at the versions around the one that brought the field.
"""
import http.client
import json
import os

import case
import server

NODE = '11111111-2222-4333-8444-0000000000a1'
OTHER = '11111111-2222-4333-8444-0000000000a2'
PORT = '11111111-2222-4333-8444-0000000000b1'
GROUP = '11111111-2222-4333-8444-0000000000d1'
CHASSIS = '11111111-2222-4333-8444-0000000000c1'
NEW = '11111111-2222-4333-8444-0000000000e1'
NEWEST = 115

# What a field is set to; what is not here is set by its type.
VALUES = {
    'driver': 'fake-hardware', 'chassis_uuid': CHASSIS, 'node_uuid': NODE, 'parent_node': OTHER,
    'instance_uuid': NEW, 'uuid': NEW, 'address': '52:54:00:00:00:09', 'network_interface': 'noop',
    'storage_interface': 'noop', 'firmware_interface': 'no-firmware', 'portgroup_uuid': None,
    'local_link_connection': {}, 'network_data': {}, 'boot_mode': 'uefi', 'owner': None,
    'conductor_group': '',
}
# Where a patch needs another value than a create: what is there already, or what may be alone.
PATCHED = {
    'address': '52:54:00:00:00:01', 'uuid': CHASSIS, 'protected_reason': None,
    'retired_reason': None,
}
# The reference calls these not creatable; Ironic's schemas have them.
CREATABLE_TOO = {('nodes', 'description'), ('ports', 'description'), ('chassis', 'description')}
# Ironic does not look at the version of these when ports are patched, says the reference.
PATCHED_IN_ANY_VERSION = {('ports', 'name'), ('ports', 'description'), ('ports', 'vendor'),
                          ('ports', 'category'), ('ports', 'available_for_dynamic_portgroup')}
# Stands for node_uuid: not beside it, and no member of what is patched.
NEVER_THERE = {('ports', 'node_ident')}
# Ironic gives a 500 for these in fields= of a list, since no column has them; here they are told.
LISTED_TOO = {('nodes', 'chassis_uuid'), ('nodes', 'conductor'), ('nodes', 'allocation_uuid')}
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

    def since(self, name):
        """The first version and the first without it, or Nones for what is never shown."""
        field = self.fields[name]
        if field['min_version'] is None:
            return None, None
        return minor(field['min_version']), minor(field['removed_in'] or '1.%d' % (NEWEST + 1))

    def has(self, name, version):
        first, gone = self.since(name)
        return first is not None and first <= version < gone

    def value(self, name):
        if name in VALUES:
            return VALUES[name]
        if name.endswith('_interface'):
            return 'fake'
        return BY_TYPE.get(self.fields[name]['type'].split('(')[0], 'x')

    def around(self, name):
        """The versions at which a field may begin to behave otherwise."""
        first = self.since(name)[0] or 1
        return sorted(v for v in {1, first - 1, first, 50, NEWEST} if 1 <= v <= NEWEST)


class Versions(case.Case):
    """All on one server, which is asked over one connection."""

    ENGINE = 'sqlite'
    RESOURCES = (('node', NODE), ('port', PORT), ('chassis', CHASSIS))

    def setUp(self):
        super().setUp()
        for path, body in [('chassis', {'uuid': CHASSIS}),
                           ('nodes', {'driver': 'fake-hardware', 'uuid': NODE}),
                           ('nodes', {'driver': 'fake-hardware', 'uuid': OTHER}),
                           ('ports', {'uuid': PORT, 'node_uuid': NODE,
                                      'address': '52:54:00:00:00:01'})]:
            self.ask('POST', '/v1/' + path, body, 201)
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
        return response.status, response.read().decode()

    def expect(self, version, what, expected, got, text=''):
        if expected != got:
            self.wrong.append('1.%d %s: %s, not %s %.300s' % (version, what, got, expected, text))

    def each(self):
        for name, item in self.RESOURCES:
            yield Resource(name, item)

    def test_shown(self):
        for resource in self.each():
            for version in range(1, NEWEST + 1):
                status, text = self.request(version, 'GET', resource.item)
                self.expect(version, resource.item, 200, status, text)
                shown = {n for n in resource.fields
                         if resource.fields[n]['in_detail'] and resource.has(n, version)}
                self.expect(version, resource.item, [],
                            sorted(shown.symmetric_difference(json.loads(text))))

    def test_listed(self):
        for resource in self.each():
            for version in range(1, NEWEST + 1):
                _, text = self.request(version, 'GET', resource.path)
                shown = {n for n in resource.fields
                         if resource.fields[n]['in_default_list'] and resource.has(n, version)}
                self.expect(version, resource.path, [],
                            sorted(shown.symmetric_difference(json.loads(text)[resource.key][0])))

    def ask_for(self, resource, path, selectable):
        for name in resource.fields:
            for version in range(8, NEWEST + 1):
                expected = 400
                if resource.fields[name][selectable] or (resource.key, name) in LISTED_TOO:
                    expected = 200 if resource.has(name, version) else 406
                status, text = self.request(version, 'GET', '%s?fields=%s' % (path, name))
                self.expect(version, '%s?fields=%s' % (path, name), expected, status, text)

    def test_fields_of_lists(self):
        for resource in self.each():
            self.ask_for(resource, resource.path, 'selectable_in_list')

    def test_fields_of_items(self):
        for resource in self.each():
            self.ask_for(resource, resource.item, 'selectable_in_item')

    def test_sort_keys(self):
        for resource in self.each():
            for name in list(resource.fields) + resource.extra_sort_keys:
                for version in range(1, NEWEST + 1):
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
        least = {'nodes': {'driver': 'fake-hardware', 'uuid': NEW}, 'chassis': {'uuid': NEW},
                 'ports': {'uuid': NEW, 'node_uuid': NODE, 'address': '52:54:00:00:00:09'}}
        for resource in self.each():
            for name in resource.fields:
                for version in resource.around(name):
                    value = resource.value(name)
                    first = resource.since(name)[0] or 1
                    expected = 400
                    where = (resource.key, name)
                    if where in NEVER_THERE:
                        expected = 400
                    elif resource.fields[name]['creatable'] or where in CREATABLE_TOO:
                        # Of ports null counts, too.
                        free = value is None and resource.key != 'ports'
                        expected = 201 if version >= first or free else 406
                    status, text = self.request(version, 'POST', resource.path,
                                                dict(least[resource.key], **{name: value}))
                    self.expect(version, 'POST %s %s' % (resource.path, name), expected, status,
                                text)
                    if status == 201 and name == 'instance_uuid':
                        self.ask('PATCH', '%s/%s' % (resource.path, NEW),
                                 [{'op': 'remove', 'path': '/instance_uuid'}])
                    if status == 201:
                        self.ask('DELETE', '%s/%s' % (resource.path, NEW), status=204)

    def test_patched(self):
        for resource in self.each():
            for name in resource.fields:
                for version in resource.around(name):
                    first = resource.since(name)[0] or 1
                    expected = 400
                    where = (resource.key, name)
                    if resource.fields[name]['patchable'] and where not in NEVER_THERE:
                        expected = 200
                        if version < first and where not in PATCHED_IN_ANY_VERSION:
                            expected = 406
                    status, text = self.request(version, 'PATCH', resource.item, [
                        {'op': 'add', 'path': '/' + name, 'value': PATCHED.get(name, resource.value(name))}])
                    self.expect(version, 'PATCH %s %s' % (resource.item, name), expected, status,
                                text)


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
