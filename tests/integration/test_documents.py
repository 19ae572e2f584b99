# SPDX-License-Identifier: Apache-2.0
"""What is served beside the API: the contract and the pages that show it."""
import http.client
import re
import tempfile

import case
import contract


class Documents(case.Case):
    ENGINE = 'sqlite'

    def setUp(self):
        nobody = tempfile.NamedTemporaryFile('w', prefix='castiron-htpasswd-')
        self.addCleanup(nobody.close)
        self.OPTIONS = {'DEFAULT': {'auth_strategy': 'http_basic',
                                    'http_basic_auth_user_file': nobody.name}}
        super().setUp()

    def test_the_contract_is_served_to_whoever_asks(self):
        self.ask('GET', '/v1/nodes', status=401)
        reply = self.ask('GET', '/openapi.json')
        self.assertEqual('application/json', reply.headers['content-type'])
        self.assertEqual(contract.Contract().document, reply.json)
        known = self.ask('GET', '/openapi.json', status=304,
                         headers={'If-None-Match': reply.headers['etag']})
        self.assertEqual('', known.text)

    def test_the_page_finds_all_it_refers_to(self):
        page = self.ask('GET', '/docs')
        self.assertEqual('text/html; charset=UTF-8', page.headers['content-type'])
        referred = re.findall(r'(?:src|href)="([^"]*)"', page.text)
        self.assertEqual(4, len(referred))
        for path in referred:
            found = self.ask('GET', '/' + path)
            self.assertGreater(int(found.headers['content-length']), 100, path)

    def test_head_tells_the_length(self):
        self.assertEqual(self.ask('GET', '/docs/swagger-ui.css').headers['content-length'],
                         self.ask('HEAD', '/docs/swagger-ui.css').headers['content-length'])

    def test_a_connection_goes_on_after_a_large_document(self):
        connection = http.client.HTTPConnection('127.0.0.1', self.castiron.port, timeout=30)
        self.addCleanup(connection.close)
        for _ in range(2):
            for path in ('/docs/swagger-ui-bundle.js', '/openapi.json'):
                connection.request('GET', path)
                response = connection.getresponse()
                self.assertEqual(int(response.getheader('content-length')), len(response.read()))


class SwitchedOff(case.Case):
    ENGINE = 'sqlite'
    OPTIONS = {'api': {'enable_openapi': 'false'}}

    def test_nothing_is_there(self):
        for path in ('/openapi.json', '/docs', '/docs/page.js'):
            self.ask('GET', path, status=404)
