# SPDX-License-Identifier: Apache-2.0
"""A cluster of two RabbitMQ servers, named both in transport_url, of which one goes away."""
import time

import broker
import case
import member
import test_faults

TURNS = 1 if test_faults.SECONDS < 60 else 2  # "make soak" stops each of them


class Second(broker.Broker):
    """A broker that joins another one when it first starts."""

    def __init__(self, first):
        super().__init__()
        self.first, self.epmd = first, first.epmd

    def more_configuration(self):
        return ('cluster_formation.peer_discovery_backend = classic_config\n'
                'cluster_formation.classic_config.nodes.1 = %s\n'
                'cluster_formation.classic_config.nodes.2 = %s\n' % (self.first.node, self.node))


class Pair:
    """Both; what broker.Broker has that a cluster of services asks for."""

    running = None

    def __init__(self):
        self.first = broker.Broker()
        self.second = Second(self.first)
        self.both = (self.first, self.second)

    @classmethod
    def get(cls):
        if cls.running is None:
            cls.running = cls()
            cls.running.first.start()
            cls.running.second.start()
        return cls.running

    @classmethod
    def stop(cls):
        pair, cls.running = cls.running, None
        if pair:
            try:
                pair.second.stop()
            finally:
                pair.first.stop()

    def create(self):
        return self.first.create()

    def url(self, vhost):
        """Like rabbit://user:word@one,user:word@other/vhost."""
        one, other = (each.url(vhost).rsplit('/', 1) for each in self.both)
        return '%s,%s/%s' % (one[0], other[0].split('://')[1], one[1])


def tearDownModule():  # noqa: N802 (unittest's name)
    Pair.stop()


class Transient(test_faults.Stream):
    """Queues as Ironic has them by default: one that was on the broker that is gone is made anew."""

    QUEUES = {}

    @classmethod
    def new_cluster(cls):
        cls.OPTIONS = dict(cls.OPTIONS, oslo_messaging_rabbit=cls.QUEUES)
        return member.Cluster(case.OneCluster.get(), Pair.get())

    def test_each_goes_away_in_turn(self):
        for gone in self.cluster.broker.both[:TURNS]:
            with self.subTest(gone.node):
                with self.stream() as answers:
                    time.sleep(0.5)
                    gone.halt(kill=True)
                    self.comes_back(20)  # by the other one
                    gone.resume()
                    self.comes_back(20)
                    time.sleep(0.5)
                self.assertGreater(self.statuses(answers)[200], 20)

    def comes_back(self, seconds):
        """Calls are answered again, each once, for a second without a failure."""
        until, good = time.monotonic() + seconds, 0
        while good < 10:
            answer = self.change('apart', good)
            good = good + 1 if answer.status == 200 else 0
            self.assertLess(time.monotonic(), until, answer)
            time.sleep(0.05)


class Quorum(Transient):
    """Quorum queues, which two brokers have together or not at all."""

    QUEUES = {'rabbit_quorum_queue': 'true'}

    def test_each_goes_away_in_turn(self):
        for gone in self.cluster.broker.both[:TURNS]:
            with self.subTest(gone.node):
                with self.stream() as answers:
                    time.sleep(0.5)
                    gone.halt(kill=True)
                    broker.wait_for(lambda: len(answers) - self.statuses(answers)[200], 'a refusal', 60)
                    gone.resume()
                    self.comes_back(40)
                    time.sleep(0.5)
                self.assertGreater(self.statuses(answers)[200], 20)
