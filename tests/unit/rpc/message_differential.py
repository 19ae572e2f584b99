#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds rpc/message, rpc/context and rpc/failure against Ironic's own peers and recordings.

    message_differential.py MESSAGE_ECHO

Every recorded exchange is read and written again by castiron; what it read and what Python's
oslo.messaging makes of what it wrote must be what Python makes of the recording. Then what was
not recorded: identities, each class of error, odd and malformed messages.
"""
import builtins
import gzip
import inspect
import json
import os
import subprocess
import sys
import unittest

try:
    import logging
    from ironic.common import context, exception
    from oslo_messaging._drivers import amqp, common
    logging.disable(logging.CRITICAL)
except ImportError:
    print('oslo.messaging and ironic are not installed: nothing to compare with')
    sys.exit(77)

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      '../../golden/wire/exchanges.jsonl.gz')
MODULES = ['ironic.common.exception']
MARKER = 'Traceback (most recent call last):'
TEXTS = ('user_id', 'user_name', 'user_domain_id', 'user_domain_name', 'project_id',
         'project_name', 'project_domain_id', 'project_domain_name', 'system_scope',
         'auth_token', 'request_id', 'global_request_id')
OWN = {'MustWait', 'DatabaseUnavailable', 'DatabaseError', 'UniqueViolation', 'JSONTooDeep',
       'JSONNotUTF8', 'BodyTooLarge', 'HTTPMethodNotAllowed'}
# Not rebuilt by anybody: their module is not Ironic's.
FOREIGN = {'IncompatibleObjectVersion', 'InvalidTargetVersion', 'MessagingTimeout', 'NoSuchMethod', 'RemoteError',
           'UnsupportedObjectError', 'UnsupportedVersion'}
# Never raised by a conductor; their constructors want more than a message.
CLIENT_SIDE = {'InvalidInput', 'UnknownArgument', 'UnknownAttribute'}
PROGRAM = None


def echo(orders):
    """The answers to a list of orders."""
    text = ''.join(json.dumps(order) + '\n' for order in orders)
    done = subprocess.run([PROGRAM], input=text, capture_output=True, encoding='utf-8', timeout=120)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(orders)
    return answers


def seal(message):
    return json.dumps(common.serialize_msg(message))


def unseal(body):
    """The message as a Python peer's driver gets it."""
    return common.deserialize_msg(json.loads(body))


def context_of(message):
    """The context as an Ironic service gets it."""
    return context.RequestContext.from_dict(amqp.unpack_context(dict(message)).to_dict())


def shown(error):
    """What Ironic's REST API says of an exception."""
    text = getattr(error, 'faultstring', None) or str(error)
    return text.split(MARKER, 1)[0].rstrip() if MARKER in text else text


def code(error):
    return getattr(error, 'code', 500)


def with_reply(failure, **others):
    message = {'result': None, 'failure': json.dumps(failure) if isinstance(failure, dict)
               else failure, 'ending': True, '_msg_id': 'm', '_unique_id': 'u'}
    return dict(message, **others)


def exchanges(kinds):
    with gzip.open(GOLDEN, 'rt', encoding='utf-8') as f:
        rows = [json.loads(line) for line in f]
    found = [row for row in rows if row['kind'] in kinds]
    assert found
    return found


