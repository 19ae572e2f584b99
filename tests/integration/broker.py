# SPDX-License-Identifier: Apache-2.0
"""A RabbitMQ server of the tests' own: made in a temporary folder, thrown away at the end.

Everything listens on 127.0.0.1, on free ports, with an epmd of its own; the machine's RabbitMQ,
should there be one, is not touched.
"""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import cluster

PROGRAMS = '/usr/lib/rabbitmq/bin'
USER, PASSWORD = 'castiron', 'secret word'
CONFIGURATION = '''
listeners.tcp.1 = 127.0.0.1:%(port)d
default_user = %(user)s
default_pass = %(password)s
loopback_users = none
vm_memory_high_watermark.absolute = 1GiB
disk_free_limit.absolute = 10MB
log.console = false
log.file.level = info
collect_statistics_interval = 60000
'''
# One scheduler that does not spin: the machine belongs to what is tested.
ERLANG = ('+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none '
          '-kernel inet_dist_use_interface {127,0,0,1}')


def unprivileged():
    """Options that make subprocess run as the rabbitmq user when we are root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam('rabbitmq')
    return {'user': user.pw_uid, 'group': user.pw_gid, 'extra_groups': []}


def wait_for(condition, what, timeout=60, interval=0.05):
    """Waits until condition() gives something true, and gives that."""
    until = time.monotonic() + timeout
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > until:
            raise RuntimeError('waited %s s for: %s' % (timeout, what))
        time.sleep(interval)


class Broker:
    """One running server; start it, make virtual hosts in it, stop it."""

    PLUGINS = '[]'

    def __init__(self):
        if not os.path.exists(os.path.join(PROGRAMS, 'rabbitmq-server')):
            raise RuntimeError('RabbitMQ is not installed: apt-get install rabbitmq-server')
        self.folder = tempfile.mkdtemp(prefix='castiron-mq-')
        os.chmod(self.folder, 0o755)
        self.port, self.distribution, self.epmd = (cluster.free_port() for _ in range(3))
        self.node = 'castiron%d@localhost' % self.port
        self.process = None
        self.made = 0

    def _path(self, *names):
        return os.path.join(self.folder, *names)

    def _environment(self):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(('RABBITMQ_', 'ERL_'))}
        return dict(
            kept, HOME=self.folder, LC_ALL='C.UTF-8',
            RABBITMQ_NODENAME=self.node, RABBITMQ_DIST_PORT=str(self.distribution),
            RABBITMQ_CONF_ENV_FILE='/dev/null', RABBITMQ_CONFIG_FILE=self._path('rabbitmq'),
            RABBITMQ_ADVANCED_CONFIG_FILE=self._path('none'),
            RABBITMQ_MNESIA_BASE=self._path('data'), RABBITMQ_LOG_BASE=self._path('log'),
            RABBITMQ_LOGS=self._path('log', 'log'), RABBITMQ_PID_FILE=self._path('pid'),
            RABBITMQ_ENABLED_PLUGINS_FILE=self._path('plugins'),
            RABBITMQ_GENERATED_CONFIG_DIR=self._path('generated'),
            RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=ERLANG,
            RABBITMQ_CTL_ERL_ARGS='+S 1:1 +sbwt none',
            ERL_EPMD_PORT=str(self.epmd), ERL_EPMD_ADDRESS='127.0.0.1')

    def start(self):
        with open(self._path('rabbitmq.conf'), 'w', encoding='utf-8') as file:
            file.write(CONFIGURATION % {'port': self.port, 'user': USER, 'password': PASSWORD})
            file.write(self.more_configuration())
        with open(self._path('.erlang.cookie'), 'w', encoding='ascii') as file:
            file.write('castiron')
        os.chmod(self._path('.erlang.cookie'), 0o400)
        with open(self._path('plugins'), 'w', encoding='ascii') as file:
            file.write(self.PLUGINS + '.\n')
        if os.geteuid() == 0:
            for name in ('', '.erlang.cookie', 'plugins', 'rabbitmq.conf'):
                shutil.chown(self._path(name), 'rabbitmq', 'rabbitmq')
        return self.resume()

    def more_configuration(self):
        """Lines that a special broker adds."""
        return ''

    def resume(self):
        """Starts the server on its data and port; also after halt()."""
        with open(self._path('output'), 'ab') as output:
            self.process = subprocess.Popen(
                [os.path.join(PROGRAMS, 'rabbitmq-server')], cwd=self.folder,
                env=self._environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, **unprivileged())
        wait_for(self.answers, 'RabbitMQ on port %d, see %s' % (self.port, self._path('output')),
                 120)
        return self

    def answers(self):
        """Does it speak AMQP? It answers a header of no known protocol with its own."""
        if self.process.poll() is not None:
            with open(self._path('output'), encoding='utf-8', errors='replace') as output:
                raise RuntimeError('RabbitMQ did not start: ' + output.read()[-3000:])
        try:
            with socket.create_connection(('127.0.0.1', self.port), 1) as connection:
                connection.sendall(b'AMQP\x09\x09\x09\x09')
                return connection.recv(8)[:4] == b'AMQP'
        except OSError:
            return False

    def halt(self, kill=False):
        """Stops the server; what is durable stays. `kill`: without a word."""
        if self.process is None:
            return
        # The session holds the server and its port programs, nothing else.
        os.killpg(self.process.pid, signal.SIGKILL if kill else signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def stop(self):
        try:
            self.halt()
        finally:
            self._stop_epmd()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _stop_epmd(self):
        """It has gone into the background; its port is nobody else's."""
        subprocess.run(['epmd', '-port', str(self.epmd), '-kill'], stdin=subprocess.DEVNULL,
                       capture_output=True, env=self._environment(), check=False)

    def control(self, *arguments):
        """Runs rabbitmqctl; gives what it says."""
        done = subprocess.run(
            [os.path.join(PROGRAMS, 'rabbitmqctl'), '--quiet', '-n', self.node, *arguments],
            cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            env=self._environment(), **unprivileged())
        if done.returncode != 0:
            raise RuntimeError('rabbitmqctl %s: %s%s' % (arguments, done.stdout, done.stderr))
        return done.stdout

    def evaluate(self, erlang):
        """Runs an expression in the server; much faster for what takes many steps."""
        return self.control('eval', erlang)

    def create(self):
        """Makes an empty virtual host; gives its name."""
        self.made += 1
        name = 'castiron/%d' % self.made
        self.evaluate(
            'rabbit_vhost:add(<<"%s">>, <<"tests">>), rabbit_auth_backend_internal:set_permissions('
            '<<"%s">>, <<"%s">>, <<".*">>, <<".*">>, <<".*">>, <<"tests">>).' % (name, USER, name))
        return name

    def url(self, vhost='/', user=USER, password=PASSWORD):
        return 'rabbit://%s:%s@127.0.0.1:%d/%s' % (
            user, password.replace(' ', '%20'), self.port, vhost.replace('/', '%2F'))
