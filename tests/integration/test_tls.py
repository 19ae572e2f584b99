# SPDX-License-Identifier: Apache-2.0
"""The API's own TLS, [api]enable_ssl_api with the files of [ssl], beside Debian's: both are asked the same."""
import http.client
import json
import socket
import ssl
import unittest

import case
import member
import test_jsonrpc_peers

HOST = '127.0.0.1'
TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
REFUSED = 'no TLS'


class Beside(unittest.TestCase):
    """Our API and Debian's over one database, with the same options of [ssl]."""

    MORE = {}  # of [ssl], besides certificate and key: names of files, or values

    @classmethod
    def setUpClass(cls):
        if not member.have_debian():
            raise unittest.SkipTest('python3-ironic is not installed')
        cls.cluster = member.Cluster(case.OneCluster.get(), None)
        cls.addClassCleanup(cls.cluster.discard)
        cls.cluster.rpc_options = {'rpc_transport': 'json-rpc'}  # nobody is called
        cls.cluster.with_debian = True
        cls.cluster.prepare()
        cls.files = {name: test_jsonrpc_peers.certificate(cls.cluster.folder, name, HOST)
                     for name in ('server', 'authority', 'stranger')}
        cls.files['client'] = test_jsonrpc_peers.certificate(cls.cluster.folder, 'client', HOST,
                                                             signer=cls.files['authority'])
        cls.services = [cls.service(debian) for debian in (False, True)]
        for service in cls.services:
            service.launch()
        for service in cls.services:
            service.wait_until(service.is_there, 120, '%s to speak TLS' % service.name)

    @classmethod
    def service(cls, debian, **files):
        """One that is not started; `files` are others than usual."""
        options = {'cert_file': cls.files['server']['pem'], 'key_file': cls.files['server']['key'],
                   **{key: cls.files[value]['pem'] if value in cls.files else value
                      for key, value in cls.MORE.items()}, **files}
        service = cls.cluster.add('api', debian=debian, api={'enable_ssl_api': 'true'}, ssl=options)
        service.answers = lambda: cls.ask(service, client='client') is not REFUSED
        return service

    @classmethod
    def ask(cls, service, version=None, client=None, path='/v1', ciphers=None):
        """(status, body) of an answer over TLS, or REFUSED; `client` names a certificate."""
        context = ssl.create_default_context(cafile=cls.files['server']['pem'])
        if version:
            context.minimum_version = context.maximum_version = version
        if ciphers:
            context.set_ciphers(ciphers)
        if client:
            context.load_cert_chain(cls.files[client]['pem'], cls.files[client]['key'])
        connection = http.client.HTTPSConnection(HOST, service.port, timeout=60, context=context)
        try:
            connection.request('GET', path, headers={'X-OpenStack-Ironic-API-Version': '1.82'})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (ssl.SSLError, ConnectionError, http.client.BadStatusLine):
            return REFUSED
        finally:
            connection.close()

    def statuses(self, **how):
        """Ours and Debian's: a status, or REFUSED."""
        return tuple(found if found is REFUSED else found[0]
                     for found in (self.ask(service, **how) for service in self.services))


class Plain(Beside):
    """A certificate and its key."""

    def test_tls_1_2_and_1_3_are_spoken_and_nothing_older(self):
        self.assertEqual((200, 200), self.statuses(version=TLS_1_2))
        self.assertEqual((200, 200), self.statuses(version=TLS_1_3))
        old = {'version': ssl.TLSVersion.TLSv1_1, 'ciphers': 'DEFAULT:@SECLEVEL=0'}
        self.assertEqual((REFUSED, REFUSED), self.statuses(**old))

    def test_common_ciphers_of_1_2(self):
        for cipher in ('ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384',
                       'ECDHE-ECDSA-CHACHA20-POLY1305'):
            self.assertEqual((200, 200), self.statuses(version=TLS_1_2, ciphers=cipher), cipher)
        self.assertEqual((REFUSED, REFUSED), self.statuses(version=TLS_1_2, ciphers='AECDH-AES128-SHA:@SECLEVEL=0'))

    def test_links_begin_with_https(self):
        ours, theirs = (json.loads(self.ask(service)[1]) for service in self.services)
        for service, document in zip(self.services, (ours, theirs)):
            self.assertEqual('https://%s:%d/v1/' % (HOST, service.port), document['links'][0]['href'])

    def test_certificates_of_clients_are_not_looked_at(self):
        self.assertEqual((200, 200), self.statuses(client='stranger'))

    def test_who_speaks_no_tls_gets_no_answer(self):
        for service in self.services:
            with socket.create_connection((HOST, service.port), timeout=60) as plain:
                plain.sendall(b'GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n')
                found = b''
                try:
                    while part := plain.recv(4096):
                        found += part
                except ConnectionError:
                    pass
            self.assertNotIn(b'HTTP/1.', found, service.name)

    def test_files_that_are_not_there_end_the_start(self):
        for debian in (False, True):
            service = self.service(debian, cert_file='/nonexistent/cert.pem')
            service.launch()
            self.assertNotEqual(0, service.process.wait(120), service.name)
            self.assertIn('/nonexistent/cert.pem', service.log())


class ClientCertificates(Beside):
    """ca_file: clients show a certificate of that authority; and a version."""

    MORE = {'ca_file': 'authority', 'version': 'tlsv1_2'}

    def test_who_shows_one_is_served(self):
        self.assertEqual((200, 200), self.statuses(client='client', version=TLS_1_2))

    def test_who_shows_none_or_another_is_not(self):
        """Debian's ends the handshake; ours says why, as doc/differences.md has it."""
        for client in (None, 'stranger'):
            self.assertEqual((400, REFUSED), self.statuses(client=client, version=TLS_1_2), client)

    def test_the_version_holds_the_newest_back_on_debians_only(self):
        """[ssl]version is not looked at here, as doc/configuration.md says: 1.3 is spoken, too."""
        self.assertEqual((200, REFUSED), self.statuses(client='client', version=TLS_1_3))


del Beside  # it has no test of its own

if __name__ == '__main__':
    unittest.main()
