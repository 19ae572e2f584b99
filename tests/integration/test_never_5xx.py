# SPDX-License-Identifier: Apache-2.0
"""Every route with everything odd in every place: no answer is a 5xx, and each says why.

The routes and their parameters are read from the tables, so that a new row is tried at once.
"""
import http.client
import itertools
import json
import os
import random
import re
import urllib.parse

import case
import contract
import server

API = os.path.join(server.ROOT, 'api')
NODE = '11111111-2222-4333-8444-0000000000a1'
NAMED = '11111111-2222-4333-8444-0000000000a2'
PORT = '11111111-2222-4333-8444-0000000000b1'
TEMPLATE = '11111111-2222-4333-8444-0000000000d1'
RUNBOOK = '11111111-2222-4333-8444-0000000000d2'
RULE = '11111111-2222-4333-8444-0000000000d3'
ALLOCATION = '11111111-2222-4333-8444-0000000000d4'
PORTGROUP = '11111111-2222-4333-8444-0000000000d5'
CONNECTOR = '11111111-2222-4333-8444-0000000000d6'
TARGET = '11111111-2222-4333-8444-0000000000d7'
CHASSIS = '11111111-2222-4333-8444-0000000000c1'
NOBODY = '11111111-2222-4333-8444-00000000dead'
METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'FROB']
VERSIONS = [None, '', 'latest', '1.1', '1.8', '1.37', '1.50', '1.82', '1.115', '1.116', '1.-1',
            '0.9', '2.0', '1', '1.', '.1', '1.1.1', 'x', '1.' + '9' * 400, '1.2147483648', '\xff']
IDENTS = [NODE, NODE.upper(), NAMED, PORT, CHASSIS, NOBODY, NODE[:-1], NODE + 'f', NODE + '.json',
          NODE.replace('-', ''), '{%s}' % NODE, 'somebody', 'nobody', 'detail', 'states', 'validate',
          'maintenance', 'management', 'a b', "a'b", 'a"b', 'a;b', 'a%b', 'a_b', '-', '.', '..',
          '0', '-1', '2147483648', '9' * 30, 'x' * 63, 'x' * 300, 'x' * 4000, '\u00e4', '\U0001f600',
          'a\x01b', 'a\x7fb', 'CUSTOM_X', 'HW_CPU_X86_VMX', 'refhost', '*', '{node_ident}', '$1']
RAW_IDENTS = ['', '%', '%z', '%zz', '%00', 'a%00b', '%ff', '%c0%80', '%ed%a0%80', '%2F', 'a%2Fb',
              '%252F', '+', '%u0041', 'a?', '%0a', '..%2f..', '%F4%90%80%80']
TEXTS = ['', ' ', 'x', '0', '1', '-1', '+1', '1.5', '1e3', '0x10', '\u0661', 'true', 'maybe', 'None',
         'null', NODE, NODE.upper(), NOBODY, 'uuid', 'uuid,name', ',', ',,,', 'name,bogus',
         'uuid,uuid', 'id', 'asc', 'desc', 'created_at', 'extra', 'links', '52:54:00:00:00:01',
         '52-54-00-00-00-02', 'zz:zz', 'active', 'power on', 'x' * 300, 'x' * 5000,
         ','.join('s%d' % n for n in range(60)), '2147483647', '2147483648', '4294967296',
         '9223372036854775807', '9223372036854775808', '-9223372036854775809', '9' * 100, '1e400',
         'NaN', 'a\x01b', '\u00e4\U0001f600', "';--", '%', '_', '\\', '{}', '[]', '*', '\x7f']
