# SPDX-License-Identifier: Apache-2.0
"""JSON-RPC over TLS and with Keystone, ours and Debian's services in all pairs; and in one program."""
import functools
import http.client
import json
import os
import ssl
import subprocess
import unittest

import case
import cluster
import keystone
import server
import test_cluster
import test_jsonrpc


def certificate(folder, name, *addresses, signer=None):
    """NAME.pem and NAME.key for these addresses, its own or signed by another's; gives the paths."""
    paths = {kind: os.path.join(folder, '%s.%s' % (name, kind)) for kind in ('pem', 'key')}
    by = ['-CA', signer['pem'], '-CAkey', signer['key']] if signer else []
    subprocess.run(
        ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
         '-nodes', '-days', '2', '-subj', '/CN=' + name, '-addext',
         'subjectAltName=' + ','.join('IP:' + address for address in addresses),
         '-keyout', paths['key'], '-out', paths['pem'], *by],
        check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return paths


class Pairs(test_jsonrpc.Peers):
    """Calls of each kind that two services make, whoever they are."""

    def check_calls(self, name):
        self.enroll(name)
        self.assertTrue(self.ask('GET', '/v1/nodes/%s/validate' % name).json['power']['result'])
        node = self.ask('PATCH', '/v1/nodes/' + name,
                        [{'op': 'add', 'path': '/extra/a', 'value': 'r\u00e4ck'}]).json
        self.assertEqual({'a': 'r\u00e4ck'}, node['extra'])
        self.provision(name, 'manage', 'manageable')
        self.fails('PUT', '/v1/nodes/%s/management/boot_device' % name, {'boot_device': 'floppy'},
                   400, 'floppy')


class Tls(Pairs, test_cluster.Members):
    """[json_rpc]use_ssl, with the files of [ssl]."""

    SECTION = 'ssl'

    @classmethod
    def new_cluster(cls):
        members = super().new_cluster()
        files = certificate(members.folder, 'conductor', cls.HOST)
        cls.ca = files['pem']
        cls.OPTIONS['json_rpc'].update(use_ssl='true', cafile=cls.ca)
        cls.OPTIONS.setdefault(cls.SECTION, {}).update(cert_file=files['pem'], key_file=files['key'])
        return members

    def test_calls_go_over_tls(self):
        self.check_calls('tls')

    def test_the_certificate_is_checked(self):
        self.enroll('stranger')
        folder = self.cluster.folder
        other = self.cluster.add('api', self.DEBIAN_API, **{'json_rpc': dict(
            self.OPTIONS['json_rpc'], cafile=certificate(folder, 'another', self.HOST)['pem'])})
        other.start()
        reply = other.request('GET', '/v1/nodes/stranger/validate', version=test_cluster.VERSION)
        self.assertEqual(500 if self.DEBIAN_API else 503, reply.status, reply)
        other.halt()

    def test_who_speaks_no_tls_is_not_answered(self):
        with self.assertRaises((OSError, http.client.HTTPException)):
            self.post(test_jsonrpc.call('get_driver_properties', driver_name='fake-hardware'))


class TlsOwnFiles(Tls):
    """With [json_rpc]cert_file and key_file, and TLS 1.3 only."""

    SECTION = 'json_rpc'

    def test_the_lowest_version_is_that_of_the_option(self):
        context = ssl.create_default_context(cafile=self.ca)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        connection = http.client.HTTPSConnection(self.HOST, self.port, context=context, timeout=30)
        self.addCleanup(connection.close)
        with self.assertRaises(ssl.SSLError):
            connection.request('POST', '/', b'{}')

    def test_ciphers_of_openssl_are_refused_with_a_word(self):
        another = self.cluster.add('conductor', False, **{'json_rpc': dict(
            self.OPTIONS['json_rpc'], tls_ciphers='ECDHE+AESGCM:!aNULL',
            port=cluster.free_port())})
        another.launch()
        self.assertNotEqual(0, another.process.wait(60))
        self.assertIn('let a load balancer end TLS', another.log())


