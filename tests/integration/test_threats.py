# SPDX-License-Identifier: Apache-2.0
"""Ironic's past security faults that concern the API, each a test by its name."""
import itertools
import json
import os
import re
import tempfile
import unittest

import case
import contract
import keystone
import replay
import tenancy
from tenancy import ADMIN, NO_SUCH, OURS, SECRET, STRANGERS, THEIRS

PUBLIC = re.compile(r'^(/|/v1/?|/healthcheck|/openapi\.json|/docs.*|/v1/lookup'
                    r'|/v1/continue_inspection|/v1/heartbeat/.*)$')
# What a project may see of others' by design: rules of the whole service.
OPEN = re.compile(r'^/v1/(lookup|shards|conductors|drivers|chassis|deploy_templates'
                  r'|inspection_rules)')
PARAMETER = re.compile(r'\{(\w+)\}')
VERSION = ('X-OpenStack-Ironic-API-Version', '1.115')
BODIES = {
    'PATCH': [{'op': 'add', 'path': '/extra/a', 'value': 1}],
    '/states/power': {'target': 'power on'}, '/states/provision': {'target': 'manage'},
    '/states/boot_mode': {'target': 'uefi'}, '/states/secure_boot': {'target': True},
    '/states/console': {'enabled': True}, '/states/raid': {'logical_disks': []},
    '/management/boot_device': {'boot_device': 'pxe'}, '/management/inject_nmi': {},
    '/maintenance': {'reason': 'x'}, '/vifs': {'id': 'v'}, '/traits': {'traits': ['CUSTOM_T']},
    '/vmedia': {'device_type': 'cdrom', 'image_url': 'http://127.0.0.1/i'},
    '/management/indicators': {'state': 'on'},
}


class Threats(case.Case):
    """castiron with keystone, and one connection on which all is asked."""

    SETTINGS = {}

    def setUp(self):
        self.keystone = keystone.Keystone().__enter__()
        self.addCleanup(self.keystone.__exit__)
        self.OPTIONS = {'DEFAULT': {'auth_strategy': 'keystone', 'debug': 'true'},
                        'keystone_authtoken': self.keystone.options}
        for section, values in self.SETTINGS.items():
            self.OPTIONS[section] = dict(self.OPTIONS.get(section, {}), **values)
        super().setUp()
        self.client = replay.Client(self.castiron.url)
        self.addCleanup(self.client.close)

    def say(self, method, path, token, body=None):
        """(status, text) of an answer."""
        headers = [VERSION, ('Accept', 'application/json'), ('Content-Type', 'application/json')]
        if token:
            headers.append(('X-Auth-Token', token))
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        answer = self.client.request(method, path, headers, body)
        return answer.status, answer.body.decode()

    def by_admin(self, method, path, body=None, status=200):
        found, text = self.say(method, path, ADMIN, body)
        self.assertEqual(status, found, '%s %s: %s' % (method, path, text))
        return json.loads(text) if text else None

    def build(self):
        tenancy.build(self.by_admin, self.castiron.sql)

    @staticmethod
    def operations():
        """(method, path) of the whole API."""
        for path, method, _ in contract.Contract().operations():
            yield method.upper(), path

    @staticmethod
    def fill(path, idents):
        return PARAMETER.sub(lambda m: idents.get(m.group(1), 'x'), path)