RAW_TEXTS = ['%', '%z', 'a%00b', '%ff', '%c0%80', '%ed%a0%80', '+', '%F4%90%80%80']
# JSON as it is written, so that what Python would not print can be there too.
VALUES = ['null', 'true', 'false', '0', '1', '-1', '2147483647', '2147483648', '-2147483649',
          '9223372036854775807', '9223372036854775808', '1' + '0' * 400, '1.5', '1.0', '1e308',
          '1e400', '-1e400', 'NaN', 'Infinity', '-0', '""', '" "', '"x"', '"0"', '"yes"', '"maybe"',
          '"' + 'x' * 256 + '"', '"' + 'x' * 300 + '"', '"' + 'x' * 70000 + '"', '"\\u0000"',
          '"a\\u0000b"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\u00e4"', '"\\u0001"',
          '"\\u007f"', '"%s"' % NODE, '"%s"' % NODE.upper(), '"%s"' % NOBODY, '"{%s}"' % NOBODY,
          '"urn:uuid:%s"' % NOBODY, '"%s"' % NOBODY.replace('-', ''), '"%s"' % '-'.join(NOBODY), '"%s"' % CHASSIS,
          '"fake"', '"fake-hardware"', '"noop"', '"somebody"', '"52:54:00:00:00:01"', '"CUSTOM_X"',
          '"power on"', '"active"', '"clean"', '"2020-01-01T00:00:00"', '[]', '[[]]', '[null]', '[1]',
          '["x"]', '["CUSTOM_X", "CUSTOM_X"]', '["\\u0000"]', '["' + 'x' * 300 + '"]', '{}',
          '{"": ""}', '{"a": null}', '{"a": {"b": [1, {"c": "\\u0000"}]}}', '{"a\\u0000b": 1}',
          '{"\\ud800": "\\udfff"}', '{"a": 1e400, "b": NaN, "c": 123456789012345678901234567890}',
          '{"password": "\\u0000", "capabilities": 5}', '{"capabilities": "boot_mode:\\u0000"}',
          '[' * 40 + ']' * 40, '{"a":' * 40 + '1' + '}' * 40, '{"a": 1, "a": 2}',
          '[{"interface": "deploy", "step": "erase", "args": {}}]', '[{"interface": 5}]',
          '[{"interface": "deploy", "step": "x", "args": {}, "priority": 99999999999999999999}]']
BODIES = VALUES + ['', ' ', '{', '[', '"', '{} {}', '{"a"}', '{"a": }', '[1,]', 'nul', '\x00', '\ufeff{}',
                   '[' * 5000, '{"a":' * 5000, '{"x": "' + 'x' * 70000 + '"}',
                   '{"' + 'k' * 70000 + '": 1}', '{"\\u0000": 1}', '{"target\\u0000": 1}']
PATHS = ['', '/', '//', '/-', '/extra', '/extra/', '/extra/a', '/extra/a/b', '/extra/-', '/extra/0',
         '/extra/~0', '/extra/~1', '/extra/~2', '/extra/\u00e4', '/extra/\x00', '/extra/' + 'x' * 70000,
         '/extra' + '/a' * 500, 'extra', '/extra//a', '/properties/a', '/driver_info/password',
         '/instance_info', '/traits', '/traits/-', '/traits/0', '/links', '/id', '/chassis_id', '/bogus',
         '/uuid', '/created_at', '/reservation', '/provision_state', '/driver_internal_info',
         '/steps', '/steps/0', '/steps/-', '/steps/0/priority', '/actions/0/args', '/actions/-', '/candidate_nodes',
         '/local_link_connection', '/local_link_connection/port_id', '/internal_info', '/\ud800']
STEPS = '[{"interface": "bios", "step": "apply", "args": {}, "priority": 1}]'
ACTIONS = '[{"op": "set-attribute", "args": {"path": "/extra/x", "value": "y"}}]'
ODD_LINKS = ['{"switch_id": "zz", "port_id": 5}', '{"network_type": "managed"}',
             '{"switch_id": "\\u0000", "port_id": "\\u0000"}', '{"hostname": "\\u0000"}']


def routes():
    """(method, path, name of its parameters) of every row."""
    with open(os.path.join(API, 'routes.def'), encoding='utf-8') as f:
        return re.findall(r'^ROUTE\((\w+),\s*"([^"]*)", \d+, [^,]+, \w+, \d+, (\w+),', f.read(), re.M)


def parameters():
    """Names by the name of their table; macros are taken apart where they are used."""
    text = ''
    for folder, _, names in os.walk(API):
        for name in sorted(names):
            if name.endswith(('.c', '.h')):
                with open(os.path.join(folder, name), encoding='utf-8') as f:
                    text += f.read()
    text = text.replace('\\\n', ' ')
    macros = dict(re.findall(r'^#define (\w+_PARAMS)\s+(.*)$', text, re.M))
    tables = {}
    for name, body in re.findall(r'ci_params_(\w+)\[\] = \{(.*?)\n?\};', text, re.S):
        while any(macro in body for macro in macros):
            for macro, inside in macros.items():
                body = body.replace(macro, inside)
        tables[name] = re.findall(r'"(\w+)"', body)
    return tables


