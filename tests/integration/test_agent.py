# SPDX-License-Identifier: Apache-2.0
"""A node's agent takes it through cleaning, deployment, service and rescue, and fails on the way."""
import json
import tempfile

import agent
import case

MAC = '52:54:00:12:34:56'
OPTIONS = {
    'DEFAULT': {'enabled_deploy_interfaces': 'custom-agent,fake',
                'default_deploy_interface': 'custom-agent',
                'enabled_rescue_interfaces': 'agent,no-rescue',
                'default_rescue_interface': 'agent'},
    'agent': {'require_tls': 'false', 'command_timeout': '5', 'max_command_attempts': '2',
              'command_wait_interval': '1', 'post_deploy_get_power_state_retries': '0',
              'deploy_logs_collect': 'never'},
    'conductor': {'automated_clean': 'true', 'node_locked_retry_interval': '1'},
}


class AgentCase(case.Case):
    """A node with one port, and the agent that its ramdisk starts."""

    ENGINE = 'sqlite'
    OPTIONS = OPTIONS

    def setUp(self):
        super().setUp()
        self.agent = self.start_agent()
        node = self.ask('POST', '/v1/nodes', {'driver': 'fake-hardware', 'name': 'n'}, 201).json
        self.ask('POST', '/v1/ports', {'address': MAC, 'node_uuid': node['uuid']}, 201)
        self.castiron.provision('n', 'manage', 'manageable')

    def start_agent(self, tls=None):
        started = agent.Agent(self.castiron, MAC, tls)
        self.addCleanup(started.stop)
        return started

    def node(self):
        return self.castiron.node('n')

    def state(self):
        return self.node()['provision_state']

    def until(self, state, what=''):
        """Waits for the state with nobody working on the node; gives the node."""
        def there():
            node = self.node()
            return node if node['provision_state'] == state and not node['reservation'] else None
        return self.castiron.wait_until(there, 20, '%s (%s), not %r' % (
            state, what, [self.node()[k] for k in ('provision_state', 'last_error')]))

    def ask_for(self, verb, **body):
        self.ask('PUT', '/v1/nodes/n/states/provision', dict(body, target=verb), 202)

    def beat_until(self, state):
        """Heartbeats until the node is in the state, as an agent's own clock would send them."""
        def beaten():
            node = self.node()
            if node['provision_state'] == state and not node['reservation']:
                return node
            if 'wait' in node['provision_state'] and not node['reservation']:
                self.agent.heartbeat()
            return None
        return self.castiron.wait_until(beaten, 30, '%s by heartbeats, not %r' % (
            state, [self.node()[k] for k in ('provision_state', 'last_error')]))

    def make_available(self):
        self.ask_for('provide')
        self.until('clean wait')
        self.agent.boot()
        self.beat_until('available')

    def make_active(self):
        self.make_available()
        self.ask_for('active')
        self.until('wait call-back')
        self.agent.boot()
        self.beat_until('active')


