# SPDX-License-Identifier: Apache-2.0
"""Machines on which the commands of the guide are run: one folder each for what is in /etc.

What systemd does is done here by the units themselves: Debian's, and those of etc/systemd.
"""
import os
import re
import signal
import socket
import subprocess
import sys
import time

import cluster
import member
import server
from rolling import balancer

DEBIAN_UNITS = '/lib/systemd/system'
OUR_UNITS = os.path.join(server.ROOT, 'etc', 'systemd')
SOCAT = '''#!%s
import socket, sys
with socket.socket(socket.AF_UNIX) as s:
    s.connect(sys.argv[2])
    s.sendall(sys.stdin.buffer.read())
    s.shutdown(socket.SHUT_WR)
    while data := s.recv(65536):
        sys.stdout.buffer.write(data)
''' % sys.executable


class Service(member.Member):
    """One unit on a machine; started and stopped as its file says."""

    def __init__(self, machine, unit):
        stage = machine.stage
        debian = unit.startswith('ironic-')
        kind = unit.rpartition('-')[2]
        program = [*member.DEBIAN[:-1], member.DEBIAN[-1] % kind] if debian else None
        super().__init__(stage.cluster, kind, program, debian, machine.name)
        self.machine, self.unit = machine, unit
        self.name = '%s-%s' % (machine.name, unit)
        self.port = machine.port
        self.url = 'http://127.0.0.1:%d' % self.port
        self.options['api']['port'] = self.port
        for section, values in stage.options.items():
            self.options.setdefault(section, {}).update(values)
        self.options['DEFAULT']['debug'] = not debian  # each call with its request is in the log
        self.conf = machine.path('/etc/ironic/ironic.conf')
        self.log_path = os.path.join(stage.folder, self.name + '.log')
        self.stopped = []  # (from, to) of each stop, and of each start of Debian's
        stage.cluster.members.append(self)

    def setting(self, name):
        """A line of the unit, or of what was put beside it."""
        folder = DEBIAN_UNITS if self.debian else OUR_UNITS
        files = [os.path.join(folder, self.unit + '.service')]
        extra = self.machine.path('/etc/systemd/system/%s.service.d' % self.unit)
        if os.path.isdir(extra):
            files += [os.path.join(extra, name) for name in sorted(os.listdir(extra))]
        found = None
        for path in files:
            with open(path, encoding='utf-8') as lines:
                for line in lines:
                    if line.startswith(name + '='):
                        found = line.partition('=')[2].strip()
        return found

    def launch(self):
        self.write_conf()
        environment, notify = dict(os.environ), None
        if self.debian:
            command = [*self.command, '--config-file', self.conf]
        else:
            command = [word.replace('@bindir@', self.machine.stage.build)
                       if word.startswith('@') else self.machine.path(word)
                       if word.startswith('/etc/') else word
                       for word in self.setting('ExecStart').split()]
            notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            path = os.path.join(self.machine.folder, self.unit + '.notify')
            if os.path.exists(path):
                os.unlink(path)
            notify.bind(path)
            environment['NOTIFY_SOCKET'] = path
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, cwd=self.folder,
                                            env=environment, start_new_session=True)
        return notify

    def start(self, seconds=120):
        """Until the service is ready, as Type=notify has it; Debian's until others see it."""
        notify = self.launch()
        if notify is None:
            began = time.time()
            super_start(self, seconds)
            self.stopped.append((began, time.time()))  # it may refuse calls until then
            return self
        with notify:
            notify.settimeout(1)
            until = time.monotonic() + seconds
            while True:
                try:
                    if b'READY=1' in notify.recv(4096):
                        return self
                except TimeoutError:
                    if self.process.poll() is not None or time.monotonic() > until:
                        raise AssertionError('%s did not start:\n%s'
                                             % (self.name, self.log())) from None

    def reload(self):
        """As ExecReload has it; returns when the log says that it is done."""
        if self.setting('ExecReload') != '/bin/kill -HUP $MAINPID':
            raise AssertionError('how is %s reloaded?' % self.unit)
        before = self.whole_log().count('Reloaded')
        self.process.send_signal(signal.SIGHUP)
        self.wait_until(lambda: self.whole_log().count('Reloaded') > before, 30, 'a reload')

    def whole_log(self):
        with open(self.log_path, encoding='utf-8', errors='replace') as file:
            return file.read()

    def send(self, name):
        self.process.send_signal(getattr(signal, 'SIG' + name))

    def end(self, number=signal.SIGTERM):
        """Stops it; SIGKILL after TimeoutStopSec. Ours must end with 0."""
        process, self.process = self.process, None
        began = time.time()
        if number is not None:  # else it is leaving already
            process.send_signal(number)
        try:
            process.wait(int(self.setting('TimeoutStopSec')))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.note_end(process, began)

    def note_end(self, process, began):
        self.stopped.append((began, time.time()))
        if not self.debian and process.returncode != 0:
            raise AssertionError('%s ended with %d:\n%s'
                                 % (self.name, process.returncode, self.log()))