class Faults(Threats):
    """Those that need no more than a service."""

    def test_CVE_2016_4985_nobody_learns_of_nodes_without_a_token(self):
        self.build()
        asked = 0
        for method, path in self.operations():
            if PUBLIC.match(path):
                continue
            for token in (None, 'bogus'):
                status, text = self.say(method, self.fill(path, OURS.idents()), token, {})
                self.assertEqual(401, status, '%s %s: %s' % (method, path, text))
                self.assertNotIn(OURS.name, text)
                asked += 1
        self.assertGreater(asked, 250)
        for path in ('?node_uuid=' + OURS.node, '?addresses=' + OURS.mac % 2):
            status, text = self.say('GET', '/v1/lookup' + path, None)
            self.assertEqual(404, status, 'a node that no ramdisk works on: %s' % text)
        self.castiron.sql("update nodes set provision_state = 'wait call-back'")
        status, text = self.say('GET', '/v1/lookup?node_uuid=' + OURS.node, None)
        self.assertEqual(200, status)
        self.assertNotIn(SECRET, text)

    def test_CVE_2023_2088_volumes_are_detached_by_whom_the_rules_let(self):
        self.build()
        for path in ('/v1/volume/targets/' + OURS.target, '/v1/volume/connectors/' + OURS.connector):
            self.assertEqual(401, self.say('DELETE', path, None)[0])
            self.assertEqual(404, self.say('DELETE', path, STRANGERS['third member'])[0])
            self.assertEqual(403, self.say('DELETE', path, STRANGERS['owner reader'])[0])
            self.by_admin('GET', path)

    def test_CVE_2023_34064_and_CVE_2026_44916_templates_are_text(self):
        words = ["{{7*7}}", "{% for x in ().__class__.__bases__ %}", "${7*7}", "%(x)s", "$(id)"]
        node = self.by_admin('POST', '/v1/nodes', {
            'driver': 'fake-hardware', 'description': words[0], 'extra': {w: w for w in words},
            'driver_info': {'ks_template': words[1]}, 'instance_info': {'ks_template': words[0]}}, 201)
        shown = self.by_admin('GET', '/v1/nodes/' + node['uuid'])
        self.assertEqual(words[0], shown['description'])
        self.assertEqual({w: w for w in words}, shown['extra'])
        self.assertEqual(words[1], shown['driver_info']['ks_template'])
        for word in words:
            status, text = self.say('GET', '/v1/nodes?fields=' + word.replace('%', '%25'), ADMIN)
            self.assertEqual(400, status)
            self.assertNotIn('49', text)

    def test_CVE_2026_43003_agents_install_no_boot_loader_from_an_image(self):
        self.build()
        self.castiron.sql("update nodes set provision_state = 'wait call-back'")
        for version in ('1.22', '1.82', '1.115'):
            reply = self.castiron.request('GET', '/v1/lookup?node_uuid=' + OURS.node, version=version)
            self.assertIs(False, reply.json['config']['enable_bios_bootloader_install'])

    def test_OSSN_0099_deep_JSON_is_refused_and_costs_nothing(self):
        def memory():
            with open('/proc/%d/status' % self.castiron.process.pid, encoding='utf-8') as status:
                return int(re.search(r'VmRSS:\s+(\d+)', status.read()).group(1))
        self.by_admin('POST', '/v1/nodes', {'driver': 'fake-hardware', 'name': 'n'}, 201)
        before = memory()
        for opening, n in itertools.product((b'[', b'{"a":', b'[{"a":'), (100, 5000, 100000)):
            for method, path in (('POST', '/v1/nodes'), ('PATCH', '/v1/nodes/n'),
                                 ('PUT', '/v1/nodes/n/states/provision'), ('POST', '/v1/events'),
                                 ('POST', '/v1/heartbeat/' + NO_SUCH)):
                status, text = self.say(method, path, ADMIN, (opening * n)[:1000000])
                self.assertEqual(400, status, text)
                self.assertLess(len(text), 1400)
        self.assertLess(memory() - before, 20000, 'kB')

    def test_OSSN_0106_LP2162821_a_token_is_given_once_where_lookups_are_let_in(self):
        self.build()
        self.castiron.sql("update nodes set driver_internal_info = '{}'")
        path = '/v1/lookup?node_uuid=' + OURS.node
        self.assertEqual(404, self.say('GET', path, None)[0], 'restrict_lookup')
        self.castiron.sql("update nodes set provision_state = 'clean wait'")
        tokens = [json.loads(self.say('GET', path, None)[1])['config']['agent_token']
                  for _ in range(3)]
        self.assertGreater(len(tokens[0]), 40)
        self.assertEqual(['******'] * 2, tokens[1:])
        self.assertNotIn(tokens[0], self.castiron.log(10 ** 7))

    def test_story_2006773_a_heartbeat_proves_who_it_is(self):
        self.build()
        self.castiron.sql("update nodes set provision_state = 'wait call-back'")
        beat = {'callback_url': 'http://127.0.0.1:9/', 'agent_version': '9.0.0'}
        for token in (None, 'wrong', '******', SECRET[:-1], '', 1, ['x']):
            body = dict(beat, **({} if token is None else {'agent_token': token}))
            status, text = self.say('POST', '/v1/heartbeat/' + OURS.node, None, body)
            self.assertIn(status, (400, 401, 403), text)
            self.assertNotIn(SECRET, text)
        info = self.castiron.sql("select driver_internal_info from nodes where uuid = '%s'" % OURS.node)
        self.assertNotIn('127.0.0.1:9', str(info))

    def test_LP2155051_what_an_inspection_finds_is_bounded(self):
        self.build()
        lldp = [[], [[]], [[1]], [[127, 'zz']], [[1, 'f' * 70000]], [[-1, '']], [[2 ** 40, '00']],
                [[1, '04']] * 5000, 'x', {'a': 1}, None, [['1', 5]]]
        inventories = [{'interfaces': [{'name': 'e', 'mac_address': OURS.mac % 2, 'lldp': one}]}
                       for one in lldp]
        inventories.append({'interfaces': [{'name': 'e%d' % n, 'mac_address': OURS.mac % (n % 256),
                                            'lldp': [[1, '00']]} for n in range(2000)]})
        for inventory in inventories:
            self.castiron.sql("update nodes set provision_state = 'inspect wait', "
                              "reservation = null where uuid = '%s'" % OURS.node)
            for path in ('/v1/continue_inspection', '/v1/continue_inspection?node_uuid=' + OURS.node):
                status, text = self.say('POST', path, None, {
                    'inventory': dict(inventory, bmc_address='192.0.2.1'), 'error': None,
                    'lldp_raw': {'e': inventory['interfaces'][0]['lldp']}})
                self.assertLess(status, 500, text)
                self.assertLess(len(text), 1400)
        self.by_admin('GET', '/v1/nodes/' + OURS.node)

    def test_secrets_are_in_no_log(self):
        self.build()
        for side in (OURS, THEIRS):
            for path, body in list(side.bodies()):
                self.say('POST', path, ADMIN, body)  # refused: it is there
                self.say('POST', path, ADMIN, dict(body, bogus=SECRET))
        self.say('PATCH', '/v1/nodes/' + OURS.node, ADMIN,
                 [{'op': 'add', 'path': '/driver_info/other_password', 'value': SECRET}])
        self.say('PUT', '/v1/nodes/%s/states/provision' % OURS.node, ADMIN,
                 {'target': 'rescue', 'rescue_password': SECRET})
        self.say('PUT', '/v1/nodes/%s/states/provision' % OURS.node, ADMIN,
                 {'target': 'active', 'configdrive': {'user_data': SECRET}})
        self.say('GET', '/v1/nodes', SECRET)
        log = self.castiron.log(10 ** 8)
        self.assertIn('debug', log.lower())
        self.assertNotIn(SECRET, log)
        self.assertNotIn('stub:', log)
        self.assertNotIn(self.keystone.server.own, log)


