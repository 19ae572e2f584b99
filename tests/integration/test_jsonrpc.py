# SPDX-License-Identifier: Apache-2.0
"""Services that call each other over HTTP, without a broker: ours, and with Debian's Ironic."""
import functools
import http.client
import json
import os
import unittest

import case
import cluster
import keystone
import member
import test_cluster

USER, PASSWORD = 'ironic', 'secret of peers'
HASH = '$2b$05$/gLBEOJUtPN7JnapB0uuZuFhTWDkyyVcvEfZyP3o7HCGBmFX4A6DC'  # of PASSWORD


class Peers:
    """What a test class of test_cluster needs to do without a broker."""

    HOST = '127.0.0.11'  # the conductor's name is where it listens
    AUTH = {}

    @classmethod
    def new_cluster(cls):
        members = member.Cluster(case.OneCluster.get(), None)
        members.rpc_options = {'rpc_transport': 'json-rpc'}
        port = cluster.free_port()
        options = {'json_rpc': dict({'host_ip': cls.HOST, 'port': port, 'timeout': 30}, **cls.AUTH)}
        if cls.AUTH:
            path = os.path.join(members.folder, 'htpasswd')
            with open(path, 'w', encoding='ascii') as users:
                users.write('%s:%s\n' % (USER, HASH))
            options['json_rpc'].update(http_basic_auth_user_file=path)
        cls.OPTIONS = options
        cls.port = port
        return members

    def post(self, body, method='POST', headers=None, path='/'):
        """An answer of the conductor's own: status, headers, JSON."""
        connection = http.client.HTTPConnection(self.HOST, self.port, timeout=30)
        self.addCleanup(connection.close)
        if not isinstance(body, (bytes, type(None))):
            body = json.dumps(body).encode()
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, answer.headers, json.loads(text) if text else None


def call(method, number=7, **params):
    return {'jsonrpc': '2.0', 'id': number, 'method': method,
            'params': dict(params, context=params.get('context', {}))}


class Ours(Peers, test_cluster.Bases.together):
    """Both are castiron's."""


class DebianBoth(Peers, test_cluster.Bases.together):
    """Both are Debian's: what the tests expect is what Ironic does."""
    DEBIAN_API = DEBIAN_CONDUCTOR = True


class DebianApi(Peers, test_cluster.Bases.together):
    """Debian's API calls our conductor."""
    DEBIAN_API = True


class DebianConductor(Peers, test_cluster.Bases.together):
    """Our API calls Debian's conductor."""
    DEBIAN_CONDUCTOR = True


class Messages(Peers, test_cluster.Members):
    """What becomes of requests that no API sends."""

    def answer(self, body, **more):
        status, _, reply = self.post(body, **more)
        self.assertEqual(200, status)
        return reply

    def refused(self, body, code, message, number=7):
        reply = self.answer(body)
        self.assertEqual((number, '2.0', code), (reply['id'], reply['jsonrpc'],
                                                 reply['error']['code']))
        self.assertRegex(reply['error']['message'], message)
        self.assertNotIn('data', reply['error'])

    def test_what_is_malformed(self):
        for body, number in ((b'garbage', None), (b'', None), (b'\xff', None)):
            with self.subTest(body):
                self.refused(body, -32700, '^Invalid JSON received by RPC server$', number)
        words = '^Invalid request object received by RPC server$'
        for body, number in (([call('x')], None), ('x', None), (None, None),
                             (dict(call('x'), jsonrpc='1.0'), 7), (dict(call('x'), params=[]), 7),
                             ({'jsonrpc': '2.0', 'id': 7}, 7), (dict(call('x'), params=None), 7)):
            with self.subTest(body):
                self.refused(json.dumps(body).encode(), -32600, words, number)

    def test_methods_and_parameters(self):
        for name in ('nope', '_do_adoption', 'init_host'):
            self.refused(call(name), -32601, '^Method %s was not found$' % name)
        self.refused(call('get_boot_device'), -32602,
                     "^Params context are invalid for get_boot_device: .*'node_id'$")
        self.refused(call('get_boot_device', node_id='x', zzz=1), -32602,
                     '^Params .* are invalid for get_boot_device: .*zzz')
        self.refused(call('get_boot_device', context=[]), -32602, 'dictionary|Params|unknown')
        without = call('get_boot_device', node_id='x')
        del without['params']['context']
        self.refused(without, -32602, "^Params .*node_id.* are invalid .*'context'$")

    def test_failures_and_ids(self):
        uuid = '0e9e60e7-9d32-47f9-b824-979a92256efe'
        for number in (7, 'seven', 0, '', 1.5, [1]):
            reply = self.answer(call('get_boot_device', number, node_id=uuid,
                                     **{'rpc.version': '1.99'}))
            self.assertEqual({'jsonrpc': '2.0', 'id': number, 'error': {
                'code': 404, 'message': 'Node %s could not be found.' % uuid,
                'data': {'class': 'ironic.common.exception.NodeNotFound'}}}, reply)
        cast = call('continue_node_clean', node_id=uuid)
        del cast['id']
        for method in ('continue_node_clean', 'nope'):
            status, _, reply = self.post(dict(cast, method=method))
            self.assertEqual((204, None), (status, reply))

    def test_other_than_post(self):
        for method in ('GET', 'PUT', 'DELETE'):
            status, _, reply = self.post(None, method)
            self.assertEqual((405, {'error': {'code': 405, 'message': 'Only POST method can be used'}}),
                             (status, reply))