class Recorded(unittest.TestCase):
    def test_requests(self):
        rows = exchanges(('call', 'cast'))
        answers = echo([{'do': 'request', 'body': row['request']} for row in rows])
        for row, ours in zip(rows, answers):
            with self.subTest(row['label']):
                message = unseal(row['request'])
                self.assertEqual(unseal(ours['again']), message)
                self.assertEqual(ours['again'], row['request'])
                for key in ('method', 'version', 'args'):
                    self.assertEqual(ours[key], message[key])
                for key in ('msg_id', 'reply_q', 'unique_id'):
                    self.assertEqual(ours[key], message.get('_' + key))
                self.assertEqual('%(major)d.%(minor)d' % ours, message['version'])
                self.assertEqual([ours['monitor'], ours['fault'], ours['namespace']],
                                 [0, None, None])
                self.assertEqual(ours['msg_id'] is None, row['kind'] == 'cast')

    def test_replies(self):
        rows = [row for row in exchanges(('call',)) if 'reply' in row]
        answers = echo([{'do': 'reply', 'body': seal(row['reply'])} for row in rows])
        failed = 0
        for row, ours in zip(rows, answers):
            with self.subTest(row['label']):
                reply, again = dict(row['reply']), unseal(ours['again'])
                self.assertNotEqual(again.pop('_unique_id'), reply.pop('_unique_id'))
                self.assertEqual(again, reply)
                self.assertEqual(list(again), list(reply))
                self.assertEqual((ours['msg_id'], ours['ending']), (reply['_msg_id'], True))
                self.assertEqual(ours['result'], reply['result'])
                if reply['failure'] is None:
                    self.assertIsNone(ours['error'])
                    continue
                failed += 1
                self.assertEqual(ours['failure_again'], reply['failure'])
                error = common.deserialize_remote_exception(reply['failure'], MODULES)
                self.assertEqual(ours['error']['message'], shown(error))
                self.assertEqual(ours['error']['status'], code(error))
                self.assertTrue(ours['error']['remote'])
                self.assertEqual(ours['error']['class'],
                                 type(error).__name__.replace('_Remote', ''))
                # The API names the node of a missing trait itself.
                if 'fault' in row and ours['error']['class'] != 'NodeTraitNotFound':
                    self.assertEqual(ours['error']['message'], row['fault'])
                    self.assertEqual(ours['error']['status'], row['status'])
        self.assertGreater(failed, 15)

    def test_values_of_a_failure_decide_nothing(self):
        """Peers send each as JSON in a string; what is shown of a failure is its message and code."""
        found = 0
        for row in exchanges(('call',)):
            if not (row.get('reply') or {}).get('failure'):
                continue
            failure = json.loads(row['reply']['failure'])
            with self.subTest(row['label']):
                values = {key: value for key, value in failure['kwargs'].items() if key != 'code'}
                self.assertEqual([str] * len(values), [type(value) for value in values.values()])
                bare = dict(failure, kwargs={key: value if key == 'code' else '"another"'
                                             for key, value in failure['kwargs'].items()})
                theirs, other = (common.deserialize_remote_exception(json.dumps(each), MODULES)
                                 for each in (failure, bare))
                found += bool(values)
                if failure['module'] in MODULES:
                    self.assertEqual((type(theirs).__name__, shown(theirs), code(theirs)),
                                     (type(other).__name__, shown(other), code(other)))
        self.assertGreater(found, 10)

    def test_notifications(self):
        rows = exchanges(('notification',))
        orders = []
        for row in rows:
            order = {key: row['message'][key] for key in
                     ('publisher_id', 'event_type', 'priority', 'payload', 'message_id',
                      'timestamp')}
            order.update({'do': 'notification', 'unique_id': row['message']['_unique_id'],
                          'request_id': row['message']['_context_request_id']})
            orders.append(order)
        for row, ours in zip(rows, echo(orders)):
            with self.subTest(row['label']):
                self.assertEqual(unseal(ours['body']), row['message'])


class Identities(unittest.TestCase):
    def test_both_ways(self):
        contexts = [
            context.RequestContext(),
            context.RequestContext(
                user_id='u' * 32, project_id='p' * 32, user_domain_id='default',
                project_domain_id='default', auth_token='gAAAA-secret', roles=['admin', 'r\u00e9'],
                global_request_id='req-g'),
            context.RequestContext(user_id='u', system_scope='all', roles=['reader']),
            context.RequestContext(user_id='"\\\n\u2028\U0001f600', roles=['a b']),
        ]
        bodies = []
        for ctxt in contexts:
            message = {'method': 'm', 'args': {}, 'version': '1.0', '_unique_id': 'x'}
            amqp.pack_context(message, ctxt.to_dict())
            bodies.append(seal(message))
        answers = echo([{'do': 'request', 'body': body} for body in bodies])
        for ctxt, body, ours in zip(contexts, bodies, answers):
            with self.subTest(ctxt.user_id):
                for key in TEXTS:
                    self.assertEqual(ours['identity'][key], getattr(ctxt, key), key)
                self.assertEqual(ours['identity']['roles'], ctxt.roles)
                self.assertEqual(ours['again'], body)
                self.assertEqual(context_of(unseal(ours['again'])).to_dict(), ctxt.to_dict())

    def test_names_and_admin_are_read(self):
        message = {'method': 'm', '_context_user_name': 'n', '_context_project_name': 'pn',
                   '_context_user_domain_name': 'ud', '_context_project_domain_name': 'pd',
                   '_context_is_admin': True}
        ours = echo([{'do': 'request', 'body': seal(message)}])[0]['identity']
        peer = context_of(message)
        for key in ('user_name', 'project_name', 'user_domain_name', 'project_domain_name',
                    'is_admin'):
            self.assertEqual(ours[key], getattr(peer, key))

    def test_what_is_missing_takes_its_default(self):
        odd = [{}, {'_context_zzz': 1}, {'_context_roles': None}, {'_context_roles': 'admin'},
               {'_context_user': 7, '_context_request_id': None}, {'_context_request_id': ''},
               {'_context_roles': [1, None, 'admin', 'a\0b']}]
        for ours in echo([{'do': 'request', 'body': seal(dict(o, method='m'))} for o in odd]):
            self.assertRegex(ours['identity']['request_id'], '^req-[0-9a-f-]{36}$')
            self.assertIsNone(ours['identity']['user_id'])
            self.assertIn(ours['identity']['roles'], ([], ['admin']))


