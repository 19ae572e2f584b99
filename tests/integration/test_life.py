# SPDX-License-Identifier: Apache-2.0
"""A node's life, as a person lives it with the `openstack baremetal` client."""
import json
import os
import subprocess

import case

MAC = '52:54:00:12:34:56'


class Client(case.Case):
    """Runs the client against the server of the test."""

    def baremetal(self, *words, fails=False):
        """One command; its JSON answer where it prints one, else its text."""
        shown = any(w in ('show', 'list', 'create', 'validate') for w in words) and '--wait' not in words
        environment = {k: v for k, v in os.environ.items() if not k.startswith('OS_')}
        done = subprocess.run(
            ['/usr/bin/openstack', 'baremetal', *words, *(['-f', 'json'] if shown else [])],
            env=dict(environment, OS_AUTH_TYPE='none', OS_ENDPOINT=self.castiron.url,
                     NO_PROXY='127.0.0.1', no_proxy='127.0.0.1'),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        if fails:
            self.assertNotEqual(0, done.returncode, words)
            return done.stderr
        self.assertEqual(0, done.returncode, '%s: %s%s\n%s' % (
            ' '.join(words), done.stdout, done.stderr, self.castiron.log()))
        return json.loads(done.stdout) if shown and done.stdout.strip() else done.stdout


class Life(Client):
    """From enroll to active and back, on SQLite as `make run` has it."""

    ENGINE = 'sqlite'

    def state(self):
        return self.castiron.node('first')['provision_state']

    def test_a_node_is_enrolled_deployed_undeployed_and_deleted(self):
        """S21: with the command line client of 2023.1."""
        run = self.baremetal
        node = run('node', 'create', '--driver', 'fake-hardware', '--name', 'first',
                   '--property', 'cpus=8', '--resource-class', 'small')
        self.assertEqual(('enroll', 'first', {'cpus': 8}),
                         (node['provision_state'], node['name'], node['properties']))
        run('node', 'manage', 'first', '--wait', '30')
        self.assertEqual('manageable', self.state())
        run('node', 'inspect', 'first', '--wait', '30')
        self.assertEqual('manageable', self.state())
        run('node', 'clean', 'first', '--wait', '30', '--clean-steps',
            '[{"interface": "bios", "step": "factory_reset"}]')
        self.assertEqual('manageable', self.state())
        run('node', 'provide', 'first', '--wait', '30')
        self.assertEqual('available', self.state())
        run('node', 'deploy', 'first', '--wait', '30')
        self.assertEqual('active', self.state())
        run('node', 'rebuild', 'first', '--wait', '30')
        self.assertEqual('active', self.state())
        self.assertIn('active', run('node', 'delete', 'first', fails=True))
        run('node', 'undeploy', 'first', '--wait', '30')
        self.assertEqual('available', self.state())
        run('node', 'delete', 'first')
        self.assertEqual([], run('node', 'list'))

    def test_power_maintenance_and_boot_device(self):
        run = self.baremetal
        run('node', 'create', '--driver', 'fake-hardware', '--name', 'first')
        run('node', 'power', 'on', 'first', '--power-timeout', '10')
        self.castiron.wait_until(lambda: self.castiron.node('first')['power_state'] == 'power on')
        run('node', 'reboot', 'first', '--soft')
        self.castiron.wait_until(
            lambda: self.castiron.node('first')['target_power_state'] is None)
        run('node', 'power', 'off', 'first')
        self.castiron.wait_until(lambda: self.castiron.node('first')['power_state'] == 'power off')
        run('node', 'maintenance', 'set', 'first', '--reason', 'a new fan')
        node = run('node', 'show', 'first')
        self.assertEqual((True, 'a new fan'), (node['maintenance'], node['maintenance_reason']))
        run('node', 'maintenance', 'unset', 'first')
        self.assertFalse(self.castiron.node('first')['maintenance'])
        run('node', 'boot', 'device', 'set', 'first', 'pxe', '--persistent')
        self.assertEqual('pxe', run('node', 'boot', 'device', 'show', 'first')['boot_device'])
        self.assertIn('pxe', run('node', 'boot', 'device', 'show', 'first',
                                 '--supported')['supported_boot_devices'])
        self.assertIn('power', [row['Interface'] for row in run('node', 'validate', 'first')])


class Things(Client):
    """What hangs on nodes: properties, traits, ports, chassis, VIFs; on PostgreSQL."""

    def test_nodes_are_set_unset_shown_and_listed(self):
        run = self.baremetal
        for name in ('one', 'two'):
            run('node', 'create', '--driver', 'fake-hardware', '--name', name)
        run('node', 'set', 'one', '--extra', 'rack=7', '--description', 'by the door',
            '--driver-info', 'ipmi_password=secret')
        node = run('node', 'show', 'one')
        self.assertEqual(({'rack': 7}, 'by the door', '******'), (
            node['extra'], node['description'], node['driver_info']['ipmi_password']))
        run('node', 'unset', 'one', '--extra', 'rack', '--description')
        node = run('node', 'show', 'one', '--fields', 'extra', 'description')
        self.assertEqual(({}, None), (node['extra'], node['description']))
        self.assertEqual(['one', 'two'], sorted(n['Name'] for n in run('node', 'list')))
        listed = run('node', 'list', '--fields', 'name', 'driver', '--sort', 'name:desc')
        self.assertEqual(['two', 'one'], [n['Name'] for n in listed])
        self.assertEqual(['one'], [n['Name'] for n in run('node', 'list', '--limit', '1')])
        self.assertEqual(2, len(run('node', 'list', '--long')))
        self.assertIn('could not be found', run('node', 'show', 'three', fails=True))

    def test_traits_are_added_listed_and_removed(self):
        run = self.baremetal
        run('node', 'create', '--driver', 'fake-hardware', '--name', 'one')
        run('node', 'add', 'trait', 'one', 'CUSTOM_A', 'HW_CPU_X86_VMX')
        listed = sorted(row['Traits'] for row in run('node', 'trait', 'list', 'one'))
        self.assertEqual(['CUSTOM_A', 'HW_CPU_X86_VMX'], listed)
        run('node', 'remove', 'trait', 'one', 'CUSTOM_A')
        self.assertEqual(1, len(run('node', 'trait', 'list', 'one')))
        run('node', 'remove', 'trait', 'one', '--all')
        self.assertEqual([], run('node', 'trait', 'list', 'one'))

    def test_ports_chassis_and_vifs(self):
        run = self.baremetal
        node = run('node', 'create', '--driver', 'fake-hardware', '--name', 'one')
        port = run('port', 'create', MAC, '--node', node['uuid'], '--pxe-enabled', 'true')
        self.assertEqual((MAC, node['uuid']), (port['address'], port['node_uuid']))
        run('port', 'set', port['uuid'], '--extra', 'cable=blue')
        self.assertEqual({'cable': 'blue'}, run('port', 'show', port['uuid'])['extra'])
        self.assertEqual([port['uuid']],
                         [p['UUID'] for p in run('port', 'list', '--node', 'one')])
        vif = '11111111-2222-4333-8444-555555555555'
        run('node', 'vif', 'attach', 'one', vif)
        self.assertEqual([], run('node', 'vif', 'list', 'one'))
        run('node', 'vif', 'detach', 'one', vif)
        chassis = run('chassis', 'create', '--description', 'left rack')
        run('chassis', 'set', chassis['uuid'], '--description', 'right rack')
        self.assertEqual('right rack', run('chassis', 'show', chassis['uuid'])['description'])
        run('node', 'set', 'one', '--chassis-uuid', chassis['uuid'])
        self.assertIn('contains nodes', run('chassis', 'delete', chassis['uuid'], fails=True))
        run('port', 'delete', port['uuid'])
        run('node', 'delete', 'one')
        run('chassis', 'delete', chassis['uuid'])
        self.assertEqual(([], []), (run('chassis', 'list'), run('port', 'list')))

    def test_the_ports_of_a_group_move_to_its_network(self):
        node = self.ask('POST', '/v1/nodes', {'driver': 'fake-hardware'}, 201).json['uuid']
        group = self.ask('POST', '/v1/portgroups', {'node_uuid': node}, 201).json['uuid']
        port = self.ask('POST', '/v1/ports', {'node_uuid': node, 'portgroup_uuid': group,
                                              'address': '52:54:00:00:00:01'}, 201).json['uuid']
        changed = self.ask('PATCH', '/v1/portgroups/' + group, [
            {'op': 'replace', 'path': '/physical_network', 'value': 'net1'}]).json
        self.assertEqual('net1', changed['physical_network'])
        self.assertEqual('net1', self.ask('GET', '/v1/ports/' + port).json['physical_network'])

    def test_drivers_and_conductors_are_listed(self):
        drivers = self.baremetal('driver', 'list')
        self.assertEqual(['fake-hardware'], [d['Supported driver(s)'] for d in drivers])
        self.assertEqual('fake', self.baremetal('driver', 'show',
                                                'fake-hardware')['default_power_interface'])
        conductors = self.baremetal('conductor', 'list')
        self.assertEqual([('refhost', True)],
                         [(c['Hostname'], c['Alive']) for c in conductors])
