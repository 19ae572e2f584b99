# SPDX-License-Identifier: Apache-2.0
"""What processes take: for the measurements by hand (bench_*.py)."""
import glob
import re


def pss_mib(pid):
    """Memory, with each process's part of what several share."""
    with open('/proc/%d/smaps_rollup' % pid, encoding='ascii') as rollup:
        return int(re.search(r'^Pss:\s+(\d+)', rollup.read(), re.M).group(1)) / 1024


def threads(pids):
    """{thread: CPU time so far} of processes."""
    found = {}
    for pid in pids:
        for path in glob.glob('/proc/%d/task/*/schedstat' % pid):
            try:
                with open(path, encoding='ascii') as schedstat:
                    found[path] = int(schedstat.read().split()[0])
            except OSError:
                continue  # a thread that has ended
    return found


def used_ns(before, after):
    """CPU time between two looks; of what ended in between, none."""
    return sum(ns - before.get(path, 0) for path, ns in after.items())


def database_pids(database):
    """The processes of PostgreSQL that serve this database, as they call themselves."""
    found = []
    for path in glob.glob('/proc/[0-9]*/cmdline'):
        try:
            with open(path, encoding='utf-8', errors='replace') as words:
                line = words.read()
        except OSError:
            continue  # it has ended
        if line.startswith('postgres:') and ' %s ' % database in line:
            found.append(int(path.split('/')[2]))
    return found
