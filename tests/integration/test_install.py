# SPDX-License-Identifier: Apache-2.0
"""What is installed: beside Ironic, to any prefix, and as systemd and its kin understand it."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import member
import server
from rolling import balancer

ETC = os.path.join(server.ROOT, 'etc')
UNITS = sorted(os.listdir(os.path.join(ETC, 'systemd')))
PREFIXES = ('/usr', '/usr/local', '/opt/castiron')
# What systemd-analyze calls OK ends at 4; a service that talks to the world has some exposure.
EXPOSURE = 2.0


def run(*command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, timeout=300, **options)


def of_ironic():
    """Every file of Debian's packages of Ironic; folders are everybody's."""
    packages = run('dpkg-query', '-W', '-f', '${Package} ${db:Status-Status}\n', '*ironic*').stdout
    names = [line.split()[0] for line in packages.splitlines() if line.endswith(' installed')]
    listed = run('dpkg', '-L', *names).stdout.splitlines()
    return {path for path in listed if os.path.isabs(path) and not os.path.isdir(path)}


class Installed(unittest.TestCase):
    """meson's own list of what goes where."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix='castiron-install-')
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.plans = {prefix: cls.plan(prefix) for prefix in PREFIXES}

    @classmethod
    def plan(cls, prefix):
        """Paths that an installation to that prefix writes."""
        build = os.path.join(cls.folder, prefix.replace('/', '_'))
        done = run('meson', 'setup', build, server.ROOT, '-Dtests=false', '--prefix', prefix)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        shown = json.loads(run('meson', 'introspect', build, '--installed').stdout)
        return sorted(shown.values())

    @unittest.skipUnless(member.have_debian(), 'python3-ironic is not installed')
    def test_no_file_is_one_of_ironics(self):
        """S17 S55: both are installed beside each other, whatever the prefix."""
        theirs = of_ironic()
        self.assertTrue(any(path.endswith('/ironic/cmd/api.py') for path in theirs))
        for prefix, paths in self.plans.items():
            with self.subTest(prefix):
                self.assertEqual(set(), theirs.intersection(paths))

    def test_everything_is_below_the_prefix(self):
        """S55: the system's /etc is written to with /usr alone, as is the custom."""
        for prefix, paths in self.plans.items():
            folders = (prefix + '/', '/etc/') if prefix == '/usr' else (prefix + '/',)
            for path in paths:
                self.assertTrue(path.startswith(folders), path)
            for name in ('castiron', 'castiron-api', 'castiron-conductor', 'castiron-dbsync',
                         'castiron-status'):
                self.assertTrue({prefix + '/bin/' + name}.issubset(paths), name)
            for unit in UNITS:
                self.assertIn('%s/lib/systemd/system/%s' % (prefix, unit), paths)

    def test_the_units_name_the_programs_of_the_prefix(self):
        """S55: what is installed to a prefix of its own runs from there."""
        for prefix in PREFIXES:
            for unit in UNITS:
                path = os.path.join(self.folder, prefix.replace('/', '_'), 'etc', unit)
                with open(path, encoding='utf-8') as file:
                    self.assertIn('\nExecStart=%s/bin/%s ' % (prefix, unit[:-len('.service')]),
                                  file.read())

    def test_programs_run_from_anywhere(self):
        """S55: moved elsewhere and with a read-only root, they know what they are."""
        for name in ('castiron', 'castiron-api', 'castiron-conductor', 'castiron-dbsync',
                         'castiron-status'):
            moved = shutil.copy2(os.path.join(server.BUILD, name), self.folder)
            done = run('unshare', '--mount', 'sh', '-c',
                       'mount -o remount,bind,ro / 2>/dev/null; exec "$0" --help', moved)
            if 'Operation not permitted' in done.stderr:
                done = run(moved, '--help')
            self.assertEqual((0, ''), (done.returncode, done.stderr))
            self.assertIn('usage: ' + name, done.stdout)


