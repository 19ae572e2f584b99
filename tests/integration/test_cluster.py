# SPDX-License-Identifier: Apache-2.0
"""Services that call each other over RabbitMQ: ours among themselves, and with Debian's Ironic."""
import json
import os
import subprocess
import unittest

import case
import matrix
import member
import server

MAC = '52:54:00:12:34:56'
VIF = '11111111-2222-4333-8444-555555555555'
TAP = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'tap.py')
CALLER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'caller.py')
DEVICE = {'result': {'boot_device': 'pxe', 'persistent': False}}
UNSUPPORTED = 'Endpoint does not support RPC version %s. Attempted method: get_boot_device'
# What becomes of messages that caller.py sends, when it is not DEVICE.
ODD = {
    'of a newer minor version': {'failure': UNSUPPORTED % '1.99'},
    'of another major version': {'failure': UNSUPPORTED % '2.0'},
    'with a namespace': {'failure': UNSUPPORTED % '1.17'},
    'with an unknown argument': {'failure': 'ConductorManager.get_boot_device() got an unexpected '
                                            "keyword argument 'zzz'"},
    'with a missing argument': {'failure': 'ConductorManager.get_boot_device() missing 1 required '
                                           "positional argument: 'node_id'"},
    'without arguments': {'failure': 'ConductorManager.get_boot_device() missing 1 required '
                                     "positional argument: 'node_id'"},
    'of an unknown method': {'failure': 'Endpoint does not support RPC method _do_adoption'},
    'without a content type': None,
    'in another envelope': None,
    'that is no JSON': None,
    'that comes twice': None,
    'of an unknown node': {'failure': 'Node 0e9e60e7-9d32-47f9-b824-979a92256efe could not be '
                                      'found.'},
    'by number': {'failure': 'Node 1000000 could not be found.'},
}
# Calls that no API of the older release makes: it has none, or conductors make them themselves.
UNASKED = {'continue_node_clean', 'continue_node_deploy', 'continue_node_service',
           'do_node_service', 'attach_virtual_media', 'detach_virtual_media', 'get_virtual_media',
           'object_action', 'object_backport_versions', 'object_class_action_versions',
           'update_portgroup_physical_network',
           'continue_inspection', 'heartbeat'}  # these two are asked by test_agent_cluster
# What a Debian conductor shows when a name is taken, among its own kind as well.
KNOWN = ('UniqueViolation', 'DBDuplicateEntry', 'DuplicateName')
VERSION = '1.82'  # the newest of the pinned release


def tearDownModule():  # noqa: N802 (unittest's name)
    case.OneBroker.stop()