class Life(AgentCase):
    """What goes well."""

    def test_an_agent_cleans_a_node(self):
        self.ask_for('provide')
        node = self.until('clean wait')
        self.assertEqual('power on', node['power_state'])
        self.assertNotIn('agent_url', node['driver_internal_info'])
        self.agent.boot()
        node = self.beat_until('available')
        self.assertEqual(['clean.get_clean_steps', 'erase_devices_metadata', 'erase_devices'],
                         self.agent.names())
        name, params = self.agent.asked[1]
        self.assertEqual('clean.execute_clean_step', name)
        self.assertEqual({'Manager': '1.2'}, params['clean_version'])
        self.assertEqual((node['uuid'], MAC), (params['node']['uuid'], params['ports'][0]['address']))
        self.assertEqual('******', params['node']['driver_internal_info']['agent_secret_token'])
        self.assertEqual('power off', node['power_state'])
        self.assertEqual({}, node['clean_step'])
        for key in ('agent_url', 'agent_secret_token', 'clean_steps', 'agent_cached_clean_steps'):
            self.assertIsNone(node['driver_internal_info'].get(key), key)

    def test_an_agent_deploys_a_node(self):
        self.make_available()
        self.agent.asked.clear()
        self.ask_for('active', configdrive={'meta_data': {'hostname': 'h'}})
        self.until('wait call-back')
        self.agent.boot()
        node = self.beat_until('active')
        self.assertEqual(['deploy.get_deploy_steps', 'write_it', 'standby.power_off'],
                         self.agent.names())
        params = self.agent.asked[1][1]
        self.assertEqual({'meta_data': {'hostname': 'h'}},
                         params['node']['instance_info']['configdrive'])
        self.assertEqual(('power on', None), (node['power_state'], node['last_error']))

    def test_manual_steps_run_with_their_arguments_and_may_reboot(self):
        self.agent.steps['clean'].append({
            'step': 'burn_in', 'priority': 0, 'interface': 'deploy', 'reboot_requested': True,
            'abortable': True, 'argsinfo': {'hours': {'description': 'h', 'required': True}}})
        self.ask_for('clean', clean_steps=[
            {'interface': 'deploy', 'step': 'burn_in', 'args': {'hours': 2}},
            {'interface': 'deploy', 'step': 'erase_devices'}])
        self.until('clean wait')
        self.agent.boot()
        self.castiron.wait_until(lambda: self.agent.names()[-1:] == ['burn_in'])
        self.until('clean wait')
        self.assertEqual({'hours': 2}, self.agent.asked[1][1]['step']['args'])
        # What the steps of the ramdisk say of themselves is not part of what was asked for.
        self.beat_until('manageable')
        self.assertEqual(['clean.get_clean_steps', 'burn_in', 'erase_devices'], self.agent.names())

    def test_automated_steps_that_reboot_lead_to_a_new_token(self):
        self.agent.steps['clean'][1]['reboot_requested'] = True
        self.ask_for('provide')
        self.until('clean wait')
        self.agent.boot()
        first = self.agent.token
        self.castiron.wait_until(lambda: self.agent.names()[-1:] == ['erase_devices_metadata'])
        self.until('clean wait')
        self.agent.beat()
        info = self.castiron.wait_until(
            lambda: self.until('clean wait')['driver_internal_info'].get('cleaning_reboot') and
            self.node()['driver_internal_info'])
        self.assertNotIn('agent_secret_token', info)
        self.assertEqual(400, self.agent.heartbeat().status)
        self.agent.boot()
        self.assertNotEqual(first, self.agent.token)
        self.beat_until('available')
        self.assertEqual(['clean.get_clean_steps', 'erase_devices_metadata', 'erase_devices'],
                         self.agent.names())

    def test_an_agent_rescues_a_node_and_lets_go_of_it(self):
        self.make_active()
        self.agent.asked.clear()
        self.ask_for('rescue', rescue_password='open sesame')
        self.until('rescue wait')
        self.agent.boot()
        node = self.until('rescue')
        name, params = self.agent.asked[0]
        self.assertEqual(('rescue.finalize_rescue', True), (name, params['hashed']))
        self.assertNotIn('sesame', params['rescue_password'])
        self.assertNotIn('rescue_password', node['instance_info'])
        self.ask_for('unrescue')
        self.assertEqual('power on', self.until('active')['power_state'])

    def test_an_agent_services_a_node(self):
        self.make_active()
        self.agent.asked.clear()
        self.ask_for('service', service_steps=[{'interface': 'deploy', 'step': 'polish'}])
        self.until('service wait')
        self.agent.boot()
        self.beat_until('active')
        self.assertEqual(['service.get_service_steps', 'polish'], self.agent.names())

    def test_a_step_that_waits_ends_with_the_next_heartbeat(self):
        """In each flow, after the agent has run a step, too: no command of its own will end it."""
        wait = {'interface': 'deploy', 'step': 'wait'}
        self.ask_for('clean', clean_steps=[{'interface': 'deploy', 'step': 'erase_devices'}, wait,
                                           {'interface': 'deploy',
                                            'step': 'erase_devices_metadata'}])
        self.waits_then_goes_on('clean wait', 'clean', 'erase_devices_metadata', 'manageable')
        self.make_available()
        self.ask_for('active', deploy_steps=[dict(wait, args={}, priority=70)])
        self.waits_then_goes_on('wait call-back', 'deploy', 'standby.power_off', 'active')
        self.ask_for('service', service_steps=[{'interface': 'deploy', 'step': 'polish'}, wait,
                                               {'interface': 'deploy', 'step': 'polish'}])
        self.waits_then_goes_on('service wait', 'service', 'polish', 'active')

    def waits_then_goes_on(self, waiting, flow, last, end):
        """Boots, heartbeats to the step "wait", looks that it waits; one more ends it."""
        self.until(waiting)
        self.agent.asked.clear()
        self.agent.boot()

        def at_wait():
            node = self.node()
            if node['provision_state'] != waiting or node['reservation']:
                return None
            if node[flow + '_step'].get('step') == 'wait':
                return node
            self.agent.heartbeat()
            return None
        self.castiron.wait_until(at_wait, 30, 'the step that waits')
        done = self.agent.names()
        self.assertEqual(2, len(done), done)
        self.beat_until(end)
        self.assertEqual(done + [last], self.agent.names())

    def test_a_step_that_runs_long_is_waited_for_and_can_be_aborted(self):
        self.agent.hold = True
        self.ask_for('provide')
        self.until('clean wait')
        self.agent.boot()
        self.castiron.wait_until(lambda: len(self.agent.asked) == 2)
        self.until('clean wait')
        before = self.node()['provision_updated_at']
        self.agent.beat()
        self.castiron.wait_until(lambda: self.node()['provision_updated_at'] > before)
        self.assertEqual('erase_devices_metadata', self.until('clean wait')['clean_step']['step'])
        self.assertEqual(2, len(self.agent.asked))
        self.ask_for('abort')
        node = self.until('clean failed')
        self.assertIn('By request, the clean operation was aborted', node['last_error'])

    def test_an_agent_with_other_hardware_managers_is_asked_again(self):
        self.agent.hold = True
        self.ask_for('provide')
        self.until('clean wait')
        self.agent.boot()
        self.castiron.wait_until(lambda: len(self.agent.asked) == 2)
        self.agent.finish('VERSION_MISMATCH')
        self.agent.hold = False
        self.until('clean wait')
        self.beat_until('available')
        self.assertEqual(['clean.get_clean_steps', 'erase_devices_metadata',
                          'clean.get_clean_steps', 'erase_devices_metadata', 'erase_devices'],
                         self.agent.names())


