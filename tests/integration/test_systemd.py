# SPDX-License-Identifier: Apache-2.0
"""The units under a systemd of their own: the first process of a PID namespace, with nothing else to run."""
import http.client
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import unittest

import broker
import case
import cluster
import server

UNITS = os.path.join(server.ROOT, 'etc', 'systemd')
SYSTEMD = '/lib/systemd/systemd'
APART = ['unshare', '--fork', '--pid', '--kill-child', '--mount-proc', '--mount', '--uts', '--ipc']
CGROUP = 'umount -R /sys/fs/cgroup 2>/dev/null; mount -t cgroup2 none /sys/fs/cgroup'
# Groups of processes below one of the machine's own, so that several machines do not meet.
OWN_GROUP = CGROUP + '''
set -e
mkdir /sys/fs/cgroup/%(group)s
echo 0 > /sys/fs/cgroup/%(group)s/cgroup.procs
exec unshare --cgroup sh %(folder)s/machine
'''
FORGET = CGROUP + ' && find /sys/fs/cgroup/%s -depth -type d -exec rmdir {} +'
TARGETS = ('basic', 'sysinit', 'shutdown', 'network-online')
WATCHDOG_S = 3
# What systemd finds on its machine; the folders that a service keeps are new and empty.
MACHINE = CGROUP + '''
set -e
mount -t tmpfs none /run
mount --bind %(build)s /opt
mkdir -p /etc/ironic /etc/castiron
for each in /etc/ironic /etc/castiron /var/lib /var/log; do mount -t tmpfs -o mode=755 none $each; done
install -m 644 %(folder)s/ironic.conf /etc/ironic/ironic.conf
export container=castiron-test SYSTEMD_UNIT_PATH=%(folder)s/units
exec %(systemd)s --system --unit=default.target --log-target=console --show-status=0
'''


def can():
    """Is there a systemd, may a namespace be made, and is there the user of the units?"""
    try:
        pwd.getpwnam('ironic')
    except KeyError:
        return False
    if os.geteuid() != 0 or not all(map(shutil.which, ('unshare', 'nsenter', 'systemctl'))):
        return False
    return os.path.exists(SYSTEMD) and subprocess.run(
        [*APART, 'sh', '-c', CGROUP], stdin=subprocess.DEVNULL, capture_output=True,
        check=False).returncode == 0


def settings(rpc, port, connection, **default):
    """A configuration file of fake hardware."""
    lines = ['[DEFAULT]', 'auth_strategy = noauth', 'enabled_hardware_types = fake-hardware',
             'rpc_transport = ' + rpc, *('%s = %s' % item for item in default.items()),
             '[api]', 'host_ip = 127.0.0.1', 'port = %d' % port, '[database]',
             'connection = ' + connection, '']
    return '\n'.join(lines)