class Members(unittest.TestCase):
    """An API and a conductor; which is Debian's is said by the classes below."""

    DEBIAN_API = DEBIAN_CONDUCTOR = False
    OPTIONS = {}
    HOST = None  # the conductor's name; None: one is made
    TAPPED = False  # is every message of theirs judged?
    RINGS_S = 2  # how long a ring is kept
    tap = None

    @classmethod
    def tearDownClass(cls):
        if not cls.tap:
            return
        for service in cls.cluster.members:
            if service.debian:
                cls.check_log(service)
        cls.check_messages()

    @classmethod
    def check_log(cls, service):
        """Has it met what services of its own kind do not meet?"""
        unknown = [line for line in service.tracebacks()
                   if not any(name in line for name in KNOWN)]
        if unknown:
            raise AssertionError('%s met: %s' % (service.name, unknown))

    @classmethod
    def check_messages(cls):
        """Did a message hold what the older release does not know?"""
        tap, cls.tap = cls.tap, None
        tap.terminate()
        heard = json.loads(tap.communicate(timeout=30)[0])
        if heard['bad'] or 'Node' not in heard['objects']:
            raise AssertionError('the messages were: %s' % heard)
        missing = cls.answered() - set(heard['methods']) - UNASKED
        if cls.DEBIAN_CONDUCTOR:
            missing -= {'destroy_portgroup'}  # which fails there on PostgreSQL
        if missing and len(heard['methods']) > len(missing):  # else not all tests were run
            raise AssertionError('nobody asked for: %s' % sorted(missing))

    @classmethod
    def answered(cls):
        """Names of the calls that our conductor has functions for."""
        return server.calls()

    @classmethod
    def listen(cls):
        """Has every message of the virtual host judged."""
        cls.cluster.broker.control('trace_on', '--vhost', cls.cluster.vhost)
        cls.tap = subprocess.Popen(
            ['/usr/bin/python3', '-W', 'ignore', TAP, cls.cluster.broker.url(cls.cluster.vhost)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.tap.kill)
        if cls.tap.stdout.readline() != 'ready\n':
            raise AssertionError('the tap does not run')

    @classmethod
    def new_cluster(cls):
        return member.Cluster(case.OneCluster.get(), case.OneBroker.get())

    @classmethod
    def setUpClass(cls):
        if (cls.DEBIAN_API or cls.DEBIAN_CONDUCTOR) and not member.have_debian():
            raise unittest.SkipTest('python3-ironic is not installed')
        cls.cluster = cls.new_cluster()
        cls.addClassCleanup(cls.cluster.discard)
        cls.cluster.with_debian = cls.DEBIAN_API or cls.DEBIAN_CONDUCTOR
        cls.cluster.prepare()
        cls.conductor = cls.cluster.add('conductor', cls.DEBIAN_CONDUCTOR, cls.HOST, **cls.OPTIONS)
        cls.api = cls.cluster.add('api', cls.DEBIAN_API, **cls.OPTIONS)
        cls.conductor.launch()
        cls.api.launch()
        if cls.TAPPED:
            cls.listen()
        for service in (cls.conductor, cls.api):
            service.wait_until(service.is_there, 90, '%s to be there' % service.name)

    def ask(self, method, path, body=None, status=200, version=VERSION):
        """A request whose status is known beforehand."""
        reply = self.api.request(method, path, body, version=version)
        self.assertEqual(status, reply.status, '%s %s: %r\n%s' % (
            method, path, reply, self.conductor.log(3000)))
        return reply

    def fails(self, method, path, body, status, words):
        """The same, whose fault says so."""
        reply = self.ask(method, path, body, status)
        fault = reply.json['error_message']
        self.assertRegex(fault if isinstance(fault, str) else str(fault), words)

    def node(self, name):
        return self.ask('GET', '/v1/nodes/' + name).json

    def becomes(self, name, field, value):
        self.api.wait_until(lambda: self.node(name)[field] == value, 30, '%s of %s to be %s, is %s'
                            % (field, name, value, self.node(name)))

    def provision(self, name, verb, state, **body):
        self.ask('PUT', '/v1/nodes/%s/states/provision' % name, dict(body, target=verb), 202)
        self.becomes(name, 'provision_state', state)

    def call(self, what, node):
        """What caller.py is answered."""
        done = subprocess.run(
            ['/usr/bin/python3', '-W', 'ignore', CALLER, what,
             self.cluster.broker.url(self.cluster.vhost), self.conductor.host, node['uuid']],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        return json.loads(done.stdout)

    def enroll(self, name, **fields):
        """A new node, deleted at the end of the test."""
        self.addCleanup(self.forget, name)
        return self.ask('POST', '/v1/nodes', dict(fields, name=name, driver='fake-hardware'),
                        201).json

    def forget(self, name):
        if self.api.request('GET', '/v1/nodes/' + name, version=VERSION).status == 404:
            return
        self.becomes(name, 'reservation', None)
        self.cluster.postgres.sql("update nodes set maintenance = true where name = '%s'" % name,
                                  self.cluster.database)
        self.ask('DELETE', '/v1/nodes/' + name, status=204)

    def lock(self, name, by):
        self.cluster.postgres.sql("update nodes set reservation = %s where name = '%s'"
                                  % ("'%s'" % by if by else 'null', name), self.cluster.database)


class Together(matrix.Matrix, Members):
    """What people ask of them."""

    OPTIONS = {'api': {'restrict_lookup': 'false'}}

    def test_a_node_lives(self):
        """S28: whoever of the two is the API, and who the conductor."""
        made = self.enroll('life', properties={'cpus': 8}, extra={'rack': 'r\u00e4ck'})
        self.assertEqual(('enroll', {'cpus': 8}, {'rack': 'r\u00e4ck'}),
                         (made['provision_state'], made['properties'], made['extra']))
        self.provision('life', 'manage', 'manageable')
        self.provision('life', 'inspect', 'manageable')
        self.provision('life', 'clean', 'manageable', clean_steps=[
            {'interface': 'bios', 'step': 'factory_reset'}])
        self.provision('life', 'provide', 'available')
        self.provision('life', 'active', 'active')
        self.provision('life', 'rescue', 'rescue', rescue_password='secret')
        self.provision('life', 'unrescue', 'active')
        self.provision('life', 'rebuild', 'active', configdrive={'meta_data': {'a': 1}})
        self.fails('DELETE', '/v1/nodes/life', None, 409, 'Can not delete node')
        self.provision('life', 'deleted', 'available')
        self.provision('life', 'manage', 'manageable')
        self.provision('life', 'adopt', 'active')
        self.provision('life', 'deleted', 'available')
        self.ask('DELETE', '/v1/nodes/life', status=204)
        self.fails('GET', '/v1/nodes/life', None, 404, 'could not be found')

    def test_a_node_is_changed(self):
        self.enroll('changed')
        node = self.ask('PATCH', '/v1/nodes/changed', [
            {'op': 'add', 'path': '/extra/a', 'value': [1, {'b': None}]},
            {'op': 'replace', 'path': '/description', 'value': 'by the door'},
            {'op': 'add', 'path': '/driver_info/ipmi_password', 'value': 'x'}]).json
        self.assertEqual(({'a': [1, {'b': None}]}, 'by the door', '******'), (
            node['extra'], node['description'], node['driver_info']['ipmi_password']))
        self.ask('PUT', '/v1/nodes/changed/traits', {'traits': ['CUSTOM_A']}, 204)
        node = self.ask('PATCH', '/v1/nodes/changed', [
            {'op': 'remove', 'path': '/extra/a'},
            {'op': 'replace', 'path': '/storage_interface', 'value': 'fake'}]).json
        self.assertEqual(({}, 'fake', ['CUSTOM_A']),
                         (node['extra'], node['storage_interface'], node['traits']))
        self.fails('PATCH', '/v1/nodes/changed', [
            {'op': 'replace', 'path': '/raid_interface', 'value': 'none-such'}], 400, 'none-such')
        self.ask('PUT', '/v1/nodes/changed/maintenance', {'reason': 'a fan'}, 202)
        node = self.node('changed')
        self.assertEqual((True, 'a fan'), (node['maintenance'], node['maintenance_reason']))
        self.ask('DELETE', '/v1/nodes/changed/maintenance', status=202)
        self.assertFalse(self.node('changed')['maintenance'])

    def test_power_and_boot(self):
        """S28: calls of a driver, between all kinds of services."""
        self.enroll('power')
        states = '/v1/nodes/power/states'
        self.ask('PUT', states + '/power', {'target': 'power on', 'timeout': 20}, 202)
        self.becomes('power', 'power_state', 'power on')
        self.becomes('power', 'target_power_state', None)
        self.ask('PUT', states + '/power', {'target': 'soft rebooting'}, 202)
        self.becomes('power', 'target_power_state', None)
        self.ask('PUT', states + '/power', {'target': 'power off'}, 202)
        self.becomes('power', 'power_state', 'power off')
        device = '/v1/nodes/power/management/boot_device'
        self.ask('PUT', device, {'boot_device': 'pxe', 'persistent': True}, 204)
        self.ask('GET', device)
        self.assertIn('pxe', self.ask('GET', device + '/supported').json['supported_boot_devices'])
        self.fails('PUT', device, {'boot_device': 'floppy'}, 400, 'floppy')
        self.fails('PUT', '/v1/nodes/power/management/inject_nmi', {}, 400, 'inject_nmi')
        self.ask('PUT', states + '/boot_mode', {'target': 'uefi'}, 202)
        self.becomes('power', 'reservation', None)
        self.ask('PUT', states + '/secure_boot', {'target': True}, 202)
        self.becomes('power', 'reservation', None)
        self.assertIn('power', self.ask('GET', '/v1/nodes/power/validate').json)

    def test_traits_vifs_and_ports(self):
        node = self.enroll('things')
        traits = '/v1/nodes/things/traits'
        self.ask('PUT', traits, {'traits': ['CUSTOM_A', 'HW_CPU_X86_VMX']}, 204)
        self.ask('PUT', traits + '/CUSTOM_B', None, 204)
        self.assertEqual(['CUSTOM_A', 'CUSTOM_B', 'HW_CPU_X86_VMX'],
                         sorted(self.ask('GET', traits).json['traits']))
        self.ask('DELETE', traits + '/CUSTOM_B', status=204)
        self.fails('DELETE', traits + '/CUSTOM_B', None, 404, "Node [0-9a-f-]{36} doesn't have a trait 'CUSTOM_B'")
        self.ask('DELETE', traits, status=204)
        self.assertEqual([], self.ask('GET', traits).json['traits'])
        port = self.ask('POST', '/v1/ports', {'address': MAC, 'node_uuid': node['uuid']}, 201).json
        self.assertEqual((MAC, node['uuid']), (port['address'], port['node_uuid']))
        self.fails('POST', '/v1/ports', {'address': MAC, 'node_uuid': node['uuid']}, 409, MAC)
        path = '/v1/ports/' + port['uuid']
        port = self.ask('PATCH', path, [
            {'op': 'add', 'path': '/extra/cable', 'value': 'blue'}]).json
        self.assertEqual({'cable': 'blue'}, port['extra'])
        self.ask('POST', '/v1/nodes/things/vifs', {'id': VIF}, 204)
        self.assertEqual([], self.ask('GET', '/v1/nodes/things/vifs').json['vifs'])
        self.ask('DELETE', '/v1/nodes/things/vifs/' + VIF, status=204)
        self.ask('DELETE', path, status=204)
        self.fails('GET', path, None, 404, 'could not be found')

    def test_console_and_driver(self):
        self.enroll('console', console_interface='fake')
        console = '/v1/nodes/console/states/console'
        self.assertFalse(self.ask('GET', console).json['console_enabled'])
        self.ask('PUT', console, {'enabled': True}, 202)
        self.becomes('console', 'console_enabled', True)
        self.assertTrue(self.ask('GET', console).json['console_enabled'])
        self.ask('PUT', console, {'enabled': False}, 202)
        self.becomes('console', 'console_enabled', False)
        driver = '/v1/drivers/fake-hardware'
        self.ask('GET', driver + '/properties')
        self.ask('GET', driver + '/raid/logical_disk_properties')
        self.ask('GET', driver + '/vendor_passthru/methods')
        self.fails('POST', driver + '/vendor_passthru/none_such', {}, 400, 'none_such')
        self.fails('POST', driver + '/vendor_passthru?method=none_such', {}, 400, 'none_such')
        drivers = self.ask('GET', '/v1/drivers').json['drivers']
        self.assertEqual([['fake-hardware', [self.conductor.host]]],
                         [[d['name'], d['hosts']] for d in drivers])
        self.assertEqual([(self.conductor.host, True)], [
            (c['hostname'], c['alive'])
            for c in self.ask('GET', '/v1/conductors').json['conductors']])

    def test_a_locked_node_says_so(self):
        self.enroll('locked')
        self.lock('locked', 'elsewhere')
        self.addCleanup(self.lock, 'locked', None)
        words = 'Node .* is locked by host elsewhere'
        path = '/v1/nodes/locked'
        patch = [{'op': 'add', 'path': '/extra/a', 'value': 1}]
        for method, at, body in (
                ('PATCH', path, patch), ('DELETE', path, None),
                ('PUT', path + '/states/provision', {'target': 'manage'}),
                ('PUT', path + '/states/power', {'target': 'power on'}),
                ('PUT', path + '/traits', {'traits': ['CUSTOM_A']})):
            with self.subTest(method + ' ' + at):
                self.fails(method, at, body, 409, words)

    def test_what_cannot_be_is_refused(self):
        self.enroll('refused')
        path = '/v1/nodes/refused'
        for status, words, method, at, body in (
                (400, 'none-such', 'POST', '/v1/nodes',
                 {'driver': 'fake-hardware', 'deploy_interface': 'none-such'}),
                (400, 'none-such', 'POST', '/v1/nodes', {'driver': 'none-such'}),
                (400, 'can not be performed', 'PUT', path + '/states/provision',
                 {'target': 'active'}),
                (404, 'none-such', 'GET', '/v1/drivers/none-such/properties', None),
                (409, 'already exists', 'POST', '/v1/nodes',
                 {'driver': 'fake-hardware', 'name': 'refused'})):
            with self.subTest(method + ' ' + at):
                self.fails(method, at, body, status, words)


class Ours(Together):
    """castiron-api and castiron-conductor."""


@unittest.skipUnless('CASTIRON_REFERENCE' in os.environ, 'on request only: what is held true')
class DebianBoth(Together):
    """Debian's services among themselves: what is expected above is what they do."""

    DEBIAN_API = DEBIAN_CONDUCTOR = True


class DebianApi(Together):
    """Debian's ironic-api and our conductor."""

    DEBIAN_API = TAPPED = True


class DebianConductor(Together):
    """Our API and Debian's ironic-conductor."""

    DEBIAN_CONDUCTOR = TAPPED = True


class Ring(unittest.TestCase):
    """Two conductors and two APIs of each kind."""

    NODES = 200

    def setUp(self):
        if not member.have_debian():
            self.skipTest('python3-ironic is not installed')
        self.cluster = member.Cluster(case.OneCluster.get(), case.OneBroker.get())
        self.addCleanup(self.cluster.discard)
        self.cluster.with_debian = True
        self.cluster.prepare()
        for kind in ('conductor', 'api'):
            for debian in (False, True) * 2:
                self.cluster.add(kind, debian).launch()
        for service in self.cluster.members:
            service.wait_until(service.is_there, 120, '%s to be there' % service.name)

    def hosts(self, api):
        """Which conductor has which node, for that API."""
        found, path = {}, '/v1/nodes/detail?limit=1000'
        reply = api.request('GET', path, version=VERSION, timeout=60)
        self.assertEqual(200, reply.status, reply)
        for node in reply.json['nodes']:
            found[node['uuid']] = node['conductor']
        return found

    def test_all_apis_call_the_same_conductor_for_a_node(self):
        """S60: the rings of old and new agree for every node."""
        apis = [m for m in self.cluster.members if m.kind == 'api']
        conductors = {m.host for m in self.cluster.members if m.kind == 'conductor'}
        self.cluster.postgres.sql(
            "insert into nodes (uuid, driver, provision_state, version, conductor_group, "
            "console_enabled, maintenance, protected, retired) "
            "select gen_random_uuid(), 'fake-hardware', 'enroll', '1.37', '', "
            "false, false, false, false from generate_series(1, %d)" % self.NODES, self.cluster.database)
        for api in apis:  # until its ring holds all conductors
            api.wait_until(lambda api=api: set(self.hosts(api).values()) == conductors, 30,
                           'all conductors to be in the ring of %s' % api.name)
        found = [self.hosts(api) for api in apis]
        self.assertEqual(self.NODES, len(found[0]))
        for other in found[1:]:
            self.assertEqual(found[0], other)
        uuids = sorted(found[0])
        for n, uuid in enumerate(uuids[:24]):
            reply = apis[n % len(apis)].request(
                'PATCH', '/v1/nodes/' + uuid, [{'op': 'add', 'path': '/extra/n', 'value': n}],
                version=VERSION)
            self.assertEqual((200, {'n': n}), (reply.status, reply.json.get('extra')), reply)


class Messages(Members):
    """What castiron-conductor makes of messages as they may come."""

    def test_messages_of_all_kinds(self):
        for name, answer in self.call('all', self.enroll('odd')).items():
            with self.subTest('a message ' + name):
                self.assertEqual(ODD.get(name, DEVICE), answer)


@unittest.skipUnless('CASTIRON_REFERENCE' in os.environ, 'on request only: what is held true')
class DebianMessages(Messages):
    """What Debian's ironic-conductor makes of them."""

    DEBIAN_CONDUCTOR = True


class Bases:  # pylint: disable=too-few-public-methods
    """For other files; no test by itself, so it is no name of the module."""
    together = Together


del Together