class Errors(unittest.TestCase):
    """Each class of ours as a 21.4 peer rebuilds it."""

    def expected(self, told, by_name):
        """The class a peer should see: the nearest it knows."""
        name = told['class']
        if name in CLIENT_SIDE:
            return 'ClientSideError'
        while name in OWN or not (name in FOREIGN or hasattr(exception, name) or
                                  hasattr(builtins, name)):
            self.assertNotEqual(by_name[name]['parent'], name, 'no peer knows it')
            name = by_name[name]['parent']
        return name

    def test_every_class(self):
        told = echo([{'do': 'errors', 'pin': '21.4'}])[0]
        by_name = {error['class']: error for error in told}
        for error in told:
            with self.subTest(error['class']):
                failure = unseal(error['body'])['failure']
                peer = common.deserialize_remote_exception(failure, MODULES)
                name = self.expected(error, by_name)
                if name in FOREIGN:
                    self.assertEqual(type(peer).__name__, 'RemoteError')
                    self.assertEqual(shown(peer).rsplit('\n', 1)[0],
                                     'Remote error: %s %s' % (name, error['message']))
                    continue
                if hasattr(builtins, name):  # these cannot be given another class
                    self.assertEqual(type(peer).__name__, name)
                    self.assertTrue(peer.args[0].startswith(error['message'] + '\n'), peer.args)
                    continue
                self.assertEqual(type(peer).__name__, name + '_Remote')
                self.assertEqual(shown(peer), error['message'])
                self.assertEqual(code(peer), error['status'])
                if name == error['class'] and isinstance(peer, exception.IronicException):
                    self.assertLessEqual(set(error['keys'].split()), set(json.loads(failure)['kwargs']))

    def test_the_newest_release_gets_the_newest_classes(self):
        for error in echo([{'do': 'errors', 'pin': None}])[0]:
            name = json.loads(unseal(error['body'])['failure'])['class']
            if error['class'] in OWN:
                self.assertTrue(hasattr(exception, name), name)
            elif error['class'] not in CLIENT_SIDE:
                self.assertEqual(name, error['class'])

    def test_kwargs_are_those_of_the_recordings(self):
        told = {error['class']: json.loads(unseal(error['body'])['failure'])
                for error in echo([{'do': 'errors', 'pin': '21.4'}])[0]}
        for row in exchanges(('call',)):
            if 'reply' not in row or not row['reply']['failure']:
                continue
            recorded = json.loads(row['reply']['failure'])
            if recorded['module'] == 'oslo_db.exception' or len(recorded['kwargs']) == 1:
                continue
            with self.subTest(recorded['class']):
                ours = told[recorded['class']]
                self.assertEqual(set(ours['kwargs']), set(recorded['kwargs']))
                self.assertEqual(ours['module'], recorded['module'])
                quoted = '"' if recorded['module'] in MODULES else ''
                for key, value in ours['kwargs'].items():
                    if key != 'code':
                        self.assertEqual(value, quoted + key + quoted)

    def test_all_of_ironics_classes_are_known(self):
        classes = [name for name, value in vars(exception).items()
                   if inspect.isclass(value) and issubclass(value, exception.IronicException)]
        self.assertGreater(len(classes), 100)
        failures = [{'class': name, 'module': MODULES[0], 'message': 'm', 'args': ['m'],
                     'kwargs': {'code': getattr(exception, name).code}, 'tb': [MARKER]}
                    for name in classes]
        answers = echo([{'do': 'reply', 'body': seal(with_reply(failure))} for failure in failures])
        for failure, ours in zip(failures, answers):
            peer = common.deserialize_remote_exception(json.dumps(failure), MODULES)
            self.assertEqual(ours['error']['class'], type(peer).__name__.replace('_Remote', ''))
            self.assertEqual(ours['error']['status'], code(peer))
            self.assertEqual(ours['error']['message'], shown(peer))

    def test_newer_classes_are_known(self):
        failure = {'class': 'StepNotAllowed', 'module': MODULES[0], 'message': 'Not that step',
                   'args': ['Not that step'], 'kwargs': {'code': 400}, 'tb': [MARKER]}
        error = echo([{'do': 'reply', 'body': seal(with_reply(failure))}])[0]['error']
        self.assertEqual(error, {'class': 'StepNotAllowed', 'message': 'Not that step',
                                 'status': 400, 'remote': True})


