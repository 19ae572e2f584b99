# SPDX-License-Identifier: Apache-2.0
"""The short round of interop/: real clients against castiron, held against what Debian's Ironic answered."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import types
import unittest

INTEROP = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'interop')
sys.path.insert(0, INTEROP)

import case  # noqa: E402
import clients  # noqa: E402
import commands  # noqa: E402
import member  # noqa: E402
import stack  # noqa: E402
import suites  # noqa: E402
from rolling import balancer  # noqa: E402

NOVAS = 'test_the_version_is_settled|test_an_instance_lives_and_ends'


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

    @unittest.skipUnless(suites.is_installed(suites.NOVA) and member.have_debian(),
                         'python3-nova or python3-ironic is not installed')
    def test_novas_driver_works_on_old_on_pinned_and_on_new(self):
        """S12: in 1.46, and in 1.38 where the service offers no more; an instance lives and ends."""
        for kind, pin, version in (('debian', None, '1.46'), ('castiron', member.RELEASE, '1.46'),
                                   ('castiron', None, '1.46'),
                                   ('castiron', suites.OLD_RELEASE, '1.38')):
            options = {'DEFAULT': {'pin_release_version': pin}} if pin else {}
            with self.subTest(kind=kind, pin=pin), stack.Stack(kind, **options) as services:
                found = suites.nova(services, NOVAS, version)
                self.assertEqual([], suites.failures(found))
                self.assertEqual(2, suites.count(found, 'pass'), found)

    @unittest.skipUnless(suites.is_installed(suites.NOVA) and balancer.have() and
                         shutil.which('curl') and shutil.which('openstack'),
                         'python3-nova, haproxy, curl or python3-openstackclient is not installed')
    def test_clients_of_all_kinds_come_through_the_balancer(self):
        """S76: curl, the command line, nova's driver, through HAProxy with the sample configuration."""
        with stack.Stack('castiron') as services, tempfile.TemporaryDirectory() as folder:
            front = balancer.Balancer(folder, {'api-1': services.api.port}).start()
            self.addCleanup(front.stop)
            url = 'http://127.0.0.1:%d' % front.port
            made = json.loads(self.run_client(
                'curl', '--silent', '--show-error', '--fail', '--include', url + '/v1/nodes',
                '--header', 'X-OpenStack-Ironic-API-Version: 1.82', '--json',
                json.dumps({'driver': 'fake-hardware', 'name': 'by-curl'})).split('\n\n', 1)[1])
            self.assertEqual('by-curl', made['name'])
            shown = json.loads(self.run_client(
                'openstack', '--os-auth-type', 'none', '--os-endpoint', url, 'baremetal', 'node',
                'list', '-f', 'json'))
            self.assertEqual([made['uuid']], [node['UUID'] for node in shown])
            found = suites.nova(types.SimpleNamespace(keystone=None, url=url), NOVAS)
            self.assertEqual([], suites.failures(found))
            self.assertEqual(2, suites.count(found, 'pass'), found)
            self.assertEqual('api-1', front.servers()[0]['svname'])
            self.assertLess(20, int(front.servers()[0]['stot']))

    @staticmethod
    def run_client(*command):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120, check=False, env=stack.environment())
        if done.returncode != 0:
            raise AssertionError('%s: %d %s' % (command, done.returncode, done.stderr))
        return done.stdout.replace('\r\n', '\n')

    @unittest.skipUnless(suites.is_installed(suites.SDK), 'python3-oslotest is not installed')
    def test_openstacksdks_functional_tests_pass(self):
        with stack.Stack('castiron') as castiron:
            found = suites.sdk(castiron)
        self.assertEqual([], suites.failures(found))
        self.assertLess(60, suites.count(found, 'pass'))


if __name__ == '__main__':
    unittest.main()
