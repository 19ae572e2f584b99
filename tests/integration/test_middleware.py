# SPDX-License-Identifier: Apache-2.0
"""What stands around the API: cross-origin requests, proxies, bounds, TLS; and Debian's Ironic beside it."""
import http.client
import json
import os
import ssl
import subprocess
import tempfile
import unittest

import case
import member
import server

PAGE = 'https://horizon.example.com'
NODE = '11111111-2222-4333-8444-55555555555%d'
VERSION = {'X-OpenStack-Ironic-API-Version': '1.82'}
# What is compared besides the status; the order of names in a list says nothing.
HEADERS = ('vary', 'location', 'content-type', 'access-control-allow-origin', 'access-control-max-age',
           'access-control-allow-credentials', 'access-control-allow-methods',
           'access-control-allow-headers', 'access-control-expose-headers')


def preflight(method, **headers):
    return {'Origin': PAGE, 'Access-Control-Request-Method': method,
            **{name.replace('_', '-'): value for name, value in headers.items()}}


class Beside(unittest.TestCase):
    """An API of ours and Debian's, with the same options, on one database."""

    OPTIONS = {}
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not member.have_debian():
            raise unittest.SkipTest('python3-ironic is not installed')
        cls.cluster = member.Cluster(case.OneCluster.get(), None)
        cls.cluster.rpc_options = {'rpc_transport': 'json-rpc'}
        cls.addClassCleanup(cls.cluster.discard)
        cls.cluster.with_debian = True
        cls.cluster.prepare()
        cls.ours = cls.cluster.add('api', False, **cls.OPTIONS)
        cls.theirs = cls.cluster.add('api', True, **cls.OPTIONS)
        for service in (cls.ours, cls.theirs):
            service.launch()
        for service in (cls.ours, cls.theirs):
            service.wait_until(service.is_there, 90, '%s to be there' % service.name)
        for number in range(3):
            cls.cluster.postgres.sql(
                "insert into nodes (uuid, driver, provision_state, properties, extra, driver_info, version, "
                "maintenance, console_enabled, protected, retired, conductor_group, created_at) values "
                "('%s', 'fake-hardware', 'enroll', '{}', '{}', '{}', '1.37', false, false, false, false, '', "
                "now())" % (NODE % number), cls.cluster.database)

    def answer(self, service, method, path, headers):
        reply = service.request(method, path, headers=headers)
        seen = {name: reply.headers.get(name) for name in HEADERS}
        if seen['access-control-expose-headers']:
            seen['access-control-expose-headers'] = sorted(
                seen['access-control-expose-headers'].lower().split(','))
        if seen['content-type']:
            seen['content-type'] = seen['content-type'].lower()
        try:
            body = json.loads(reply.text.replace(':%d/' % service.port, ':6385/'))
        except ValueError:
            body = reply.text
        if isinstance(body, dict) and 'error_message' in body:
            body = sorted(body)  # its words are compared by the recordings
        return reply.status, seen, body

    def same(self, method, path, headers=None, **expected):
        """Both answer alike; and ours so."""
        headers = dict(VERSION, **(headers or {}))
        ours = self.answer(self.ours, method, path, headers)
        self.assertEqual(self.answer(self.theirs, method, path, headers), ours, (method, path, headers))
        for name, value in expected.items():
            self.assertEqual(value, ours[1][name.replace('_', '-')], (method, path, headers))
        return ours


