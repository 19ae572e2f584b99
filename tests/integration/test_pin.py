# SPDX-License-Identifier: Apache-2.0
"""pin_release_version: every release of the table, in the API, on the bus and in the rows."""
import json
import os
import queue
import signal
import subprocess
import threading
import unittest

import broker
import case
import member
import server

GOLDEN = os.path.join(server.ROOT, 'tests', 'golden', 'reference')
TAP = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'tap.py')
HEADER = 'x-openstack-ironic-api-%s-version'
# Rows that an API or a conductor writes below, and the object whose version they have.
TABLES = {'nodes': 'Node', 'ports': 'Port', 'portgroups': 'Portgroup', 'chassis': 'Chassis'}
DEFAULTS = {'available_for_dynamic_portgroup': True}  # of the column, which old services leave out
MAC = '52:54:00:00:%02x:%02x'


def golden(name):
    with open(os.path.join(GOLDEN, name), encoding='utf-8') as file:
        return json.load(file)


def minor(version):
    return int(version.split('.')[1])


class Releases:
    """The table as Ironic has it."""

    def __init__(self):
        found = golden('releases.json')
        rows = {row['release']: row for row in found['releases_master']}
        self.newest = rows['master']
        self.aliases = found['aliases']
        self.names = found['pin_option']['allowed_values']
        self.rows = {name: rows[self.aliases.get(name, name)] for name in self.names}
        self.fields = {o['name']: {f['name']: minor(f['since']) for f in o['fields']}
                       for o in golden('objects.json')['objects']}

    def object_minor(self, row, name):
        """The newest that the release has; for objects it has not, the newest of all."""
        versions = row['objects'].get(name) or self.newest['objects'].get(name)
        return versions and max(map(minor, versions))


