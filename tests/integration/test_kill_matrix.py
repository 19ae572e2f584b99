# SPDX-License-Identifier: Apache-2.0
"""S15: a conductor is killed while a node is in each unstable state, and what nodes stand on goes
away under them: every node comes by itself to the right failed state with a reason, its lock free,
and goes on to active by documented verbs.

CASTIRON_KILL=all (make rehearse-kill) adds Debian's conductor as the peer, the message broker's
restart and the clock that is stepped; without it a round of each of the others is run.
"""
import os
import time
import unittest

import broker
import cluster
import member
import server

ALL = os.environ.get('CASTIRON_KILL') == 'all'
SHIFT = os.path.join(server.BUILD, 'tests', 'integration', 'libshift_clock.so')
LONG, HEARTBEAT_TIMEOUT, CALLBACK_TIMEOUT = '600', 6, 12
WIPE = {'clean_steps': [{'interface': 'bios', 'step': 'factory_reset'}]}
POWER = {'service_steps': [{'interface': 'power', 'step': 'power_on'}]}

# State that is interrupted: where it begins, the verb, what comes with it, where it ends.
WORKING = {
    'deploying': ('available', 'active', {}, 'deploy failed'),
    'cleaning': ('manageable', 'clean', WIPE, 'clean failed'),
    'verifying': ('enroll', 'manage', {}, 'enroll'),
    'deleting': ('active', 'deleted', {}, 'error'),
    'inspecting': ('manageable', 'inspect', {}, 'inspect failed'),
    'adopting': ('manageable', 'adopt', {}, 'adopt failed'),
    'rescuing': ('active', 'rescue', {'rescue_password': 'pass'}, 'rescue failed'),
    'unrescuing': ('rescue', 'unrescue', {}, 'unrescue failed'),
    'servicing': ('active', 'service', POWER, 'service failed'),
}
# State that waits for a ramdisk: the target with which it does, where its timeout leads.
WAITING = {
    'wait call-back': ('active', 'deploy failed'),
    'clean wait': ('available', 'clean failed'),
    'inspect wait': ('manageable', 'inspect failed'),
    'rescue wait': ('rescue', 'rescue failed'),
    'service wait': ('active', 'service failed'),
}
NEWER = {'servicing', 'service wait'}  # than Debian's release
# A documented verb that leads on from each state towards active.
WAY_ON = {
    'enroll': 'manage', 'manageable': 'provide', 'available': 'active', 'clean failed': 'manage',
    'inspect failed': 'manage', 'deploy failed': 'active', 'error': 'deleted',
    'adopt failed': 'adopt', 'rescue': 'unrescue', 'rescue failed': 'unrescue',
    'unrescue failed': 'unrescue', 'service failed': 'abort',
}
DELAYS = ('boot', 'deploy', 'inspect', 'rescue', 'bios', 'power')


class One:
    """The broker, and a database server that may be stopped, of this file's tests."""

    broker = postgres = None

    @classmethod
    def start(cls):
        cls.broker = cls.broker or broker.Broker().start()
        cls.postgres = cls.postgres or cluster.Postgres().start()

    @classmethod
    def stop(cls):
        for one in filter(None, (cls.broker, cls.postgres)):
            one.stop()
        cls.broker = cls.postgres = None


def tearDownModule():  # noqa: N802 (unittest's name)
    One.stop()