class TlsDebianApi(Tls):
    """Debian's API calls our conductor."""
    DEBIAN_API = True


class TlsDebianConductor(Tls):
    """Our API calls Debian's conductor."""
    DEBIAN_CONDUCTOR = True


class Keystone(Pairs, test_cluster.Members):
    """[json_rpc]auth_strategy = keystone between a peer of Debian's and one of ours."""

    DEBIAN_API = True
    ADMIN = {'X-Auth-Token': 'stub:roles=admin;system=all'}

    @classmethod
    def new_cluster(cls):
        cls.keystone = keystone.Keystone().__enter__()
        cls.addClassCleanup(cls.keystone.__exit__)
        cls.keystone.server.own_roles = 'service,admin'
        identity = dict(cls.keystone.options, auth_url=cls.keystone.url + '/v3')
        members = super().new_cluster()
        cls.OPTIONS['json_rpc'].update({name: value for name, value in identity.items()
                                        if name != 'www_authenticate_uri'})
        cls.OPTIONS.update(DEFAULT={'auth_strategy': 'keystone'},
                           keystone_authtoken=dict(identity, token_cache_time=-1))
        return members

    def setUp(self):
        self.api.request = functools.partial(type(self.api).request, self.api, headers=self.ADMIN)

    def by(self, token):
        """The status of the conductor's answer to a call with this token."""
        return self.post(test_jsonrpc.call('get_driver_properties', driver_name='fake-hardware'),
                         headers={'X-Auth-Token': token} if token else {})

    def test_peers_are_let_in(self):
        self.check_calls('identity')

    def test_a_role_is_needed(self):
        status, _, reply = self.by('stub:roles=member;project=p')
        self.assertEqual((403, {'error': {'code': 403, 'message': 'Forbidden'}}), (status, reply))
        self.assertIn('result', self.by('stub:roles=admin;project=p')[2])

    def test_strangers_are_turned_away(self):
        for method, token in (('POST', None), ('POST', 'bogus'), ('GET', None), ('PUT', 'bogus')):
            connection = http.client.HTTPConnection(self.HOST, self.port, timeout=30)
            self.addCleanup(connection.close)
            connection.request(method, '/', json.dumps(test_jsonrpc.call('x')),
                               {'X-Auth-Token': token} if token else {})
            self.assertEqual(401, connection.getresponse().status)

    def test_other_than_post(self):
        status, _, reply = self.post(None, 'GET', {'X-Auth-Token': 'stub:roles=admin;project=p'})
        self.assertEqual((405, {'error': {'code': 405, 'message': 'Only POST method can be used'}}),
                         (status, reply))


class KeystoneDebianConductor(Keystone):
    """Our API calls Debian's conductor."""
    DEBIAN_API, DEBIAN_CONDUCTOR = False, True


class OneProgram(unittest.TestCase):
    """castiron itself, whose conductor is there for calls of others over HTTP."""

    def test_its_own_calls_and_those_of_others(self):
        members = test_jsonrpc.Peers
        port = cluster.free_port()
        service = server.Castiron(postgres=case.OneCluster.get(), options={
            'DEFAULT': {'rpc_transport': 'json-rpc', 'host': members.HOST},
            'json_rpc': {'host_ip': members.HOST, 'port': port}})
        self.addCleanup(service.discard)
        service.prepare().start()
        made = service.request('POST', '/v1/nodes', {'name': 'one', 'driver': 'fake-hardware'})
        self.assertEqual(201, made.status, made)
        reply = service.request('GET', '/v1/nodes/one/validate')
        self.assertEqual((200, True), (reply.status, reply.json['power']['result']))
        connection = http.client.HTTPConnection(members.HOST, port, timeout=30)
        self.addCleanup(connection.close)
        connection.request('POST', '/', json.dumps(test_jsonrpc.call(
            'get_boot_device', node_id=made.json['uuid'])))
        answer = json.loads(connection.getresponse().read())
        self.assertEqual((7, 'pxe'), (answer['id'], answer['result']['boot_device']))
        service.stop()


if __name__ == '__main__':
    unittest.main()
