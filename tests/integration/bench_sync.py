#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""By hand: what one power sync of many nodes takes: time, CPU, the database's too, and memory.

    CASTIRON_BUILD=… tests/integration/bench_sync.py [NODES [ROUNDS]]
"""
import re
import statistics
import sys
import time

import cluster
import measure
import server

INTERVAL_S = 5


def fill(castiron, postgres, nodes):
    """So many rows of active fake machines, copied from one that the API has made."""
    castiron.request('POST', '/v1/nodes', {'driver': 'fake-hardware', 'name': 'model'})
    columns = ', '.join(row[0] for row in postgres.sql(
        "select column_name from information_schema.columns where table_name = 'nodes' and "
        "column_name not in ('id', 'uuid', 'name', 'power_state', 'provision_state')",
        castiron.database))
    postgres.sql("insert into nodes (uuid, power_state, provision_state, %s) select "
                 "gen_random_uuid(), 'power on', 'active', %s from nodes, "
                 "generate_series(1, %d)" % (columns, columns, nodes), castiron.database)
    postgres.sql('analyze nodes', castiron.database)


def main():
    nodes, rounds = (int(word) for word in (sys.argv[1:] + ['10000', '5'][len(sys.argv) - 1:]))
    postgres = cluster.Postgres().start()
    castiron = server.Castiron('postgresql', postgres, {
        'DEFAULT': {'debug': 'true'}, 'conductor': {'sync_power_state_interval': INTERVAL_S}})
    done = re.compile(r'doing="power state sync" nodes=(\d+) ms=(\d+)')
    try:
        castiron.prepare().start()
        pid, most, took, ours, theirs = castiron.process.pid, 0, [], [], []
        idle = measure.pss_mib(pid)

        def looks():
            return (measure.threads([pid]),
                    measure.threads(measure.database_pids(castiron.database)))
        fill(castiron, postgres, nodes)
        while len(took) < rounds:
            before = looks()
            known = len(done.findall(castiron.log(10 ** 7)))
            while len(done.findall(castiron.log(10 ** 7))) == known:
                most = max(most, measure.pss_mib(pid))
                time.sleep(0.05)
            count, ms = (int(n) for n in done.findall(castiron.log(10 ** 7))[-1])
            if count < nodes:
                continue
            took.append(ms)
            for used, first, last in zip((ours, theirs), before, looks()):
                used.append(measure.used_ns(first, last) / 1e9)
        print('%d nodes, medians of %d syncs: %d ms, %.2f s of CPU and %.2f s of the database\'s; '
              'PSS %.1f MiB idle, %.1f MiB at most' % (
                  nodes, rounds, statistics.median(took), statistics.median(ours),
                  statistics.median(theirs), idle, most))
    finally:
        castiron.discard()
        postgres.stop()


main()
