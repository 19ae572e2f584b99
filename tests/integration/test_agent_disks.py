# SPDX-License-Identifier: Apache-2.0
"""A node's agent prepares its disks: it writes images, and makes RAIDs."""
import base64
import gzip
import http.server
import json
import threading

import agent
import test_agent


class Images(http.server.BaseHTTPRequestHandler):
    """Where images are: /moved leads to another place, and the rest is there or is not."""

    protocol_version = 'HTTP/1.1'

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def do_HEAD(self):  # pylint: disable=invalid-name
        self.server.asked.append((self.path, self.headers['Authorization']))
        self.send_response({'/i.img': 200, '/moved': 302}.get(self.path, 404))
        if self.path == '/moved':
            self.send_header('Location', 'i.img')
        self.send_header('Content-Length', '0')
        self.end_headers()


class Direct(test_agent.AgentCase):
    """The deploy interface direct has the agent write an image."""

    OPTIONS = dict(test_agent.OPTIONS, DEFAULT=dict(test_agent.OPTIONS['DEFAULT'],
                                         enabled_deploy_interfaces='direct,custom-agent,fake',
                                         default_deploy_interface='direct',
                                         enabled_management_interfaces='noop',
                                         default_management_interface='noop'),
                   conductor=dict(test_agent.OPTIONS['conductor'], automated_clean='false'),
                   deploy={'image_server_auth_strategy': 'http_basic', 'image_server_user': 'u',
                           'image_server_password': 'open sesame'})

    def setUp(self):
        super().setUp()
        self.images = agent.Server(('127.0.0.1', 0), Images)
        self.images.asked = []
        thread = threading.Thread(target=self.images.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.images.server_close)
        self.addCleanup(self.images.shutdown)
        self.url = 'http://127.0.0.1:%d' % self.images.server_port
        self.agent.steps['deploy'] = [{'step': 'write_image', 'priority': 0, 'interface': 'deploy',
                                       'reboot_requested': False, 'argsinfo': None}]
        self.castiron.provision('n', 'provide', 'available')

    def deploy(self, path='/i.img', configdrive=None, **info):
        """Has the node deployed as far as the agent is waited for; gives it."""
        info = dict({'image_source': self.url + path, 'image_checksum': 'c0ffee'}, **info)
        self.ask('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/instance_info', 'value': info}])
        self.ask_for('active', **({'configdrive': configdrive} if configdrive else {}))
        node = self.until('wait call-back')
        self.agent.boot()
        return node

    def test_a_whole_disk_is_written_and_booted(self):
        node = self.deploy('/moved', {'meta_data': {'hostname': 'h'}}, image_disk_format='qcow2')
        self.assertEqual(['/moved', '/i.img'], [path for path, _ in self.images.asked])
        self.assertTrue(all(auth.startswith('Basic ') for _, auth in self.images.asked))
        self.assertEqual((self.url + '/i.img', '******', 'whole-disk'), tuple(
            node['instance_info'][key] for key in ('image_source', 'image_url', 'image_type')))
        node = self.beat_until('active')
        self.assertEqual(['deploy.get_deploy_steps', 'write_image', 'standby.get_partition_uuids',
                          'image.install_bootloader', 'standby.power_off'], self.agent.names())
        self.assertEqual(('power on', None), (node['power_state'], node['last_error']))
        args = self.agent.asked[1][1]['step']['args']
        image = args['image_info']
        self.assertEqual(([self.url + '/i.img'], 'i.img', 'qcow2', 'c0ffee', node['uuid']), tuple(
            image[key] for key in ('urls', 'id', 'disk_format', 'checksum', 'node_uuid')))
        self.assertEqual('open sesame', image['image_server_password'])
        self.assertEqual(image['configdrive'], args['configdrive'])
        disk = gzip.decompress(base64.b64decode(args['configdrive']))
        self.assertEqual(b'\1CD001', disk[0x8000:0x8006])
        self.assertIn(json.dumps({'hostname': 'h', 'uuid': node['uuid'], 'name': 'n'}).encode(), disk)
        self.assertEqual('uefi', self.agent.asked[3][1]['target_boot_mode'])
        self.assertNotIn('sesame', self.castiron.log(1 << 24) + json.dumps(node))

    def test_a_partition_image_gets_its_boot_loader(self):
        self.agent.results['get_partition_uuids'] = {
            'root uuid': 'r', 'efi system partition uuid': 'e'}
        self.deploy(kernel='http://h/k', ramdisk='http://h/r', root_gb=4, swap_mb='16')
        node = self.beat_until('active')
        image = self.agent.asked[1][1]['step']['args']['image_info']
        self.assertEqual((4, 4096, 16, 0, 'uefi', 'gpt', 'partition'), tuple(image[key] for key in (
            'root_gb', 'root_mb', 'swap_mb', 'ephemeral_mb', 'deploy_boot_mode', 'disk_label',
            'image_type')))
        self.assertEqual(('image.install_bootloader', {
            'root_uuid': 'r', 'efi_system_part_uuid': 'e', 'prep_boot_part_uuid': None,
            'target_boot_mode': 'uefi'}), self.agent.asked[3])
        self.assertEqual('r', node['driver_internal_info']['root_uuid_or_disk_id'])

    def test_an_image_that_is_not_there_fails_the_deployment(self):
        self.ask('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/instance_info', 'value': {
            'image_source': self.url + '/none', 'image_checksum': 'c'}}])
        self.ask_for('active')
        node = self.until('deploy failed')
        self.assertIn('Got HTTP code 404 instead of 200', node['last_error'])
        self.assertEqual([], self.agent.asked)

    def test_what_cannot_be_deployed_is_refused_at_once(self):
        for info, text in (({}, 'instance_info.image_source'),
                           ({'image_source': self.url + '/i.img'}, 'must be provided'),
                           ({'image_source': 'file:///etc/passwd'}, 'are not supported')):
            self.ask('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/instance_info',
                                               'value': info}])
            reply = self.ask('PUT', '/v1/nodes/n/states/provision', {'target': 'active'}, 400)
            self.assertIn(text, reply.text)
            said = self.ask('GET', '/v1/nodes/n/validate').json['deploy']
            self.assertFalse(said['result'])
            self.assertIn(text, said['reason'])
        self.assertEqual('available', self.state())

    def test_a_boot_loader_that_fails_says_why(self):
        def fail(method, path):
            command = self.agent.commands[-1] if self.agent.commands else {}
            if command.get('command_name') == 'install_bootloader':
                command.update(command_status='FAILED', command_error={'details': 'no grub'})
        self.agent.misbehave = fail
        self.deploy()
        node = self.beat_until('deploy failed')
        self.assertIn('Failed to install a bootloader when deploying node', node['last_error'])
        self.assertIn('no grub', node['last_error'])