@unittest.skipUnless(can(), 'needs root, namespaces, systemd and the user ironic')
class UnderSystemd(unittest.TestCase):
    """Each unit is started, reloaded, frozen, brought back and stopped."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='castiron-systemd-')
        self.addCleanup(shutil.rmtree, self.folder, True)
        os.chmod(self.folder, 0o755)
        self.port = cluster.free_port()
        self.process = self.first = None

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def boot(self, conf):
        """A machine with the units of this repository, and nothing to do."""
        self.write('ironic.conf', conf)
        for unit in os.listdir(UNITS):
            with open(os.path.join(UNITS, unit), encoding='utf-8') as file:
                self.write('units/' + unit, file.read().replace('@bindir@', '/opt'))
            self.write('units/%s.d/soon.conf' % unit, '[Service]\nWatchdogSec=%d\n' % WATCHDOG_S)
        for target in TARGETS:
            self.write('units/%s.target' % target, '[Unit]\nDefaultDependencies=no\n')
        self.write('units/default.target', '[Unit]\nWants=basic.target\n')
        names = {'build': os.path.realpath(server.BUILD), 'folder': self.folder, 'systemd': SYSTEMD,
                 'group': os.path.basename(self.folder)}
        self.write('machine', MACHINE % names)
        script = self.write('boot', OWN_GROUP % names)
        with open(os.path.join(self.folder, 'log'), 'wb') as log:
            self.process = subprocess.Popen([*APART, 'sh', script], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        self.addCleanup(self.halt)
        self.wait(lambda: self.ctl('is-active', 'default.target').returncode == 0, 'systemd')

    def halt(self):
        """With its first process all others of the namespace end."""
        self.process.kill()
        self.process.wait()
        forget = ['unshare', '--mount', 'sh', '-c', FORGET % os.path.basename(self.folder)]
        broker.wait_for(lambda: subprocess.run(forget, stdin=subprocess.DEVNULL, check=False,
                                               capture_output=True).returncode == 0,
                        'all processes to be gone', 30)

    def wait(self, condition, what):
        broker.wait_for(condition, '%s: %s' % (what, self.log()), 90, 0.1)

    def log(self):
        with open(os.path.join(self.folder, 'log'), encoding='utf-8', errors='replace') as file:
            return file.read()[-3000:]

    def ctl(self, *words):
        """systemctl, on that machine."""
        if not self.first:
            path = '/proc/%d/task/%d/children' % (self.process.pid, self.process.pid)
            with open(path, encoding='ascii') as children:
                self.first = children.read().split()[:1]
        return subprocess.run(['nsenter', '--mount', '--pid', '--target', *self.first, 'systemctl', *words],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              timeout=120)

    def do(self, verb, unit):
        done = self.ctl(verb, unit)
        self.assertEqual(0, done.returncode, done.stderr + self.log())

    def show(self, unit, name):
        return self.ctl('show', unit, '--value', '-p', name).stdout.strip()

    def answers(self):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=5)
        try:
            connection.request('GET', '/v1')
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def pid(self, unit):
        """Of its process, as it is called outside."""
        inside = self.show(unit, 'MainPID')
        for name in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open('/proc/%s/status' % name, encoding='utf-8') as file:
                    fields = dict(line.split(':', 1) for line in file if ':' in line)
                with open('/proc/%s/cgroup' % name, encoding='utf-8') as file:
                    cgroup = file.read()
            except OSError:
                continue
            ids = fields.get('NSpid', '').split()
            if ids[-1:] == [inside] and '%s/system.slice/%s.service' % (
                    os.path.basename(self.folder), unit) in cgroup:
                return int(name), fields['Uid'].split()[0]
        raise AssertionError('no process of %s: %s' % (unit, self.log()))

    def live(self, unit):
        """From its start, which is over when it is ready, to its end."""
        self.do('start', unit)
        self.assertEqual(('notify', 'running'), (self.show(unit, 'Type'), self.show(unit, 'SubState')))
        pid, owner = self.pid(unit)
        self.assertEqual(str(pwd.getpwnam('ironic').pw_uid), owner)
        self.do('reload', unit)
        self.assertEqual(pid, self.pid(unit)[0])
        os.kill(pid, signal.SIGSTOP)
        self.wait(lambda: self.show(unit, 'NRestarts') == '1' and
                  self.show(unit, 'SubState') == 'running', 'a new one after the watchdog')
        self.assertNotEqual(pid, self.pid(unit)[0])

    def end(self, unit):
        self.do('stop', unit)
        self.assertEqual(('success', '0', 'dead'), tuple(
            self.show(unit, name) for name in ('Result', 'ExecMainStatus', 'SubState')))

    def test_castiron(self):
        """API and conductor in one, with a database in a file of its own."""
        self.boot(settings('none', self.port, 'sqlite:////var/lib/castiron/castiron.sqlite'))
        self.live('castiron')
        self.wait(self.answers, 'an answer')
        self.end('castiron')
        self.assertFalse(self.answers())

    def test_api_and_conductor(self):
        """S61: the two of them, by JSON-RPC."""
        postgres = case.OneCluster.get()
        url = postgres.url(postgres.create())
        conf = settings('json-rpc', self.port, url) + (
            '[json_rpc]\nauth_strategy = noauth\nhost_ip = 127.0.0.1\nport = %d\n'
            '[conductor]\nheartbeat_interval = 1\nheartbeat_timeout = 5\n' % cluster.free_port())
        path = self.write('dbsync.conf', conf)
        subprocess.run([os.path.join(server.BUILD, 'castiron-dbsync'), '--config-file', path,
                        'create_schema'], check=True, timeout=120, stdin=subprocess.DEVNULL)
        self.boot(conf)
        self.live('castiron-conductor')
        self.live('castiron-api')
        self.wait(self.answers, 'an answer')
        for unit in ('castiron-api', 'castiron-conductor'):
            self.end(unit)


if __name__ == '__main__':
    unittest.main()
