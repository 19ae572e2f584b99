#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""By hand: what Keystone's tokens (remembered ones) and policies cost beside noauth.

    CASTIRON_BUILD=… tests/integration/bench_keystone.py [ROUNDS]

CPU time of the API and of its connections' database processes, by request: of short bursts
that take turns, so that what else the machine does meets all alike, the median and the least. A
second service without authentication shows what is noise.
"""
import http.client
import statistics
import sys

import cluster
import keystone
import measure
import server

NODES = 200
VERSION = {'X-OpenStack-Ironic-API-Version': '1.82'}
TOKEN = 'stub:roles=admin,member,reader;system=all;pad=' + 'x' * 180  # as long as a real one
REQUESTS = ('/v1/nodes/n1', '/v1/nodes?limit=100', '/v1/nodes/detail?limit=100')
BURST = 20


class Service:
    """An API, its nodes, and what is sent with each request."""

    def __init__(self, postgres, headers, options):
        self.postgres, self.headers = postgres, dict(VERSION, **headers)
        self.api = server.Castiron('postgresql', postgres, options)
        self.api.prepare().start()
        for i in range(NODES):
            self.api.request('POST', '/v1/nodes', {
                'name': 'n%d' % i, 'driver': 'fake-hardware', 'extra': {'a': 'b' * 300},
                'properties': {'cpus': 4, 'memory_mb': 1000}}, headers=self.headers)

        self.connection = http.client.HTTPConnection('127.0.0.1', self.api.port)
        for path in REQUESTS:
            self.ask(path, 20)

    def ask(self, path, times):
        for _ in range(times):
            self.connection.request('GET', path, headers=self.headers)
            reply = self.connection.getresponse()
            body = reply.read()
            if reply.status != 200:
                raise AssertionError('%s: %d %s' % (path, reply.status, body[:300]))

    def measure_us(self, path):
        """CPU time of a request, by a short burst of them."""
        before = self.threads()
        self.ask(path, BURST)
        return measure.used_ns(before, self.threads()) / BURST / 1000

    def threads(self):
        return measure.threads([self.api.process.pid] + measure.database_pids(self.api.database))


def compare(services, rounds):
    for path in REQUESTS:
        taken = [[service.measure_us(path) for service in services] for _ in range(rounds)]
        for name, of in (('median', statistics.median), ('least', min)):
            noauth, checked, again = (of(found) for found in zip(*taken))
            print('%-28s %s: noauth %.0f us, keystone %+.1f %%, noauth again %+.1f %%' % (
                path, name, noauth, 100 * (checked / noauth - 1), 100 * (again / noauth - 1)),
                flush=True)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    postgres, services = cluster.Postgres().start(), []
    try:
        with keystone.Keystone() as identity:
            services.append(Service(postgres, {}, {}))
            services.append(Service(postgres, {'X-Auth-Token': TOKEN}, {
                'DEFAULT': {'auth_strategy': 'keystone'},
                'keystone_authtoken': identity.options}))
            services.append(Service(postgres, {}, {}))
            compare(services, rounds)
    finally:
        for service in services:
            service.api.discard()
        postgres.stop()


main()