class Matrix(unittest.TestCase):
    """A cluster whose nodes are at work when something happens."""

    def new_cluster(self, debian=False):
        One.start()
        self.cluster = member.Cluster(One.postgres, One.broker)
        self.cluster.with_debian = debian
        self.addCleanup(self.cluster.discard)
        self.cluster.prepare()
        self.api = self.cluster.add(
            'api', conductor={'heartbeat_timeout': str(HEARTBEAT_TIMEOUT)}).start()

    def conductor(self, name, seconds_of_work='0', **how):
        """A conductor whose nodes take so long for everything; started."""
        new = self.cluster.add(
            'conductor', host=name,
            fake={delay + '_delay': seconds_of_work for delay in DELAYS},
            conductor={
                'heartbeat_interval': '1', 'heartbeat_timeout': str(HEARTBEAT_TIMEOUT),
                'check_provision_state_interval': '2', 'check_rescue_state_interval': '2',
                'deploy_callback_timeout': str(CALLBACK_TIMEOUT),
                'clean_callback_timeout': str(CALLBACK_TIMEOUT),
                'rescue_callback_timeout': str(CALLBACK_TIMEOUT),
                'inspect_wait_timeout': str(CALLBACK_TIMEOUT),
                'node_locked_retry_attempts': '30', 'power_failure_recovery_interval': '0'},
            **how)
        if not new.debian:
            new.options['conductor']['service_callback_timeout'] = str(CALLBACK_TIMEOUT)
        return new

    def unhurried(self, conductor):
        """From its next start on."""
        conductor.options['fake'] = {}

    def sql(self, statement):
        return One.postgres.sql(statement, self.cluster.database)

    def ask(self, method, path, body=None, status=200):
        reply = self.api.request(method, path, body)
        self.assertEqual(status, reply.status, '%s %s: %r' % (method, path, reply))
        return reply

    def nodes_of(self, host, count):
        """Names of new nodes that map to that conductor."""
        names = []
        while len(names) < count:
            node = self.ask('POST', '/v1/nodes', {
                'driver': 'fake-hardware', 'inspect_interface': 'fake',
                'rescue_interface': 'fake', 'bios_interface': 'fake'}, 201).json
            if self.ask('GET', '/v1/nodes/' + node['uuid']).json['conductor'] == host:
                names.append(node['uuid'])
        return names

    def put(self, uuid, state, target=None):
        """Into a state that would be reached in many ways."""
        self.sql("update nodes set provision_state = '%s', target_provision_state = %s, "
                 "power_state = 'power off', provision_updated_at = now() at time zone 'utc', "
                 "inspection_started_at = now() at time zone 'utc' where uuid = '%s'"
                 % (state, "'%s'" % target if target else 'null', uuid))

    def set_to_work(self, host, states):
        """A node of that conductor in each of the states; uuids by state."""
        nodes = dict(zip(states, self.nodes_of(host, len(states))))
        for state, uuid in nodes.items():
            if state in WAITING:
                self.put(uuid, state, WAITING[state][0])
                continue
            start, verb, more, _ = WORKING[state]
            self.put(uuid, start)
            self.ask('PUT', '/v1/nodes/%s/states/provision' % uuid, dict(more, target=verb), 202)
        for state, uuid in nodes.items():
            if state in WORKING:
                self.api.wait_until(lambda s=state, u=uuid: self.is_at_work(u, s), 60,
                                    '%s to be at work' % state)
        return nodes

    def is_at_work(self, uuid, state):
        node = self.api.node(uuid)
        return node['provision_state'] == state and node['reservation'] is not None

    def expect_failed(self, nodes, host=None):
        """Each in its failed state, with a reason and free; `host` may hold none any more."""
        for state, uuid in nodes.items():
            wanted = WAITING[state][1] if state in WAITING else WORKING[state][3]

            def failed(u=uuid, w=wanted):
                node = self.api.node(u)
                return node if (node['provision_state'] == w and node['last_error'] and
                                node['reservation'] is None) else None
            self.api.wait_until(failed, 120, '%s to become %s: %s, seen by %s' % (
                state, wanted, self.sql("select provision_state, reservation, last_error from "
                                        "nodes where uuid = '%s'" % uuid), host))

    def lead_on(self, uuid):
        """Takes the node to active by documented verbs."""
        for _ in range(8):
            node = self.api.wait_until(lambda: self.at_rest(uuid), 60, '%s to rest' % uuid)
            if node['provision_state'] == 'active':
                return
            if node['maintenance']:
                self.ask('DELETE', '/v1/nodes/%s/maintenance' % uuid, status=202)
            self.assertIn(node['provision_state'], WAY_ON)
            self.ask('PUT', '/v1/nodes/%s/states/provision' % uuid,
                     {'target': WAY_ON[node['provision_state']]}, 202)
        self.fail('%s never became active: %s' % (uuid, self.api.node(uuid)))

    def at_rest(self, uuid):
        node = self.api.node(uuid)
        rests = node['provision_state'] in WAY_ON or node['provision_state'] == 'active'
        return node if rests and node['reservation'] is None else None

    def lead_all_on(self, nodes):
        for uuid in nodes.values():
            self.lead_on(uuid)

    def await_ring(self):
        """Until all believe that all conductors are there."""
        time.sleep(2.5)  # hash_ring_reset_interval is what says so


