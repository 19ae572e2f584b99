#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a suite of somebody else's, as it is installed, and prints what came of each test.

    outcomes.py NAME [PATTERN]      a JSON object: {test: [status, reason]}

NAME is a package ("openstack.tests.functional.baremetal") or a module of tests, PATTERN a regular
expression that their names match. A status is pass, fail or skip. Runs under Debian's Python.
$OUTCOMES_BEFORE is a module that is imported first.
"""
import importlib
import json
import os
import re
import sys
import unittest

REASON = 2000  # characters of a traceback's end


def plain(name):
    """A test's name without the attributes that tempest adds."""
    return re.sub(r'\[.*\]$', '', name)


class Result(unittest.TestResult):
    """Status and reason of each; what fails outside a test has its class's name."""

    def __init__(self):
        super().__init__()
        self.outcomes = {}

    def _set(self, test, status, reason=''):
        self.outcomes[plain(test.id())] = [status, reason]
        print('%s %s' % (status, plain(test.id())), file=sys.stderr, flush=True)

    def addSuccess(self, test, details=None):
        self.outcomes.setdefault(plain(test.id()), ['pass', ''])

    def addFailure(self, test, err=None, details=None):
        texts = [detail.as_text() for name, detail in sorted((details or {}).items())
                 if 'traceback' in name]
        text = '\n'.join(texts) if texts else self._exc_info_to_string(err, test) if err else ''
        self._set(test, 'fail', text.strip()[-REASON:])

    addError = addFailure

    def addSkip(self, test, reason=None, details=None):
        self._set(test, 'skip', reason or details and details['reason'].as_text() or '')

    def addExpectedFailure(self, test, err=None, details=None):
        self._set(test, 'pass')


def chosen(suite, pattern):
    """The tests of a suite whose names match, in their order and with their classes' fixtures."""
    kept = unittest.TestSuite()
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            kept.addTest(chosen(test, pattern))
        elif re.search(pattern, test.id()):
            kept.addTest(test)
    return kept


def main():
    name, pattern = sys.argv[1], ''.join(sys.argv[2:3])
    printed, sys.stdout = sys.stdout, sys.stderr
    for before in os.environ.get('OUTCOMES_BEFORE', '').split():
        importlib.import_module(before)
    module = importlib.import_module(name)
    loader = unittest.TestLoader()
    if hasattr(module, '__path__'):
        here = os.path.dirname(module.__file__)
        suite = loader.discover(here, 'test_*.py', os.path.join(here, *['..'] * len(name.split('.'))))
    else:
        suite = loader.loadTestsFromModule(module)
    result = Result()
    chosen(suite, pattern).run(result)
    json.dump(result.outcomes, printed)


if __name__ == '__main__':
    main()