class Pages(Beside):
    """Pages of two hosts may ask."""

    OPTIONS = {'cors': {'allowed_origin': 'https://other.example.com,' + PAGE, 'max_age': '600',
                        'allow_headers': 'X-Custom'},
               'api': {'max_limit': '2', 'restrict_lookup': 'true', 'public_endpoint': 'https://public.example.com:1234/baremetal'}}

    def test_answers_may_be_read_by_them(self):
        for path in ('/v1/nodes', '/v1/nodes/' + NODE % 0, '/v1/nodes/nobody', '/v1', '/', '/healthcheck',
                     '/v1/nodes?limit=x'):
            self.same('GET', path, {'Origin': PAGE}, access_control_allow_origin=PAGE,
                      access_control_allow_credentials='true', vary='Origin')
            self.same('GET', path, {'Origin': 'https://evil.example.com'}, access_control_allow_origin=None)
            self.same('GET', path, {}, access_control_allow_origin=None, vary=None)

    def test_they_ask_before(self):
        for path in ('/v1/nodes', '/v1/nodes/nobody', '/v1', '/'):
            self.same('OPTIONS', path, preflight('PATCH'), access_control_allow_methods='PATCH',
                      access_control_max_age='600', access_control_allow_headers=None)
            self.same('OPTIONS', path, preflight(
                'GET', Access_Control_Request_Headers='x-custom, X-Auth-Token ,,content-type'),
                      access_control_allow_headers='x-custom,X-Auth-Token,content-type')
            for refused in (preflight('CONNECT'), preflight('get'), {'Origin': PAGE}, {}, preflight(
                    'GET', Access_Control_Request_Headers='X-Other')):
                self.same('OPTIONS', path, refused, access_control_allow_origin=None)

    def test_a_refusal_may_be_read_too(self):
        body = b'x' * (2 << 20)
        reply = self.ours.request('POST', '/v1/nodes', body, headers={'Origin': PAGE})
        self.assertEqual(413, reply.status)
        self.assertEqual(PAGE, reply.headers['access-control-allow-origin'])

    def test_ramdisks_of_busy_nodes_are_let_in(self):
        # There is no conductor: who is let in learns that much.
        for number, state, status in ((0, 'enroll', 404), (1, 'wait call-back', 503), (2, 'active', 404)):
            self.cluster.postgres.sql("update nodes set provision_state = '%s' where uuid = '%s'"
                                      % (state, NODE % number), self.cluster.database)
            ours, theirs = (self.answer(service, 'GET', '/v1/lookup?node_uuid=' + NODE % number, VERSION)[0]
                            for service in (self.ours, self.theirs))
            self.assertEqual((status, status), (ours, theirs), state)

    def test_pages_are_bounded_and_links_are_public(self):
        self.same('GET', '/v1/nodes?limit=0')
        for query in ('', '?limit=1', '?limit=2', '?limit=3', '?limit=1000'):
            _, _, body = self.same('GET', '/v1/nodes' + query)
            self.assertTrue(1 <= len(body['nodes']) <= 2, query)
            self.assertTrue(body['next'].startswith('https://public.example.com:1234/baremetal/v1/nodes?'))
        self.same('GET', '/v1/nodes', {'X-Forwarded-Host': 'evil.example.com', 'X-Forwarded-Proto': 'https',
                                       'X-Forwarded-Prefix': '/x'})


class Proxied(Beside):
    """A proxy stands before them; pages of every host may ask; ramdisks have no routes."""

    OPTIONS = {'cors': {'allowed_origin': '*', 'allow_credentials': 'false', 'max_age': '0',
                        'expose_headers': '', 'allow_methods': 'GET'},
               'oslo_middleware': {'enable_proxy_headers_parsing': 'true'},
               'api': {'public_endpoint': 'http://not.used', 'enable_ramdisk_endpoints': 'false'},
               'healthcheck': {'path': '/alive', 'detailed': 'true'}}

    def test_everybody_may_read(self):
        self.same('GET', '/v1/nodes', {'Origin': PAGE}, access_control_allow_origin='*',
                  access_control_allow_credentials=None, access_control_expose_headers=None)
        self.same('OPTIONS', '/v1/nodes', preflight('GET'), access_control_allow_origin='*',
                  access_control_max_age=None)
        self.same('OPTIONS', '/v1/nodes', preflight('POST'), access_control_allow_origin=None)

    def test_links_are_what_the_proxy_says(self):
        for headers in ({}, {'X-Forwarded-Proto': 'https'}, {'X-Forwarded-Host': 'api.example.com:8443'},
                        {'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'api.example.com',
                         'X-Forwarded-Prefix': '/baremetal'},
                        {'Forwarded': 'for=192.0.2.60;proto=https;host=f.example.com, proto=http;host=second'},
                        {'Forwarded': 'host=f.example.com', 'X-Forwarded-Proto': 'https'},
                        {'Forwarded': 'Proto=https ; HOST=f.example.com'},
                        {'Forwarded': 'for=192.0.2.60', 'X-Forwarded-Prefix': '/p'}):
            for path in ('/v1/nodes?limit=1', '/v1', '/', '/v1/nodes/' + NODE % 1):
                self.same('GET', path, headers)

    def test_ramdisks_are_not_served(self):
        self.same('GET', '/v1')
        for method, path in (('GET', '/v1/lookup?node_uuid=' + NODE % 0), ('POST', '/v1/heartbeat/' + NODE % 0)):
            ours, theirs = (service.request(method, path, method == 'POST' and {'callback_url': 'http://x'} or None,
                                            headers=VERSION).status for service in (self.ours, self.theirs))
            self.assertEqual((403, 403), (ours, theirs), path)

    def test_the_health_check_has_the_path_it_is_given(self):
        for path in ('/alive', '/healthcheck'):
            for method in ('GET', 'HEAD'):
                ours, theirs = (self.answer(service, method, path, VERSION)
                                for service in (self.ours, self.theirs))
                self.assertEqual(theirs[0], ours[0], (method, path))


