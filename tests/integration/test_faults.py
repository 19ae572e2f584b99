# SPDX-License-Identifier: Apache-2.0
"""What breaks under castiron-api and castiron-conductor: broker, database, connections, queues."""
import collections
import os
import re
import threading
import time
import unittest

import broker
import case
import member
import test_cluster

# How long connections are closed one by one; "make soak" takes a minute.
SECONDS = int(os.environ.get('CASTIRON_SOAK_SECONDS', '8'))
CLOSE_ALL = '[rabbit_networking:close_connection(C, "test") || C <- rabbit_networking:connections()].'
# Closes one a second, whoever's turn it is.
CLOSE_ONE_BY_ONE = '''
[begin
     timer:sleep(1000),
     case rabbit_networking:connections() of
         [] -> none;
         All -> rabbit_networking:close_connection(lists:nth(1 + N rem length(All), All), "soak")
     end
 end || N <- lists:seq(1, %d)].
'''
CALL = re.compile(r'(req-[0-9a-f-]{36}).* Call: method=')


def tearDownModule():  # noqa: N802 (unittest's name)
    test_cluster.OneBroker.stop()


class Faults(test_cluster.Members):
    """What breaks under castiron-api and castiron-conductor costs a call at most."""

    TIMEOUT = 12
    OPTIONS = {'DEFAULT': {'rpc_response_timeout': TIMEOUT, 'debug': 'true'},
               'conductor': {'heartbeat_interval': '3', 'heartbeat_timeout': '10'},
               'fake': {'management_delay': '2'}}
    DEVICE = '/v1/nodes/%s/management/boot_device'

    def get_device(self, name):
        return self.api.request('GET', self.DEVICE % name, version=test_cluster.VERSION, timeout=60)

    def runs(self):
        """How often conductors began to look for a boot device."""
        return sum(m.log(10 ** 9).count('Call: method=get_boot_device')
                   for m in self.cluster.members if m.kind == 'conductor')

    def in_background(self, name):
        """A call that takes a while; its reply is the list's only item in the end."""
        replies = []
        thread = threading.Thread(target=lambda: replies.append(self.get_device(name)))
        before = self.runs()
        thread.start()
        self.addCleanup(thread.join)
        self.api.wait_until(lambda: self.runs() > before, 10, 'the call to begin')
        return thread, replies, before

    def test_a_conductor_killed_in_mid_call(self):
        self.enroll('killed')
        thread, replies, before = self.in_background('killed')
        self.conductor.kill()
        self.conductor.start(90)
        thread.join()
        self.assertGreaterEqual(replies[0].status, 500)
        self.assertIn('Timed out waiting for a reply', replies[0].text)
        self.assertEqual(before + 1, self.runs())
        self.assertEqual(200, self.get_device('killed').status)

    def test_a_broker_that_stops_and_starts(self):
        self.enroll('broker')
        self.cluster.broker.halt(kill=True)
        began = time.monotonic()
        self.fails('GET', self.DEVICE % 'broker', None, 503, 'message broker')
        self.assertLess(time.monotonic() - began, self.TIMEOUT)
        self.ask('GET', '/v1/nodes/broker')
        self.cluster.broker.resume()
        began = time.monotonic()
        self.assertEqual(200, self.get_device('broker').status)
        self.assertLess(time.monotonic() - began, 5 + 2)  # its own delay is 2 s

    def test_a_call_that_is_watched(self):
        answer = self.call('watched', self.enroll('watched'))
        self.assertGreaterEqual(answer.pop('beats'), 2)
        self.assertEqual(test_cluster.DEVICE, answer)

    def test_connections_closed_in_mid_call(self):
        self.enroll('closed')
        thread, replies, before = self.in_background('closed')
        self.cluster.broker.evaluate(CLOSE_ALL)
        thread.join()
        self.assertEqual(200, replies[0].status, replies[0])
        self.assertEqual(before + 1, self.runs())

    def test_a_conductor_that_leaves_is_not_missed(self):
        for n in range(6):  # so that either conductor has some
            self.enroll('left%d' % n)
        other = self.cluster.add('conductor', **self.OPTIONS).start()
        statuses, end = [], threading.Event()

        def ask():
            while not end.is_set():
                n = len(statuses)
                statuses.append(self.api.request(
                    'PATCH', '/v1/nodes/left%d' % (n % 6),
                    [{'op': 'add', 'path': '/extra/n', 'value': n}], version=test_cluster.VERSION).status)

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            time.sleep(self.RINGS_S + 1)  # until the API knows of both
            self.conductor.stop()
            self.assertEqual([other.host], self.cluster.conductors())
            time.sleep(1)
        finally:
            end.set()
            thread.join()
            self.conductor.start(90)
            other.stop()
        self.assertEqual({200}, set(statuses))
        self.assertGreater(len(statuses), 20)
