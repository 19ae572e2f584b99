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

import agent
import case
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
MAC = '52:54:00:12:34:56'
INVENTORY = {'interfaces': [{'name': 'eth0', 'mac_address': MAC}], 'memory': {'physical_mb': 2048},
             'cpu': {'architecture': 'x86_64', 'count': 8}, 'boot': {}}
HOLD = {'interface': 'deploy', 'step': 'hold'}
# Moves that the machine has and Ironic's own code never makes, nor any client can ask for.
UNMADE = {
    ('wait call-back', 'hold'), ('clean wait', 'hold'), ('service wait', 'hold'),  # as they resume
    ('service failed', 'hold'), ('service failed', 'wait'),  # a service begins anew from there
    ('service wait', 'abort'), ('service hold', 'abort'),  # fails, and is aborted from there
    ('inspect wait', 'done'),  # an inspection resumes before it is done
}
UNABLE = {('abort', 'inspect wait')}  # which the fake interface does not know


def golden(kind):
    """Rows of the state machine: their texts, and a number at the end where they have one."""
    with open(GOLDEN, encoding='utf-8') as table:
        rows = re.findall(r'^GOLDEN_%s\(("[^)]*)\)' % kind, table.read(), re.M)
    return [tuple(text if text or not number else int(number)
                  for text, number in re.findall(r'"([^"]*)"|\b(\d+)\b', row)) for row in rows]