class Bus:
    """All messages of a virtual host, as they come."""

    def __init__(self, rabbit, vhost):
        rabbit.control('trace_on', '--vhost', vhost)
        self.process = subprocess.Popen(
            ['/usr/bin/python3', '-W', 'ignore', TAP, rabbit.url(vhost), 'raw'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != 'ready\n':
            raise AssertionError('the tap does not run')
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def until(self, is_last):
        """The messages up to the one that is wanted."""
        found = []
        while not (found and is_last(found[-1])):
            found.append(self.lines.get(timeout=30))
        return found

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def objects_in(value):
    """All objects below a value of a message."""
    if isinstance(value, list):
        for item in value:
            yield from objects_in(item)
    elif isinstance(value, dict):
        if 'ironic_object.name' in value:
            yield value
        for item in value.values():
            yield from objects_in(item)


@unittest.skipUnless(member.have_debian(), 'python3-ironic is not installed: its kombu is needed')
class Pin(unittest.TestCase):
    """An API and a conductor, pinned to one release after the other by SIGHUP."""

    @classmethod
    def setUpClass(cls):
        cls.table = Releases()
        rabbit = broker.Broker().start()
        cls.addClassCleanup(rabbit.stop)
        cls.cluster = member.Cluster(case.OneCluster.get(), rabbit)
        cls.addClassCleanup(cls.cluster.discard)
        cls.cluster.prepare()
        cls.services = [cls.cluster.add(kind).start() for kind in ('conductor', 'api')]
        cls.api = cls.services[1]
        cls.bus = Bus(rabbit, cls.cluster.vhost)
        cls.addClassCleanup(cls.bus.stop)
        cls.count = 0

    def pin(self, name):
        for service in self.services:
            said = service.log(10 ** 9).count('Reloaded')
            service.options['DEFAULT']['pin_release_version'] = name
            service.write_conf()
            service.process.send_signal(signal.SIGHUP)
            service.wait_until(lambda s=service, n=said: s.log(10 ** 9).count('Reloaded') > n, 30,
                               'a reload')

    def ask(self, method, path, body=None, status=200, version='1.31'):
        reply = self.api.request(method, path, body, version=version)
        self.assertEqual(status, reply.status, '%s %s: %r\n%s' % (
            method, path, reply, self.services[0].log(3000)))
        return reply

    def settle(self, node):
        self.api.wait_until(lambda: self.ask('GET', node).json['reservation'] is None, 30,
                            '%s to be free' % node)

    def use(self):
        """Writes by the API and by the conductor; the node's path."""
        Pin.count += 1
        chassis = self.ask('POST', '/v1/chassis', {'extra': {}}, 201).json['uuid']
        made = self.ask('POST', '/v1/nodes', {'driver': 'fake-hardware', 'chassis_uuid': chassis},
                        201).json
        node = '/v1/nodes/' + made['uuid']
        group = self.ask('POST', '/v1/portgroups', {'node_uuid': made['uuid']}, 201).json['uuid']
        self.ask('POST', '/v1/ports', {'node_uuid': made['uuid'], 'portgroup_uuid': group,
                                       'address': MAC % divmod(self.count, 256)}, 201)
        self.ask('PATCH', node, [{'op': 'add', 'path': '/extra/a', 'value': 1}])
        self.ask('PUT', node + '/states/power', {'target': 'power on'}, 202)
        self.settle(node)
        self.ask('PUT', node + '/states/provision', {'target': 'manage'}, 202)
        self.settle(node)
        self.ask('GET', node + '/validate')
        return made['uuid']

    def check_api(self, row):
        newest = minor(row['api'])
        for path in ('/', '/v1'):
            reply = self.ask('GET', path, version='latest')
            if path == '/v1':
                self.assertEqual(row['api'], reply.headers[HEADER % 'maximum'])
            shown = reply.json['default_version' if path == '/' else 'version']
            self.assertEqual(row['api'], shown['version'])
        self.assertEqual(row['api'], self.ask('GET', '/v1/nodes', version='latest').headers[
            'x-openstack-ironic-api-version'])
        self.ask('GET', '/v1/nodes', version=row['api'])
        for path in ('/v1/nodes', '/v1/ports', '/v1/drivers'):
            refused = self.ask('GET', path, version='1.%d' % (newest + 1), status=406)
            self.assertEqual(row['api'], refused.headers[HEADER % 'maximum'])
            self.assertIn('1.%d' % (newest + 1), refused.text)

    def check_bus(self, row, uuid):
        messages = self.bus.until(lambda m: m.get('method') == 'validate_driver_interfaces'
                                  and m['args']['node_id'] == uuid)
        first = next(n for n, m in enumerate(messages) if m.get('method') == 'create_node'
                     and m['args']['node_obj']['ironic_object.data']['uuid'] == uuid)
        for message in messages[first:]:
            if 'method' in message:
                self.assertLessEqual(minor(message['version']), minor(row['rpc']), message)
            for found in objects_in(message.get('args') or message.get('result')):
                name, version = found['ironic_object.name'], minor(found['ironic_object.version'])
                self.assertEqual(self.table.object_minor(row, name), version, (name, message))
                since = self.table.fields[name]
                newer = [f for f in found['ironic_object.data'] if since[f] > version]
                self.assertEqual([], newer, (name, version))
        self.assertIn('update_node', [m.get('method') for m in messages])

    def check_rows(self, row, uuid):
        rows = self.api.sql if hasattr(self.api, 'database') else (
            lambda statement: self.cluster.postgres.sql(statement, self.cluster.database))
        for table, name in TABLES.items():
            where = {'nodes': "uuid = '%s'" % uuid, 'chassis': 'id = (select chassis_id from '
                     "nodes where uuid = '%s')" % uuid}.get(
                         table, "node_id = (select id from nodes where uuid = '%s')" % uuid)
            found = json.loads(rows('select row_to_json(t) from %s t where %s'
                                    % (table, where))[0][0])
            pinned = self.table.object_minor(row, name)
            self.assertEqual('1.%d' % pinned, found['version'], table)
            filled = [column for column, value in found.items()
                      if self.table.fields[name].get(column, 0) > pinned
                      and value not in (None, False, '', '{}', '[]', DEFAULTS.get(column))]
            self.assertEqual([], filled, '%s of %s' % (table, row['release']))

    def test_every_release(self):
        """S29 S30 S31 S34 S35 S57 S58 S62: what is pinned is spoken, after SIGHUP as after a start."""
        for name in self.table.names:
            with self.subTest(pin=name):
                row = self.table.rows[name]
                self.pin(name)
                self.check_api(row)
                uuid = self.use()
                self.check_bus(row, uuid)
                self.check_rows(row, uuid)

    def test_without_a_pin(self):
        """S33 S68: nothing is converted; the log says which release is spoken."""
        self.pin('21.4')
        self.pin(None)
        self.check_api(self.table.newest)
        uuid = self.use()
        self.check_bus(self.table.newest, uuid)
        self.check_rows(self.table.newest, uuid)
        for service in self.services:
            said = [line for line in service.log(10 ** 9).splitlines() if ' Speaking' in line]
            self.assertIn(' Speaking: ', said[0])
            self.assertIn('release=master api=1.115 rpc=1.62 pin_release_version=none', said[0])
            self.assertIn(' Speaking another release: ', said[-1])
            self.assertIn('release=21.4 api=1.82 rpc=1.55 pin_release_version=21.4', said[-2])
            self.assertIn('release=master', said[-1])

    def test_what_came_later_is_not_there(self):
        """S36 S65: fields and paths of later releases are unknown while pinned."""
        self.pin('21.4')
        self.ask('GET', '/v1/runbooks', version='latest', status=404)
        self.ask('GET', '/v1/inspection_rules', version='latest', status=404)
        shown = self.ask('GET', '/v1', version='latest').json
        self.assertNotIn('runbooks', shown)
        node = self.ask('POST', '/v1/nodes', {'driver': 'fake-hardware'}, 201, 'latest').json
        for field in ('firmware_interface', 'parent_node', 'disable_power_off', 'instance_name'):
            self.assertNotIn(field, node)
            reply = self.api.request('PATCH', '/v1/nodes/' + node['uuid'], [
                {'op': 'add', 'path': '/' + field, 'value': 'x'}], version='latest')
            self.assertIn(reply.status, (400, 406), reply)

    def test_a_wrong_pin_is_refused(self):
        """S29: at the start with the choices, at SIGHUP with a line in the log."""
        api = self.cluster.add('api')
        api.options['DEFAULT']['pin_release_version'] = 'diablo'
        api.write_conf()
        done = subprocess.run([*api.command, '--config-file', api.conf], capture_output=True,
                              text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
        self.assertNotEqual(0, done.returncode)
        for name in self.table.names:
            self.assertIn(name, done.stdout + done.stderr)
        self.pin('zed')
        self.api.options['DEFAULT']['pin_release_version'] = 'diablo'
        self.api.write_conf()
        self.api.process.send_signal(signal.SIGHUP)
        self.api.wait_until(lambda: 'The configuration stays as it was' in self.api.log(10 ** 9),
                            30, 'the refusal')
        self.check_api(self.table.rows['zed'])
