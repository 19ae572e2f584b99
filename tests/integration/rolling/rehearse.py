#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs chapters of doc/upgrade.md again and again, and prints the figures of each run.

    rehearse.py [--runs N] [--rate R] [--nodes N] [--walkers N] [--walks N] [--say]
"""
import argparse
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import broker  # noqa: E402
import cluster  # noqa: E402
from rolling import guide, next_release, rehearsal  # noqa: E402


# name: what is done, the services at the beginning
WHICH = {'ironic': (guide.steps(rehearsal.FROM_IRONIC), rehearsal.OLD),
         'castiron': (guide.steps(rehearsal.FROM_CASTIRON), rehearsal.OURS),
         'two': (guide.script(rehearsal.LEAVING), rehearsal.TWO),
         'three': (guide.script(rehearsal.LEAVING), rehearsal.THREE),
         'among': (guide.script(rehearsal.LEAVING), rehearsal.AMONG_OLD)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('which', choices=sorted(WHICH), nargs='?', default='ironic')
    parser.add_argument('--runs', type=int, default=10)
    parser.add_argument('--rate', type=float, default=20)
    parser.add_argument('--walks', type=float, default=4)
    parser.add_argument('--nodes', type=int, default=10000)
    parser.add_argument('--walkers', type=int, default=50)
    parser.add_argument('--say', action='store_true', help='print each command')
    parser.add_argument('--keep', metavar='DIR', help='copy logs and configuration there')
    args = parser.parse_args()
    postgres, rabbit = cluster.Postgres().start(), broker.Broker().start()
    build = next_release.make() if args.which == 'castiron' else None
    passed = failed = 0
    try:
        for number in range(args.runs):
            run = rehearsal.Rehearsal(postgres, rabbit, *WHICH[args.which])
            run.RATE, run.WALKS, run.NODES = args.rate, args.walks, args.nodes
            run.WALKERS = args.walkers
            if args.which == 'castiron':
                run.build, run.RELEASE = build, next_release.PRESENT
            try:
                verdict = run.run(print if args.say else lambda text: None)
                faults = verdict.faults()
                print('run %d: %s' % (number + 1, verdict.figures()))
                print('\n'.join(faults[:40]), flush=True)
                if args.keep:
                    shutil.copytree(run.stage.folder, os.path.join(args.keep, str(number + 1)),
                                    ignore=shutil.ignore_patterns('*.sock', '*.notify'))
                passed, failed = passed + (not faults), failed + bool(faults)
            finally:
                run.discard()
    finally:
        rabbit.stop()
        postgres.stop()
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(0 if passed and not failed else 1)


if __name__ == '__main__':
    main()
