# SPDX-License-Identifier: Apache-2.0
"""What breaks under castiron-api and castiron-conductor: broker, database, connections, queues."""
import collections
import contextlib
import json
import os
import re
import threading
import time

import broker
import case
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
DELETE_QUEUES = '''
[rabbit_amqqueue:delete(Q, false, false, <<"test">>)
 || Q <- rabbit_amqqueue:list(), {resource, _, queue, Name} <- [amqqueue:get_name(Q)],
    string:prefix(Name, "%s") =/= nomatch].
'''
CALL = re.compile(r'(req-[0-9a-f-]{36}).* Call: method=')


def tearDownModule():  # noqa: N802 (unittest's name)
    case.OneBroker.stop()


class Stream(test_cluster.Members):
    """A steady stream of calls while something breaks; the hardware answers at once."""

    TIMEOUT = 10
    THREADS = 4
    OPTIONS = {'DEFAULT': {'rpc_response_timeout': TIMEOUT, 'debug': 'true'},
               'conductor': {'heartbeat_interval': '3', 'heartbeat_timeout': '10'}}
    Answer = collections.namedtuple('Answer', 'name status request took value text')

    def setUp(self):
        for name in ('apart', *('steady%d' % n for n in range(self.THREADS))):
            self.enroll(name)

    def calls(self):
        """How often conductors ran the call of each request."""
        return collections.Counter(
            found for m in self.cluster.members if m.kind == 'conductor'
            for found in CALL.findall(m.log(10 ** 9)))

    def change(self, name, value):
        """One call that leaves a trace in the database."""
        began = time.monotonic()
        reply = self.api.request('PATCH', '/v1/nodes/' + name,
                                 [{'op': 'add', 'path': '/extra/n', 'value': value}],
                                 version=test_cluster.VERSION, timeout=60)
        return self.Answer(name, reply.status, reply.headers['openstack-request-id'],
                           time.monotonic() - began, value, reply.text)

    @contextlib.contextmanager
    def stream(self):
        """Calls from some threads, each to its own node; gives the list of their answers."""
        answers, end, threads = [], threading.Event(), []

        def ask(name):
            value = 0
            while not end.is_set():
                value += 1
                answers.append(self.change(name, value))
                time.sleep(0.02)

        for n in range(self.THREADS):
            threads.append(threading.Thread(target=ask, args=('steady%d' % n,)))
        for thread in threads:
            thread.start()
        try:
            yield answers
        finally:
            end.set()
            for thread in threads:
                thread.join()
        self.judge(answers)

    def judge(self, answers):
        """Each call was answered in time; none ran twice, none that was agreed to is lost."""
        runs, last, may = self.calls(), {}, {}
        for answer in answers:
            self.assertLess(answer.took, self.TIMEOUT + 3, answer)
            self.assertLessEqual(runs[answer.request], 1, answer)
            self.assertIn(answer.status, (200, 500, 503, 504), answer)
            if answer.status == 200:
                self.assertEqual(1, runs[answer.request], answer)
                last[answer.name], may[answer.name] = answer.value, set()
            else:
                self.assertTrue(json.loads(answer.text)['error_message'], answer)
                may.setdefault(answer.name, set()).add(answer.value)
        for name, value in last.items():  # a call that failed may have been run all the same
            self.assertIn(self.node(name)['extra'].get('n'), may[name] | {value})

    def works_within(self, seconds, since):
        """All works again without a hand, so much later at most."""
        for n in range(8):
            answer = self.change('apart', n)
            self.assertEqual(200, answer.status, answer)
        self.assertLess(time.monotonic() - since, seconds)

    @staticmethod
    def statuses(answers):
        return collections.Counter(answer.status for answer in answers)


