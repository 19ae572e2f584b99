# SPDX-License-Identifier: Apache-2.0
"""Rows, objects and conductors of releases that are newer than we are."""
import re
import unittest

import case
import member
import server
import test_cluster
import test_jsonrpc

HOST, VERSIONS = 'newer', ('1.99', '2.0', 'next')


class Rows(unittest.TestCase):
    """Conductors that have registered with versions nobody knows yet."""

    @classmethod
    def setUpClass(cls):
        cls.service = server.Castiron(postgres=case.OneCluster.get())
        cls.addClassCleanup(cls.service.discard)
        cls.service.prepare().start()
        for n, version in enumerate(VERSIONS):
            cls.service.sql(
                "insert into conductors (id, hostname, online, conductor_group, version, drivers, updated_at) "
                "values (%d, '%s%d', true, 'group', '%s', '[]', now() at time zone 'utc' + interval '1 day');"
                "insert into conductor_hardware_interfaces (conductor_id, hardware_type, interface_type, "
                "interface_name, \"default\") values (%d, 'fake-hardware', 'power', 'newest', true)"
                % (100 + n, HOST, n, version, 100 + n))

    def test_lists_show_every_conductor(self):
        for path in ('/v1/conductors', '/v1/conductors?detail=true', '/v1/conductors?fields=hostname,alive',
                     '/v1/conductors?limit=2&sort_key=hostname'):
            reply = self.service.request('GET', path)
            self.assertEqual(200, reply.status, reply)
        found = {c['hostname']: c for c in self.service.request('GET', '/v1/conductors').json['conductors']}
        self.assertEqual({'refhost'} | {HOST + str(n) for n in range(len(VERSIONS))}, set(found))
        for n in range(len(VERSIONS)):
            self.assertTrue(found[HOST + str(n)]['alive'])

    def test_each_is_shown(self):
        for n in range(len(VERSIONS)):
            reply = self.service.request('GET', '/v1/conductors/%s%d' % (HOST, n))
            self.assertEqual((200, 'group'), (reply.status, reply.json.get('conductor_group')), reply)

    def test_drivers_and_nodes(self):
        drivers = self.service.request('GET', '/v1/drivers?detail=true')
        self.assertEqual(200, drivers.status, drivers)
        self.assertEqual(1 + len(VERSIONS), len(drivers.json['drivers'][0]['hosts']))
        self.assertEqual(200, self.service.request('GET', '/v1/drivers/fake-hardware').status)
        made = self.service.request('POST', '/v1/nodes', {'name': 'n', 'driver': 'fake-hardware'})
        self.assertEqual(201, made.status, made)
        self.assertEqual('refhost', self.service.node('n')['conductor'])
        nodes = self.service.request('GET', '/v1/nodes/detail')
        self.assertEqual((200, 1), (nodes.status, len(nodes.json['nodes'])))


class Log(test_jsonrpc.Peers, test_cluster.Members):
    """What an operator in the middle of an upgrade reads."""

    OPTIONS = {'DEFAULT': {'pin_release_version': member.RELEASE}}

    @classmethod
    def new_cluster(cls):
        members = super().new_cluster()
        cls.OPTIONS['DEFAULT'] = {'pin_release_version': member.RELEASE}
        return members

    def test_services_say_what_they_speak(self):
        for service in (self.conductor, self.api):
            self.assertRegex(service.log(), 'Speaking: program=castiron-%s release=%s api=1.82 rpc=1.55 '
                                            'pin_release_version=%s\n' % (
                                                service.kind, member.RELEASE, member.RELEASE))

    def test_an_object_of_a_newer_release_names_the_option(self):
        node = self.enroll('newer')
        sent = {'ironic_object.name': 'Node', 'ironic_object.namespace': 'ironic',
                'ironic_object.version': '1.99', 'ironic_object.changes': ['description'],
                'ironic_object.data': {'uuid': node['uuid'], 'description': 'from the future'}}
        _, _, reply = self.post(test_jsonrpc.call('update_node', node_obj=sent))
        self.assertRegex(reply['error']['message'], 'Version 1.99 of Node is not supported')
        said = [line for line in self.conductor.log().split('\n') if 'pin_release_version' in line
                and 'WARNING' in line]
        self.assertEqual(1, len(said), said)
        self.assertTrue(re.search('A peer is newer than this conductor; set its pin_release_version: '
                                  'method=update_node error=Version 1.99 of Node', said[0]), said)
        self.assertIsNone(self.node('newer')['description'])


class PhysicalNetwork(unittest.TestCase):
    """What 21.4 has no call for: a port group moves to another physical network with its ports."""

    def test_the_ports_follow(self):
        service = server.Castiron(postgres=case.OneCluster.get())
        self.addCleanup(service.discard)
        service.prepare().start()

        def ask(method, path, body=None, status=200):
            reply = service.request(method, path, body)
            self.assertEqual(status, reply.status, '%r\n%s' % (reply, service.log()))
            return reply.json

        node = ask('POST', '/v1/nodes', {'driver': 'fake-hardware', 'name': 'n'}, 201)['uuid']
        group = ask('POST', '/v1/portgroups', {'node_uuid': node, 'physical_network': 'first'}, 201)['uuid']
        ports = [ask('POST', '/v1/ports', {
            'node_uuid': node, 'address': '52:54:00:00:00:0%d' % n, 'physical_network': 'first',
            **({'portgroup_uuid': group} if n < 2 else {})}, 201)['uuid'] for n in range(3)]
        for network in ('second', None):
            changed = ask('PATCH', '/v1/portgroups/' + group, [
                {'op': 'replace', 'path': '/physical_network', 'value': network} if network
                else {'op': 'remove', 'path': '/physical_network'}])
            self.assertEqual(network, changed['physical_network'])
            self.assertEqual([network, network, 'first'], [
                ask('GET', '/v1/ports/' + port)['physical_network'] for port in ports])
        self.assertIsNone(service.node('n')['reservation'])


if __name__ == '__main__':
    unittest.main()