class Runbook(AgentCase):
    """Automated cleaning by steps that somebody wrote down."""

    OPTIONS = dict(OPTIONS, conductor=dict(OPTIONS['conductor'],
                                           automated_cleaning_step_source='runbook',
                                           automated_cleaning_runbook='CUSTOM_WIPE'))

    def test_an_agent_cleans_by_a_runbook(self):
        self.ask('PUT', '/v1/nodes/n/traits/CUSTOM_WIPE', {}, 204)
        reply = self.castiron.request('PUT', '/v1/nodes/n/states/provision',
                                      {'target': 'provide'})
        self.assertIn('Runbook CUSTOM_WIPE could not be found.', reply.text)
        self.assertEqual((404, 'manageable'), (reply.status, self.state()))
        self.ask('POST', '/v1/runbooks', {'name': 'CUSTOM_WIPE', 'steps': [
            {'interface': 'deploy', 'step': 'erase_devices', 'args': {}, 'order': 2},
            {'interface': 'power', 'step': 'reboot', 'args': {}, 'order': 3}]}, 201)
        reply = self.castiron.request('PUT', '/v1/nodes/n/states/provision',
                                      {'target': 'provide'})
        self.assertIn('Runbook has no traits configured.', reply.text)
        self.assertEqual((400, 'manageable'), (reply.status, self.state()))
        self.ask('PUT', '/v1/runbooks/CUSTOM_WIPE/traits/CUSTOM_WIPE', {}, 204)
        self.ask_for('provide')
        node = self.until('clean wait')
        self.assertEqual(('available', True), (node['target_provision_state'],
                                               node['driver_internal_info']['declarative_cleaning']))
        self.agent.boot()
        self.castiron.wait_until(lambda: len(self.agent.asked) == 2)
        # Other hardware managers change nothing about what was written down.
        self.until('clean wait')
        self.agent.commands[-1].update(command_status='VERSION_MISMATCH')
        self.beat_until('available')
        self.assertEqual(['clean.get_clean_steps', 'erase_devices', 'clean.get_clean_steps',
                          'erase_devices'], self.agent.names())


