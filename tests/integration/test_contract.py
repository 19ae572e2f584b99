# SPDX-License-Identifier: Apache-2.0
"""The contract in openapi/ is sound, Ironic's recorded answers keep to it, and so do ours."""
import json
import re
import unittest
from urllib.parse import urlsplit

import jsonschema

import case
import contract
import replay
import server

VERSIONS = (1, 50, 82, 115)
CONTRACT = contract.known()


def references(value):
    """All $ref in a tree."""
    if isinstance(value, dict):
        if isinstance(value.get('$ref'), str):
            yield value
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


class Document(unittest.TestCase):
    """What a validator would say."""

    def test_references_lead_somewhere(self):
        found = list(references(CONTRACT.document))
        self.assertGreater(len(found), 100)
        for reference in found:
            CONTRACT.resolve(reference)

    def test_schemas_are_json_schema(self):
        for name, schema in CONTRACT.document['components']['schemas'].items():
            with self.subTest(name):
                jsonschema.Draft202012Validator.check_schema(schema)

    def test_components_are_used(self):
        used = {reference['$ref'] for reference in references(CONTRACT.document)}
        for kind in ('schemas', 'responses', 'headers', 'parameters'):
            for name in CONTRACT.document['components'][kind]:
                self.assertIn('#/components/%s/%s' % (kind, name), used)

    def test_operations_have_names_of_their_own(self):
        names = [operation['operationId'] for _, _, operation in CONTRACT.operations()]
        self.assertGreater(len(names), 40)
        self.assertEqual(len(names), len(set(names)))

    def test_paths_declare_their_parameters(self):
        for path, item in CONTRACT.document['paths'].items():
            declared = [p['name'] for p in map(CONTRACT.resolve, item['parameters'])
                        if p['in'] == 'path']
            self.assertEqual(re.findall(r'{(\w+)}', path), declared)


class Answers(unittest.TestCase):
    """How an answer is held against the contract."""

    def hold(self, what, operation, status, version, body, url):
        self.assertIsNone(CONTRACT.problem(operation, status, version, body, url), what)


class Recorded(Answers):
    """Ironic's newest release, as it was recorded."""

    def test_ironic_keeps_to_the_contract(self):
        held = bodies = 0
        for exchange in replay.load('master'):
            request, response = exchange['request'], exchange['response']
            operation = CONTRACT.operation(request['method'], urlsplit(request['path']).path)
            versions = dict(response['headers']).get('X-OpenStack-Ironic-API-Version')
            if operation is None or response['status'] >= 300 or versions is None:
                continue
            version = contract.minor(versions)
            what = '%s: %s %s at 1.%d' % (exchange['seq'], request['method'], request['path'],
                                          version)
            body = json.loads(response['body']) if response['body'] else None
            with self.subTest(what):
                self.hold(what, operation, response['status'], version, body, request['path'])
                held += 1
                schema = CONTRACT.schema(operation.get('requestBody', {}))
                if schema is not None and request.get('body'):
                    self.assertIsNone(CONTRACT.fault(schema, json.loads(request['body'])), what)
                    bodies += 1
        self.assertGreater(held, 200)
        self.assertGreater(bodies, 50)


