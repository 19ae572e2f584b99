# SPDX-License-Identifier: Apache-2.0
"""What integration tests start from: a castiron of their own, on each engine."""
import unittest

import broker
import cluster
import server


class One:
    """A server that all tests of a run share; KIND makes it."""

    KIND = None
    running = None

    @classmethod
    def get(cls):
        if cls.running is None:
            cls.running = cls.KIND().start()
        return cls.running

    @classmethod
    def stop(cls):
        if cls.running is not None:
            cls.running.stop()
            cls.running = None


class OneCluster(One):
    """PostgreSQL: each test has a database of its own."""

    KIND = cluster.Postgres


class OneBroker(One):
    """RabbitMQ: each test has a virtual host of its own; a module that has used it stops it."""

    KIND = broker.Broker


class Case(unittest.TestCase):
    """A test with its own castiron in self.castiron; ENGINE and OPTIONS say which."""

    ENGINE = 'postgresql'
    OPTIONS = {}

    def setUp(self):
        shared = OneCluster.get() if self.ENGINE == 'postgresql' else None
        self.castiron = server.Castiron(self.ENGINE, shared, self.OPTIONS)
        self.addCleanup(self.castiron.discard)
        self.castiron.prepare().start()

    def ask(self, method, path, body=None, status=200, **options):
        """A request whose status is known beforehand."""
        reply = self.castiron.request(method, path, body, **options)
        self.assertEqual(status, reply.status, '%s %s: %r' % (method, path, reply))
        return reply