class Pinned(AgentCase):
    """The mark of written steps is not for the older services of a cluster."""

    OPTIONS = dict(OPTIONS, DEFAULT=dict(OPTIONS['DEFAULT'], pin_release_version='21.4'))

    def test_a_manual_cleaning_runs_its_own_steps_under_a_pin(self):
        self.ask_for('clean', clean_steps=[{'interface': 'deploy', 'step': 'erase_devices'}])
        node = self.until('clean wait')
        self.assertNotIn('declarative_cleaning', node['driver_internal_info'])
        self.agent.boot()
        self.beat_until('manageable')
        self.assertEqual(['clean.get_clean_steps', 'erase_devices'], self.agent.names())


class Trust(AgentCase):
    """TLS of the agent's own certificate, as newer ramdisks have it."""

    OPTIONS = dict(OPTIONS, agent=dict(OPTIONS['agent'], require_tls='true'))

    def test_the_agents_certificate_is_what_is_trusted(self):
        with tempfile.TemporaryDirectory() as folder:
            self.castiron.stop()
            self.castiron.options['agent']['certificates_path'] = folder + '/kept'
            self.castiron.write_conf()
            self.castiron.start()
            self.agent = self.start_agent(agent.certificate(folder))
            self.ask_for('provide')
            self.until('clean wait')
            self.agent.boot()
            self.beat_until('available')

    def test_a_plain_agent_is_refused(self):
        self.ask_for('provide')
        self.until('clean wait')
        self.agent.lookup()
        reply = self.agent.heartbeat()
        self.assertEqual(400, reply.status)
        self.assertIn('TLS is required by configuration', reply.text)


