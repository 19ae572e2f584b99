#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""By hand: what Keystone's tokens (remembered ones) and policies cost beside noauth.

    CASTIRON_BUILD=… tests/integration/bench_keystone.py [ROUNDS]

CPU time of the API and of its connections' database processes, by request: medians of rounds that
take turns, so that what else the machine does meets both.
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
REQUESTS = (('/v1/nodes/n1', 300), ('/v1/nodes?limit=100', 100), ('/v1/nodes/detail?limit=100', 40))


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

    def measure_us(self, path, count):
        connection = http.client.HTTPConnection('127.0.0.1', self.api.port)

        def ask(times):
            for _ in range(times):
                connection.request('GET', path, headers=self.headers)
                reply = connection.getresponse()
                body = reply.read()
                if reply.status != 200:
                    raise AssertionError('%s: %d %s' % (path, reply.status, body[:300]))
        ask(20)
        pids = [self.api.process.pid] + measure.database_pids(self.postgres, self.api.database)
        before = measure.cpu_ns(pids)
        ask(count)
        return (measure.cpu_ns(pids) - before) / count / 1000


def compare(services, rounds):
    for path, count in REQUESTS:
        taken = [[], []]
        for _ in range(rounds):
            for found, service in zip(taken, services):
                found.append(service.measure_us(path, count))
        noauth, checked = (statistics.median(found) for found in taken)
        print('%-28s noauth %.1f us, keystone %.1f us: %+.1f %%'
              % (path, noauth, checked, 100 * (checked / noauth - 1)), flush=True)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 31
    postgres, services = cluster.Postgres().start(), []
    try:
        with keystone.Keystone() as identity:
            services.append(Service(postgres, {}, {}))
            services.append(Service(postgres, {'X-Auth-Token': TOKEN}, {
                'DEFAULT': {'auth_strategy': 'keystone'},
                'keystone_authtoken': identity.options}))
            compare(services, rounds)
    finally:
        for service in services:
            service.api.discard()
        postgres.stop()


main()
