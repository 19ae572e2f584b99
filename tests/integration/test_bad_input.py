# SPDX-License-Identifier: Apache-2.0
"""Whatever a client sends, the answer is a 4xx that says what is wrong, and never a 5xx."""
import json
import socket

import case

NODE = '11111111-2222-4333-8444-000000000001'
OTHER = '11111111-2222-4333-8444-00000000dead'
CHASSIS = '11111111-2222-4333-8444-0000000000c1'
PORT = '11111111-2222-4333-8444-0000000000f1'
AT = '/v1/nodes/' + NODE


def patch(*operations):
    return json.dumps(list(operations)).encode()


# (what, method, path, body, status): as the reference lists the kinds of mistake; where Ironic
# itself answers 500, the 4xx that its documentation promises.
CASES = [
    ('malformed JSON', 'POST', '/v1/nodes', b'{"driver": ', 400),
    ('malformed JSON in a patch', 'PATCH', AT, b'[{', 400),
    ('trailing words', 'POST', '/v1/nodes', b'{} {}', 400),
    ('null', 'POST', '/v1/nodes', b'null', 400),
    ('a list', 'POST', '/v1/nodes', b'[]', 400),
    ('a number', 'POST', '/v1/nodes', b'5', 400),
    ('a string', 'POST', '/v1/nodes', b'"x"', 400),
    ('not UTF-8', 'POST', '/v1/nodes', b'\xff\xfe', 400),
    ('a lone continuation byte in a string', 'POST', '/v1/nodes', b'{"driver": "\x80"}', 400),
    ('a control character in a string', 'POST', '/v1/nodes', b'{"driver": "a\x01"}', 400),
    ('a form', 'POST', '/v1/nodes', b'driver=fake-hardware', 400),
    ('nested too deeply', 'POST', '/v1/nodes', b'[' * 100000 + b']' * 100000, 400),
    ('objects nested too deeply', 'POST', '/v1/nodes', b'{"a":' * 5000 + b'1' + b'}' * 5000, 400),
    ('larger than the limit', 'POST', '/v1/nodes', b'{"x": "' + b'x' * (2 << 20) + b'"}', 413),
    ('an empty object', 'POST', '/v1/nodes', b'{}', 400),
    ('an empty body', 'POST', '/v1/nodes', b'', 400),
    ('an unknown field', 'POST', '/v1/nodes', b'{"driver": "fake-hardware", "bogus": 1}', 400),
    ('a wrong type', 'POST', '/v1/nodes', b'{"driver": 5}', 400),
    ('null for what is required', 'POST', '/v1/nodes', b'{"driver": null}', 400),
    ('an unknown driver', 'POST', '/v1/nodes', b'{"driver": "nope"}', 400),
    ('no UUID', 'POST', '/v1/nodes', b'{"driver": "fake-hardware", "uuid": "zz"}', 400),
    ('no name', 'POST', '/v1/nodes', b'{"driver": "fake-hardware", "name": "a b"}', 400),
    ('a reserved name', 'POST', '/v1/nodes', b'{"driver": "fake-hardware", "name": "detail"}', 400),
    ('no boolean', 'POST', '/v1/nodes', b'{"driver": "fake-hardware", "maintenance": "maybe"}',
     400),
    ('too long', 'POST', '/v1/nodes',
     b'{"driver": "fake-hardware", "resource_class": "' + b'x' * 81 + b'"}', 400),
    ('an internal field', 'POST', '/v1/nodes',
     b'{"driver": "fake-hardware", "provision_state": "active"}', 400),
    ('a NUL in a name', 'POST', '/v1/nodes',
     b'{"driver": "fake-hardware", "name": "a\\u0000b"}', 400),
    ('a NUL in a text column', 'PATCH', AT,
     patch({'op': 'add', 'path': '/description', 'value': 'a\0b'}), 400),
    ('a lone surrogate in a text column', 'PATCH', AT,
     b'[{"op": "add", "path": "/description", "value": "\\ud800"}]', 400),
    ('a number beyond 64 bits for an integer', 'PUT', AT + '/states/power',
     b'{"target": "power on", "timeout": 99999999999999999999999}', 400),
    ('an existing UUID', 'POST', '/v1/nodes',
     b'{"driver": "fake-hardware", "uuid": "%s"}' % NODE.encode(), 409),
    ('an unknown version', 'GET', '/v1/nodes', None, 406, {'version': '1.999'}),
    ('a malformed version', 'GET', '/v1/nodes', None, 406, {'version': 'abc'}),
    ('a negative version', 'GET', '/v1/nodes', None, 406, {'version': '1.-1'}),
    ('a version of three parts', 'GET', '/v1/nodes', None, 406, {'version': '1.2.3'}),
    ('a huge version', 'GET', '/v1/nodes', None, 406, {'version': '1.' + '9' * 4000}),
    ('another major version', 'GET', '/v1/nodes', None, 406, {'version': '2.1'}),
    ('an unknown path', 'GET', '/v2', None, 404),
    ('an unknown collection', 'GET', '/v1/bogus', None, 404),
    ('a path below a node', 'GET', AT + '/bogus/more', None, 404),
    ('an empty segment', 'GET', '/v1//nodes', None, 404),
    ('no identifier', 'GET', '/v1/nodes/not%20valid', None, 400),
    ('a smiling identifier', 'GET', '/v1/nodes/%F0%9F%98%80', None, 400),
    ('an escaped slash', 'GET', '/v1/nodes/a%2Fb', None, 400),
    ('a NUL in a path', 'GET', '/v1/nodes/a%00b', None, 400),
    ('a broken escape', 'GET', '/v1/nodes/%zz', None, 400),
    ('not UTF-8 in a path', 'GET', '/v1/nodes/%ff', None, 400),
    ('no such node', 'GET', '/v1/nodes/' + OTHER, None, 404),
    ('a long identifier', 'GET', '/v1/nodes/' + 'a' * 4000, None, 400),
    ('the state of no node', 'GET', '/v1/nodes/nosuch/states', None, 404),
    ('a method that is not allowed', 'PUT', '/v1/nodes', b'{}', 405),
    ('a method nobody knows', 'FROB', '/v1/nodes', None, 405),
    ('an unknown parameter', 'GET', '/v1/nodes?bogus=1', None, 400),
    ('a limit that is no number', 'GET', '/v1/nodes?limit=abc', None, 400),
    ('a limit of zero', 'GET', '/v1/nodes?limit=0', None, 400),
    ('a negative limit', 'GET', '/v1/nodes?limit=-1', None, 400),
    ('an empty limit', 'GET', '/v1/nodes?limit=', None, 400),
    ('an unknown marker', 'GET', '/v1/nodes?marker=' + OTHER, None, 404),
    ('a marker that is no UUID', 'GET', '/v1/nodes?marker=zz', None, 400),
    ('an unknown sort key', 'GET', '/v1/nodes?sort_key=bogus', None, 400),
    ('a sort key that is refused', 'GET', '/v1/nodes?sort_key=driver_info', None, 400),
    ('a sort key that is no column', 'GET', '/v1/ports?sort_key=node_uuid', None, 400),
    ('an unknown direction', 'GET', '/v1/nodes?sort_dir=up', None, 400),
    ('an unknown field of a list', 'GET', '/v1/nodes?fields=uuid,bogus', None, 400),
    ('an unknown field', 'GET', AT + '?fields=bogus', None, 400),
    ('a filter that is no boolean', 'GET', '/v1/nodes?associated=xx', None, 400),
    ('a state nobody knows', 'GET', '/v1/nodes?provision_state=bogus', None, 400),
    ('fields and detail together', 'GET', '/v1/nodes?detail=True&fields=uuid', None, 400),
    ('a NUL in a filter', 'GET', '/v1/nodes?owner=a%00b', None, 400),
    ('not UTF-8 in a filter', 'GET', '/v1/nodes?owner=%ff', None, 400),
    ('a field too new', 'GET', AT + '?fields=owner', None, 406, {'version': '1.49'}),
    ('a filter too new', 'GET', '/v1/nodes?owner=x', None, 406, {'version': '1.49'}),
    ('a patch that is no list', 'PATCH', AT, b'{"op": "add"}', 400),
    ('a patch of an unknown field', 'PATCH', AT,
     patch({'op': 'add', 'path': '/bogus', 'value': 1}), 400),
    ('a patch of the UUID', 'PATCH', AT,
     patch({'op': 'replace', 'path': '/uuid', 'value': OTHER}), 400),
    ('a patch to networks without any part', 'PATCH', AT,
     patch({'op': 'replace', 'path': '/network_data', 'value': {}}), 400),
    ('a patch to no networks', 'PATCH', AT,
     patch({'op': 'add', 'path': '/network_data', 'value': None}), 400),
    ('a patch that moves', 'PATCH', AT,
     patch({'op': 'move', 'from': '/extra/a', 'path': '/extra/b'}), 400),
    ('a patch without a value', 'PATCH', AT, patch({'op': 'add', 'path': '/extra/a'}), 400),
    ('a patch without a path', 'PATCH', AT, patch({'op': 'add', 'value': 1}), 400),
    ('a patch path without a slash', 'PATCH', AT,
     patch({'op': 'replace', 'path': 'extra', 'value': {}}), 400),
    ('a patch that removes what is not there', 'PATCH', AT,
     patch({'op': 'remove', 'path': '/extra/nosuch'}), 400),
    ('a patch below what is not there', 'PATCH', AT,
     patch({'op': 'add', 'path': '/extra/x/y', 'value': 1}), 400),
    ('a patch that removes the driver', 'PATCH', AT, patch({'op': 'remove', 'path': '/driver'}),
     400),
    ('a patch that removes maintenance', 'PATCH', AT,
     patch({'op': 'remove', 'path': '/maintenance'}), 400),
    ('a patch of a node that is not there', 'PATCH', '/v1/nodes/' + OTHER,
     patch({'op': 'add', 'path': '/extra/a', 'value': 1}), 404),
    ('no power state', 'PUT', AT + '/states/power', b'{"target": "bogus"}', 400),
    ('no target', 'PUT', AT + '/states/power', b'{}', 400),
    ('no timeout', 'PUT', AT + '/states/power', b'{"target": "power off", "timeout": 0}', 400),
    ('the state itself is not to be read there', 'GET', AT + '/states/power', None, 405),
    ('no verb', 'PUT', AT + '/states/provision', b'{"target": "bogus"}', 400),
    ('a verb that this state does not know', 'PUT', AT + '/states/provision',
     b'{"target": "active"}', 400),
    ('clean without steps', 'PUT', AT + '/states/provision', b'{"target": "clean"}', 400),
    ('a clean step without interface', 'PUT', AT + '/states/provision',
     b'{"target": "clean", "clean_steps": [{"step": "erase"}]}', 400),
    ('a reason that is no text', 'PUT', AT + '/maintenance', b'{"reason": 5}', 400),
    ('no boot device', 'PUT', AT + '/management/boot_device', b'{"boot_device": "bogus"}', 400),
    ('no trait', 'PUT', AT + '/traits', b'{"traits": ["bad"]}', 400),
    ('a trait that is not there', 'DELETE', AT + '/traits/CUSTOM_ZZ', None, 404),
    ('no VIF', 'POST', AT + '/vifs', b'{}', 400),
    ('no MAC address', 'POST', '/v1/ports',
     b'{"node_uuid": "%s", "address": "zz"}' % NODE.encode(), 400),
    ('a port of no node', 'POST', '/v1/ports',
     b'{"node_uuid": "%s", "address": "52:54:00:00:00:09"}' % OTHER.encode(), 400),
    ('a port whose MAC address is taken', 'POST', '/v1/ports',
     b'{"node_uuid": "%s", "address": "52:54:00:00:00:01"}' % NODE.encode(), 409),
    ('no such port', 'GET', '/v1/ports/' + OTHER, None, 404),
    ('a chassis that is no UUID', 'GET', '/v1/chassis/zz', None, 400),
    ('no such chassis', 'DELETE', '/v1/chassis/' + OTHER, None, 404),
    ('a description too long', 'POST', '/v1/chassis',
     b'{"description": "' + b'x' * 256 + b'"}', 400),
    ('no such driver', 'GET', '/v1/drivers/nope', None, 404),
    ('no such conductor', 'GET', '/v1/conductors/nope', None, 404),
    ('an answer nobody can make', 'GET', '/v1/nodes', None, 406, {'headers': {'Accept': 'x/y'}}),
]

