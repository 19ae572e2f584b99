# SPDX-License-Identifier: Apache-2.0
"""One castiron under test: its configuration, database, process and log."""
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

import cluster
import contract

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get('CASTIRON_BUILD', 'build'))

# As the recorded servers had it.
FAKE_HARDWARE = {
    'auth_strategy': 'noauth',
    'rpc_transport': 'none',
    'enabled_hardware_types': 'fake-hardware',
    'enabled_boot_interfaces': 'fake',
    'enabled_deploy_interfaces': 'fake',
    'enabled_management_interfaces': 'fake,noop',
    'enabled_power_interfaces': 'fake',
    'enabled_firmware_interfaces': 'no-firmware,fake',
    'enabled_inspect_interfaces': 'no-inspect,fake',
    'enabled_network_interfaces': 'noop',
    'enabled_raid_interfaces': 'no-raid,fake',
    'enabled_bios_interfaces': 'no-bios,fake',
    'enabled_storage_interfaces': 'noop,fake',
    'enabled_vendor_interfaces': 'no-vendor,fake',
    'enabled_console_interfaces': 'no-console,fake',
    'enabled_rescue_interfaces': 'no-rescue,fake',
    'default_network_interface': 'noop',
    'default_deploy_interface': 'fake',
}


def calls():
    """Names of the calls that our conductor has functions for."""
    with open(os.path.join(ROOT, 'conductor', 'calls.def'), encoding='utf-8') as rows:
        return {row[len('CALL('):row.index(')')] for row in rows if row.startswith('CALL(')}


def is_unserved(status, text):
    """Is it the answer to a call that our conductor has no function for yet?"""
    if status != 501:
        return False
    found = re.search(r'Endpoint does not support RPC method (\w+)', text)
    return bool(found) and found.group(1) not in calls()


class Reply:
    """An answer: status, headers (names in lower case), text, and the body as data."""

    def __init__(self, response, body):
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.text = body.decode('utf-8', 'replace')

    @property
    def json(self):
        return json.loads(self.text)

    def __repr__(self):
        return '%d %s' % (self.status, self.text[:500])


class Castiron:
    """Starts and stops the all-in-one program on its own port and database."""

    debian = False  # every answer of ours is held against the contract

    def __init__(self, engine='postgresql', postgres=None, options=None):
        self.folder = tempfile.mkdtemp(prefix='castiron-')
        self.engine = engine
        self.port = cluster.free_port()
        self.url = 'http://127.0.0.1:%d' % self.port
        self.postgres, self.owns_postgres = postgres, False
        if engine == 'postgresql':
            if postgres is None:
                self.postgres, self.owns_postgres = cluster.Postgres().start(), True
            self.database = self.postgres.create()
            connection = self.postgres.url(self.database)
        else:
            connection = 'sqlite:///' + os.path.join(self.folder, 'castiron.sqlite')
        self.options = {
            'DEFAULT': dict(FAKE_HARDWARE, host='refhost'),
            'api': {'host_ip': '127.0.0.1', 'port': self.port},
            'database': {'connection': connection},
            # A recorded node keeps its power state until somebody asks.
            'conductor': {'automated_clean': 'false', 'sync_power_state_interval': '0'},
            'healthcheck': {'enabled': 'true'},
            # Not those of a service that may be installed on this machine.
            'oslo_policy': {'policy_file': os.path.join(self.folder, 'policy.yaml'),
                            'policy_dirs': os.path.join(self.folder, 'policy.d')},
        }
        for section, values in (options or {}).items():
            self.options.setdefault(section, {}).update(values)
        self.conf = os.path.join(self.folder, 'castiron.conf')
        self.log_path = os.path.join(self.folder, 'log')
        self.process = None

    def write_conf(self):
        with open(self.conf, 'w', encoding='utf-8') as f:
            for section, values in self.options.items():
                f.write('[%s]\n' % section)
                f.writelines('%s = %s\n' % item for item in values.items() if item[1] is not None)

    def program(self, name):
        return [os.path.join(BUILD, name), '--config-file', self.conf]

    def prepare(self):
        """Writes the configuration and makes the schema."""
        self.write_conf()
        done = subprocess.run(self.program('castiron-dbsync') + ['create_schema'],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60)
        if done.returncode != 0:
            raise AssertionError('create_schema: %s%s' % (done.stdout, done.stderr))
        return self

    def start(self, seconds=10):
        """Starts the program and waits until it answers; its conductor is there by then."""
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen(self.program('castiron'), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT,
                                            cwd=self.folder)
        self.wait_until(self.answers, seconds, 'the first answer')
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError('castiron ended with %s:\n%s'
                                 % (self.process.returncode, self.log()))
        try:
            return self.request('GET', '/v1', timeout=2).status == 200
        except OSError:
            return False

    def wait_until(self, condition, seconds=10, what=''):
        deadline = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError('waited %d s for %s:\n%s' % (seconds, what, self.log()))
            time.sleep(0.01)

    def stop(self, seconds=20):
        """SIGTERM; castiron must leave with 0."""
        if self.process is None:
            return
        process, self.process = self.process, None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise AssertionError('did not leave in %d s:\n%s' % (seconds, self.log()))
        if process.returncode != 0:
            raise AssertionError('exit status %d:\n%s' % (process.returncode, self.log()))

    def kill(self):
        """SIGKILL, at once."""
        process, self.process = self.process, None
        process.kill()
        process.wait()

    def discard(self):
        """Stops whatever runs and removes every trace."""
        try:
            self.stop()
        finally:
            if self.owns_postgres:
                self.postgres.stop()
            shutil.rmtree(self.folder, ignore_errors=True)

    def log(self, limit=6000):
        with contextlib.suppress(OSError):
            with open(self.log_path, encoding='utf-8', errors='replace') as f:
                return f.read()[-limit:]
        return ''

    def request(self, method, path, body=None, version='latest', headers=None, timeout=30):
        """One request on a connection of its own; a body that is not bytes goes as JSON."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=timeout)
        try:
            send = {'Accept': 'application/json'}
            if version:
                send['X-OpenStack-Ironic-API-Version'] = version
            if body is not None and not isinstance(body, bytes):
                body = json.dumps(body).encode()
            if body is not None:
                send['Content-Type'] = 'application/json'
            send.update(headers or {})
            connection.request(method, path, body=body, headers=send)
            response = connection.getresponse()
            reply = Reply(response, response.read())
            if not self.debian:
                contract.judge(method, path, reply.status, reply.headers, reply.text)
            return reply
        finally:
            connection.close()

    def sql(self, statement):
        """Runs it in the database, beside the service."""
        if self.engine == 'postgresql':
            return self.postgres.sql(statement, self.database)
        with contextlib.closing(sqlite3.connect(os.path.join(self.folder, 'castiron.sqlite'))) as db, db:
            return db.execute(statement).fetchall()

    def node(self, ident):
        reply = self.request('GET', '/v1/nodes/' + ident)
        if reply.status != 200:
            raise AssertionError('%s: %r' % (ident, reply))
        return reply.json

    def provision(self, ident, verb, state, **body):
        """Asks for a verb and waits for the state it leads to."""
        reply = self.request('PUT', '/v1/nodes/%s/states/provision' % ident,
                             dict(body, target=verb))
        if reply.status != 202:
            raise AssertionError('%s: %r' % (verb, reply))
        self.wait_until(lambda: self.node(ident)['provision_state'] == state, 20,
                        '%s to be %s' % (ident, state))
