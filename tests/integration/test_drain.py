# SPDX-License-Identifier: Apache-2.0
"""What becomes of nodes that wait for their ramdisks while their conductor drains."""
import signal
import threading

import agent
import test_agent_cluster

CALLBACK_S, COMMAND_S = 15, 40


class Drain(test_agent_cluster.ClusterCase):
    """Two conductors of ours and an API; nodes are deployed by agents."""

    def start_conductor(self):
        return self.start('conductor', DEFAULT={'drain_shutdown_timeout': '300'}, agent={
            'command_timeout': str(COMMAND_S), 'max_command_attempts': '1'}, conductor={
                'heartbeat_interval': '1', 'heartbeat_timeout': '60',
                'deploy_callback_timeout': str(CALLBACK_S), 'check_provision_state_interval': '1'})

    def ask(self, method, path, body=None, status=200):
        reply = self.api.request(method, path, body, timeout=100)
        self.assertEqual(status, reply.status, '%s %s: %r' % (method, path, reply))
        return reply.json if reply.text else None

    def node(self, name):
        return self.ask('GET', '/v1/nodes/' + name)

    def becomes(self, name, state):
        self.api.wait_until(lambda: self.node(name)['provision_state'] == state, 90,
                            '%s to be %s' % (name, state))

    def available(self, name, number):
        """A node of the conductor that will leave, with its agent, ready to be deployed."""
        while True:
            uuid = self.ask('POST', '/v1/nodes', {'driver': 'fake-hardware', 'name': name,
                                                  'automated_clean': False}, 201)['uuid']
            if self.node(name)['conductor'] == self.leaving.host:
                break
            self.ask('DELETE', '/v1/nodes/' + name, status=204)
        mac = '52:54:00:12:34:%02d' % number
        self.ask('POST', '/v1/ports', {'address': mac, 'node_uuid': uuid}, 201)
        self.api.provision(name, 'manage', 'manageable')
        self.api.provision(name, 'provide', 'available')
        ramdisk = agent.Agent(self.api, mac)
        self.addCleanup(ramdisk.stop)
        return ramdisk

    def deploy(self, name):
        self.ask('PUT', '/v1/nodes/%s/states/provision' % name, {'target': 'active'}, 202)
        self.becomes(name, 'wait call-back')
        self.api.wait_until(lambda: not self.node(name)['reservation'], 30, 'no lock')

    def is_active_after_a_heartbeat(self, ramdisk):
        node = self.node('done')
        if node['provision_state'] == 'wait call-back' and not node['reservation']:
            ramdisk.heartbeat()
        return node['provision_state'] == 'active'

    def test_waiting_nodes_complete_or_time_out(self):
        """S03: one node completes, one fails as nobody calls, one that is held by its own time-out; then it ends."""
        self.leaving, _ = self.start_conductor(), self.start_conductor()
        self.api = self.start('api')
        self.api.wait_until(lambda: len(self.ask('GET', '/v1/conductors')['conductors']) == 2, 60)
        held, done = self.available('held', 1), self.available('done', 2)
        self.available('silent', 3)
        over = threading.Event()
        self.addCleanup(over.set)
        held.misbehave = lambda method, path: (over.wait(120), 'hang up')[1]
        for name in ('held', 'done', 'silent'):
            self.deploy(name)
        held.boot()
        self.api.wait_until(lambda: self.node('held')['reservation'] == self.leaving.host, 30,
                            'a lock')
        process = self.leaving.process
        process.send_signal(signal.SIGUSR2)
        self.api.wait_until(lambda: self.node('done')['conductor'] != self.leaving.host, 30,
                            'another conductor')
        done.boot()
        self.api.wait_until(lambda: self.is_active_after_a_heartbeat(done), 90, 'an active node')
        self.becomes('silent', 'deploy failed')
        self.assertIn('Timeout reached while waiting for callback', self.node('silent')['last_error'])
        self.assertIsNone(process.poll(), 'a node is held')
        self.assertEqual(self.leaving.host, self.node('held')['reservation'])
        self.becomes('held', 'deploy failed')
        self.leaving.wait_until(lambda: process.poll() is not None, 60, 'the end')
        self.assertEqual(0, process.returncode)
        node = self.node('held')
        self.assertIsNone(node['reservation'])
        self.assertIn('Failed to connect to the agent', node['last_error'])