class Live(case.Case, Answers):
    """This service."""

    ENGINE = 'sqlite'
    OPTIONS = {'api': {'restrict_lookup': 'false'}}
    NODE = '11111111-2222-4333-8444-555555555555'

    def create(self, path, body):
        """The UUID of a new thing; request and answer keep to the contract."""
        operation = CONTRACT.operation('POST', path)
        self.assertIsNone(CONTRACT.fault(CONTRACT.schema(operation['requestBody']), body), path)
        reply = self.ask('POST', path, body, 201)
        self.hold('POST ' + path, operation, 201, VERSIONS[-1], reply.json, path)
        return reply.json['uuid']

    # What a conductor stores of a node.
    EVENT = '11111111-2222-4333-8444-555555555556'
    RECORDS = {
        'bios_settings': {'name': 'virtualization', 'value': 'on', 'version': '1.1',
                          'allowable_values': '["on", "off"]'},
        'firmware_information': {'component': 'bios', 'initial_version': '1', 'version': '1.0'},
        'node_history': {'uuid': EVENT, 'severity': 'INFO', 'event': 'x' * 400, 'version': '1.0'},
        'node_inventory': {'inventory_data': '{"cpu": {}}', 'plugin_data': '{}', 'version': '1.0'},
    }

    def fill(self):
        """One of each; gives the values of the paths' parameters."""
        chassis = self.create('/v1/chassis', {'description': 'a rack'})
        node = {'uuid': self.NODE, 'driver': 'fake-hardware', 'name': 'first',
                'chassis_uuid': chassis, 'properties': {'cpus': 8}}
        self.create('/v1/nodes', node)
        port = self.create('/v1/ports', {'node_uuid': self.NODE, 'address': '52:54:00:12:34:56'})
        portgroup = self.create('/v1/portgroups', {'node_uuid': self.NODE, 'name': 'bond'})
        connector = self.create('/v1/volume/connectors', {
            'node_uuid': self.NODE, 'type': 'iqn', 'connector_id': 'iqn.2026-01.org.example:1'})
        target = self.create('/v1/volume/targets', {
            'node_uuid': self.NODE, 'volume_type': 'iscsi', 'boot_index': 0, 'volume_id': 'v1'})
        self.ask('PUT', '/v1/nodes/%s/traits' % self.NODE, {'traits': ['CUSTOM_A']}, 204)
        steps = [{'interface': 'deploy', 'step': 'deploy', 'args': {}, 'priority': 10}]
        template = self.create('/v1/deploy_templates', {'name': 'CUSTOM_A', 'steps': steps})
        steps = [{'interface': 'bios', 'step': 'factory_reset', 'args': {}, 'order': 1}]
        runbook = self.create('/v1/runbooks', {'name': 'CUSTOM_A', 'steps': steps})
        action = {'op': 'set-attribute', 'args': {'path': '/extra/x', 'value': 'y'}}
        rule = self.create('/v1/inspection_rules', {'actions': [action]})
        allocation = self.create('/v1/allocations', {'resource_class': 'bm'})
        self.castiron.sql("update allocations set node_id = (select id from nodes)")
        for table, values in self.RECORDS.items():
            self.castiron.sql("insert into %s (%s, node_id, created_at) select %s, id, '2026-01-02 03:04:05' "
                              "from nodes" % (table, ', '.join(values), ', '.join(
                                  "'%s'" % value for value in values.values())))
        return {'node_ident': self.NODE, 'chassis_uuid': chassis, 'port_ident': port,
                'driver_name': 'fake-hardware', 'hostname': 'refhost',
                'portgroup_ident': portgroup, 'connector_uuid': connector, 'target_uuid': target,
                'template_ident': template, 'runbook_ident': runbook,
                'inspection_rule_uuid': rule, 'allocation_ident': allocation,
                'indicator': 'led@chassis', 'setting_name': 'virtualization',
                'event': self.EVENT}

    # What needs an argument that the paths do not have, or has methods of a vendor only.
    QUERIES = {'/v1/nodes/validate': '?node_uuid=' + NODE, '/v1/lookup': '?node_uuid=' + NODE,
               '/v1/drivers/properties': '?driver_name=fake-hardware'}

    # What has neither a UUID nor extra.
    FIELDS = {'conductors': '?fields=links', 'inspection_rules': '?fields=uuid,actions'}

    # Vendors' methods are their own; fake hardware refuses the others.
    UNASKED = ('{method}', 'vendor_passthru', '{indicator}', 'vmedia')

    def test_answers_keep_to_the_contract(self):
        known, held = self.fill(), 0
        for path, method, operation in CONTRACT.operations():
            if method != 'get' or path.endswith(self.UNASKED):
                continue
            for version in filter(lambda v: CONTRACT.has(operation, v), VERSIONS):
                for query in self.queries(path, operation, version):
                    url = path.format(**known) + query
                    what = 'GET %s at 1.%d' % (url, version)
                    reply = self.castiron.request('GET', url, version='1.%d' % version)
                    if server.is_unserved(reply.status, repr(reply)):
                        continue
                    with self.subTest(what):
                        self.assertEqual(200, reply.status, reply)
                        self.hold(what, operation, 200, version, reply.json, url)
                        held += 1
        self.assertGreater(held, 100)

    def queries(self, path, operation, version):
        """As it is; and where there are fields= and detail=, with them."""
        yield self.QUERIES.get(path, '')
        names = {p['name'] for p in operation.get('parameters', ()) if CONTRACT.has(p, version)}
        if '/drivers' in path or path.endswith('/detail'):
            return
        if path.endswith(('/bios', '/firmware')):  # they show some fields besides those asked for
            names.discard('fields')
        if 'fields' in names:
            yield next((query for part, query in self.FIELDS.items() if part in path),
                       '?fields=uuid,extra')
        if 'detail' in names:
            yield '?detail=True'

    def test_operations_of_later_versions_are_not_there(self):
        known, tried = self.fill(), 0
        for path, method, operation in CONTRACT.operations():
            since = contract.minor(operation['x-openstack']['min-ver'])
            if method != 'get' or since == 1:
                continue
            reply = self.castiron.request('GET', path.format(**known),
                                          version='1.%d' % (since - 1))
            self.assertIn(reply.status, (404, 406), path)
            schema = CONTRACT.schema(operation['responses'][str(reply.status)])
            self.assertIsNone(CONTRACT.fault(schema, reply.json), path)
            inner = CONTRACT.resolve(schema)['properties']['error_message']['contentSchema']
            self.assertIsNone(CONTRACT.fault(inner, json.loads(reply.json['error_message'])), path)
            tried += 1
        self.assertGreater(tried, 4)

    def test_bodies_that_do_not_fit_are_refused(self):
        known = self.fill()
        bad = [('POST', '/v1/nodes', {'driver': 5}),
               ('POST', '/v1/nodes', {'driver': 'fake-hardware', 'bogus': 1}),
               ('POST', '/v1/chassis', {'extra': 'text'}),
               ('POST', '/v1/ports', {'node_uuid': self.NODE}),
               ('PATCH', '/v1/nodes/' + self.NODE, [{'op': 'test', 'path': '/name'}]),
               ('PATCH', '/v1/nodes/' + self.NODE, [{'op': 'remove', 'path': '/bogus'}]),
               ('PATCH', '/v1/ports/' + known['port_ident'], [{'path': '/extra/a'}]),
               ('PUT', '/v1/nodes/%s/states/power' % self.NODE, {'goal': 'power on'}),
               ('PUT', '/v1/nodes/%s/states/power' % self.NODE, {'target': 'power up'}),
               ('PUT', '/v1/nodes/%s/states/provision' % self.NODE, {'target': 'fly'}),
               ('PUT', '/v1/nodes/%s/traits' % self.NODE, {'traits': 'CUSTOM_A'}),
               ('POST', '/v1/nodes/%s/vifs' % self.NODE, {})]
        for method, path, body in bad:
            schema = CONTRACT.schema(CONTRACT.operation(method, path)['requestBody'])
            self.assertIsNotNone(CONTRACT.fault(schema, body), (method, path, body))
            reply = self.castiron.request(method, path, body)
            self.assertEqual(400, reply.status, (method, path, body, reply))