# Raw bytes of a request's head and the first digit of the answer; {port} is filled in.
RAW = [
    ('two lengths', b'POST /v1/nodes HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n'
     b'Content-Length: 3\r\n\r\n{}1', b'4'),
    ('a length and chunks', b'POST /v1/nodes HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n'
     b'Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n', b'4'),
    ('a length that is no number', b'POST /v1/nodes HTTP/1.1\r\nHost: x\r\n'
     b'Content-Length: zz\r\n\r\n', b'4'),
    ('a negative length', b'POST /v1/nodes HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
     b'4'),
    ('no host', b'GET /v1/nodes HTTP/1.1\r\n\r\n', b'4'),
    ('two hosts', b'GET /v1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', b'4'),
    ('a NUL in a header', b'GET /v1 HTTP/1.1\r\nHost: x\r\n'
     b'X-OpenStack-Ironic-API-Version: 1.\x0050\r\n\r\n', b'4'),
    ('a long path', b'GET /' + b'a' * 100000 + b' HTTP/1.1\r\nHost: x\r\n\r\n', b'4'),
    ('a long header', b'GET /v1 HTTP/1.1\r\nHost: x\r\nX-A: ' + b'a' * 200000 + b'\r\n\r\n',
     b'4'),
    ('many headers', b'GET /v1 HTTP/1.1\r\nHost: x\r\n' + b'X-A: b\r\n' * 20000 + b'\r\n', b'4'),
    ('no method', b'\r\n\r\n /v1 HTTP/1.1\r\nHost: x\r\n\r\n', b'4'),
    ('a version of HTTP nobody knows', b'GET /v1 HTTP/7.3\r\nHost: x\r\n\r\n', b'45'),
]


