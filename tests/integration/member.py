# SPDX-License-Identifier: Apache-2.0
"""Clusters of several services: ours and Debian's Ironic, one database, one message broker."""
import os
import shutil
import signal
import subprocess
import tempfile

import cluster
import server

RELEASE = '21.4'  # what Debian's Ironic is, and what ours are pinned to beside it
PACKAGE = '/usr/lib/python3/dist-packages/ironic/cmd'
DEBIAN = ['/usr/bin/python3', '-W', 'ignore', '-c',
          'import sys; from ironic.cmd import %s as program; sys.exit(program.main())']

def have_debian():
    """Is Debian's Ironic (python3-ironic) installed?"""
    return os.path.isdir(PACKAGE)


class Cluster:
    """A database with the newest schema and an empty virtual host, for members to join."""

    def __init__(self, postgres, broker):
        self.postgres, self.broker = postgres, broker  # no broker: they call each other otherwise
        self.folder = tempfile.mkdtemp(prefix='castiron-cluster-')
        self.database = postgres.create()
        self.vhost = broker and broker.create()
        self.rpc_options = broker and {'rpc_transport': 'oslo',
                                       'transport_url': broker.url(self.vhost)}
        self.members = []
        self.with_debian = False

    def options(self):
        """What all members have in common."""
        return {
            'DEFAULT': dict(server.FAKE_HARDWARE, **self.rpc_options,
                            rpc_response_timeout='30', my_ip='127.0.0.1', log_dir='',
                            state_path=self.folder, tempdir=self.folder,
                            hash_ring_reset_interval='2'),
            'database': {'connection': self.postgres.url(self.database)},
            'conductor': {'automated_clean': 'false', 'sync_power_state_interval': '0',
                          'graceful_shutdown_timeout': '10'},
            'healthcheck': {'enabled': 'true'},
            'pxe': {'tftp_root': self.folder}, 'deploy': {'http_root': self.folder},
            'dhcp': {'dhcp_provider': 'none'}, 'oslo_concurrency': {'lock_path': self.folder},
            'oslo_policy': {'policy_file': os.path.join(self.folder, 'policy.yaml'),
                            'policy_dirs': os.path.join(self.folder, 'policy.d')},
        }

    def prepare(self):
        """Makes the schema."""
        Member(self, 'dbsync', []).prepare()
        return self

    def add(self, kind, debian=False, host=None, **options):
        """A member that is not started yet: kind is api or conductor."""
        program = ([*DEBIAN[:-1], DEBIAN[-1] % kind] if debian
                   else [os.path.join(server.BUILD, 'castiron-' + kind)])
        member = Member(self, kind, program, debian, host)
        for section, values in options.items():
            member.options.setdefault(section, {}).update(values)
        if self.with_debian and not debian:
            member.options['DEFAULT']['pin_release_version'] = RELEASE
        self.members.append(member)
        return member

    def conductors(self):
        """Names of those that are online and have said which hardware they know."""
        return sorted({row[0] for row in self.postgres.sql(
            'select c.hostname from conductors c join conductor_hardware_interfaces i '
            'on i.conductor_id = c.id where c.online', self.database)})

    def discard(self):
        """Stops all members and removes every trace."""
        try:
            for member in self.members:
                member.halt()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


class Member(server.Castiron):
    """One service of a cluster."""

    def __init__(self, of, kind, program, debian=False, host=None):  # pylint: disable=super-init-not-called
        self.cluster, self.kind, self.command, self.debian = of, kind, program, debian
        self.name = '%s-%d' % (kind, len(of.members) + 1)
        self.host = host or self.name
        self.folder = of.folder
        self.port = cluster.free_port()
        self.url = 'http://127.0.0.1:%d' % self.port
        self.options = of.options()
        self.options['DEFAULT']['host'] = self.host
        self.options['api'] = {'host_ip': '127.0.0.1', 'port': self.port, 'restrict_lookup': 'false'}
        if debian:
            self.options['api']['api_workers'] = 1
        self.conf = os.path.join(self.folder, self.name + '.conf')
        self.log_path = os.path.join(self.folder, self.name + '.log')
        self.process = None

    def start(self, seconds=60):
        """Starts the service and waits until it is there for others."""
        self.launch()
        self.wait_until(self.is_there, seconds, '%s to be there' % self.name)
        return self

    def launch(self):
        self.write_conf()
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen([*self.command, '--config-file', self.conf],
                                            stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, cwd=self.folder,
                                            start_new_session=True)

    def is_there(self):
        if self.process.poll() is not None:
            raise AssertionError('%s ended with %s:\n%s'
                                 % (self.name, self.process.returncode, self.log()))
        if self.kind == 'conductor':
            # The newest release adds the port of its JSON-RPC to the name.
            names = {self.host, '%s:%s' % (self.host, self.options.get('json_rpc', {}).get('port'))}
            found = names.intersection(self.cluster.conductors())
            self.host = next(iter(found), self.host)
            return bool(found)
        return self.answers()

    def tracebacks(self):
        """What a service of Python's has not expected: the last line of each traceback."""
        with open(self.log_path, encoding='utf-8', errors='replace') as log:
            parts = log.read().split('Traceback (most recent call last):')[1:]
        # Lines of the traceback are indented, each behind the same beginning as its first.
        return [next((line for line in part.split('\n')[1:]
                      if line and '  File "' not in line and '    ' not in line), '')
                for part in parts]

    def halt(self):
        """SIGTERM, and SIGKILL for what does not heed it; Debian's have children."""
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