class Passwords(case.Case):
    """A file of users that everybody may read."""

    def setUp(self):
        with tempfile.NamedTemporaryFile('w', prefix='castiron-htpasswd-', delete=False) as users:
            users.write('admin:$2b$04$abcdefghijklmnopqrstuuY9jBG3Y0v4GaVyFzvXQ0bB9ULyBzyUe\n')
        self.addCleanup(os.unlink, users.name)
        self.path = users.name
        self.OPTIONS = {'DEFAULT': {'auth_strategy': 'http_basic',
                                    'http_basic_auth_user_file': users.name}}
        super().setUp()

    def test_CVE_2023_30841_a_file_of_hashes_that_all_may_read_is_complained_of(self):
        self.assertNotIn('hashes of passwords', self.castiron.log())
        self.castiron.stop()
        os.chmod(self.path, 0o644)
        self.castiron.start()
        self.assertIn('Everybody on this machine can read the hashes of passwords',
                      self.castiron.log())


class Ramdisk(Threats):
    """enable_ramdisk_endpoints is off."""

    SETTINGS = {'api': {'enable_ramdisk_endpoints': 'false'}}

    def test_OSSN_0106_the_ramdisks_routes_are_closed_when_they_are_off(self):
        self.build()
        self.castiron.sql("update nodes set provision_state = 'wait call-back'")
        found = {'inventory': {'interfaces': [{'name': 'e', 'mac_address': OURS.mac % 2}],
                               'bmc_address': '192.0.2.1'}}
        beat = {'callback_url': 'http://127.0.0.1/', 'agent_token': SECRET}
        for method, path, body in (('GET', '/v1/lookup?node_uuid=' + OURS.node, None),
                                   ('POST', '/v1/heartbeat/' + OURS.node, beat),
                                   ('POST', '/v1/continue_inspection', found)):
            status, text = self.say(method, path, None, body)
            self.assertIn(status, (403, 404), text)
            self.assertNotIn(OURS.name, text)