class Failures(AgentCase):
    """What an agent does wrong ends the flow with the reason, and nothing else."""

    def fail_cleaning(self, text):
        """Boots into the failure; gives the node."""
        self.ask_for('provide')
        self.until('clean wait')
        self.agent.boot()
        node = self.until('clean failed')
        self.assertIn(text, node['last_error'])
        self.assertLess(len(node['last_error']), 4096)
        return node

    def test_an_agent_that_is_gone(self):
        self.ask_for('provide')
        self.until('clean wait')
        self.agent.lookup()
        url, self.agent.url = self.agent.url, None
        self.agent.stop()
        self.agent.url = url
        self.assertEqual(202, self.agent.heartbeat().status)
        node = self.until('clean failed')
        self.assertIn('Failed to connect to the agent running on node', node['last_error'])
        self.assertNotIn(self.agent.token, json.dumps(node))

    def test_an_agent_that_answers_nonsense(self):
        for answer, text in (
                ((500, {'faultstring': 'oops'}), 'returned HTTP status code 500 with error: oops'),
                ((500, {}), 'returned HTTP status code 500'),
                ((200, b'<html>'), 'Unable to decode response as JSON'),
                ((200, b'[1, 2]'), 'Unable to decode response as JSON'),
                ((200, b''), 'Unable to decode response as JSON'),
                ((200, b'[' * 5000), 'Unable to decode response as JSON'),
                ((200, {'command_result': {'clean_steps': {}}}),
                 "Keys: {'hardware_manager_version'} are missing from result"),
                ((200, {'command_result': {'clean_steps': {'M': [{'step': 'x'}]},
                                           'hardware_manager_version': {}}}),
                 'returned an invalid clean step'),
                ((200, {'command_error': {'type': 'TypeError', 'code': 500, 'message': 'bad'}}),
                 'returned HTTP status code 500 with error: bad'),
                ('hang up', 'Failed to connect to the agent')):
            with self.subTest(answer=answer):
                self.agent.misbehave = lambda method, path, a=answer: a
                self.fail_cleaning(text)
                self.agent.misbehave = lambda method, path: None
                self.ask('DELETE', '/v1/nodes/n/maintenance', status=202)
                self.castiron.provision('n', 'manage', 'manageable')

    def test_an_agent_whose_answer_is_too_large(self):
        self.agent.misbehave = lambda method, path: (200, b'{"a": "' + b'x' * (65 << 20) + b'"}')
        self.fail_cleaning('Failed to connect to the agent')

    def test_a_busy_agent_is_asked_again(self):
        self.agent.misbehave = lambda method, path: (
            (409, {'faultstring': 'Agent is busy'}) if method == 'POST' else None)
        self.ask_for('provide')
        self.until('clean wait')
        self.agent.boot()
        node = self.until('available', 'no steps were known')
        self.assertIsNone(node['last_error'])

    def test_a_step_that_fails_says_why(self):
        self.agent.hold = True
        self.ask_for('provide')
        self.until('clean wait')
        self.agent.boot()
        self.castiron.wait_until(lambda: len(self.agent.asked) == 2)
        self.until('clean wait')
        self.agent.finish('FAILED', {'details': 'the disk is on fire', 'code': 500})
        self.agent.beat()
        node = self.until('clean failed')
        self.assertIn('Clean step deploy.erase_devices_metadata failed on node', node['last_error'])
        self.assertIn('the disk is on fire', node['last_error'])
        self.assertEqual('clean failure', node['fault'])

    def test_a_deployment_that_fails_powers_the_machine_off(self):
        self.make_available()
        self.agent.hold = True
        self.ask_for('active')
        self.until('wait call-back')
        self.agent.boot()
        self.castiron.wait_until(lambda: 'write_it' in self.agent.names())
        self.until('wait call-back')
        self.agent.finish('BOGUS')
        self.agent.beat()
        node = self.until('deploy failed')
        self.assertIn('Agent returned unknown status for deploy step', node['last_error'])

    def test_who_is_not_the_nodes_agent_is_refused(self):
        self.ask_for('provide')
        self.until('clean wait')
        self.assertEqual(200, self.agent.lookup().status)
        for changes, status, text in (
                ({'agent_token': 'wrong'}, 400, 'Invalid or missing agent token received.'),
                ({'agent_token': None}, 400, 'Agent token is required'),
                ({'agent_version': None}, 400, 'Agent did not transmit a version'),
                ({'callback_url': 'gopher://x'}, 400, 'callback_url')):
            reply = self.agent.heartbeat(**changes)
            self.assertEqual(status, reply.status, reply)
            self.assertIn(text, reply.text)
        self.assertEqual('clean wait', self.until('clean wait')['provision_state'])
        self.assertEqual([], self.agent.asked)
        other = self.start_agent()
        self.assertEqual('******', (other.lookup(), other.token)[1])
        self.assertEqual(400, other.heartbeat().status)
        self.agent.hold = True
        self.agent.beat()
        self.castiron.wait_until(lambda: len(self.agent.asked) == 2)
        self.until('clean wait')
        reply = self.agent.heartbeat(callback_url='http://127.0.0.1:1')
        self.assertEqual(400, reply.status)
        self.assertIn('Detected change in ramdisk provided', reply.text)

    def test_a_lookup_and_a_heartbeat_know_their_states(self):
        self.assertEqual(404, self.agent.lookup().status)
        self.ask_for('provide')
        self.until('clean wait')
        self.agent.boot()
        self.beat_until('available')
        self.assertEqual(404, self.agent.lookup().status)


INVENTORY = {
    'interfaces': [
        {'name': 'lo', 'mac_address': '00:00:00:00:00:00', 'ipv4_address': '127.0.0.1'},
        {'name': 'eth0', 'mac_address': MAC.upper(), 'ipv4_address': '192.0.2.7',
         'client_id': 'me'},
        {'name': 'eth1', 'mac_address': '52:54:00:12:34:57',
         'ipv6_address': 'fe80::1%eth1'},
        {'name': 'bad', 'mac_address': 'no such'}],
    'cpu': {'architecture': 'x86_64', 'count': 8, 'flags': ['vmx', 'aes']},
    'memory': {'physical_mb': 2048},
    'boot': {'pxe_interface': '01-' + MAC.replace(':', '-'), 'current_boot_mode': 'uefi'},
    'bmc_address': '192.0.2.1',
}