class DebianMessages(Messages):
    """The same of Debian's conductor."""
    DEBIAN_CONDUCTOR = True



class Bounds(Peers, test_cluster.Members):
    """What is too large or too deep for our conductor."""

    def test_depth_and_size(self):
        deep = b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":%s%s}}'
        _, _, reply = self.post(deep % (b'[' * 1000, b']' * 1000))
        self.assertEqual(-32700, reply['error']['code'])
        self.assertIsNone(reply['id'])
        status, _, reply = self.post(None, headers={'Content-Length': str(1 << 40)})
        self.assertEqual((413, 413), (status, reply['error']['code']))


class Basic(Peers, test_cluster.Members):
    """With [json_rpc]auth_strategy = http_basic."""

    AUTH = {'auth_strategy': 'http_basic', 'http_basic_username': USER,
            'http_basic_password': PASSWORD, 'username': USER, 'password': PASSWORD}

    def test_strangers_are_turned_away(self):
        body = call('get_driver_properties', driver_name='fake-hardware')
        for header, status in ((None, 401), ('Basic aXJvbmljOnNlY3JldA==', 401), ('Digest x', 400),
                               ('Basic !', 400)):
            headers = {'Authorization': header} if header else {}
            got, answer_headers, reply = self.post(body, headers=headers)
            self.assertEqual((status, status), (got, reply['error']['code']))
            if got == 401:
                self.assertEqual('Basic realm="Baremetal API"',
                                 answer_headers['WWW-Authenticate'])

    def test_peers_are_let_in(self):
        self.enroll('basic')
        for _ in range(3):
            self.ask('GET', '/v1/nodes/basic/validate')


class BasicDebianApi(Basic):
    DEBIAN_API = True


class BasicDebianConductor(Basic):
    DEBIAN_CONDUCTOR = True


class Wrong(Peers, test_cluster.Members):
    """Our API with a password that the conductor does not know, and with no conductor."""

    AUTH = Basic.AUTH

    def test_the_reason_is_told(self):
        self.enroll('wrong')
        wrong = self.cluster.add('api', **{'json_rpc': dict(
            self.OPTIONS['json_rpc'], http_basic_password='another', password='another')})
        wrong.start()
        reply = wrong.request('GET', '/v1/nodes/wrong/validate', version=test_cluster.VERSION)
        self.assertEqual(503, reply.status)
        self.assertIn('HTTP status 401', json.dumps(reply.json))
        self.conductor.process.kill()
        self.conductor.process.wait()
        self.fails('GET', '/v1/nodes/wrong/validate', None, 503, 'cannot be sent to conductor')
        self.conductor.start()
        # It first waits whether its former self still lives.
        self.api.wait_until(lambda: self.api.request(
            'GET', '/v1/nodes/wrong/validate', version=test_cluster.VERSION).status == 200, 60,
                            'calls to be answered again')


