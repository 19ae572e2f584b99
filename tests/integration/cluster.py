# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL cluster of the tests' own: made in a temporary folder, thrown away at the end."""
import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile

SETTINGS = {
    'fsync': 'off', 'full_page_writes': 'off',
    'shared_buffers': '32MB', 'max_connections': '200', 'timezone': 'UTC',
    'listen_addresses': '127.0.0.1', 'log_min_messages': 'warning', 'autovacuum': 'off',
}


def free_port():
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def unprivileged():
    """Options that make subprocess run as the postgres user when we are root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam('postgres')
    return {'user': user.pw_uid, 'group': user.pw_gid, 'extra_groups': []}


class Postgres:
    """One running cluster; start it, create databases in it, stop it."""

    def __init__(self):
        found = sorted(glob.glob('/usr/lib/postgresql/*/bin'),
                       key=lambda p: int(p.split('/')[4]))
        if not found:
            raise RuntimeError('PostgreSQL is not installed: apt-get install postgresql')
        self.bin = found[-1]
        self.folder = tempfile.mkdtemp(prefix='castiron-pg-')
        os.chmod(self.folder, 0o755)
        self.data = os.path.join(self.folder, 'data')
        self.port = None
        self.made = 0

    def _run(self, program, *arguments):
        done = subprocess.run([os.path.join(self.bin, program), *arguments], cwd=self.folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env=dict(os.environ, LC_ALL='C.UTF-8'), **unprivileged())
        if done.returncode != 0:
            raise RuntimeError('%s: %s%s' % (program, done.stdout, done.stderr))

    def start(self):
        if os.geteuid() == 0:
            shutil.chown(self.folder, 'postgres', 'postgres')
        self._run('initdb', '--pgdata', self.data, '--username', 'castiron', '--auth', 'trust',
                  '--encoding', 'UTF8', '--no-sync')
        self.port = free_port()
        self.resume()
        return self

    def resume(self):
        """Starts the server on its data and port; also after halt()."""
        settings = ' '.join('-c %s=%s' % item for item in SETTINGS.items())
        self._run('pg_ctl', 'start', '--wait', '--timeout', '60', '--pgdata', self.data,
                  '--log', os.path.join(self.folder, 'log'),
                  '--options', '-p %d -k %s %s' % (self.port, self.folder, settings))

    def halt(self, mode='fast'):
        self._run('pg_ctl', 'stop', '--wait', '--pgdata', self.data, '--mode', mode)

    def stop(self):
        try:
            self.halt('immediate')
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, statement, database='postgres'):
        """Runs statements; gives rows as lists of strings."""
        done = subprocess.run(
            [os.path.join(self.bin, 'psql'), '-XqAt', '-F', '\t', '-v', 'ON_ERROR_STOP=1',
             '-h', '127.0.0.1', '-p', str(self.port), '-U', 'castiron', '-d', database,
             '-c', statement], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return [line.split('\t') for line in done.stdout.splitlines()]

    def create(self, template=None):
        """Makes an empty database, or a copy of another; gives its name."""
        self.made += 1
        name = 'castiron_%d' % self.made
        self.sql('create database %s template %s' % (name, template or 'template1'))
        return name

    def url(self, database):
        return 'postgresql+psycopg2://castiron@127.0.0.1:%d/%s' % (self.port, database)
