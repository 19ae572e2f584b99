# SPDX-License-Identifier: Apache-2.0
"""What our API makes of a conductor whose answers over HTTP are slow, garbage or endless."""
import contextlib
import json
import socket
import threading
import time
import unittest

import case
import member
import test_cluster

HOST = '127.0.0.12'
TIMEOUT = 2
HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'


def sized(body):
    return HEAD + b'Content-Length: %d\r\n\r\n' % len(body) + body


# What comes back (bytes; a list: with pauses between; None: nothing) and what the fault of status 503 says;
# None: another fault, what was answered being an answer.
ANSWERS = {
    'nothing, and hung up': (b'', 'has not answered'),
    'nothing, and held': (None, 'has not answered'),
    'no HTTP': (b'\x15\x03\x01garbage\r\n\r\n', 'has not answered'),
    'headers without an end': ([HEAD] + [b'X: y\r\n'] * 100, 'has not answered'),
    'a body that drips': ([HEAD + b'Content-Length: 100\r\n\r\n'] + [b' '] * 100, 'has not answered'),
    'less than was announced': (HEAD + b'Content-Length: 100\r\n\r\n{"result"', 'has not answered'),
    'more than the limit, announced': (HEAD + b'Content-Length: 999999999999\r\n\r\n{', 'larger|has not answered'),
    'more than the limit': ([HEAD + b'\r\n', b' ' * (130 << 20)], 'larger|has not answered'),
    'no JSON': (sized(b'<html>'), 'no JSON'),
    'a number too long': (sized(b'{"result": %s}' % (b'9' * 100000)), 'no JSON|number|not answered'),
    'what is too deep': (sized(b'{"result": %s%s}' % (b'[' * 5000, b']' * 5000)), 'no JSON'),
    'what is not UTF-8': (sized(b'{"result": "\xff\xfe"}'), 'no JSON'),
    'no answer of JSON-RPC': (sized(b'{"a": 1}'), 'neither a result nor an error'),
    'a list': (sized(b'[]'), 'neither a result nor an error'),
    'a redirect': (b'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n',
                   'no JSON'),
    'an error without words': (sized(b'{"error": {"code": 7}}'), None),
    'an error of an odd class': (sized(b'{"error": {"code": 404, "message": "m", "data": '
                                       b'{"class": "os.system"}}}'), None),
    'null where a node is asked for': (sized(b'{"result": null}'), None),
    'another object': (sized(json.dumps({'result': {
        'ironic_object.name': 'Chassis', 'ironic_object.namespace': 'ironic',
        'ironic_object.version': '1.3', 'ironic_object.data': {'uuid': 'x' * 36}}}).encode()), None),
    'another kind of result': (sized(b'{"result": {"ironic_object.name": 7}}'), None),
}


class Conductor:
    """Says to every request what it is told to say."""

    def __init__(self):
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.says, self.asked = b'', 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def serve(self, client):
        with client, contextlib.suppress(OSError):
            client.settimeout(60)
            while b'"jsonrpc"' not in (text := client.recv(1 << 16)):
                if not text:
                    return
            self.asked += 1
            if self.says is None:
                client.recv(1)  # until it is hung up
                return
            for n, part in enumerate(self.says if isinstance(self.says, list) else [self.says]):
                if n:
                    time.sleep(0.1)
                client.sendall(part)


class Answers(unittest.TestCase):
    """One API of ours, and one conductor that is none."""

    @classmethod
    def setUpClass(cls):
        cls.conductor = Conductor()
        cls.addClassCleanup(cls.conductor.listener.close)
        cls.cluster = member.Cluster(case.OneCluster.get(), None)
        cls.addClassCleanup(cls.cluster.discard)
        cls.cluster.rpc_options = {'rpc_transport': 'json-rpc'}
        cls.cluster.prepare()
        cls.cluster.postgres.sql(
            "insert into conductors (id, hostname, online, conductor_group, version, drivers, updated_at) "
            "values (1, '%s', true, '', '1.4', '[]', now() at time zone 'utc' + interval '1 day');"
            "insert into conductor_hardware_interfaces (conductor_id, hardware_type, interface_type, "
            "interface_name, \"default\") values (1, 'fake-hardware', 'power', 'fake', true);"
            "insert into nodes (uuid, name, driver, provision_state, version, conductor_group, "
            "console_enabled, maintenance, protected, retired) values (gen_random_uuid(), 'n', "
            "'fake-hardware', 'enroll', '1.37', '', false, false, false, false)" % HOST,
            cls.cluster.database)
        cls.api = cls.cluster.add('api', **{'json_rpc': {'port': cls.conductor.port, 'timeout': TIMEOUT}})
        cls.api.start()

    def patch(self):
        return self.api.request('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/extra/a', 'value': 1}],
                                version=test_cluster.VERSION, timeout=60)

    def test_no_answer_harms_the_api(self):
        for name, (says, words) in ANSWERS.items():
            with self.subTest(name):
                self.conductor.says, before, began = says, self.conductor.asked, time.monotonic()
                reply = self.patch()
                fault = json.loads(reply.json['error_message'])['faultstring']
                if words:
                    self.assertEqual(503, reply.status, reply)
                    self.assertRegex(fault, words)
                else:
                    self.assertIn(reply.status, (404, 500), reply)
                    self.assertRegex(fault, 'something else than a Node|Unexpected error')
                self.assertLess(time.monotonic() - began, TIMEOUT + 8)
                self.assertEqual(before + 1, self.conductor.asked)  # nothing is sent twice
        self.assertEqual(200, self.api.request('GET', '/v1/nodes').status)

    def said(self, says, words):
        """The answer of the API, which logs the words meanwhile."""
        self.conductor.says = sized(json.dumps(says).encode())
        before = self.api.log(10 ** 9).count(words)
        reply = self.patch()
        self.assertEqual(before + 1, self.api.log(10 ** 9).count(words))
        self.assertEqual(500, reply.status, reply)

    def test_other_releases_are_told_with_the_option(self):
        self.said({'result': {'ironic_object.name': 'Node', 'ironic_object.namespace': 'ironic',
                              'ironic_object.version': '1.99', 'ironic_object.data': {}}},
                  'A conductor is newer than this service; set its pin_release_version: method=update_node')
        self.said({'error': {'code': 500, 'message': 'Version 1.99 of Node is not supported, supported '
                                                     'version is 1.37'}},
                  'A conductor is older than this service; set pin_release_version here: error=Version')

    def test_a_slow_conductor_keeps_only_its_own_callers_waiting(self):
        self.conductor.says = None
        waiting = [threading.Thread(target=self.patch) for _ in range(8)]
        before = self.conductor.asked
        for thread in waiting:
            thread.start()
        self.api.wait_until(lambda: self.conductor.asked == before + 8, 20, 'all to be asked')
        for _ in range(5):
            self.assertEqual(200, self.api.request('GET', '/v1/nodes/n', timeout=5).status)
        for thread in waiting:
            thread.join()


if __name__ == '__main__':
    unittest.main()