class Inspection(AgentCase):
    """What a ramdisk finds in its node."""

    OPTIONS = dict(OPTIONS, DEFAULT=dict(
        OPTIONS['DEFAULT'], enabled_inspect_interfaces='agent,no-inspect',
        default_inspect_interface='agent'), inspector={
            'require_managed_boot': 'false', 'add_ports': 'all',
            'hooks': '$default_hooks,memory,cpus,boot-mode,cpu-capabilities'})

    def begin(self):
        self.ask_for('inspect')
        self.until('inspect wait')

    def ports(self):
        listed = self.ask('GET', '/v1/ports/detail').json['ports']
        return {port['address']: (port['pxe_enabled'], port['extra']) for port in listed}

    def test_an_inventory_is_kept_and_makes_ports_and_properties(self):
        self.begin()
        reply = self.agent.inspect(INVENTORY, logs='AAAA', error=None, more={'a': [1]})
        self.assertEqual(202, reply.status, reply)
        self.assertEqual(43, len(reply.json['config']['agent_token']))
        node = self.until('manageable')
        self.assertEqual(reply.json['node']['uuid'], node['uuid'])
        self.assertEqual({'cpu_arch': 'x86_64', 'memory_mb': 2048, 'cpus': 8,
                          'capabilities': 'boot_mode:uefi,cpu_vt:true,cpu_aes:true'},
                         node['properties'])
        self.assertEqual('power off', node['power_state'])
        self.assertIsNotNone(node['inspection_finished_at'])
        self.assertEqual({MAC: (True, {'client-id': 'me'}),
                          '52:54:00:12:34:57': (False, {})}, self.ports())
        kept = self.ask('GET', '/v1/nodes/n/inventory').json
        self.assertEqual(INVENTORY, kept['inventory'])
        self.assertEqual({'a': [1]}, kept['plugin_data']['more'])
        self.assertNotIn('logs', kept['plugin_data'])
        self.assertEqual(['eth0', 'eth1'], sorted(kept['plugin_data']['valid_interfaces']))
        self.begin()
        self.agent.inspect(dict(INVENTORY, memory={'physical_mb': 4096}))
        self.assertEqual(4096, self.until('manageable')['properties']['memory_mb'])
        self.assertEqual([['1']], [[str(c) for c in row] for row in
                                   self.castiron.sql('select count(*) from node_inventory')])

    def test_what_the_ramdisk_or_its_inventory_lacks_fails_the_inspection(self):
        for inventory, more, text in (
                (INVENTORY, {'error': 'no disks'}, 'Ramdisk reported error: no disks'),
                (dict(INVENTORY, cpu={}), {}, 'missing CPU architecture information'),
                (dict(INVENTORY, interfaces=[{'mac_address': MAC}]), {},
                 'no valid network interfaces')):
            self.begin()
            reply = self.agent.inspect(inventory, **more)
            self.assertEqual(202, reply.status, reply)
            node = self.until('inspect failed')
            self.assertIn(text, node['last_error'])
            self.assertIn('Failed to finish inspection', node['last_error'])
            self.ask_for('manage')
            self.until('manageable')

    def test_the_node_is_found_by_what_the_ramdisk_knows(self):
        unknown = dict(INVENTORY, bmc_address=None,
                       interfaces=[{'name': 'e', 'mac_address': '52:54:00:00:00:01'}])
        self.assertEqual(404, self.agent.inspect(INVENTORY).status, 'nobody is inspected')
        self.ask('PATCH', '/v1/nodes/n', [{'op': 'add', 'path': '/driver_info/redfish_address',
                                           'value': 'https://192.0.2.1:8000/x'}])
        other = self.ask('POST', '/v1/nodes', {'driver': 'fake-hardware', 'name': 'o'}, 201).json
        self.castiron.provision('o', 'manage', 'manageable')
        self.begin()
        for body, path, version, status in (
                ({'inventory': unknown}, '', 'latest', 404),
                ({'inventory': dict(unknown, bmc_address='192.0.2.9')}, '', 'latest', 404),
                ({'inventory': INVENTORY}, '?node_uuid=' + other['uuid'], 'latest', 404),
                ({'inventory': INVENTORY}, '', '1.83', 404),
                ({'inventory': INVENTORY}, '?node_uuid=' + self.node()['uuid'], '1.1', 404),
                ({'inventory': {'interfaces': []}}, '', 'latest', 400),
                ({'inventory': {'interfaces': [{}]}}, '', 'latest', 400),
                ({'inventory': {'interfaces': [{'mac_address': 'x'}]}}, '', 'latest', 400),
                ({}, '', 'latest', 400)):
            reply = self.castiron.request('POST', '/v1/continue_inspection' + path, body,
                                          version=version)
            self.assertEqual(status, reply.status, (body, path, version, reply))
        self.assertEqual('inspect wait', self.state())
        reply = self.agent.inspect(dict(unknown, bmc_address='192.0.2.1', cpu=INVENTORY['cpu']),
                                   version='1.1')
        self.assertEqual((202, {'uuid': self.node()['uuid']}), (reply.status, reply.json))
        self.until('manageable')

    def test_an_inspection_is_aborted(self):
        self.begin()
        self.ask_for('abort')
        node = self.until('inspect failed')
        self.assertEqual(('Inspection was aborted by request.', 'power off'),
                         (node['last_error'], node['power_state']))
        self.assertEqual(404, self.agent.inspect(INVENTORY).status)