def fields(name):
    """Names of the rows of an object's table."""
    with open(os.path.join(server.ROOT, 'objects', name + '.def'), encoding='utf-8') as f:
        return re.findall(r'^FIELD\((\w+)', f.read(), re.M) + ['chassis_uuid', 'node_uuid', 'bogus']


def filled(path, idents=(NODE, 'CUSTOM_X', 'x')):
    """The path with its {parameters} filled in; a chassis and a port by their own."""
    path = path.replace('{chassis_uuid}', CHASSIS)
    path = re.sub(r'\{port_\w+\}', PORT, path)
    path = path.replace('{portgroup_ident}', PORTGROUP)
    path = path.replace('{connector_uuid}', CONNECTOR).replace('{target_uuid}', TARGET)
    for name, ident in (('template_ident', TEMPLATE), ('runbook_ident', RUNBOOK),
                        ('inspection_rule_uuid', RULE), ('allocation_ident', ALLOCATION)):
        path = path.replace('{%s}' % name, ident)
    for ident in idents:
        path = re.sub(r'\{\w+\}', lambda _, ident=ident: ident, path, count=1)
    return path


# Words that lead elsewhere where a node's name could stand: what is not there says 405.
WORD = re.compile(r'/v1/nodes/(maintenance|management|states)(/|$)')


def with_idents():
    """Each path with each odd identifier in each of its places."""
    quoted = [urllib.parse.quote(i.encode('utf-8'), safe='') for i in IDENTS] + RAW_IDENTS
    for method, path, _ in routes():
        method = 'GET' if method == 'ANY' else method
        for place in re.findall(r'\{\w+\}', path):
            for ident in quoted:
                yield method, filled(path.replace(place, ident)), '{}'
    for path in ['/', '/v1', '/v1/', '//v1', '/v1.json', '/v2', '/v1/nodes/', '/v1//nodes', '/%', '/%00',
                 '/v1/' + 'a/' * 20, '/v1/nodes/' + 'a/' * 200, '/v1/nodes.json', '/healthcheck/x',
                 '/v1/nodes/detail/', '/v1/nodes;x', '/v1/nodes?', '/v1/nodes??', '/v1/nodes?&&=&=x']:
        for method in METHODS:
            yield method, path, None


def with_methods():
    for _, path, _ in routes():
        for method in METHODS:
            yield method, filled(path), None
            yield method, filled(path), '{}'


def with_queries():
    """Each parameter of each route with each odd value, alone and in pairs."""
    tables = parameters()
    texts = [urllib.parse.quote(t.encode('utf-8'), safe='') for t in TEXTS] + RAW_TEXTS
    for method, path, table in routes():
        method = 'GET' if method == 'ANY' else method
        names = tables[table] + ['bogus', 'fields', '', '%00', '%ff', 'x' * 3000]
        for name, text in itertools.product(names, texts):
            yield method, '%s?%s=%s' % (filled(path), name, text), None
        for first, second in itertools.product(tables[table], repeat=2):
            for text in texts[:8]:
                yield method, '%s?%s=%s&%s=%s' % (filled(path), first, text, second, texts[5]), None
        every = '&'.join('%s=%s' % (name, ','.join('s%d' % n for n in range(20)))
                         for name in tables[table])
        yield method, '%s?%s' % (filled(path), every), None


def with_bodies():
    """Each odd body to whatever takes one, and each argument with each odd value."""
    tables = parameters()
    for method, path, table in routes():
        if method not in ('POST', 'PUT', 'PATCH', 'DELETE'):
            continue
        for body in BODIES:
            yield method, filled(path), body
        for name, value in itertools.product(tables[table] + ['traits', 'id', 'bogus'], VALUES):
            yield method, filled(path), '{"%s": %s}' % (name, value)
            yield method, filled(path), '{"target": "clean", "%s": %s}' % (name, value)


