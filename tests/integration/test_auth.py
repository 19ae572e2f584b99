# SPDX-License-Identifier: Apache-2.0
"""Who asks, and what they may do: by Keystone's tokens and by passwords."""
import base64
import os
import subprocess
import unittest

import case
import keystone

ADMIN = 'stub:roles=admin,member,reader;system=all'
OWNER = 'stub:roles=member,reader;project=projA'
STRANGER = 'stub:roles=reader;project=projC'
NODE = '00000001-1111-4111-8111-111111111111'


class WithKeystone(case.Case):
    """castiron and a stand-in for Keystone."""

    def setUp(self):
        self.keystone = keystone.Keystone().__enter__()
        self.addCleanup(self.keystone.__exit__)
        self.OPTIONS = {'DEFAULT': {'auth_strategy': 'keystone'}, 'keystone_authtoken': self.keystone.options}
        super().setUp()

    def by(self, token, method, path, body=None, status=200, **headers):
        if token:
            headers['X-Auth-Token'] = token
        return self.ask(method, path, body, status, headers=headers)

    def make_node(self):
        self.by(ADMIN, 'POST', '/v1/nodes', {'driver': 'fake-hardware', 'uuid': NODE, 'owner': 'projA',
                                             'driver_info': {'ipmi_address': 'bmc'}}, 201)


