# SPDX-License-Identifier: Apache-2.0
"""Services that call each other over RabbitMQ: ours among themselves, and with Debian's Ironic."""
import os
import time
import unittest

import broker
import case
import member

MAC = '52:54:00:12:34:56'
VIF = '11111111-2222-4333-8444-555555555555'
VERSION = '1.82'  # the newest of the pinned release


class OneBroker:
    """The broker of this file's tests, each with a virtual host of its own."""

    running = None

    @classmethod
    def get(cls):
        if cls.running is None:
            cls.running = broker.Broker().start()
        return cls.running

    @classmethod
    def stop(cls):
        if cls.running is not None:
            cls.running.stop()
            cls.running = None


def tearDownModule():  # noqa: N802 (unittest's name)
    OneBroker.stop()


class Together(unittest.TestCase):
    """An API and a conductor; which is Debian's is said by the classes below."""

    DEBIAN_API = DEBIAN_CONDUCTOR = False

    @classmethod
    def setUpClass(cls):
        if (cls.DEBIAN_API or cls.DEBIAN_CONDUCTOR) and not member.have_debian():
            raise unittest.SkipTest('ironic-api and ironic-conductor are not installed')
        cls.cluster = member.Cluster(case.OneCluster.get(), OneBroker.get())
        cls.addClassCleanup(cls.cluster.discard)
        cls.cluster.with_debian = cls.DEBIAN_API or cls.DEBIAN_CONDUCTOR
        cls.cluster.prepare()
        cls.conductor = cls.cluster.add('conductor', cls.DEBIAN_CONDUCTOR)
        cls.api = cls.cluster.add('api', cls.DEBIAN_API)
        cls.conductor.launch()
        cls.api.launch()
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

    def enroll(self, name, **fields):
        """A new node, deleted at the end of the test."""
        self.addCleanup(self.forget, name)
        return self.ask('POST', '/v1/nodes', dict(fields, name=name, driver='fake-hardware'),
                        201).json

    def forget(self, name):
        if self.api.request('GET', '/v1/nodes/' + name, version=VERSION).status == 404:
            return
        self.cluster.postgres.sql("update nodes set reservation = null, maintenance = true "
                                  "where name = '%s'" % name, self.cluster.database)
        self.ask('DELETE', '/v1/nodes/' + name, status=204)

    def lock(self, name, by):
        self.cluster.postgres.sql("update nodes set reservation = %s where name = '%s'"
                                  % ("'%s'" % by if by else 'null', name), self.cluster.database)

    def test_a_node_lives(self):
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
        self.fails('DELETE', traits + '/CUSTOM_B', None, 404, 'CUSTOM_B')
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
        self.ask('GET', '/v1/drivers/fake-hardware/properties')
        drivers = self.ask('GET', '/v1/drivers').json['drivers']
        self.assertEqual([['fake-hardware', [self.conductor.host]]],
                         [[d['name'], d['hosts']] for d in drivers])
        self.assertEqual([(self.conductor.host, True)], [
            (c['hostname'], c['alive'])
            for c in self.ask('GET', '/v1/conductors').json['conductors']])

    def test_a_locked_node_says_so(self):
        self.enroll('locked')
        self.lock('locked', 'elsewhere')
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

    def test_without_a_conductor_calls_fail_cleanly(self):
        self.enroll('alone')
        self.cluster.broker.control('list_queues', '-p', self.cluster.vhost, 'name')
        self.conductor.kill()
        started = time.monotonic()
        # Its queue is still there: the call waits for who comes back.
        self.conductor.launch()
        self.conductor.wait_until(
            lambda: self.api.request('GET', '/v1/nodes/alone/management/boot_device',
                                     timeout=60).status == 200, 60, 'an answer')
        self.assertLess(time.monotonic() - started, 60)


@unittest.skipUnless('CASTIRON_REFERENCE' in os.environ, 'on request only: what is held true')
class DebianBoth(Together):
    """Debian's services among themselves: what is expected above is what they do."""

    DEBIAN_API = DEBIAN_CONDUCTOR = True


class DebianApi(Together):
    """Debian's ironic-api and our conductor."""

    DEBIAN_API = True


class DebianConductor(Together):
    """Our API and Debian's ironic-conductor."""

    DEBIAN_CONDUCTOR = True


del Together  # not a test by itself