def with_creations():
    """Each field of what can be created, of each odd value."""
    least = {'node': ('/v1/nodes', '"driver": "fake-hardware"'),
             'port': ('/v1/ports', '"node_uuid": "%s", "address": "52:54:00:00:00:09"' % NODE),
             'chassis': ('/v1/chassis', '"extra": {}'),
             'deploy_template': ('/v1/deploy_templates', '"name": "CUSTOM_N", "steps": %s' % STEPS),
             'runbook': ('/v1/runbooks', '"name": "CUSTOM_N", "steps": %s'
                         % STEPS.replace('priority', 'order')),
             'inspection_rule': ('/v1/inspection_rules', '"actions": %s' % ACTIONS),
             'allocation': ('/v1/allocations', '"resource_class": "bm"'),
             'portgroup': ('/v1/portgroups', '"node_uuid": "%s"' % NODE),
             'volume_connector': ('/v1/volume/connectors', '"node_uuid": "%s", "type": "iqn", '
                                  '"connector_id": "iqn.x"' % NODE),
             'volume_target': ('/v1/volume/targets', '"node_uuid": "%s", "volume_type": "iscsi", '
                               '"boot_index": 7, "volume_id": "v"' % NODE)}
    for name, (path, base) in least.items():
        for field, value in itertools.product(fields(name), VALUES + ODD_LINKS):
            yield 'POST', path, '{%s, "%s": %s}' % (base, field, value)


def operation(op, path, value):
    return '{"op": %s, "path": %s, "value": %s}' % (op, path, value)


def with_patches():
    """Each field with each odd value, each odd path, and operations nobody knows."""
    places = {'node': '/v1/nodes/' + NAMED, 'port': '/v1/ports/' + PORT,
              'chassis': '/v1/chassis/' + CHASSIS,
              'deploy_template': '/v1/deploy_templates/' + TEMPLATE,
              'runbook': '/v1/runbooks/' + RUNBOOK,
              'inspection_rule': '/v1/inspection_rules/' + RULE,
              'allocation': '/v1/allocations/' + ALLOCATION,
              'portgroup': '/v1/portgroups/' + PORTGROUP,
              'volume_connector': '/v1/volume/connectors/' + CONNECTOR,
              'volume_target': '/v1/volume/targets/' + TARGET}
    for name, path in places.items():
        for field, value in itertools.product(fields(name), VALUES + ODD_LINKS):
            yield 'PATCH', path, '[%s]' % operation('"replace"', '"/%s"' % field, value)
        for place, value in itertools.product(PATHS, VALUES[::6]):
            for op in ('"add"', '"replace"', '"remove"'):
                yield 'PATCH', path, '[%s]' % operation(op, json.dumps(place), value)
        for op in ['null', '5', '"move"', '"copy"', '"test"', '""', '"\\u0000"', '[]', '"' + 'x' * 5000 + '"']:
            yield 'PATCH', path, '[%s]' % operation(op, '"/extra/a"', '1')
        yield 'PATCH', path, '[%s]' % ', '.join([operation('"add"', '"/extra/a"', '1')] * 500)


class Answers:
    """One connection that is used again; tells what is wrong with an answer."""

    def __init__(self, port):
        self.port = port
        self.connection = None

    def request(self, method, path, body, version):
        if self.connection is None:
            self.connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=30)
        headers = {'Accept': 'application/json'}
        if version is not None:
            headers['X-OpenStack-Ironic-API-Version'] = version
        if body is not None:
            headers['Content-Type'] = 'application/json'
        try:
            self.connection.request(method, path, headers=headers,
                                    body=None if body is None else body.encode('utf-8'))
            response = self.connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise
        if response.will_close:
            self.connection.close()
            self.connection = None
        return response, text

    @staticmethod
    def wrong(method, path, response, text):
        """What is wrong with it, or None."""
        if server.is_unserved(response.status, text.decode('utf-8', 'replace')):
            return None
        if response.status >= 500 and (response.status != 503 or not response.getheader('Retry-After')):
            return 'a server error'
        why = contract.complaint(method, path, response.status, {k.lower(): v for k, v in response.getheaders()},
                                 text.decode('utf-8', 'replace'))
        if why or response.status < 400 or method == 'HEAD':
            return why
        try:
            told = json.loads(text)
            if 'error_message' in told:
                told = json.loads(told['error_message'])
        except (ValueError, TypeError):
            return 'an error that is not in Ironic\'s form'
        message = told.get('faultstring', told.get('description'))
        if not isinstance(message, str) or not ('faultcode' in told or
                                                told.get('code') == response.status):
            return 'an error without its parts'
        if len(message.encode('utf-8', 'surrogatepass')) > 1024:
            return 'a message of %d characters' % len(message)
        return None