class Odd(unittest.TestCase):
    FAILURES = [
        {'tb': []}, {'tb': None}, {'kwargs': {}}, {'kwargs': {'code': 409, 'zzz': '1'}},
        {'kwargs': {'code': '409'}}, {'kwargs': {'code': 418}}, {'args': [], 'kwargs': {
            'node': 'X', 'host': 'h'}}, {'class': 'NoSuchThing'},
        {'class': 'CONF'}, {'class': 'MustWait'}, {'class': 'UnsupportedVersion'},
        {'class': 'ValueError', 'module': 'builtins', 'kwargs': {}},
        {'class': 'ValueError', 'module': 'exceptions', 'kwargs': {}},
        {'class': 'ValueError', 'module': 'builtins', 'kwargs': {'code': 400}},
        {'class': 'int', 'module': 'builtins', 'kwargs': {}},
        {'class': 'KeyboardInterrupt', 'module': 'builtins', 'kwargs': {}},
        {'class': 'UnicodeDecodeError', 'module': 'builtins', 'kwargs': {}},
        {'class': 'DBError', 'module': 'oslo_db.exception', 'kwargs': {}},
        {'class': 'DBError', 'module': 'oslo_db.exception', 'tb': []},
        {'class': 'X', 'module': 'y', 'tb': [MARKER + '\n', 'line "a"\n', "it's\n"]},
        {'class': 'X', 'module': 'y', 'tb': ["it's\n", 'b']},
        {'message': ''}, {'message': 'ends in space  '}, {'message': 'd\u00e9sol\u00e9 \U0001f600'},
        {'message': MARKER}, {'class': 'IronicException', 'kwargs': {'code': 500}},
        {'class': 'IronicException', 'module': 'ironic_lib.exception', 'kwargs': {'code': 500}},
    ]

    def test_failures(self):
        rows = []
        for changes in self.FAILURES:
            failure = {'class': 'NodeLocked', 'module': MODULES[0], 'message': 'Node X is locked',
                       'tb': [MARKER + '\n', '  File x\n'], 'args': ['Node X is locked'],
                       'kwargs': {'code': 409}}
            failure.update(changes)
            rows.append({k: v for k, v in failure.items() if v is not None})
        for debug in (False, True):
            answers = echo([{'do': 'reply', 'body': seal(with_reply(row)), 'debug': debug}
                            for row in rows])
            for row, ours in zip(rows, answers):
                with self.subTest(row, debug=debug):
                    peer = common.deserialize_remote_exception(json.dumps(row), MODULES)
                    self.assertEqual(ours['error']['message'], str(peer) if debug else shown(peer))
                    self.assertEqual(ours['error']['status'], code(peer))

    def test_bounds_of_status(self):
        for value in (0, 200, 700, -1, 'x', None, True, [], 1e400, 10 ** 30, '99999999999999'):
            failure = {'class': 'NodeLocked', 'module': MODULES[0], 'message': 'm',
                       'kwargs': {'code': value}}
            ours = echo([{'do': 'reply', 'body': seal(with_reply(failure))}])[0]
            self.assertEqual(ours['error']['status'], 500, value)

    def test_failures_that_are_none(self):
        for value in (None, '', 0, False, [], {}, 0.0):
            message = with_reply(None, result={'a': 1})
            message['failure'] = value
            ours = echo([{'do': 'reply', 'body': seal(message)}])[0]
            self.assertIsNone(ours['error'], value)
            self.assertEqual(ours['result'], {'a': 1})

    def test_failures_that_cannot_be_read(self):
        for value in ('not JSON', '[]', '5', '{', 5, ['x'], {'class': 'X'}, True,
                      '{"tb": [1]}', '{"tb": "x"}', '{"message": 1}', '{"kwargs": []}',
                      '{"args": {}}', '{"class": 1}', '{"message": null}', '[' * 5000):
            message = with_reply(None)
            message['failure'] = value
            ours = echo([{'do': 'reply', 'body': seal(message)}])[0]
            self.assertEqual((ours['error']['class'], ours['error']['status']),
                             ('RemoteError', 500), value)
            if value == 'not JSON':
                self.assertEqual(ours['error']['message'],
                                 'Expecting value: line 1 column 1 (char 0)')

    def test_envelopes(self):
        message = {'method': 'm', 'args': {'a': 1}, 'version': '1.7', '_msg_id': 'm',
                   '_reply_q': 'q', '_unique_id': 'u', '_context_request_id': 'req-1'}
        text = json.dumps(message)
        for body, taken in (
                (text, True),
                (json.dumps({'oslo.version': '2.0', 'oslo.message': text}), True),
                (json.dumps({'oslo.version': '2.0', 'oslo.message': text, 'more': 1}), True),
                (json.dumps({'oslo.version': '2.1', 'oslo.message': text}), False),
                (json.dumps({'oslo.version': '3.0', 'oslo.message': text}), False),
                (json.dumps({'oslo.version': 2.0, 'oslo.message': text}), False),
                (json.dumps({'oslo.version': None, 'oslo.message': text}), False),
                (json.dumps({'oslo.version': '2.0', 'oslo.message': message}), False),
                (json.dumps({'oslo.version': '2.0', 'oslo.message': None}), False),
                (json.dumps({'oslo.version': '2.0', 'oslo.message': text[:-1]}), False),
                (json.dumps({'oslo.version': '2.0', 'oslo.message': '[]'}), False),
                (json.dumps({'oslo.version': '2.0', 'oslo.message': '\0' + text}), False),
                ('', False), ('null', False), ('[]', False), ('"x"', False), (text[:-1], False),
                ('[' * 100000, False), ('{"a":' * 5000 + '1' + '}' * 5000, False)):
            with self.subTest(body[:60]):
                ours = echo([{'do': 'request', 'body': body}])[0]
                self.assertEqual('refused' not in ours, taken)
                if taken:
                    self.assertEqual((ours['method'], ours['args'], ours['msg_id'], ours['minor']),
                                     ('m', {'a': 1}, 'm', 7))
                    self.assertEqual(unseal(body)['args'], ours['args'])

    def test_requests_with_a_fault_can_be_answered(self):
        for changes in ({'method': None}, {'method': ''}, {'method': 5}, {'method': 'a\0b'},
                        {'args': None}, {'args': []}, {'args': 'x'}, {'version': 1.5},
                        {'namespace': 7}):
            message = {'method': 'm', 'args': {}, 'version': '1.1', '_msg_id': 'i',
                       '_reply_q': 'q', '_context_auth_token': 'gAAAA-secret'}
            message.update(changes)
            ours = echo([{'do': 'request', 'body': seal(message)}])[0]
            self.assertEqual((ours['msg_id'], ours['reply_q']), ('i', 'q'))
            self.assertTrue(ours['fault'], changes)
            self.assertNotIn('secret', ours['fault'])

    def test_versions_and_ids(self):
        for version, wanted in (('1.0', (1, 0)), ('2.55', (2, 55)), ('1.2.3', (1, 2)),
                                ('1', (-1, -1)), ('x.y', (-1, -1)), ('', (-1, -1)),
                                ('1.-5', (-1, -1)), ('1.99999999', (-1, -1))):
            ours = echo([{'do': 'request', 'body': seal({'method': 'm', 'version': version})}])[0]
            self.assertEqual((ours['major'], ours['minor']), wanted, version)
        for value in ('', 'x' * 256, 5, None, 'a\0b'):
            message = {'method': 'm', '_msg_id': 'i', '_reply_q': value}
            ours = echo([{'do': 'request', 'body': seal(message)}])[0]
            self.assertEqual((ours['msg_id'], ours['reply_q'], ours['version']),
                             (None, None, '1.0'))
        for value, wanted in ((None, 0), (2, 2), (2.5, 3), ('x', 0), (-1, 0), (1e300, 0),
                              (10 ** 30, 0), (float('nan'), 0)):
            message = {'method': 'm', '_timeout': value}
            ours = echo([{'do': 'request', 'body': seal(message)}])[0]
            self.assertEqual(ours['monitor'], wanted, value)

    def test_replies_that_answer_nothing(self):
        for msg_id in (None, '', 5, 'x' * 300):
            message = with_reply(None)
            message['_msg_id'] = msg_id
            self.assertIn('refused', echo([{'do': 'reply', 'body': seal(message)}])[0])

    def test_signs_of_life(self):
        for ending, wanted in ((True, True), (False, False), (None, False), (1, True)):
            message = with_reply(None)
            message['ending'] = ending
            self.assertEqual(echo([{'do': 'reply', 'body': seal(message)}])[0]['ending'], wanted)


if __name__ == '__main__':
    PROGRAM = sys.argv.pop(1)
    unittest.main()