class BadInput(case.Case):
    """Every kind of mistake, on a server that must be well afterwards."""

    ENGINE = 'sqlite'

    def setUp(self):
        super().setUp()
        self.ask('POST', '/v1/nodes', {'driver': 'fake-hardware', 'uuid': NODE}, 201)
        self.ask('POST', '/v1/ports', {'uuid': PORT, 'node_uuid': NODE,
                                       'address': '52:54:00:00:00:01'}, 201)
        self.ask('POST', '/v1/chassis', {'uuid': CHASSIS}, 201)

    def test_each_mistake_gets_its_status(self):
        for what, method, path, body, status, *options in CASES:
            with self.subTest(what):
                reply = self.castiron.request(method, path, body, **(options or [{}])[0])
                self.assertEqual(status, reply.status, '%s %s: %r' % (method, path, reply))
                told = reply.json
                self.assertTrue('error_message' in told or 'faultstring' in told, told)
        self.assertEqual(NODE, self.castiron.node(NODE)['uuid'])

    def test_broken_http_is_refused(self):
        for what, data, digits in RAW:
            with self.subTest(what):
                with socket.create_connection(('127.0.0.1', self.castiron.port), 10) as s:
                    try:
                        s.sendall(data)
                    except OSError:
                        pass  # refused before it was all sent
                    try:
                        answer = s.recv(4096)
                    except ConnectionResetError:
                        answer = b''
                # To close the connection without a word is an answer too.
                if answer:
                    self.assertRegex(answer, rb'^HTTP/1\.[01] ')
                    self.assertIn(answer[9:10], digits, answer[:200])
        self.assertEqual(200, self.castiron.request('GET', '/v1').status)


class BadInputOnPostgres(BadInput):
    """The same where columns have types of their own."""

    ENGINE = 'postgresql'
