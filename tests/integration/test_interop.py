# SPDX-License-Identifier: Apache-2.0
"""The short round of interop/: real clients against castiron, held against what Debian's Ironic answered."""
import json
import os
import sys
import unittest

INTEROP = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'interop')
sys.path.insert(0, INTEROP)

import case  # noqa: E402
import clients  # noqa: E402
import commands  # noqa: E402
import stack  # noqa: E402
import suites  # noqa: E402


def tearDownModule():  # noqa: N802 (unittest's name)
    case.OneBroker.stop()


class Clients(unittest.TestCase):
    """What passes on Debian's passes here; doc/interop.md names what differs."""

    def judge(self, suite, wanted, found):
        wrong, stale = clients.judge(suite, 'castiron', wanted, found)
        self.assertEqual([], ['%s:\n%s' % (name, found.get(name, ['', 'missing'])[1]) for name in wrong])
        self.assertEqual([], stale, 'doc/interop.md excuses what passes')

    def test_every_command_of_the_client_does_as_it_does_on_debians(self):
        self.assertEqual([], commands.unnamed(), 'commands.txt runs none of them')
        with open(clients.GOLDEN, encoding='utf-8') as file:
            wanted = json.load(file)
        with stack.Stack('castiron') as castiron:
            found = commands.run(castiron)
        self.assertEqual(list(wanted), list(found), 'commands.txt is newer than what was recorded')
        self.judge('commands', {line: ['pass', ''] for line in wanted}, commands.compare(wanted, found))

    @unittest.skipUnless(suites.is_installed(suites.SDK), 'python3-oslotest is not installed')
    def test_openstacksdks_functional_tests_pass(self):
        with stack.Stack('castiron') as castiron:
            found = suites.sdk(castiron)
        self.assertEqual([], suites.failures(found))
        self.assertLess(60, suites.count(found, 'pass'))


if __name__ == '__main__':
    unittest.main()
