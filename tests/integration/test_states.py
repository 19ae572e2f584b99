# SPDX-License-Identifier: Apache-2.0
"""Every verb in every provision state: what is answered, and the states that the node goes through.

Rows of nodes are put into each state as a conductor would have left them; then REST is asked, and
a trigger of the database notes each state that a node goes through. What is expected is the state
machine of Ironic (tests/golden/states.def) and, for the older release, what Debian's services do.
"""
import json
import os
import re
import unittest

import server
import test_cluster

GOLDEN = os.path.join(server.ROOT, 'tests', 'golden', 'states.def')
NOTES = '''
create table moves (id serial, name text, was text, is_now text);
create function note() returns trigger language plpgsql as $$ begin
    insert into moves (name, was, is_now) values (new.name, old.provision_state,
                                                  new.provision_state);
    return new; end $$;
create trigger note after update of provision_state on nodes for each row
    when (old.provision_state is distinct from new.provision_state) execute function note();
'''
CLEAN = [{'interface': 'deploy', 'step': 'erase_devices'}]
BODIES = {'clean': {'clean_steps': CLEAN}, 'rescue': {'rescue_password': 'correct horse'},
          'service': {'service_steps': [{'interface': 'bios', 'step': 'factory_reset'}]}}
INTERFACES = {'rescue_interface': 'fake', 'inspect_interface': 'fake', 'bios_interface': 'fake'}
NEWEST = '1.115'
NEWER = ('clean hold', 'deploy hold', 'servic')  # how states begin that the older release lacks
UNABLE = {('abort', 'inspect wait')}  # which the fake interface does not know


def golden(kind):
    """Rows of the state machine: their texts, and a number at the end where they have one."""
    with open(GOLDEN, encoding='utf-8') as table:
        rows = re.findall(r'^GOLDEN_%s\(("[^)]*)\)' % kind, table.read(), re.M)
    return [tuple(text if text or not number else int(number)
                  for text, number in re.findall(r'"([^"]*)"|\b(\d+)\b', row)) for row in rows]


def name_of(state, verb):
    return '%s.%s' % (state.replace(' ', '_'), verb)


class Verbs(test_cluster.Members):
    """Asks each verb in each state, once; which services are asked is said by the classes below."""

    VERSION = NEWEST

    @classmethod
    def pairs(cls):
        states = [row[0] for row in golden('STATE')]
        verbs = [verb for verb, since in golden('VERB') if since <= int(cls.VERSION[2:])]
        if cls.VERSION != NEWEST:
            states = [state for state in states if not state.startswith(NEWER)]
        return [(state, verb) for state in states for verb in verbs]

    @classmethod
    def sql(cls, text):
        return cls.cluster.postgres.sql(text, cls.cluster.database)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        reply = cls.api.request('POST', '/v1/nodes', dict(
            INTERFACES, name='first', driver='fake-hardware'), version=cls.VERSION)
        if reply.status != 201:
            raise AssertionError(repr(reply))
        own = ('id', 'uuid', 'name', 'provision_state', 'target_provision_state')
        columns = [row[0] for row in cls.sql(
            "select column_name from information_schema.columns where table_name = 'nodes'")
            if row[0] not in own]
        targets = dict((row + (None,))[:2] for row in golden('STATE'))
        values = ', '.join("('%s', '%s', %s)" % (
            name_of(state, verb), state, "'%s'" % targets[state] if targets[state] else 'null')
            for state, verb in cls.pairs())
        cls.sql('insert into nodes (uuid, name, provision_state, target_provision_state, %s) '
                'select gen_random_uuid(), v.name, v.state, v.target, %s from nodes n, '
                '(values %s) v (name, state, target)' % (
                    ', '.join(columns), ', '.join('n.' + c for c in columns), values))
        cls.sql(NOTES)
        cls.answers = {pair: cls.ask_for(*pair) for pair in cls.pairs()}
        cls.api.wait_until(cls.is_quiet, 120, 'all nodes to come to rest')
        cls.moves = {}
        for name, was, is_now in cls.sql('select name, was, is_now from moves order by id'):
            cls.moves.setdefault(name, [was]).append(is_now)

    @classmethod
    def ask_for(cls, state, verb):
        reply = cls.api.request('PUT', '/v1/nodes/%s/states/provision' % name_of(state, verb),
                                dict(BODIES.get(verb, {}), target=verb), version=cls.VERSION)
        text = re.sub('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'UUID', reply.text)
        return reply.status, json.loads(json.loads(text)['error_message']) if text else None

    @classmethod
    def is_quiet(cls):
        return cls.sql('select count(*) from nodes where reservation is not null')[0][0] == '0'


class Newest(Verbs):
    """Our services, at the newest release, against Ironic's state machine."""

    def test_a_verb_is_taken_in_its_states_only(self):
        taken = set(golden('TAKEN')) - UNABLE
        for (state, verb), (status, text) in self.answers.items():
            with self.subTest(state=state, verb=verb):
                self.assertEqual(202 if (verb, state) in taken else 400, status, text)

    def test_a_node_moves_as_the_machine_has_it(self):
        moves = set(golden('MOVE'))
        self.assertTrue(self.moves)
        for name, states in self.moves.items():
            with self.subTest(name=name):
                self.assertLessEqual(set(zip(states, states[1:])), moves)


class Pinned(Verbs):
    """Our services as of the older release."""

    VERSION = test_cluster.VERSION

    @classmethod
    def new_cluster(cls):
        found = super().new_cluster()
        found.with_debian = True
        return found


class Debian(Verbs):
    """Those of Debian."""

    VERSION = test_cluster.VERSION
    DEBIAN_API = DEBIAN_CONDUCTOR = True


class Older(unittest.TestCase):
    """Ours and Debian's are asked the same, and do the same."""

    @classmethod
    def setUpClass(cls):
        for services in (Debian, Pinned):
            cls.addClassCleanup(services.doClassCleanups)
            services.setUpClass()

    def test_a_verb_is_answered_alike(self):
        newer = ('wait call-back', 'abort')
        self.assertEqual(406, Pinned.answers.pop(newer)[0])  # its version is above the ceiling
        self.assertEqual(400, Debian.answers.pop(newer)[0])
        for pair, answer in Debian.answers.items():
            with self.subTest(pair=pair):
                self.assertEqual(answer, Pinned.answers[pair])

    def test_a_node_moves_alike(self):
        self.maxDiff = None
        self.assertEqual(Debian.moves, Pinned.moves)


def tearDownModule():  # noqa: N802 (unittest's name)
    test_cluster.OneBroker.stop()
