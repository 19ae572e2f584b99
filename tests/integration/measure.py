# SPDX-License-Identifier: Apache-2.0
"""What processes take: for the measurements by hand (bench_*.py)."""
import glob
import re


def pss_mib(pid):
    """Memory, with each process's part of what several share."""
    with open('/proc/%d/smaps_rollup' % pid, encoding='ascii') as rollup:
        return int(re.search(r'^Pss:\s+(\d+)', rollup.read(), re.M).group(1)) / 1024


def cpu_ns(pids):
    """CPU time of processes so far, of those that are there."""
    used = 0
    for pid in pids:
        for path in glob.glob('/proc/%d/task/*/schedstat' % pid):
            with open(path, encoding='ascii') as schedstat:
                used += int(schedstat.read().split()[0])
    return used


def database_pids(postgres, database):
    """The processes of PostgreSQL that serve this database."""
    return [int(row[0]) for row in postgres.sql(
        "select pid from pg_stat_activity where datname = '%s'" % database)]


def database_cpu_ns(postgres, database):
    return cpu_ns(database_pids(postgres, database))
