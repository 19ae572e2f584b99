#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the payloads of notifications against the reference and against recorded ones.

usage: payload_test.py ECHO, the program beside this file.
"""
import gzip
import json
import os
import subprocess
import sys
import unittest

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../golden')
MASK = '******'


def load(name):
    with open(os.path.join(GOLDEN, 'reference', name), encoding='utf-8') as file:
        return json.load(file)


def recorded():
    """The notifications of a 21.4 cluster."""
    with gzip.open(os.path.join(GOLDEN, 'wire', 'exchanges.jsonl.gz'), 'rt') as lines:
        return [line['message'] for line in map(json.loads, lines)
                if line['kind'] == 'notification']


REFERENCE = load('notifications.json')
PAYLOADS = {payload['name']: payload for payload in REFERENCE['payloads']}


def told_by(payload):
    """What the record does not hold, by the reference; a node's traits are loaded with it."""
    return [field['name'] for field in PAYLOADS[payload]['fields']
            if field['source'] is None and field['name'] != 'traits']


class Payloads(unittest.TestCase):
    """Each makes its questions and compares what comes back."""

    maxDiff = None

    def make(self, questions):
        done = subprocess.run([ECHO], input='\n'.join(map(json.dumps, questions)) + '\n',
                              capture_output=True, text=True, check=True)
        made = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(questions), len(made))
        return made

    def check(self, pin, version, known):
        """Has each class the fields and the version of that release?"""
        classes = [name for name in PAYLOADS if PAYLOADS[name][version]]
        made = self.make([{'pin': pin, 'payload': name} for name in classes])
        for name, payload in zip(classes, made):
            with self.subTest(name):
                self.assertEqual((name, PAYLOADS[name][version]), (
                    payload['ironic_object.name'], payload['ironic_object.version']))
                self.assertEqual({f['name'] for f in PAYLOADS[name]['fields'] if known(f)},
                                 set(payload['ironic_object.data']))
                self.assertNotIn('ironic_object.changes', payload)

    def test_the_newest_release_has_all_fields(self):
        self.check(None, 'version', lambda field: True)
        self.assertEqual({one['payload'] for one in REFERENCE['notifications']}, set(PAYLOADS))

    def test_the_pinned_release_has_its_own(self):
        self.check('21.4', 'version_in_21_4', lambda field: field['in_21_4'])
        self.check('antelope', 'version_in_21_4', lambda field: field['in_21_4'])

    def test_versions_and_fields_only_grow(self):
        pins = ['9.2', '10.0', '10.1', '11.0', '11.1', '12.1', '14.0', '15.0', '17.0', '18.1',
                '19.0', '20.1', '21.1', '21.4', '23.0', '26.1', '29.0', '32.0', '35.0', '37.0', None]
        first = {'AllocationCRUDPayload': '12.1', 'RunbookCRUDPayload': '26.1'}
        for name in PAYLOADS:
            # A release that does not know the record is spoken to as the newest.
            known = pins[pins.index(first.get(name, pins[0])):]
            made = self.make([{'pin': pin, 'payload': name} for pin in known])
            for older, newer in zip(made, made[1:]):
                with self.subTest(name):
                    minors = [int(one['ironic_object.version'].split('.')[1])
                              for one in (older, newer)]
                    fields = [set(one['ironic_object.data']) for one in (older, newer)]
                    self.assertLessEqual(*minors)
                    self.assertLessEqual(*fields)
                    if minors[0] == minors[1]:
                        self.assertEqual(*fields)

    def test_recorded_payloads_are_made_again(self):
        messages = recorded()
        self.assertGreater(len(messages), 50)
        questions = []
        for message in messages:
            payload = message['payload']
            name, data = payload['ironic_object.name'], payload['ironic_object.data']
            questions.append({
                'pin': '21.4', 'payload': name, 'record': data,
                'told': {key: data[key] for key in told_by(name) if data[key] is not None}})
        for message, made in zip(messages, self.make(questions)):
            with self.subTest(message['event_type']):
                self.assertEqual(message['payload'], made)
        self.assertGreater(len({one['payload'] for one in questions}), 8)

    def test_what_is_unset_is_null_or_empty(self):
        made, = self.make([{'payload': 'NodeSetProvisionStatePayload', 'told': {'event': 'done'}}])
        data = made['ironic_object.data']
        self.assertEqual({'clean_step', 'deploy_step', 'driver_internal_info', 'extra',
                          'instance_info', 'properties'},
                         {key for key, value in data.items() if value == {}})
        self.assertEqual(('done', []), (data.pop('event'), data.pop('traits')))
        self.assertEqual({None}, {value for value in data.values() if value != {}})

    def test_secrets_are_masked(self):
        info = {'ipmi_password': 'x', 'a': {'auth_token': 'x', 'b': 1},
                'words': 'adminPass=x and more', 'list': [1]}
        record = {'driver_info': info, 'instance_info': dict(info, image_url=''),
                  'driver_internal_info': dict(info, agent_secret_token='x'), 'extra': info}
        for name, fields in (('NodeCRUDPayload', ('driver_info', 'instance_info')),
                             ('NodeSetProvisionStatePayload',
                              ('instance_info', 'driver_internal_info'))):
            data = self.make([{'payload': name, 'record': record}])[0]['ironic_object.data']
            for field in fields:
                self.assertEqual((MASK, {'auth_token': MASK, 'b': 1}, [1]), (
                    data[field]['ipmi_password'], data[field]['a'], data[field]['list']))
                self.assertNotIn('=x', data[field]['words'])
            self.assertEqual(MASK, data['instance_info']['image_url'])
            self.assertEqual(info, data['extra'])  # not for secrets, and shown by REST as well
        self.assertEqual(MASK, data['driver_internal_info']['agent_secret_token'])

    def test_a_sensitive_rule_is_told_without_what_it_does(self):
        for sensitive, told in ((True, []), (False, [{'op': 'fail'}])):
            made, = self.make([{'payload': 'InspectionRuleCRUDPayload', 'record': {
                'sensitive': sensitive, 'actions': [{'op': 'fail'}], 'conditions': [{'op': 'fail'}]}}])
            data = made['ironic_object.data']
            self.assertEqual((sensitive, told, told), (
                data['sensitive'], data['actions'], data['conditions']))

    def test_only_what_belongs_to_the_class_is_told(self):
        made, = self.make([{'payload': 'PortCRUDPayload', 'told': {
            'node_uuid': 'n', 'to_power': 'power on'}}])
        data = made['ironic_object.data']
        self.assertEqual(('n', None), (data['node_uuid'], data['portgroup_uuid']))
        self.assertNotIn('to_power', data)


if __name__ == '__main__':
    ECHO = sys.argv.pop(1)
    unittest.main()
