#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the integration tests of this folder against the programs in $CASTIRON_BUILD.

    run.py [PATTERN…]       names or parts of names: test_life, test_kill.Kill

The last line is "N passed, N failed". A skipped test counts as neither.
"""
import os
import signal
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import case  # noqa: E402


class Result(unittest.TextTestResult):
    """Counts what passed."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def main():
    # Ended from outside, it still throws its clusters away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    loader = unittest.TestLoader()
    loader.testNamePatterns = ['*%s*' % word for word in sys.argv[1:]] or None
    suite = loader.discover(HERE, 'test_*.py')
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result)
    try:
        result = runner.run(suite)
    finally:
        case.OneCluster.stop()
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    print('%d passed, %d failed' % (result.passed, failed))
    sys.exit(0 if result.passed and not failed else 1)


if __name__ == '__main__':
    main()