def super_start(service, seconds):
    service.wait_until(service.is_there, seconds, '%s to be there' % service.name)
    return service


class Machine:
    """A name, its /etc, and the services that it has run."""

    def __init__(self, stage, name):
        self.stage, self.name = stage, name
        self.folder = os.path.join(stage.folder, name)
        os.makedirs(self.path('/etc/ironic'))
        os.makedirs(self.path('/etc/castiron/conf.d'))  # as the installation has made it
        self.port = cluster.free_port()
        self.services = {}

    def path(self, path):
        """Where a path of the machine is on ours."""
        if path.startswith('/run/haproxy/'):
            return os.path.join(self.stage.folder, os.path.basename(path))
        return self.folder + path

    def service(self, unit):
        if unit not in self.services:
            self.services[unit] = Service(self, unit)
        return self.services[unit]

    def running(self):
        return [s for s in self.services.values() if s.process]

    def systemctl(self, verb, unit):
        service = self.service(unit)
        if verb == 'start':
            service.start()
        elif verb == 'stop':
            service.end()
        elif verb == 'restart':
            service.end()
            service.start()
        elif verb == 'reload':
            service.reload()
        else:
            raise AssertionError('systemctl %s is not known here' % verb)

    def run(self, command):
        """A line of the guide."""
        if command == 'systemctl daemon-reload':
            return
        unit = re.fullmatch(r'systemctl (\w+) ([a-z-]+)', command)
        if unit:
            self.systemctl(*unit.groups())
            return
        unit = re.fullmatch(r'systemctl kill --signal=(\w+) ([a-z-]+)', command)
        if unit:
            self.service(unit[2]).send(unit[1])
            return
        unit = re.fullmatch(r'while systemctl is-active --quiet ([a-z-]+); do sleep 1; done',
                            command)
        if unit:
            self.service(unit[1]).end(None)
            return
        there = re.sub(r'(?<![\w.])(/etc|/run/haproxy)/[\w./-]*',
                       lambda match: self.path(match[0]), command)
        done = subprocess.run(['sh', '-euc', there], stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=300, cwd=self.folder,
                              env=dict(os.environ, PATH=self.stage.programs()))
        if done.returncode != 0:
            raise AssertionError('%s# %s: %d\n%s%s' % (self.name, command, done.returncode,
                                                       done.stdout, done.stderr))


class Stage:
    """All machines, one database, one broker, one balancer."""

    def __init__(self, postgres, broker, options=None):
        self.cluster = member.Cluster(postgres, broker)
        self.folder = self.cluster.folder
        self.options = options or {}
        self.build = server.BUILD  # what is installed on all machines
        self.pin = None  # of ours that are started among Debian's
        self.balancer = None
        self.machines = {}

    def machine(self, name):
        if name not in self.machines:
            self.machines[name] = Machine(self, name)
        return self.machines[name]

    def programs(self):
        """A PATH with our programs, and the tool that speaks to HAProxy's socket."""
        folder = os.path.join(self.folder, 'bin')
        if not os.path.isdir(folder):
            os.makedirs(folder)
            path = os.path.join(folder, 'socat')
            with open(path, 'w', encoding='utf-8') as file:
                file.write(SOCAT)
            os.chmod(path, 0o755)
        return ':'.join([folder, self.build, os.environ['PATH']])

    def configure(self, name):
        """A machine that runs no service, but whose commands read the configuration."""
        machine = self.machine(name)
        service = Service(machine, 'castiron-dbsync')
        service.write_conf()
        self.cluster.members.remove(service)
        return machine

    def start(self, units):
        """Starts a cluster: a list of (machine, unit); then the balancer before its APIs."""
        services = [self.machine(name).service(unit) for name, unit in units]
        for service in services:
            if self.pin and not service.debian:
                with open(service.machine.path('/etc/castiron/conf.d/pin.conf'), 'w',
                          encoding='utf-8') as file:
                    file.write('[DEFAULT]\npin_release_version = %s\n' % self.pin)
            service.launch()
        for service in services:
            super_start(service, 180)
        self.balancer = balancer.Balancer(self.folder, {
            s.host: s.port for s in services if s.kind == 'api'}).start()
        return self

    def services(self):
        return [s for machine in self.machines.values() for s in machine.services.values()]

    def discard(self):
        if self.balancer:
            self.balancer.stop()
        self.cluster.discard()
