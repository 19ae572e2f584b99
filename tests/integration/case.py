# SPDX-License-Identifier: Apache-2.0
"""What integration tests start from: a castiron of their own, on each engine."""
import unittest

import cluster
import server


class OneCluster:
    """The PostgreSQL that all tests of a run share, each with a database of its own."""

    running = None

    @classmethod
    def get(cls):
        if cls.running is None:
            cls.running = cluster.Postgres().start()
        return cls.running

    @classmethod
    def stop(cls):
        if cls.running is not None:
            cls.running.stop()
            cls.running = None


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