class Never5xx:
    """The same on both engines; PostgreSQL is stricter about what it stores."""

    EACH = 6000  # of each kind: enough to meet every place many times, few enough for a minute

    def setUp(self):
        super().setUp()
        self.furnish((201,))

    def furnish(self, statuses=(201, 409)):
        """Makes what the requests are about, where it is not there."""
        for path, body in [
                ('nodes', {'driver': 'fake-hardware', 'uuid': NODE, 'name': 'somebody'}),
                ('nodes', {'driver': 'fake-hardware', 'uuid': NAMED}),
                ('ports', {'uuid': PORT, 'node_uuid': NODE, 'address': '52:54:00:00:00:01'}),
                ('chassis', {'uuid': CHASSIS}),
                ('deploy_templates', {'uuid': TEMPLATE, 'name': 'CUSTOM_T',
                                      'steps': json.loads(STEPS)}),
                ('runbooks', {'uuid': RUNBOOK, 'name': 'CUSTOM_R',
                              'steps': json.loads(STEPS.replace('priority', 'order'))}),
                ('inspection_rules', {'uuid': RULE, 'actions': json.loads(ACTIONS)}),
                ('allocations', {'uuid': ALLOCATION, 'resource_class': 'bm'}),
                ('portgroups', {'uuid': PORTGROUP, 'node_uuid': NODE}),
                ('volume/connectors', {'uuid': CONNECTOR, 'node_uuid': NODE, 'type': 'wwnn',
                                       'connector_id': 'c'}),
                ('volume/targets', {'uuid': TARGET, 'node_uuid': NODE, 'volume_type': 'iscsi',
                                    'boot_index': 0, 'volume_id': 'v'})]:
            self.assertIn(self.castiron.request('POST', '/v1/' + path, body).status, statuses)

    def run_all(self, requests, versions=('latest',)):
        chance = random.Random(5)
        requests = list(requests)
        if len(requests) > self.EACH:
            requests = chance.sample(requests, self.EACH)
        answers = Answers(self.castiron.port)
        found = []
        for method, path, body in requests:
            version = chance.choice(versions)
            where = '%s %.150s %.200s version %.50s' % (method, path, body, version)
            try:
                response, text = answers.request(method, path, body, version)
            except (OSError, http.client.HTTPException) as e:
                self.fail('%s: %r\n%s' % (where, e, self.castiron.log()))
            wrong = answers.wrong(method, path, response, text)
            if response.status == 405 and WORD.match(path):
                wrong = None
            if method == 'DELETE' and response.status == 204:
                self.furnish()
            if wrong:
                found.append('%s: %s: %d %.300s' % (where, wrong, response.status, text))
        if found:
            self.fail('%d of %d:\n%s' % (len(found), len(requests), '\n'.join(found[:40])))
        self.assertEqual(NODE, self.castiron.node(NODE)['uuid'])
        for line in self.castiron.log(1 << 24).split('\n'):
            if 'Request failed' in line and not server.is_unserved(501, line):
                self.fail(line)

    def test_identifiers(self):
        self.run_all(with_idents(), ('latest', '1.1', '1.115'))

    def test_methods_and_versions(self):
        self.run_all([r for r in with_methods() for _ in range(3)], VERSIONS)

    def test_queries(self):
        self.run_all(with_queries(), ('latest', 'latest', '1.1', '1.50'))

    def test_bodies(self):
        self.run_all(with_bodies())

    def test_creations(self):
        self.run_all(with_creations(), ('latest', 'latest', '1.1', '1.50'))

    def test_patches(self):
        self.run_all(with_patches(), ('latest', 'latest', '1.1', '1.50'))


class OnPostgres(Never5xx, case.Case):
    ENGINE = 'postgresql'


class OnSqlite(Never5xx, case.Case):
    ENGINE = 'sqlite'