class Tenants(Threats):
    """Those between projects."""

    PERSONAS = STRANGERS

    def leaks(self, text, request):
        """Does an answer name what is another project's and was not in the question?"""
        return [mark for mark in THEIRS.marks() if mark in text and mark not in request]

    def lists(self, side):
        """Paths of lists, with each filter by itself, and beside others."""
        for path, method, operation in contract.Contract().operations():
            if method != 'get' or OPEN.match(path) or PUBLIC.match(path):
                continue
            filled = self.fill(path, side.idents())
            names = [p['name'] for p in operation.get('parameters', [])
                     if p.get('in') == 'query' and p['name'] in side.filters()]
            yield filled
            pairs = [[n] for n in names] + [[n, 'detail'] for n in names if n != 'detail' and
                                            'detail' in names] + [[n, 'shard'] for n in names if
                                                                  n != 'shard' and 'shard' in names]
            for words in pairs:
                yield filled + '?' + '&'.join('%s=%s' % (w, side.filters()[w]) for w in words)

    def test_LP2150461_filters_never_show_another_projects_things(self):
        self.build()
        seen = 0
        for side in (THEIRS, OURS):
            for path in self.lists(side):
                for persona, token in self.PERSONAS.items():
                    if persona == 'owner service' and path.startswith('/v1/runbooks'):
                        continue  # services see every runbook
                    status, text = self.say('GET', path, token)
                    self.assertLess(status, 500, path)
                    self.assertEqual([], self.leaks(text, path), '%s: %s: %s' % (persona, path, text))
                    seen += OURS.node in text and side is OURS
        self.assertGreater(seen, 50, 'one sees one\'s own')

    def test_story_2008976_details_by_instance_are_filtered_by_project(self):
        self.build()
        for path in ('/v1/nodes/detail?instance_uuid=', '/v1/nodes?instance_uuid='):
            for persona, token in self.PERSONAS.items():
                status, text = self.say('GET', path + THEIRS.instance, token)
                if persona != 'no role':
                    self.assertEqual((200, []), (status, json.loads(text)['nodes']), persona)
            self.assertEqual(1, len(self.by_admin('GET', path + THEIRS.instance)['nodes']))
            own = self.say('GET', path + OURS.instance, STRANGERS['owner member'])[1]
            self.assertEqual(1, len(json.loads(own)['nodes']))

    def body_of(self, method, path):
        if method == 'PATCH':
            return BODIES['PATCH']
        return next((body for end, body in BODIES.items() if end in path), {})

    def test_what_is_hidden_is_answered_as_what_is_not_there(self):
        self.build()
        idents, none = THEIRS.idents(), {name: NO_SUCH for name in THEIRS.idents()}
        rows = self.rows()
        for method, path in self.operations():
            if not PARAMETER.search(path) or OPEN.match(path) or PUBLIC.match(path):
                continue
            if path.startswith('/v1/runbooks'):
                continue  # that one is there is no secret, as in Ironic
            theirs, nothing = self.fill(path, idents), self.fill(path, none)
            body = None if method in ('GET', 'DELETE', 'HEAD') else self.body_of(method, path)
            for persona, token in self.PERSONAS.items():
                status, text = self.say(method, theirs, token, body)
                for ident in idents.values():
                    text = text.replace(ident, NO_SUCH)
                self.assertEqual(self.say(method, nothing, token, body), (status, text),
                                 '%s: %s %s' % (persona, method, path))
        self.assertEqual(rows, self.rows(), 'nothing was changed')

    def test_readers_change_nothing(self):
        """Not of their own either: what a handler forgets to ask is asked too late."""
        self.build()
        rows = self.rows()
        for persona in ('owner reader', 'lessee reader', 'no role'):
            for method, path in self.operations():
                if method in ('GET', 'HEAD') or PUBLIC.match(path):
                    continue
                for side in (OURS, THEIRS):
                    body = self.body_of(method, path) if method != 'DELETE' else None
                    status, text = self.say(method, self.fill(path, side.idents()),
                                            STRANGERS[persona], body)
                    self.assertTrue(400 <= status < 500, '%s: %s %s: %s' % (
                        persona, method, path, text))
            for path, body in THEIRS.bodies():
                body = {name: value for name, value in body.items() if name not in ('uuid', 'name')}
                self.assertTrue(400 <= self.say('POST', path, STRANGERS[persona], dict(
                    body, owner='projA', node_uuid=OURS.node))[0] < 500, path)
        self.assertEqual(rows, self.rows(), 'nothing was changed')

    def rows(self):
        return [self.castiron.sql('select * from %s order by 3' % table) for table in (
            'nodes', 'ports', 'portgroups', 'volume_targets', 'volume_connectors', 'allocations',
            'runbooks', 'node_traits', 'chassis', 'deploy_templates', 'inspection_rules')]

    def test_CVE_2026_44918_nothing_is_tied_to_a_node_of_others(self):
        self.build()
        rows = self.rows()
        owner, patch = STRANGERS['owner member'], [{'op': 'replace', 'path': '/node_uuid'}]
        for path in ('/v1/ports/' + OURS.port, '/v1/portgroups/' + OURS.portgroup,
                     '/v1/volume/targets/' + OURS.target, '/v1/volume/connectors/' + OURS.connector):
            answers = [self.say('PATCH', path, token, [dict(patch[0], value=node)])
                       for token in (owner, ADMIN) for node in (THEIRS.node, NO_SUCH)]
            self.assertTrue(all(400 <= status < 500 for status, _ in answers), answers)
            self.assertEqual(answers[0][0], answers[1][0], 'no word on what is there')
            self.assertEqual(answers[0][1].replace(THEIRS.node, NO_SUCH), answers[1][1])
        for path, value in (('/parent_node', THEIRS.node), ('/parent_node', THEIRS.name)):
            for op in ('add', 'replace'):
                for token in (owner, ADMIN):
                    status, _ = self.say('PATCH', '/v1/nodes/' + OURS.node, token,
                                         [{'op': op, 'path': path, 'value': value}])
                    self.assertIn(status, (400, 403))
        body = {'driver': 'fake-hardware', 'owner': 'projA', 'parent_node': THEIRS.node}
        for token in (ADMIN, owner):
            self.assertIn(self.say('POST', '/v1/nodes', token, body)[0], (400, 403))
        for path, body in itertools.islice(THEIRS.bodies(), 2, 7):
            body = {name: value for name, value in body.items() if name != 'uuid'}
            for persona, token in self.PERSONAS.items():
                theirs, none = (self.say('POST', path, token, dict(body, node_uuid=node))
                                for node in (THEIRS.node, NO_SUCH))
                self.assertIn(theirs[0], (400, 403, 404), persona)
                self.assertEqual((none[0], none[1]), (theirs[0], theirs[1].replace(
                    THEIRS.node, NO_SUCH)), persona)
        self.assertEqual(rows, self.rows(), 'nothing was changed')

    def test_CVE_2026_54421_secrets_are_masked_in_every_answer(self):
        answers = []
        for side in (OURS, THEIRS):
            self.by_admin('POST', '/v1/chassis', {}, 201)
        self.build_and_keep(answers)
        changes = {'/v1/nodes/' + OURS.node: '/driver_info/new_password',
                   '/v1/volume/targets/' + OURS.target: '/properties/new_password',
                   '/v1/runbooks/' + OURS.runbook: '/steps/0/args/new_password'}
        lists = {'/v1/nodes/': '/v1/nodes', '/v1/volume/targets/': '/v1/volume/targets',
                 '/v1/runbooks/': '/v1/runbooks'}
        personas = dict(self.PERSONAS, **{'system admin': ADMIN})
        for path, change in changes.items():
            of = next(where for start, where in lists.items() if path.startswith(start))
            for token in personas.values():
                for asked in (path, of, of + '?detail=true', of + '/detail'):
                    answers.append((asked, self.say('GET', asked, token)[1]))
                answers.append((path, self.say('PATCH', path, token, [
                    {'op': 'add', 'path': change, 'value': SECRET}])[1]))
        for path, text in answers:
            if not path.startswith('/v1/volume/targets'):
                self.assertNotIn(SECRET, text, path)
        # What the volume's service may tell is for those whom a rule of its own lets.
        for path, text in answers:
            if path.startswith('/v1/volume/targets') and '"auth_password"' in text:
                self.assertNotIn('redacted_contents', text, path)

    def build_and_keep(self, answers):
        def ask(method, path, body, status):
            found, text = self.say(method, path, ADMIN, body)
            self.assertEqual(status, found, text)
            answers.append((path, text))
        tenancy.build(ask, self.castiron.sql)

    def test_CVE_2026_54421_volume_properties_are_redacted_alike(self):
        self.build()
        path = '/v1/volume/targets/' + OURS.target
        self.castiron.request('PUT', '/v1/nodes/%s/states/power' % OURS.node, {'target': 'power off'},
                              headers={'X-Auth-Token': ADMIN})
        self.castiron.wait_until(lambda: self.by_admin('GET', '/v1/nodes/' + OURS.node)[
            'power_state'] == 'power off', 20, 'the node to be off')
        for persona, token in self.PERSONAS.items():
            texts = [self.say('GET', asked, token)[1] for asked in (
                path, path + '?fields=properties', '/v1/volume/targets?detail=true',
                '/v1/volume/targets?fields=properties',
                '/v1/nodes/%s/volume/targets?detail=true' % OURS.node)]
            texts.append(self.say('PATCH', path, token, [
                {'op': 'add', 'path': '/extra/a', 'value': persona}])[1])
            texts.append(self.say('POST', '/v1/volume/targets', token, {
                'node_uuid': OURS.node, 'volume_type': 'iscsi', 'boot_index': 5, 'volume_id': persona,
                'properties': {'auth_password': SECRET}})[1])
            for text in texts:
                self.assertNotIn(SECRET, text, persona)

    def test_LP2150573_what_is_masked_is_masked_whatever_fields_are_asked_for(self):
        self.build()
        personas = dict(self.PERSONAS, admin=ADMIN)
        for persona, token in personas.items():
            status, text = self.say('GET', '/v1/nodes/' + OURS.node, token)
            if status != 200:
                continue
            whole = json.loads(text)
            for field in whole:
                if field in ('links', 'ports', 'portgroups', 'states', 'volume'):
                    continue
                for path in ('/v1/nodes/%s?fields=%s', '/v1/nodes?fields=uuid,%s'):
                    asked = path % ((OURS.node, field) if path.count('%') == 2 else field)
                    status, text = self.say('GET', asked, token)
                    if status == 400 and field.endswith('_at'):
                        continue  # dates cannot be chosen
                    self.assertEqual(200, status, text)
                    found = json.loads(text)
                    found = next((n for n in found['nodes'] if n['uuid'] == OURS.node),
                                 None) if 'nodes' in found else found
                    self.assertEqual(whole[field], found[field], '%s: %s' % (persona, asked))


class StrictTenants(Tenants):
    """The same with the new defaults, where administrators of projects are no more than that."""

    SETTINGS = {'oslo_policy': {'enforce_scope': 'true', 'enforce_new_defaults': 'true'}}
    PERSONAS = dict(tenancy.PROJECT_ADMINS, **{
        name: STRANGERS[name] for name in ('owner member', 'lessee reader', 'third member', 'no role')})


if __name__ == '__main__':
    unittest.main()