class ByKeystone(WithKeystone):
    def test_without_a_valid_token_nobody_learns_anything(self):
        for token in (None, 'bogus', 'stub', 'x' * 5000, 'a b'):
            for path in ('/v1/nodes', '/v1/no/such/path', '/v1/nodes/' + NODE):
                reply = self.by(token, 'GET', path, status=401)
                self.assertEqual('Keystone uri="http://127.0.0.1:5999/v3"', reply.headers['www-authenticate'])
                self.assertEqual({'error': {'code': 401, 'title': 'Unauthorized', 'message':
                                            'The request you have made requires authentication.'}}, reply.json)
                self.assertNotIn('x-openstack-ironic-api-version', reply.headers)

    def test_identity_headers_of_a_client_are_dropped(self):
        spoofed = {'X-Roles': 'admin', 'X-User-Id': 'u', 'X-Project-Id': 'p', 'X-Identity-Status': 'Confirmed',
                   'OpenStack-System-Scope': 'all', 'X-Is-Admin-Project': 'true'}
        self.by(None, 'GET', '/v1/nodes', status=401, **spoofed)
        self.make_node()
        self.by(STRANGER, 'GET', '/v1/nodes/' + NODE, status=404, **spoofed)

    def test_public_routes_ask_for_nobody(self):
        self.by(None, 'GET', '/')
        self.by(None, 'GET', '/v1')
        self.by(None, 'GET', '/v1/')
        self.assertEqual([], self.keystone.server.asked)

    def test_a_token_is_checked_once(self):
        for _ in range(5):
            self.by(ADMIN, 'GET', '/v1/nodes')
            self.by('bogus', 'GET', '/v1/nodes', status=401)
        self.assertEqual({'POST': 1, 'GET': 2}, {word: self.keystone.server.asked.count(word)
                                                 for word in ('POST', 'GET')})

    def test_while_keystone_is_away_the_unknown_wait_and_the_known_go_on(self):
        self.by(ADMIN, 'GET', '/v1/nodes')
        self.keystone.server.status = 500
        self.by(ADMIN, 'GET', '/v1/nodes')
        self.by(OWNER, 'GET', '/v1/nodes', status=503)
        self.keystone.server.status = None
        self.by(OWNER, 'GET', '/v1/nodes')

    def test_a_token_that_has_ended_is_refused(self):
        self.by(ADMIN + ';expires=2020-01-01T00:00:00.000000Z', 'GET', '/v1/nodes', status=401)

    def test_nodes_of_others_are_not_there(self):
        self.make_node()
        self.by(STRANGER, 'GET', '/v1/nodes/' + NODE, status=404)
        self.assertEqual([], self.by(STRANGER, 'GET', '/v1/nodes').json['nodes'])
        self.assertEqual(1, len(self.by(OWNER, 'GET', '/v1/nodes').json['nodes']))
        self.by(STRANGER, 'GET', '/v1/nodes?project=projA', status=403)

    def test_the_owner_may_change_what_is_the_owners(self):
        self.make_node()
        change = [{'op': 'add', 'path': '/extra/a', 'value': 1}]
        self.by(OWNER, 'PATCH', '/v1/nodes/' + NODE, change)
        self.by(OWNER, 'PATCH', '/v1/nodes/' + NODE, [{'op': 'replace', 'path': '/owner', 'value': 'x'}], 403)
        self.by(STRANGER, 'PATCH', '/v1/nodes/' + NODE, change, 404)

    def test_tokens_are_checked_where_the_catalog_says(self):
        with keystone.Keystone() as inner, keystone.Keystone() as other:
            self.castiron.stop()
            self.castiron.options['keystone_authtoken'].update(region_name='two', interface='internalURL')
            self.keystone.server.catalog = keystone.catalog(
                ('internal', 'one', other.url), ('public', 'two', other.url), ('internal', 'two', inner.url + '/v3'))
            self.castiron.write_conf()
            self.castiron.start()
            self.by(ADMIN, 'GET', '/v1/nodes')
            self.assertEqual([['POST'], ['GET'], []],
                             [at.server.asked for at in (self.keystone, inner, other)])

    def test_where_the_catalog_names_none_they_are_checked_where_the_service_logs_in(self):
        self.keystone.server.catalog = keystone.catalog(('public', 'one', 'http://127.0.0.1:1'))
        self.by(ADMIN, 'GET', '/v1/nodes')
        self.assertEqual(['POST', 'GET'], self.keystone.server.asked)

    def test_rules_are_found_beside_the_configuration(self):
        self.castiron.stop()
        self.castiron.options['oslo_policy'] = {'policy_file': 'rules.yaml', 'policy_dirs': 'rules.d'}
        os.mkdir(os.path.join(self.castiron.folder, 'rules.d'))
        for name, rule in (('rules.yaml', 'list_all'), ('rules.d/more', 'list')):
            with open(os.path.join(self.castiron.folder, name), 'w', encoding='utf-8') as f:
                f.write('baremetal:node:%s: "!"\n' % rule)
        self.castiron.write_conf()
        self.castiron.start()
        self.by(ADMIN, 'GET', '/v1/nodes', status=403)

    def test_the_rules_are_read_again_when_their_file_changes(self):
        self.make_node()
        path = os.path.join(self.castiron.folder, 'policy.yaml')
        with open(path, 'w', encoding='utf-8') as f:
            f.write('baremetal:node:list_all: "!"\nbaremetal:node:list: "!"\n')
        self.castiron.wait_until(lambda: self.castiron.request(
            'GET', '/v1/nodes', headers={'X-Auth-Token': ADMIN}).status == 403, 5, 'the new rules')
        with open(path, 'w', encoding='utf-8') as f:
            f.write('baremetal:node:list_all: "@ and"\n')
        self.castiron.wait_until(lambda: 'Policies stay as they were' in (
            self.castiron.request('GET', '/v1/nodes', headers={'X-Auth-Token': ADMIN}) and self.castiron.log()),
            5, 'the complaint')
        self.by(ADMIN, 'GET', '/v1/nodes', status=403)