class Kill(Matrix):
    """kill -9 of the conductor that works."""

    def test_alone_it_is_started_again(self):
        """S15"""
        self.new_cluster()
        victim = self.conductor('victim', LONG).start()
        nodes = self.set_to_work('victim', [*WORKING, *WAITING])
        victim.kill()
        self.unhurried(victim)
        victim.start()
        self.expect_failed(nodes, 'victim')
        self.lead_all_on(nodes)

    def test_a_peer_of_ours_takes_over(self):
        """S15, S59"""
        self.new_cluster()
        victim = self.conductor('victim', LONG).start()
        self.conductor('peer').start()
        self.await_ring()
        nodes = self.set_to_work('victim', [*WORKING, *WAITING])
        victim.kill()
        self.expect_failed(nodes, 'peer')
        self.lead_all_on(nodes)

    @unittest.skipUnless(ALL and member.have_debian(), 'make rehearse-kill')
    def test_a_peer_of_debians_takes_over(self):
        """S15, S05: it fails what it knows of, and ours the rest once it is back."""
        self.new_cluster(debian=True)
        victim = self.conductor('victim', LONG).start()
        self.conductor('peer', debian=True).start()
        self.await_ring()
        nodes = self.set_to_work('victim', [s for s in [*WORKING, *WAITING] if s not in NEWER])
        victim.kill()
        taken = ('deploying', 'cleaning', 'wait call-back', 'clean wait', 'inspect wait',
                 'rescue wait')
        self.expect_failed({s: nodes[s] for s in taken}, 'peer')
        self.unhurried(victim)
        victim.start()
        self.expect_failed(nodes, 'victim')
        self.lead_all_on(nodes)

    @unittest.skipUnless(ALL and member.have_debian(), 'make rehearse-kill')
    def test_a_conductor_of_debians_is_taken_over_from(self):
        """S15"""
        self.new_cluster(debian=True)
        self.conductor('peer').start()
        victim = self.conductor('victim', LONG, debian=True).start()
        self.await_ring()
        nodes = self.set_to_work('victim', [s for s in [*WORKING, *WAITING] if s not in NEWER])
        os.killpg(victim.process.pid, 9)
        victim.process.wait()
        victim.process = None
        self.expect_failed(nodes, 'peer')
        self.lead_all_on(nodes)


class Away(Matrix):
    """What the conductor stands on goes away while it works."""

    def test_the_database_is_restarted(self):
        """Work that ends meanwhile cannot say so: such nodes fail once it is back."""
        self.new_cluster()
        conductor = self.conductor('victim', '5').start()
        nodes = self.set_to_work('victim', [*WORKING, *WAITING])
        One.postgres.halt('immediate')
        time.sleep(8)  # longer than the work takes
        One.postgres.resume()
        self.api.wait_until(self.api.answers, 60, 'the API')
        for uuid in nodes.values():
            self.api.wait_until(lambda u=uuid: self.at_rest(u), 120, '%s to rest' % uuid)
        conductor.stop()
        self.unhurried(conductor)
        conductor.start()
        self.lead_all_on(nodes)

    @unittest.skipUnless(ALL, 'make rehearse-kill')
    def test_the_broker_is_restarted(self):
        self.new_cluster()
        conductor = self.conductor('victim', '5').start()
        nodes = self.set_to_work('victim', [*WORKING, *WAITING])
        One.broker.halt(kill=True)
        time.sleep(8)
        One.broker.resume()
        for uuid in nodes.values():
            self.api.wait_until(lambda u=uuid: self.at_rest(u), 120, '%s to rest' % uuid)
        conductor.stop()
        self.unhurried(conductor)
        conductor.start()
        self.lead_all_on(nodes)

    @unittest.skipUnless(ALL, 'make rehearse-kill')
    def test_the_clock_of_one_is_stepped(self):
        """An hour ahead: it takes nobody's nodes, and when it is killed its own are taken."""
        self.new_cluster()
        victim, peer = self.conductor('victim', LONG), self.conductor('peer', LONG).start()
        clock = os.path.join(self.cluster.folder, 'clock')
        self.step(clock, 0)
        victim.command = ['env', 'LD_PRELOAD=' + SHIFT, 'SHIFT_CLOCK=' + clock, *victim.command]
        victim.start()
        self.await_ring()
        kept = self.set_to_work('peer', ['deploying', 'cleaning'])
        nodes = self.set_to_work('victim', list(WORKING))
        self.step(clock, 3600)
        until = time.monotonic() + 2 * HEARTBEAT_TIMEOUT + 4
        while time.monotonic() < until:
            for held, host in ((kept, 'peer'), (nodes, 'victim')):
                for state, uuid in held.items():
                    node = self.api.node(uuid)
                    self.assertEqual((host, state),
                                     (node['reservation'], node['provision_state']))
            time.sleep(0.5)
        victim.kill()
        self.expect_failed(nodes, 'peer')
        peer.kill()
        self.unhurried(peer)
        peer.start()
        self.expect_failed(kept, 'peer')
        self.lead_all_on(dict(nodes, **{'kept ' + s: u for s, u in kept.items()}))

    @staticmethod
    def step(clock, seconds):
        with open(clock, 'w', encoding='ascii') as file:
            file.write('%d\n' % seconds)