class Keystone(Peers, test_cluster.Members):
    """Both ask Keystone who calls, people and peers alike; nothing is remembered of tokens of others."""

    ADMIN = {'X-Auth-Token': 'stub:roles=admin;system=all'}

    @classmethod
    def new_cluster(cls):
        cls.keystone = keystone.Keystone().__enter__()
        cls.addClassCleanup(cls.keystone.__exit__)
        cls.keystone.server.own_roles = 'service,admin'
        cls.identity = cls.keystone.options
        members = super().new_cluster()
        cls.OPTIONS['json_rpc'].update({name: value for name, value in cls.identity.items()
                                        if name != 'www_authenticate_uri'}, allowed_roles='admin,peer')
        cls.OPTIONS.update(DEFAULT={'auth_strategy': 'keystone'},
                           keystone_authtoken=dict(cls.identity, token_cache_time=-1))
        return members

    def setUp(self):
        self.api.request = functools.partial(type(self.api).request, self.api, headers=self.ADMIN)
        self.addCleanup(setattr, self.keystone.server, 'status', None)

    def by(self, token, status, **headers):
        """What the conductor answers to a call with this token."""
        if token:
            headers['X-Auth-Token'] = token
        got, answered, reply = self.post(call('get_driver_properties', driver_name='fake-hardware'),
                                         headers=headers)
        self.assertEqual(status, got, reply)
        return answered, reply

    def test_strangers_are_turned_away(self):
        for token in (None, 'bogus', 'a b', 'stub:roles=admin;expires=2020-01-01T00:00:00.000000Z'):
            with self.subTest(token):
                headers, reply = self.by(token, 401)
                self.assertEqual({'error': {'code': 401, 'message': 'The request you have made '
                                            'requires authentication.'}}, reply)
                self.assertEqual('Keystone uri="http://127.0.0.1:5999/v3"',
                                 headers['WWW-Authenticate'])

    def test_a_role_is_needed(self):
        forbidden = {'error': {'code': 403, 'message': 'Forbidden'}}
        for token in ('stub:roles=member,reader;system=all', 'stub:project=p', 'stub:roles=Admin'):
            with self.subTest(token):
                headers, reply = self.by(token, 403)
                self.assertEqual(forbidden, reply)
                self.assertNotIn('WWW-Authenticate', headers)
        self.assertEqual(forbidden, self.by('stub:roles=member', 403, **{'X-Roles': 'admin'})[1])
        for token in ('stub:roles=member,admin', 'stub:roles=peer;project=p'):
            self.assertIn('result', self.by(token, 200)[1])

    def test_peers_are_let_in_with_one_token(self):
        self.enroll('token')
        self.ask('GET', '/v1/nodes/token/validate')
        self.keystone.server.asked.clear()
        for _ in range(3):
            self.ask('GET', '/v1/nodes/token/validate')
        self.assertNotIn('POST', self.keystone.server.asked)

    def test_a_refused_token_is_replaced(self):
        self.enroll('replaced')
        self.ask('GET', '/v1/nodes/replaced/validate')
        self.keystone.server.revoke()
        self.keystone.server.asked.clear()
        self.ask('GET', '/v1/nodes/replaced/validate')
        self.assertIn('POST', self.keystone.server.asked)

    def test_keystone_is_away(self):
        self.enroll('away')
        self.ask('GET', '/v1/nodes/away/validate')
        self.keystone.server.status = 500
        self.by(self.ADMIN['X-Auth-Token'], 503)
        # One that lets people in without Keystone: first it has no token, then its token cannot be checked.
        other = self.cluster.add('api', **dict(self.OPTIONS, DEFAULT={'auth_strategy': 'noauth'},
                                               json_rpc=dict(self.OPTIONS['json_rpc'],
                                                             auth_strategy='keystone')))
        other.start()
        for down, words in ((500, 'Keystone gave no token'), (None, None),
                            (500, 'HTTP status 503'), (None, None)):
            self.keystone.server.status = down
            reply = other.request('GET', '/v1/nodes/away/validate', version=test_cluster.VERSION)
            self.assertEqual(503 if down else 200, reply.status)
            self.assertIn(words or 'power', json.dumps(reply.json))
        self.ask('GET', '/v1/nodes/away/validate')

    def test_a_peer_without_the_role_is_told(self):
        self.enroll('roles')
        self.keystone.server.own_roles = 'service'
        self.addCleanup(setattr, self.keystone.server, 'own_roles', 'service,admin')
        self.fails('GET', '/v1/nodes/roles/validate', None, 503, 'HTTP status 403')


if __name__ == '__main__':
    unittest.main()