class Steady(Stream):
    """One broker and one database."""

    def test_connections_closed_one_by_one(self):
        with self.stream() as answers:
            self.cluster.broker.evaluate(CLOSE_ONE_BY_ONE % SECONDS)
            self.works_within(3, time.monotonic())
        counts = self.statuses(answers)
        self.assertGreater(counts[200], 20 * SECONDS, counts)
        self.assertGreater(counts[200], 0.98 * len(answers), counts)

    def test_a_broker_that_stops_and_starts(self):
        for kill in (False, True):
            with self.subTest(kill=kill):
                with self.stream() as answers:
                    time.sleep(0.5)
                    self.cluster.broker.halt(kill)
                    time.sleep(4)  # so that the pauses between attempts have grown
                    self.cluster.broker.resume()
                    began = time.monotonic()
                    self.works_within(3, began)
                    time.sleep(0.5)
                self.assertGreater(self.statuses(answers)[200], 20)

    def test_a_database_that_stops_and_starts(self):
        postgres = self.cluster.postgres
        for mode in ('fast', 'immediate'):
            with self.subTest(mode=mode):
                with self.stream() as answers:
                    time.sleep(0.5)
                    postgres.halt(mode)
                    time.sleep(2)
                    postgres.resume()
                    began = time.monotonic()
                    self.works_within(3, began)
                    time.sleep(0.5)
                self.assertGreater(self.statuses(answers)[200], 20)

    def test_queues_that_are_deleted(self):
        with self.stream() as answers:
            for begins in ('ironic.conductor_manager', 'reply_'):
                time.sleep(0.5)
                self.cluster.broker.evaluate(DELETE_QUEUES % begins)
                self.works_within(3, time.monotonic())
            time.sleep(0.5)
        counts = self.statuses(answers)
        self.assertLessEqual(len(answers) - counts[200], 2 * self.THREADS, counts)

    def test_a_memory_alarm(self):
        control = self.cluster.broker.control
        with self.stream() as answers:
            control('set_vm_memory_high_watermark', 'absolute', '1')
            try:
                broker.wait_for(lambda: self.statuses(answers)[503], 'a refusal', 20)
            finally:
                control('set_vm_memory_high_watermark', 'absolute', '1GiB')
            self.works_within(3, time.monotonic())
        self.assertRegex(next(x.text for x in answers if x.status == 503),
                         'message broker (takes no messages|did not confirm)')


class Quorum(test_cluster.Members):
    """Quorum queues in both programs, as [oslo_messaging_rabbit] asks for them."""

    OPTIONS = {'oslo_messaging_rabbit': {'rabbit_quorum_queue': 'true'}}
    KIND = ['true', 'quorum']
    TRANSIENT = ['false', 'classic']  # what reply and fanout queues are

    def test_calls_go_over_such_queues(self):
        """S48: calls over the kinds of queues that the options ask for."""
        self.enroll('queues')
        self.ask('PATCH', '/v1/nodes/queues', [{'op': 'add', 'path': '/extra/n', 'value': 1}])
        said = self.cluster.broker.control('list_queues', '-p', self.cluster.vhost, 'name',
                                           'durable', 'type')
        kinds = {line.split()[0]: line.split()[1:] for line in said.splitlines()[1:]}
        for topic in ('ironic.conductor_manager',
                      'ironic.conductor_manager.' + self.conductor.host):
            self.assertEqual(self.KIND, kinds[topic], kinds)
        transient = {name: kind for name, kind in kinds.items()
                     if name.startswith('reply_') or '_fanout_' in name}
        self.assertEqual({'reply', 'ironic.conductor_manager'},
                         {re.split('_fanout_|_(?=[0-9a-f]{32})', name)[0] for name in transient})
        for name, kind in transient.items():
            self.assertEqual(self.TRANSIENT, kind, name)


class QuorumReplies(Quorum):
    """Reply and fanout queues as well."""

    OPTIONS = {'oslo_messaging_rabbit': {'rabbit_quorum_queue': 'true',
                                         'rabbit_transient_quorum_queue': 'true'}}
    TRANSIENT = ['true', 'quorum']


class Durable(Quorum):
    """Durable queues in both."""

    OPTIONS = {'oslo_messaging_rabbit': {'amqp_durable_queues': 'true'}}
    KIND = ['true', 'classic']


class DurableDebianApi(Durable):
    """The same with Debian's ironic-api."""

    DEBIAN_API = True


class DurableDebianConductor(Durable):
    """The same with Debian's ironic-conductor."""

    DEBIAN_CONDUCTOR = True


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
        """S04 S09 S59: every request is answered meanwhile."""
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