class Units(unittest.TestCase):
    """The units of systemd, and what comes with them."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix='castiron-units-')
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for unit in UNITS:
            with open(os.path.join(ETC, 'systemd', unit), encoding='utf-8') as file:
                text = file.read().replace('@bindir@', server.BUILD)
            with open(os.path.join(cls.folder, unit), 'w', encoding='utf-8') as file:
                file.write(text)

    def setting(self, unit, name):
        with open(os.path.join(self.folder, unit), encoding='utf-8') as file:
            return re.findall(r'(?m)^%s=(.*)$' % name, file.read())[-1]

    @unittest.skipUnless(shutil.which('systemd-analyze'), 'systemd is not installed')
    def test_systemd_understands_them(self):
        """S61: and finds nothing to warn of in ours."""
        for unit in UNITS:
            done = run('systemd-analyze', 'verify', '--man=no', os.path.join(self.folder, unit))
            about = [line for line in (done.stdout + done.stderr).splitlines() if 'castiron' in line]
            self.assertEqual((0, []), (done.returncode, about), done.stderr)

    @unittest.skipUnless(shutil.which('systemd-analyze'), 'systemd is not installed')
    def test_they_are_hardened(self):
        for unit in UNITS:
            done = run('systemd-analyze', 'security', '--offline=yes',
                       os.path.join(self.folder, unit))
            found = re.search(r'Overall exposure level for %s: ([0-9.]+)' % unit, done.stdout)
            self.assertTrue(found, done.stdout + done.stderr)
            self.assertLessEqual(float(found[1]), EXPOSURE)

    def test_time_to_leave(self):
        """S02 S50: systemd waits longer than the longest way of leaving takes."""
        with open(os.path.join(ETC, 'castiron.conf.sample'), encoding='utf-8') as file:
            sample = file.read()
        drain = int(re.search(r'(?m)^#drain_shutdown_timeout = (\d+)', sample)[1])
        graceful = int(re.search(r'(?m)^#graceful_shutdown_timeout = (\d+)', sample)[1])
        ring = int(re.search(r'(?m)^#hash_ring_reset_interval = (\d+)', sample)[1])
        self.assertEqual((1800, 60), (drain, graceful))
        for unit in UNITS:
            self.assertEqual('notify', self.setting(unit, 'Type'))
            self.assertGreater(int(self.setting(unit, 'WatchdogSec')), 0)
            longest = graceful if unit == 'castiron-api.service' else drain + ring
            self.assertGreater(int(self.setting(unit, 'TimeoutStopSec')), longest)

    @unittest.skipUnless(shutil.which('systemd-tmpfiles'), 'systemd is not installed')
    def test_tmpfiles_and_users(self):
        for program, path in (('systemd-tmpfiles', 'tmpfiles.d/castiron.conf'),
                              ('systemd-sysusers', 'sysusers.d/castiron.conf')):
            if not shutil.which(program):
                continue
            root = tempfile.mkdtemp(dir=self.folder)
            os.mkdir(os.path.join(root, 'etc'))
            for name in ('passwd', 'group'):
                shutil.copy('/etc/' + name, os.path.join(root, 'etc'))
            action = ['--create'] if program == 'systemd-tmpfiles' else []
            done = run(program, '--root', root, *action, os.path.join(ETC, path))
            self.assertEqual(0, done.returncode, done.stderr)
            if action:
                self.assertTrue(os.path.isdir(os.path.join(root, 'etc/castiron/conf.d')))

    @unittest.skipUnless(balancer.have(), 'haproxy is not installed')
    def test_the_balancer_takes_the_sample(self):
        """S53"""
        done = run('/usr/sbin/haproxy', '-c', '-f', balancer.SAMPLE)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    @unittest.skipUnless(shutil.which('logrotate', path='/usr/sbin:/usr/bin'), 'no logrotate here')
    def test_logrotate_takes_the_sample(self):
        done = run('/usr/sbin/logrotate', '--debug', '--state', os.path.join(self.folder, 'state'),
                   os.path.join(ETC, 'logrotate.d', 'castiron'))
        self.assertEqual(0, done.returncode, done.stderr)
