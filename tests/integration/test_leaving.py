# SPDX-License-Identifier: Apache-2.0
"""A conductor that leaves: what it does with its queues, its work, its row and its nodes."""
import json
import os
import signal
import threading
import time
import unittest

import broker
import case
import member

RING_S = 2
VERSION = '1.82'


class Leaving(unittest.TestCase):
    """Conductors of ours, one API; each test starts conductors with its own options."""

    @classmethod
    def setUpClass(cls):
        cls.broker = broker.Broker().start()
        cls.addClassCleanup(cls.broker.stop)

    def setUp(self):
        self.cluster = member.Cluster(case.OneCluster.get(), self.broker)
        self.addCleanup(self.cluster.discard)
        self.cluster.prepare()
        self.api = None

    def conductor(self, **options):
        sections = {'DEFAULT': {'debug': 'true'}, 'fake': {'deploy_delay': '0'},
                    'conductor': {'heartbeat_interval': '1', 'heartbeat_timeout': '30'}}
        for section, values in options.items():
            sections.setdefault(section, {}).update(values)
        return self.cluster.add('conductor', **sections)

    def start(self, *conductors):
        self.api = self.cluster.add('api')
        for service in (*conductors, self.api):
            service.launch()
        for service in (*conductors, self.api):
            service.wait_until(service.is_there, 60, '%s to be there' % service.name)

    def ask(self, method, path, body=None, status=200):
        reply = self.api.request(method, path, body, version=VERSION, timeout=100)
        self.assertEqual(status, reply.status, '%s %s: %r' % (method, path, reply))
        return reply.json if reply.text else None

    def row(self, host):
        return self.cluster.postgres.sql(
            "select online, updated_at from conductors where hostname = '%s'" % host,
            self.cluster.database)[0]

    def node(self, path):
        return self.ask('GET', path)

    def becomes(self, path, field, value, seconds=60):
        self.api.wait_until(lambda: self.node(path)[field] == value, seconds,
                            '%s to be %s' % (field, value))

    def available(self, host=None):
        """A node that can be deployed; of that conductor."""
        while True:
            path = '/v1/nodes/' + self.ask('POST', '/v1/nodes', {'driver': 'fake-hardware'},
                                           201)['uuid']
            if host is None or self.node(path)['conductor'] == host:
                break
        for verb, state in (('manage', 'manageable'), ('provide', 'available')):
            self.ask('PUT', path + '/states/provision', {'target': verb}, 202)
            self.becomes(path, 'provision_state', state)
        self.becomes(path, 'reservation', None)
        return path

    def deploying(self, host=None):
        path = self.available(host)
        self.ask('PUT', path + '/states/provision', {'target': 'active'}, 202)
        self.becomes(path, 'provision_state', 'deploying')
        return path

    def consumed(self):
        """Names of queues that somebody listens to, and how many do."""
        text = self.broker.control('list_queues', '--vhost', self.cluster.vhost, '--no-table-headers',
                                   'name', 'consumers')
        return {name: int(n) for name, n in (line.split() for line in text.splitlines()) if int(n)}

    def ends(self, conductor, seconds):
        process = conductor.process
        conductor.wait_until(lambda: process.poll() is not None, seconds, 'the end')
        return process.returncode

    def test_what_it_listens_to(self):
        """S43: the common queue, its own, and one of what is sent to all."""
        one = self.conductor()
        self.start(one)
        names = set(self.consumed())
        topic = 'ironic.conductor_manager'
        self.assertTrue({topic, '%s.%s' % (topic, one.host)} < names, names)
        self.assertTrue(any(name.startswith(topic + '_fanout_') for name in names), names)

    def drain(self, number):
        """A long deploy is finished by the one that leaves; all else is done by the other."""
        one = self.conductor(fake={'deploy_delay': '7'}, conductor={'graceful_shutdown_timeout': '40'})
        other = self.conductor()
        self.start(one, other)
        self.api.wait_until(lambda: len(self.ask('GET', '/v1/conductors')['conductors']) == 2, 30,
                            'two conductors')
        mine = self.available(one.host)
        path = self.deploying(one.host)
        before = self.row(one.host)[1]
        began = time.monotonic()
        one.process.send_signal(number)
        self.api.wait_until(lambda: self.row(one.host)[0] == 'f', 10, 'it to be offline')
        own = 'ironic.conductor_manager.' + one.host
        self.api.wait_until(lambda: own not in self.consumed(), RING_S + 5, 'its queue to be left')
        self.assertIsNone(one.process.poll(), 'work goes on')
        calls = one.log(10 ** 9).count(' Call: ')
        self.ask('PATCH', mine, [{'op': 'add', 'path': '/extra/a', 'value': 1}])
        self.ask('PUT', mine + '/states/power', {'target': 'power on'}, 202)
        self.becomes(mine, 'power_state', 'power on')
        self.assertEqual(calls, one.log(10 ** 9).count(' Call: '))
        beat = self.row(one.host)
        self.assertEqual('f', beat[0])
        self.assertGreater(beat[1], before)
        self.assertEqual('deploying', self.node(path)['provision_state'])
        self.assertEqual(one.host, self.node(path)['reservation'])
        self.assertEqual(0, self.ends(one, 60))
        self.assertGreater(time.monotonic() - began, 4)
        node = self.node(path)
        self.assertEqual(('active', None, None), (
            node['provision_state'], node['reservation'], node['last_error']))
        self.assertEqual([], self.cluster.postgres.sql(
            "select uuid from nodes where reservation = '%s'" % one.host, self.cluster.database))

    def test_a_drain(self):
        """S01 S04 S05 S06 S51 S52: SIGUSR2 finishes what is held and takes nothing new."""
        self.drain(signal.SIGUSR2)

    def test_a_stop(self):
        """S44 S45 S51 S59: SIGTERM does the same."""
        self.drain(signal.SIGTERM)

    def cut_off(self, number, **options):
        """The time is over: the node is failed with a reason, by the one that leaves."""
        one = self.conductor(fake={'deploy_delay': '60'}, **options)
        other = self.conductor(fake={'deploy_delay': '60'})
        self.start(one, other)
        path = self.deploying(one.host)
        began = time.monotonic()
        one.process.send_signal(number)
        self.ends(one, 30)
        self.assertLess(time.monotonic() - began, RING_S + 3 + 8)
        node = self.node(path)
        self.assertEqual(('deploy failed', None), (node['provision_state'], node['reservation']))
        self.assertTrue(node['last_error'])

    def test_a_drain_has_an_end(self):
        """S02: [DEFAULT]drain_shutdown_timeout bounds it."""
        self.cut_off(signal.SIGUSR2, DEFAULT={'drain_shutdown_timeout': '3'})

    def test_a_stop_has_an_end(self):
        """S49 S50: [conductor]graceful_shutdown_timeout bounds it, nodes are failed with a reason."""
        self.cut_off(signal.SIGTERM, conductor={'graceful_shutdown_timeout': '3'})

    def test_an_interrupt(self):
        """S07: SIGINT ends at once; the node is failed by then or at the next start."""
        one = self.conductor(fake={'deploy_delay': '60'})
        self.start(one)
        path = self.deploying()
        began = time.monotonic()
        one.process.send_signal(signal.SIGINT)
        self.ends(one, 20)
        self.assertLess(time.monotonic() - began, 5)
        one.process = None
        one.start(90)
        self.becomes(path, 'provision_state', 'deploy failed')
        self.assertIsNone(self.node(path)['reservation'])

    def sent_meanwhile(self, one, successor):
        """A call to a conductor that was killed is answered by the next one of its name."""
        self.start(one)
        path = self.available()
        os.killpg(one.process.pid, signal.SIGKILL)
        one.process.wait()
        one.process = None
        replies = []
        thread = threading.Thread(target=lambda: replies.append(self.api.request(
            'PUT', path + '/states/power', {'target': 'power on'}, version=VERSION, timeout=100)))
        thread.start()
        own = 'ironic.conductor_manager.' + one.host
        self.api.wait_until(lambda: self.waiting(own), 30, 'a message in its queue')
        calls = 'Call: method=change_node_power_state'
        before = successor.log(10 ** 9).count(calls)
        successor.start(90)
        thread.join()
        self.assertEqual(202, replies[0].status, replies[0])
        self.becomes(path, 'power_state', 'power on')
        self.assertEqual(before + 1, successor.log(10 ** 9).count(calls))
        self.assertFalse(self.waiting(own))

    def test_messages_wait(self):
        """S46: what is sent while nobody listens is done, once, after the start."""
        one = self.conductor()
        self.sent_meanwhile(one, one)

    @unittest.skipUnless(member.have_debian(), 'python3-ironic is not installed')
    def test_messages_wait_for_a_successor(self):
        """S47: the queue of Ironic's conductor is drained by ours of the same name."""
        self.cluster.with_debian = True
        old = self.cluster.add('conductor', True, 'conductor-x', conductor={
            'heartbeat_interval': '1', 'heartbeat_timeout': '30'})
        ours = self.conductor()
        ours.host = ours.options['DEFAULT']['host'] = old.host
        self.sent_meanwhile(old, ours)

    @unittest.skipUnless(member.have_debian(), 'python3-ironic is not installed')
    def test_the_pin_is_missing(self):
        """S32: an unpinned API is refused by an older conductor, and told why in its log."""
        old = self.cluster.add('conductor', True)
        self.start(old)
        reply = self.api.request('POST', '/v1/nodes', {'driver': 'fake-hardware'}, version=VERSION,
                                 timeout=100)
        self.assertIn('is not supported', reply.json['error_message'])
        self.assertGreaterEqual(reply.status, 400)
        self.assertIn('set pin_release_version', self.api.log())
        self.ask('GET', '/v1/nodes')

    def test_vifs_of_an_active_node(self):
        """S70: as a Compute service attaches them at its start."""
        one = self.conductor()
        self.start(one)
        path = self.deploying_done()
        for n in range(100):
            self.ask('POST', path + '/vifs', {'id': '11111111-2222-4333-8444-%012d' % n}, 204)

    def deploying_done(self):
        path = self.available()
        self.ask('PUT', path + '/states/provision', {'target': 'active'}, 202)
        self.becomes(path, 'provision_state', 'active')
        self.becomes(path, 'reservation', None)
        return path

    def waiting(self, queue):
        text = self.broker.control('list_queues', '--vhost', self.cluster.vhost, '--no-table-headers',
                                   'name', 'messages')
        return dict(line.split() for line in text.splitlines()).get(queue) == '1'

    def test_nobody_is_there(self):
        """S71: without a conductor the answer is fast, and says so."""
        one = self.conductor()
        self.start(one)
        path = self.available()
        one.stop()
        time.sleep(RING_S + 0.5)
        for method, at, body in (('PUT', path + '/states/power', {'target': 'power on'}),
                                 ('PATCH', path, [{'op': 'add', 'path': '/extra/a', 'value': 1}]),
                                 ('PUT', path + '/states/provision', {'target': 'active'})):
            began = time.monotonic()
            reply = self.api.request(method, at, body, version=VERSION)
            self.assertLess(time.monotonic() - began, 2)
            self.assertIn(reply.status, (400, 404, 503), reply)
            fault = json.loads(reply.json['error_message'])['faultstring']
            self.assertTrue(fault, reply)
