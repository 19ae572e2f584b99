#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs chapters of doc/upgrade.md again and again, and prints the figures of each run.

    rehearse.py [NAME…] [--runs N] [--rate R] [--nodes N] [--walkers N] [--walks N] [--say]
"""
import argparse
import collections
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import broker  # noqa: E402
import cluster  # noqa: E402
from rolling import guide, next_release, rehearsal  # noqa: E402


Which = collections.namedtuple('Which', 'steps units runs rate walks walkers what')
CPU = 0.6  # of all cores, that the old services take where the rate is measured (None)
LEAST_RATE = 20
KINDS = ('conductor-1', 'conductor-2', 'api-1', 'api-2')
LEAVING = guide.script(rehearsal.LEAVING)
WHICH = {
    'ironic': Which(guide.steps(rehearsal.FROM_IRONIC), rehearsal.OLD, 10, None, 5, 50,
                    "S08 S09 S26 S53 S59 S64 S65 S66 S67 S74: Debian's services become ours"),
    'back': Which(guide.steps(rehearsal.BACK), rehearsal.OURS, 2, 15, 3, 50,
                  "S13 S28 S63: pinned, ours become Debian's again"),
    'castiron': Which(guide.steps(rehearsal.FROM_CASTIRON), rehearsal.OURS, 20, 160, 50, 200,
                      'S09 S17 S53 S61 S66 S67 S74: ours become those of the next release'),
    'two': Which(LEAVING, rehearsal.TWO, 20, 10, 100, 200,
                 'S01 S04 S45 S51 S52 S59: two conductors leave and come back in turn'),
    'three': Which(LEAVING, rehearsal.THREE, 20, 10, 100, 200,
                   'S01 S04 S45 S51 S52 S59: two of three do'),
    'among': Which(LEAVING, rehearsal.AMONG_OLD, 10, 6, 9, 60,
                   "S04 S05 S27 S52 S59: two of three do, the third is Debian's"),
    'mixes': Which(guide.script('db-1# sleep 6'), None, 16, 10, 3, 30,
                   'S26 S28 S60: every mix of old and new services'),
}


def mix(number):
    """The services of one of the sixteen."""
    kinds = ['castiron' if number & 1 << bit else 'ironic' for bit in range(len(KINDS))]
    return [(name, '%s-%s' % (kind, name[:-2])) for kind, name in zip(kinds, KINDS)]


def rehearse(postgres, rabbit, name, number, args):
    """One run; gives what must not be."""
    which = WHICH[name]
    run = rehearsal.Rehearsal(postgres, rabbit, which.steps, which.units or mix(number))
    run.NODES, run.WALKS = args.nodes, args.walks or which.walks
    run.RATE = args.rate or which.rate or LEAST_RATE
    run.SHARE = None if args.rate or which.rate else CPU
    run.WALKERS = args.walkers or which.walkers
    if name == 'castiron':
        run.build, run.RELEASE = next_release.make(), next_release.PRESENT
    try:
        verdict = run.run(print if args.say else lambda text: None)
        print('%s %d: %s' % (name, number + 1, verdict.figures()))
        if args.keep:
            shutil.copytree(run.stage.folder, os.path.join(args.keep, '%s-%d' % (name, number + 1)),
                            ignore=shutil.ignore_patterns('*.sock', '*.notify'))
        return verdict.faults()
    finally:
        run.discard()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('which', choices=list(WHICH), nargs='*', help='all, without any')
    parser.add_argument('--runs', type=int, help='instead of as many as each has')
    parser.add_argument('--rate', type=float, help='requests a second, and not a measured one')
    parser.add_argument('--walks', type=float, help='questions a second to nodes that change state')
    parser.add_argument('--walkers', type=int, help='nodes that change state')
    parser.add_argument('--nodes', type=int, default=10000, help='others in the database')
    parser.add_argument('--say', action='store_true', help='print each command')
    parser.add_argument('--keep', metavar='DIR', help='copy logs and configuration there')
    args = parser.parse_args()
    postgres, rabbit = cluster.Postgres().start(), broker.Broker().start()
    passed = failed = 0
    try:
        for name in args.which or WHICH:
            for number in range(args.runs or WHICH[name].runs):
                faults = rehearse(postgres, rabbit, name, number, args)
                print(''.join('    %s\n' % fault for fault in faults[:40]), end='', flush=True)
                passed, failed = passed + (not faults), failed + bool(faults)
    finally:
        rabbit.stop()
        postgres.stop()
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(0 if passed and not failed else 1)


if __name__ == '__main__':
    main()