class Runbooks(WithKeystone):
    """Whose runbooks are, who uses them, and which steps an operator has rules for."""

    MANAGER = 'stub:roles=manager,member,reader;project=projA'
    OTHER = 'stub:roles=manager,member,reader;project=projC'
    BODY = {'name': 'r', 'steps': [{'interface': 'deploy', 'step': 'erase', 'order': 1}]}

    def names(self, token):
        return [r['name'] for r in self.by(token, 'GET', '/v1/runbooks').json['runbooks']]

    def test_a_project_has_its_own_and_sees_public_ones(self):
        own = self.by(self.MANAGER, 'POST', '/v1/runbooks', self.BODY, 201).json
        self.assertEqual('projA', own['owner'])
        self.by(ADMIN, 'POST', '/v1/runbooks', dict(self.BODY, name='everybodys', public=True), 201)
        self.by(ADMIN, 'POST', '/v1/runbooks', dict(self.BODY, name='admins'), 201)
        self.assertEqual(['r', 'everybodys'], self.names(self.MANAGER))
        self.assertEqual(['everybodys'], self.names(self.OTHER))
        self.assertEqual(3, len(self.names(ADMIN)))
        self.by(self.OTHER, 'GET', '/v1/runbooks/everybodys')
        change = [{'op': 'replace', 'path': '/extra', 'value': {'a': 1}}]
        for method, path, body in (('GET', '/r', None), ('GET', '/r/traits', None),
                                   ('PATCH', '/r', change), ('PATCH', '/everybodys', change),
                                   ('PUT', '/r/traits', {'traits': ['CUSTOM_A']}),
                                   ('PUT', '/r/traits/CUSTOM_A', None), ('DELETE', '/r/traits', None),
                                   ('DELETE', '/r', None), ('DELETE', '/everybodys', None)):
            self.by(self.OTHER, method, '/v1/runbooks' + path, body, 403)
        self.by(self.MANAGER, 'PATCH', '/v1/runbooks/r', change)
        for path, value in (('/owner', 'projC'), ('/public', True)):
            self.by(self.OTHER, 'PATCH', '/v1/runbooks/r',
                    [{'op': 'replace', 'path': path, 'value': value}], 403)
        self.by(self.MANAGER, 'DELETE', '/v1/runbooks/r', None, 204)

    def test_a_runbook_and_steps_are_used_by_whom_their_rules_let(self):
        self.make_node()
        self.by(ADMIN, 'PUT', '/v1/nodes/%s/states/provision' % NODE, {'target': 'manage'}, 202)
        self.castiron.wait_until(lambda: self.by(ADMIN, 'GET', '/v1/nodes/' + NODE).json[
            'provision_state'] == 'manageable', 20, 'the node to be manageable')
        self.by(ADMIN, 'PUT', '/v1/nodes/%s/traits' % NODE, {'traits': ['CUSTOM_A']}, 204)
        self.by(ADMIN, 'POST', '/v1/runbooks', self.BODY, 201)
        self.by(ADMIN, 'PUT', '/v1/runbooks/r/traits', {'traits': ['CUSTOM_A']}, 204)
        path = '/v1/nodes/%s/states/provision' % NODE
        reply = self.by(self.MANAGER, 'PUT', path, {'target': 'clean', 'runbook': 'r'}, 403)
        self.assertIn('baremetal:runbook:use', reply.text)
        with open(os.path.join(self.castiron.folder, 'policy.yaml'), 'w', encoding='utf-8') as f:
            f.write('baremetal:node:set_provision_state:clean_steps: role:admin\n'
                    'baremetal:step:execute:deploy.erase: "!"\n')
        asked = {'target': 'clean', 'clean_steps': [{'interface': 'deploy', 'step': 'erase'}]}
        self.castiron.wait_until(lambda: self.by(ADMIN, 'GET', '/v1/nodes') and
                                 'Policies read again' in self.castiron.log(10 ** 7), 10, 'them')
        self.assertIn('clean_steps', self.by(self.MANAGER, 'PUT', path, asked, 403).text)
        reply = self.by(ADMIN, 'PUT', path, asked, 403)
        self.assertIn('insufficient privileges to execute step erase on interface deploy', reply.text)


class ByPassword(case.Case):
    def setUp(self):
        self.file = os.path.join(os.environ.get('TMPDIR', '/tmp'), 'castiron-htpasswd-%d' % os.getpid())
        self.addCleanup(os.unlink, self.file)
        crypt = subprocess.run(['perl', '-e', r'print crypt("secret", q($2b$04$abcdefghijklmnopqrstuu))'],
                               stdout=subprocess.PIPE, check=True, text=True).stdout
        with open(self.file, 'w', encoding='utf-8') as f:
            f.write('admin:%s\n' % crypt)
        self.OPTIONS = {'DEFAULT': {'auth_strategy': 'http_basic', 'http_basic_auth_user_file': self.file}}
        super().setUp()

    def test_the_users_of_the_file_are_administrators(self):
        def basic(text):
            return {'Authorization': 'Basic ' + base64.b64encode(text.encode()).decode()}
        for _ in range(2):
            self.ask('GET', '/v1/nodes', headers=basic('admin:secret'))
            self.ask('GET', '/v1/nodes', None, 401, headers=basic('admin:wrong'))
            reply = self.ask('GET', '/v1/nodes', None, 401)
            self.assertEqual('Basic realm="Baremetal API"', reply.headers['www-authenticate'])
        self.ask('GET', '/v1')


if __name__ == '__main__':
    unittest.main()