def golden_moves():
    """(state, event, next state) of all moves."""
    with open(GOLDEN, encoding='utf-8') as table:
        return re.findall(r'^GOLDEN_MOVE\("([^"]*)", (\w+), "([^"]*)"\)', table.read(), re.M)


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

    OPTIONS = {
        'DEFAULT': {'enabled_deploy_interfaces': 'fake,custom-agent',
                    'enabled_rescue_interfaces': 'no-rescue,fake,agent',
                    'enabled_inspect_interfaces': 'no-inspect,fake,agent'},
        'inspector': {'require_managed_boot': 'false'},
        'agent': {'require_tls': 'false', 'command_timeout': '5', 'max_command_attempts': '1',
                  'command_wait_interval': '1', 'post_deploy_get_power_state_retries': '0',
                  'deploy_logs_collect': 'never'},
    }

    def ask(self, method, path, body=None, status=200, version=NEWEST):
        return super().ask(method, path, body, status, version)

    def test_a_verb_is_taken_in_its_states_only(self):
        taken = set(golden('TAKEN')) - UNABLE
        for (state, verb), (status, text) in self.answers.items():
            with self.subTest(state=state, verb=verb):
                self.assertEqual(202 if (verb, state) in taken else 400, status, text)

    def test_a_node_moves_as_the_machine_has_it(self):
        moves = {(was, is_now) for was, _, is_now in golden_moves()}
        self.assertTrue(self.moves)
        for name, states in self.moves.items():
            with self.subTest(name=name):
                self.assertLessEqual(set(zip(states, states[1:])), moves)


    def test_every_move_is_made(self):
        """Those that verbs begin are made by now; these are of work, failures and time."""
        self.live_with_an_agent()
        self.fail_what_is_left()
        made = self.moves_of_the_log()
        moves = {(was, event): is_now for was, event, is_now in golden_moves()}
        self.assertEqual(93, len(moves))
        self.assertEqual({}, {move: is_now for move, is_now in made.items()
                              if moves.get(move) != is_now})
        self.assertEqual(UNMADE, set(moves) - set(made))

    def moves_of_the_log(self):
        """(state, event): next state, as the conductor tells of them."""
        with open(self.conductor.log_path, encoding='utf-8') as log:
            return {(was, event): is_now for is_now, was, event in re.findall(
                r'Node moved to provision state: .* state="([^"]*)" from="([^"]*)" event=(\w+)',
                log.read())}

    def beat_until(self, state):
        """Heartbeats until the node rests in that state."""
        def there():
            node = self.node('alive')
            if node['reservation']:
                return False
            if node['provision_state'] == state:
                return True
            if 'wait' in node['provision_state']:
                self.machine.heartbeat()
            return False
        self.api.wait_until(there, 60, state)

    def hold_at(self, held, waiting):
        """The ramdisk boots, a step holds the node, and somebody lets it go on."""
        self.machine.boot()
        self.beat_until(held)
        self.go('unhold', waiting)

    def go(self, verb, state, **body):
        self.becomes('alive', 'reservation', None)
        self.provision('alive', verb, state, **body)
        self.becomes('alive', 'reservation', None)

    def live_with_an_agent(self):
        """A node that waits, holds, resumes and fails in each of its flows."""
        self.machine = agent.Agent(self.api, MAC)
        self.addCleanup(self.machine.stop)
        node = self.enroll('alive', deploy_interface='custom-agent', rescue_interface='agent',
                           inspect_interface='agent', automated_clean=True)
        self.ask('POST', '/v1/ports', {'node_uuid': node['uuid'], 'address': MAC}, 201)
        self.go('manage', 'manageable')
        self.go('inspect', 'inspect wait')
        self.go('abort', 'inspect failed')
        self.go('inspect', 'inspect wait')
        reply = self.machine.inspect(INVENTORY)
        self.assertEqual(202, reply.status, reply)
        self.becomes('alive', 'provision_state', 'manageable')
        self.go('clean', 'clean wait', clean_steps=[HOLD, *CLEAN])
        self.hold_at('clean hold', 'clean wait')
        self.beat_until('manageable')
        self.go('clean', 'clean wait', clean_steps=CLEAN)
        self.machine.misbehave = lambda method, path: (500, {'faultstring': 'no'})
        self.machine.boot()
        self.becomes('alive', 'provision_state', 'clean failed')
        self.machine.misbehave = lambda method, path: None
        self.ask('DELETE', '/v1/nodes/alive/maintenance', status=202)
        self.go('manage', 'manageable')
        self.go('provide', 'clean wait')
        self.machine.boot()
        self.beat_until('available')
        self.go('active', 'wait call-back', deploy_steps=[dict(HOLD, args={}, priority=90)])
        self.hold_at('deploy hold', 'wait call-back')
        self.beat_until('active')
        self.go('service', 'service wait', service_steps=[
            HOLD, {'interface': 'deploy', 'step': 'polish'}])
        self.hold_at('service hold', 'service wait')
        self.beat_until('active')
        self.go('rescue', 'rescue wait', rescue_password='correct horse')
        self.machine.boot()
        self.becomes('alive', 'provision_state', 'rescue')

    def fail_what_is_left(self):
        """Nodes that wait too long, and those whose conductor has ended: each is failed."""
        self.conductor.halt()
        states = {row[0] for row in golden('STATE')}
        failing = {was for was, event, _ in golden_moves() if event == 'fail'} - {'service hold'}
        self.assertLess(failing, states)
        hour_ago = "now() at time zone 'utc' - interval '1 hour'"
        for state in failing:
            self.sql("update nodes set provision_state = '%s', maintenance = false, reservation = "
                     "null, provision_updated_at = %s, inspection_started_at = %s where name = '%s'"
                     % (state, hour_ago, hour_ago, name_of(state, 'inspect')))
        self.conductor.options['conductor'].update(
            check_provision_state_interval='1', check_rescue_state_interval='1')
        self.conductor.start(90)
        names = ', '.join("'%s'" % name_of(state, 'inspect') for state in failing)
        left = 'select name from nodes where name in (%s) and provision_state in (%s)' % (
            names, ', '.join("'%s'" % state for state in failing))
        self.api.wait_until(lambda: not self.sql(left), 60, 'all to be failed')
        self.api.wait_until(self.is_quiet, 60, 'all nodes to come to rest')
        self.assertEqual([], self.sql(
            'select name, provision_state from nodes where name in (%s) and last_error is null'
            % names))


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
    case.OneBroker.stop()
