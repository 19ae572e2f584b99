#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds rpc/jsonrpc against Ironic's own server, client and recordings.

    jsonrpc_differential.py JSONRPC_ECHO

What a Python peer decodes from what castiron writes must be what it decodes from the recording,
objects included; and what castiron reads must be what the peer reads.
"""
import gzip
import json
import os
import subprocess
import sys
import unittest
from unittest import mock

try:
    import logging
    import webob
    from ironic.common import context, exception
    from ironic import objects
    from ironic.objects import base
    from ironic_lib.json_rpc import client, server
    logging.disable(logging.CRITICAL)
    objects.register_all()
except ImportError:
    print('ironic and ironic-lib are not installed: nothing to compare with')
    sys.exit(77)

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      '../../golden/wire/jsonrpc.jsonl.gz')
NAMES = {'user': 'user_id', 'project': 'project_id'}
# Never raised by a conductor; their constructors want more than a message.
CLIENT_SIDE = {'ClientSideError', 'InvalidInput', 'UnknownArgument', 'UnknownAttribute'}
PROGRAM = None


def echo(orders):
    """The answers to a list of orders."""
    text = ''.join(json.dumps(order) + '\n' for order in orders)
    done = subprocess.run([PROGRAM], input=text, capture_output=True, encoding='utf-8', timeout=120)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(orders)
    return answers


def rows(kind):
    with gzip.open(GOLDEN, 'rt', encoding='utf-8') as f:
        found = [row for row in map(json.loads, f) if row['kind'] == kind]
    assert found
    return found


def plain(value):
    """An argument or result in a form that can be compared."""
    if isinstance(value, base.IronicObject):
        value = value.obj_to_primitive()
        return dict(value, **{'ironic_object.changes': sorted(
            value.get('ironic_object.changes', []))})
    return value


class Manager(dict):
    """Takes note of each call instead of running it."""

    def __missing__(self, method):
        def run(**kwargs):
            self.calls.append((method, kwargs.pop('context').to_dict(),
                               {key: plain(value) for key, value in kwargs.items()}))
        return run


def served(body):
    """What Ironic's server makes of a body: the calls, and its answer."""
    peer = server.WSGIService.__new__(server.WSGIService)
    peer.serializer = base.IronicObjectSerializer(is_server=True)
    peer.context_class = context.RequestContext.from_dict
    peer._method_map = Manager()  # pylint: disable=protected-access
    peer._method_map.calls = []
    request = webob.Request.blank('/', method='POST', body=body.encode(),
                                  content_type='application/json', charset='UTF-8')
    answer = peer._call(request)  # pylint: disable=protected-access
    return peer._method_map.calls, answer


def called(body):
    """What Ironic's client makes of an answer: a result, or an exception's class, text, code."""
    response = mock.Mock(text=body, json=lambda: json.loads(body))
    caller = client.Client(base.IronicObjectSerializer(is_server=False)).prepare(
        'ironic.conductor_manager', version='1.0')
    with mock.patch.object(client, '_get_session',
                           return_value=mock.Mock(post=lambda *a, **k: response)):
        try:
            return plain(caller.call(context.RequestContext(), 'x'))
        except Exception as error:  # pylint: disable=broad-except
            return type(error).__name__, str(error), getattr(error, 'code', None)