class Discovery(AgentCase):
    """Machines that nobody knows become nodes, where that is wanted."""

    OPTIONS = dict(Inspection.OPTIONS, auto_discovery={'enabled': 'true',
                                                       'driver': 'fake-hardware'})

    def test_an_unknown_machine_is_enrolled(self):
        reply = self.agent.inspect(dict(INVENTORY, interfaces=[
            {'name': 'eth0', 'mac_address': '52:54:00:99:99:99'}]))
        self.assertEqual(202, reply.status, reply)
        found = reply.json['node']['uuid']
        node = self.castiron.wait_until(
            lambda: self.castiron.node(found)['properties'] and self.castiron.node(found))
        self.assertEqual(('enroll', 'fake-hardware', 'x86_64'), (
            node['provision_state'], node['driver'], node['properties']['cpu_arch']))
        kept = self.castiron.wait_until(
            lambda: self.castiron.request('GET', '/v1/nodes/%s/inventory' % found))
        self.castiron.wait_until(lambda: self.castiron.request(
            'GET', '/v1/nodes/%s/inventory' % found).status == 200)
        kept = self.ask('GET', '/v1/nodes/%s/inventory' % found).json
        self.assertTrue(kept['plugin_data']['auto_discovered'])


class Rules(AgentCase):
    """Inspection rules, made through REST, at work on what a ramdisk sends."""

    OPTIONS = Inspection.OPTIONS

    def add(self, actions, conditions=(), **more):
        self.ask('POST', '/v1/inspection_rules',
                 dict(more, actions=actions, conditions=list(conditions)), 201)

    def inspect(self):
        self.ask_for('inspect')
        self.until('inspect wait')
        self.assertEqual(202, self.agent.inspect(INVENTORY).status)

    def test_rules_change_the_node_where_their_conditions_hold(self):
        self.add([{'op': 'set-attribute', 'args': {
            'path': 'driver_info/ipmi_address', 'value': '{inventory[bmc_address]}'}},
                  {'op': 'add-trait', 'args': {'name': 'CUSTOM_SEEN'}},
                  {'op': 'set-plugin-data', 'args': {'path': 'by.rule', 'value': 1}}],
                 [{'op': 'eq', 'args': {'values': ['{inventory[cpu][architecture]}', 'x86_64']}},
                  {'op': '!contains', 'args': {'value': '{inventory[interfaces][1][name]}',
                                               'regex': r'^wl\d'}}])
        self.add([{'op': 'set-attribute', 'args': {'path': 'extra/never', 'value': True}}],
                 [{'op': 'gt', 'args': {'values': [1, 2]}}], priority=9)
        self.inspect()
        node = self.until('manageable')
        self.assertEqual(('192.0.2.1', {}, ['CUSTOM_SEEN']),
                         (node['driver_info']['ipmi_address'], node['extra'], node['traits']))
        kept = self.ask('GET', '/v1/nodes/n/inventory').json
        self.assertEqual({'rule': 1}, kept['plugin_data']['by'])

    def test_a_rule_fails_the_inspection(self):
        self.add([{'op': 'fail', 'args': {'msg': 'the wrong machine'}}])
        self.inspect()
        self.assertEqual('Failed to finish inspection: Failed to inspect hardware. Reason: '
                         'the wrong machine', self.until('inspect failed')['last_error'])
        self.assertEqual(404, self.castiron.request('GET', '/v1/nodes/n/inventory').status)