class Tls(unittest.TestCase):
    """The API speaks TLS itself."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='castiron-tls-')
        self.cert, self.key = (os.path.join(self.folder, name) for name in ('cert.pem', 'key.pem'))
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj',
                        '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', self.key,
                        '-out', self.cert], check=True, capture_output=True)

    def castiron(self, **sections):
        options = {'api': dict({'enable_ssl_api': 'true'}, **sections.pop('api', {})), **sections}
        made = server.Castiron('sqlite', None, options)
        self.addCleanup(made.discard)
        return made.prepare()

    def get(self, made, path, version=None):
        context = ssl.create_default_context(cafile=self.cert)
        if version:
            context.maximum_version = context.minimum_version = version
        connection = http.client.HTTPSConnection('127.0.0.1', made.port, timeout=20, context=context)
        self.addCleanup(connection.close)
        connection.request('GET', path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def served(self, made):
        """Starts it; its first answer."""
        def answers():
            if made.process.poll() is not None:
                raise AssertionError('castiron ended:\n%s' % made.log())
            try:
                return self.get(made, '/v1')
            except ConnectionRefusedError:
                return None
        made.answers = answers
        made.start()
        return answers()

    def test_links_begin_with_https(self):
        made = self.castiron(api={'cert_file': self.cert, 'key_file': self.key})
        status, body = self.served(made)
        self.assertEqual(200, status)
        self.assertEqual('https://127.0.0.1:%d/v1/' % made.port, body['links'][0]['href'])
        with self.assertRaises(ssl.SSLError):
            self.get(made, '/v1', ssl.TLSVersion.TLSv1_2)
        with self.assertRaises((OSError, http.client.HTTPException)):
            made.request('GET', '/v1')

    def test_the_older_section_counts_where_api_has_no_certificate(self):
        made = self.castiron(ssl={'cert_file': self.cert, 'key_file': self.key})
        self.assertEqual(200, self.served(made)[0])
        self.assertEqual(200, self.get(made, '/v1', ssl.TLSVersion.TLSv1_2)[0])

    def test_what_cannot_be_kept_to_ends_the_start(self):
        files = {'cert_file': self.cert, 'key_file': self.key}
        for options, words in (({}, 'cert_file is not set'),
                               (dict(files, key_file=self.cert), 'do not fit'),
                               (dict(files, cert_file='/nonexistent/cert.pem'), '/nonexistent/cert.pem'),
                               (dict(files, tls_ciphers='ECDHE-RSA-AES256-GCM-SHA384'), 'load balancer')):
            made = self.castiron(api=options)
            done = subprocess.run(made.program('castiron'), stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(1, done.returncode, options)
            self.assertIn(words, done.stdout + done.stderr)