class Recorded(unittest.TestCase):
    def test_requests(self):
        found = rows('call')
        answers = echo([{'do': 'request', 'body': json.dumps(row['request'])} for row in found])
        for row, ours in zip(found, answers):
            with self.subTest(row['label']):
                calls, answer = served(json.dumps(row['request']))
                self.assertEqual(1, len(calls))
                self.assertEqual((calls, answer), served(ours['again']))
                params = dict(row['request']['params'])
                params.pop('context')
                self.assertEqual(params.pop('rpc.version'), ours['version'])
                self.assertEqual((row['request']['method'], params, row['request']['id']),
                                 (ours['method'], ours['args'], ours['id']))
                for key, value in calls[0][1].items():
                    if NAMES.get(key, key) in ours['identity']:
                        self.assertEqual(value, ours['identity'][NAMES.get(key, key)], key)

    def test_replies(self):
        found, failed = rows('call'), 0
        answers = echo([{'do': 'reply', 'body': json.dumps(row['reply']), 'id': row['reply']['id'],
                         'method': row['request']['method'], 'args': row['request']['params']}
                        for row in found])
        for row, ours in zip(found, answers):
            with self.subTest(row['label']):
                self.assertEqual(row['reply'], json.loads(ours['again']))
                theirs = called(json.dumps(row['reply']))
                self.assertEqual(theirs, called(ours['again']))
                if 'error' not in row['reply']:
                    self.assertEqual((row['reply']['result'], None), (ours['result'], ours['error']))
                    continue
                failed += 1
                self.assertEqual(theirs, (ours['error']['class'], ours['error']['message'],
                                          ours['error']['status']))
                self.assertTrue(ours['error']['remote'])
        self.assertGreater(failed, 2)

    def test_odd_requests(self):
        found = [row for row in rows('odd') if row['sent'].startswith(('{', '[', 'garbage'))]
        answers, faults = echo([{'do': 'request', 'body': row['sent']} for row in found]), 0
        for row, ours in zip(found, answers):
            with self.subTest(row['sent']):
                code = (row['body'] or {}).get('error', {}).get('code')
                if code in (-32700, -32600):
                    faults += 1
                    self.assertEqual(row['body'], json.loads(ours['fault']))
                else:
                    self.assertNotIn('fault', ours)
        self.assertGreater(faults, 2)


class Made(unittest.TestCase):
    def test_what_is_refused(self):
        """The same bodies, by both, with the same answer."""
        good = {'jsonrpc': '2.0', 'id': 7, 'method': 'm', 'params': {'context': {}}}
        bodies = ['', ' ', '{', 'null', '7', '"x"', '[]', '{}', 'nul', '{"a":1}x']
        bodies += [json.dumps({k: v for k, v in good.items() if k != left}) for left in good]
        bodies += [json.dumps(dict(good, **{key: value})) for key in good
                   for value in (None, [], '', False)]
        bodies += [json.dumps(dict(good, id=value)) for value in (0, 1.5, 'x', [1], {'a': 1}, True)]
        bodies += [json.dumps(dict(good, params=dict(a=1, context=value)))
                   for value in ([], 'x', None, {'request_id': 'req-1', 'odd': [1]})]
        for body, ours in zip(bodies, echo([{'do': 'request', 'body': body} for body in bodies])):
            with self.subTest(body):
                _, answer = served(body)
                code = ((answer or {}).get('error') or {}).get('code')
                if code in (-32700, -32600, -32602):
                    self.assertIn('fault', ours, answer)
                    self.assertEqual(answer, json.loads(ours['fault']))
                else:
                    self.assertNotIn('fault', ours, answer)

    def test_errors_of_every_class(self):
        """What 21.4 knows by name arrives as that, the rest as something that it can raise."""
        known = 0
        answers, = echo([{'do': 'errors', 'pin': '21.4'}])
        for ours in answers:
            with self.subTest(ours['class']):
                error = json.loads(ours['body'])['error']
                name, text, code = called(ours['body'])
                if ours['class'] in CLIENT_SIDE:
                    continue
                if 'data' not in error:
                    self.assertEqual('Unexpected error raised by RPC', text)
                    continue
                known += 1
                self.assertTrue(hasattr(exception, name), name)
                self.assertEqual((ours['message'], error['code']), (text, code))
                if hasattr(exception, ours['class']):
                    self.assertEqual(ours['class'], name)
        self.assertGreater(known, 80)


if __name__ == '__main__':
    PROGRAM = sys.argv.pop()
    unittest.main(verbosity=1)
