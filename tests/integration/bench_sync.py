#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""By hand: how long one power sync of many nodes takes, and the memory it needs.

    CASTIRON_BUILD=… tests/integration/bench_sync.py [NODES]
"""
import re
import sys
import time

import cluster
import server


def pss_mib(pid):
    with open('/proc/%d/smaps_rollup' % pid, encoding='ascii') as rollup:
        return int(re.search(r'^Pss:\s+(\d+)', rollup.read(), re.M).group(1)) / 1024


def cpu_s(pid):
    with open('/proc/%d/stat' % pid, encoding='ascii') as stat:
        fields = stat.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main():
    nodes = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    postgres = cluster.Postgres().start()
    castiron = server.Castiron('postgresql', postgres, {
        'DEFAULT': {'debug': 'true'}, 'conductor': {'sync_power_state_interval': '20'}})
    try:
        castiron.prepare().start()
        castiron.request('POST', '/v1/nodes', {'driver': 'fake-hardware', 'name': 'model'})
        columns = ', '.join(row[0] for row in postgres.sql(
            "select column_name from information_schema.columns where table_name = 'nodes' and "
            "column_name not in ('id', 'uuid', 'name', 'power_state', 'provision_state')",
            castiron.database))
        postgres.sql("insert into nodes (uuid, power_state, provision_state, %s) select "
                     "gen_random_uuid(), 'power on', 'active', %s from nodes, "
                     "generate_series(1, %d)" % (columns, columns, nodes), castiron.database)
        pid, most = castiron.process.pid, 0
        idle, before = pss_mib(pid), cpu_s(pid)
        while True:
            most = max(most, pss_mib(pid))
            found = re.findall(r'doing="power state sync" nodes=(\d+) ms=(\d+)', castiron.log(4000))
            if any(int(n) >= nodes for n, _ in found):
                break
            time.sleep(0.02)
        print('%d nodes: %s ms, %.2f s of CPU, PSS %.1f MiB idle, %.1f MiB at most' % (
            nodes, found[-1][1], cpu_s(pid) - before, idle, most))
    finally:
        castiron.discard()
        postgres.stop()


main()
