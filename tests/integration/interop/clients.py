#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients' own suites against Debian's Ironic and against castiron: what passes there passes here.

    clients.py [--against castiron,mixed] [--match REGEX] [--show] [SUITE…]
    clients.py --record         writes what short rounds hold castiron against: tests/golden/interop

Each suite runs on Debian's API and conductor first, then on castiron (`castiron`) and on our API
before Debian's conductor (`mixed`). What passes on Debian's must pass, apart from the rows of the
table in doc/interop.md; a row that nothing needs is a failure, too. The last line is "N passed, N
failed", counting tests on castiron. See doc/interop.md.
"""
import argparse
import contextlib
import json
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

import commands  # noqa: E402
import identity  # noqa: E402
import server  # noqa: E402
import stack as stacks  # noqa: E402
import suites  # noqa: E402

DOC = os.path.join(server.ROOT, 'doc', 'interop.md')
GOLDEN = os.path.join(server.ROOT, 'tests', 'golden', 'interop', 'commands.json')
ROW = re.compile(r'^\| *(\S+) *\| *(\S+) *\| *`(.+)` *\| *(.+?) *\|$', re.M)


class Suite:
    """A suite: how it is run, what installs it, does it want Keystone or another release."""

    def __init__(self, name, run, packages, keystone=False, module=None, pin=None, needs=None):
        self.name, self.run, self.packages = name, run, packages
        self.keystone, self.module, self.needs = keystone, module, needs
        self.options = {'DEFAULT': {'pin_release_version': pin}} if pin else {}

    def is_installed(self):
        return ((not self.module or suites.is_installed(self.module))
                and (not self.keystone or identity.is_installed())
                and (not self.needs or self.needs()))


def _commands(stack, _):
    return commands.run(stack)


SUITES = [
    Suite('commands', _commands, 'python3-openstackclient python3-ironicclient'),
    Suite('commands-keystone', _commands, 'python3-keystone', True),
    Suite('sdk', suites.sdk, 'python3-openstacksdk python3-oslotest', module=suites.SDK),
    Suite('sdk-keystone', suites.sdk, 'python3-keystone python3-oslotest', True, suites.SDK),
    Suite('tempest', suites.tempest, 'python3-keystone python3-tempest ironic-tempest-plugin', True,
          suites.TEMPEST),
    Suite('nova', suites.nova, 'python3-keystone python3-nova', True, suites.NOVA),
    Suite('nova-1.38', suites.nova_of_old, 'python3-nova', module=suites.NOVA, pin=suites.OLD_RELEASE),
    Suite('gophercloud', suites.gophercloud, 'golang-go golang-github-gophercloud-gophercloud-dev',
          needs=suites.has_go),
]


def known_differences(suite, target):
    """[(beginning of a test's name, reason)]: the rows of doc/interop.md."""
    with open(DOC, encoding='utf-8') as text:
        return [(name, why) for of, against, name, why in ROW.findall(text.read())
                if of in (suite, suite.split('-')[0]) and against in (target, 'both')]


def judge(suite, target, wanted, found):
    """(tests that fail without a reason, rows that nothing needs)."""
    rows = known_differences(suite, target)
    wrong = {name for name, (status, _) in wanted.items()
             if status == 'pass' and found.get(name, ['missing', ''])[0] != 'pass'}
    # What fails outside a test is nobody's expectation.
    wrong |= {name for name, (status, _) in found.items() if status == 'fail' and name not in wanted}
    named = {name for name in wrong for start, _ in rows if name.startswith(start)}
    stale = [start for start, _ in rows if not any(name.startswith(start) for name in wrong)]
    return sorted(wrong - named), stale


def on(suite, kind, keystone, pattern):
    """What came of the suite on a stack of that kind."""
    with stacks.Stack(kind, keystone if suite.keystone else None, **suite.options) as stack:
        began = time.monotonic()
        found = suite.run(stack, pattern)
        return found, time.monotonic() - began


def report(suite, kind, outcomes, seconds):
    print('%-18s %-9s %4d tests: %4d passed, %3d failed, %3d skipped, %4d s' % (
        suite.name, kind, len(outcomes), *(suites.count(outcomes, s) for s in ('pass', 'fail', 'skip')),
        seconds), flush=True)


def compare(suite, keystone, args):
    """Runs a suite everywhere; gives how many tests passed and failed on castiron."""
    passed = failed = 0
    wanted, seconds = on(suite, 'debian', keystone, args.match)
    by_line = suite.run is _commands
    reference = wanted if not by_line else {line: ['pass', ''] for line in wanted}
    report(suite, 'debian', reference, seconds)
    for line in suites.failures(reference):
        print('   fails on debian: ' + line)
    for kind in args.against.split(','):
        found, seconds = on(suite, kind, keystone, args.match)
        outcomes = commands.compare(wanted, found) if by_line else found
        report(suite, kind, outcomes, seconds)
        wrong, stale = judge(suite.name, kind, reference, outcomes)
        for name in outcomes if args.show else wrong:
            if outcomes.get(name, ['missing'])[0] not in ('pass', 'skip'):
                print('FAILED %s\n   %s' % (name, outcomes.get(name, ['', 'missing'])[1].replace('\n', '\n   ')))
        for start in stale if not args.match else []:
            print('STALE: doc/interop.md excuses %s on %s, which passes' % (start, kind))
        failed += len(wrong) + (0 if args.match else len(stale))
        passed += suites.count(outcomes, 'pass')
    return passed, failed


def record():
    found, _ = on(SUITES[0], 'debian', None, '')
    os.makedirs(os.path.dirname(GOLDEN), exist_ok=True)
    with open(GOLDEN, 'w', encoding='utf-8') as file:
        json.dump(found, file, indent=0, sort_keys=False)
        file.write('\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('suites', nargs='*', metavar='SUITE',
                        help=', '.join(suite.name for suite in SUITES))
    parser.add_argument('--against', default='castiron,mixed')
    parser.add_argument('--match', default='', help='run only tests whose names match')
    parser.add_argument('--show', action='store_true', help='show differences that have a reason, too')
    parser.add_argument('--record', action='store_true')
    args = parser.parse_args()
    unknown = set(args.suites) - {suite.name for suite in SUITES}
    if unknown:
        parser.error('no suite %s' % ', '.join(sorted(unknown)))
    missing = commands.unnamed()
    if missing:
        sys.exit('commands.txt runs none of: ' + ', '.join(missing))
    passed = failed = 0
    with contextlib.ExitStack() as held:
        held.callback(stacks.discard)
        if args.record:
            record()
            return
        chosen = [suite for suite in SUITES if suite.name in (args.suites or [one.name for one in SUITES])]
        keystone = None
        for suite in chosen:
            if not suite.is_installed():
                print('%s: not installed: apt-get install %s' % (suite.name, suite.packages))
                failed += 1
                continue
            if suite.keystone and not keystone:
                keystone = held.enter_context(identity.Keystone())
            counts = compare(suite, keystone, args)
            passed, failed = passed + counts[0], failed + counts[1]
    print('%d passed, %d failed' % (passed, failed))
    sys.exit(0 if passed and not failed else 1)


if __name__ == '__main__':
    main()