class Raid(test_agent.AgentCase):
    """The raid interface agent has the agent make RAIDs, and writes down what came of it."""

    OPTIONS = dict(test_agent.OPTIONS, DEFAULT=dict(test_agent.OPTIONS['DEFAULT'], enabled_raid_interfaces='agent,no-raid',
                                         default_raid_interface='agent'))
    ROOT = {'size_gb': 100, 'raid_level': '1', 'is_root_volume': True}
    DATA = {'size_gb': 'MAX', 'raid_level': '0'}

    def setUp(self):
        super().setUp()
        self.offered = [{'step': name, 'priority': 0, 'interface': 'raid', 'abortable': True,
                         'reboot_requested': False}
                        for name in ('delete_configuration', 'create_configuration')]
        self.offered[1]['argsinfo'] = {'create_%s' % kind: {'description': kind, 'required': False}
                                       for kind in ('root_volume', 'nonroot_volumes')}
        self.agent.steps['clean'] += self.offered
        self.agent.steps['deploy'].append(dict(
            self.offered[0], step='apply_configuration',
            argsinfo={'raid_config': {'description': 'what to make', 'required': True}}))
        self.ask('PUT', '/v1/nodes/n/states/raid', {'logical_disks': [self.ROOT, self.DATA]}, 204)

    def clean(self, *steps, ends='manageable'):
        """Runs steps of the interface; gives the node and what the agent was asked last."""
        self.ask_for('clean', clean_steps=[dict(step, interface='raid') for step in steps])
        self.until('clean wait')
        self.agent.boot()
        node = self.beat_until(ends)
        return node, self.agent.asked[-1][1]

    def test_a_raid_is_made_and_written_down_and_deleted(self):
        made = {'logical_disks': [dict(self.ROOT, root_device_hint={'wwn': '0x1'}), self.DATA]}
        self.agent.results['create_configuration'] = made
        self.ask('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/properties', 'value': {
            'capabilities': 'a:b,raid_level:5', 'cpus': 1}}])
        node, params = self.clean({'step': 'delete_configuration'}, {'step': 'create_configuration'})
        self.assertEqual({'logical_disks': [self.ROOT, self.DATA]},
                         params['node']['driver_internal_info']['target_raid_config'])
        self.assertEqual(['clean.get_clean_steps', 'delete_configuration', 'create_configuration'],
                         self.agent.names())
        self.assertRegex(node['raid_config'].pop('last_updated'),
                         r'^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$')
        self.assertEqual(made, node['raid_config'])
        self.assertEqual({'capabilities': 'a:b,raid_level:1', 'cpus': 1, 'local_gb': 100,
                          'root_device': {'wwn': '0x1'}}, node['properties'])
        node, _ = self.clean({'step': 'delete_configuration'})
        self.assertEqual({}, node['raid_config'])
        self.assertNotIn('root_device', node['properties'])

    def test_one_kind_of_volumes_can_be_left_out(self):
        self.agent.results['create_configuration'] = {'logical_disks': [self.DATA]}
        node, params = self.clean({'step': 'create_configuration',
                                   'args': {'create_root_volume': False}})
        self.assertEqual({'logical_disks': [self.DATA]},
                         params['node']['driver_internal_info']['target_raid_config'])
        self.assertNotIn('local_gb', node['properties'])
        node, _ = self.clean({'step': 'create_configuration', 'args': {
            'create_root_volume': False, 'create_nonroot_volumes': False}}, ends='clean failed')
        self.assertIn('has empty target RAID configuration after skipping root volume and '
                      'skipping non-root volumes.', node['last_error'])

    def test_an_agent_that_does_not_say_what_it_made_fails_the_cleaning(self):
        for result, text in (
                (None, "Agent ramdisk didn't return a proper command result while building RAID"),
                ('made', 'has no list of logical_disks'),
                ({'logical_disks': [self.ROOT, self.ROOT]}, 'more than one root volume'),
                ({'logical_disks': [dict(self.ROOT, size_gb=[])]}, 'no usable size_gb')):
            self.agent.results['create_configuration'] = result
            node, _ = self.clean({'step': 'create_configuration'}, ends='clean failed')
            self.assertIn(text, node['last_error'])
            self.assertEqual({}, node['raid_config'])
            self.ask('DELETE', '/v1/nodes/n/maintenance', status=202)
            self.castiron.provision('n', 'manage', 'manageable')

    def test_priorities_are_configured_and_a_deployment_applies_one(self):
        self.castiron.stop()
        self.castiron.options['deploy'] = {'create_configuration_priority': '5'}
        self.castiron.write_conf()
        self.castiron.start()
        self.agent.results.update(create_configuration={'logical_disks': [self.DATA]},
                                  apply_configuration={'logical_disks': [self.ROOT]})
        self.make_available()
        self.assertEqual(['create_configuration'], self.agent.names()[-1:])
        self.agent.asked.clear()
        wanted = {'logical_disks': [self.ROOT]}
        self.ask_for('active', deploy_steps=[{
            'interface': 'raid', 'step': 'apply_configuration', 'priority': 90,
            'args': {'raid_config': wanted}}])
        self.until('wait call-back')
        self.agent.boot()
        node = self.beat_until('active')
        self.assertEqual(['deploy.get_deploy_steps', 'apply_configuration', 'write_it',
                          'standby.power_off'], self.agent.names())
        self.assertEqual({'raid_config': wanted}, self.agent.asked[1][1]['step']['args'])
        self.assertEqual([self.ROOT], node['raid_config']['logical_disks'])
        self.assertEqual(100, node['properties']['local_gb'])

    def test_a_deployment_that_applies_nonsense_fails(self):
        self.make_available()
        self.ask_for('active', deploy_steps=[{
            'interface': 'raid', 'step': 'apply_configuration', 'priority': 90,
            'args': {'raid_config': {'logical_disks': []}}}])
        self.until('wait call-back')
        self.agent.boot()
        node = self.until('deploy failed')
        self.assertIn('RAID config validation error: [] is too short', node['last_error'])
