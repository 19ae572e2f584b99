# SPDX-License-Identifier: Apache-2.0
"""Sensor data: ours beside that of Debian's Ironic, for the same nodes."""
import unittest

import case
import listening
import member

NODES = {
    '9c1d0a1e-0d5c-4a2b-8d0f-0d1d1a1b1d01': {
        'name': 'deployed', 'driver_info': {'fake_sensors': {
            'Temperature': {'CPU 1': {'Sensor Reading': '45 (+/- 1) degrees C', 'Sensor ID': '3'}},
            'Fan': {'fan 1': {'Sensor Reading': '4500 RPM', 'Status': 'd\u00e9j\u00e0 vu'}}}}},
    '9c1d0a1e-0d5c-4a2b-8d0f-0d1d1a1b1d02': {'driver_info': {'fake_sensors': {'Fan': {'f': {}}}}},
    '9c1d0a1e-0d5c-4a2b-8d0f-0d1d1a1b1d03': {'name': 'silent', 'driver_info': {'a': 1}},
    '9c1d0a1e-0d5c-4a2b-8d0f-0d1d1a1b1d04': {
        'name': 'apart', 'driver_info': {'fake_sensors': {'Fan': {'f': {}}}}},
}
# Debian's fake machines have no sensors; for this test they say what castiron's would.
SENSORS = '''
from ironic.drivers.modules import fake
fake.FakeManagement.get_sensors_data = (
    lambda self, task: task.node.driver_info.get('fake_sensors', {}))
'''
VERSION = '1.82'


def tearDownModule():  # noqa: N802 (unittest's name)
    case.OneBroker.stop()


class Sensors(listening.Case):
    """Clusters of one kind each."""

    maxDiff = None

    def told(self, debian, count, **options):
        """What is heard of the nodes, `count` times at least."""
        made = member.Cluster(case.OneCluster.get(), case.OneBroker.get())
        self.addCleanup(made.discard)
        made.with_debian = True
        made.prepare()
        listener = self.listen(made, 'notifications')
        conductor = made.add('conductor', debian, host='here', **{
            'sensor_data': dict({'send_sensor_data': 'true', 'interval': '1'}, **options),
            'oslo_messaging_notifications': {'driver': 'messagingv2'}})
        if debian:
            conductor.command[-1] = SENSORS + conductor.command[-1]
        api = made.add('api', host='here')
        conductor.launch()
        api.launch()
        for service in (conductor, api):
            service.wait_until(service.is_there, 90, '%s to be there' % service.name)
        for uuid, node in NODES.items():
            reply = api.request('POST', '/v1/nodes', dict(node, uuid=uuid, driver='fake-hardware'),
                                version=VERSION)
            self.assertEqual(201, reply.status, reply.text)
        made.postgres.sql("update nodes set provision_state = 'active' where name is not null; "
                          "update nodes set maintenance = true where name = 'apart'; "
                          "update nodes set instance_uuid = "
                          "'9c1d0a1e-0d5c-4a2b-8d0f-0d1d1a1b1d99' where name = 'deployed'",
                          made.database)
        # One round may have begun before all was set.
        heard = listener.wait_for(len(listener.quiet(0.1)) + len(NODES) + count)
        self.assertEqual([], [one for one in heard if not one['event_type'].startswith('hardware.')])
        return heard[-count:]

    def shape(self, heard):
        """What must be the same; ids are new and times are times."""
        found = []
        for one in heard:
            payload = dict(one['payload'])
            self.assertRegex(payload.pop('message_id'), r'^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
            self.assertRegex(payload.pop('timestamp'),
                             r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$')
            found.append((one['event_type'], one['priority'], one['publisher_id'],
                          sorted(one['metadata']), payload))
        return sorted(found, key=repr)

    def test_sensors_are_told_as_debians_conductor_tells_them(self):
        if not member.have_debian():
            self.skipTest('python3-ironic is not installed')
        ours = self.shape(self.told(False, 1))
        self.assertEqual(['deployed'], [one[-1]['node_name'] for one in ours])
        self.assertEqual(self.shape(self.told(True, 1)), ours)

    def test_kinds_and_nodes_that_are_not_deployed_are_the_operators(self):
        options = {'data_types': 'fan', 'enable_for_undeployed_nodes': 'true', 'workers': '1'}
        ours = self.told(False, 2, **options)
        self.assertEqual({'deployed', None}, {one['payload']['node_name'] for one in ours})
        self.assertEqual({('Fan',)}, {tuple(one['payload']['payload']) for one in ours})


if __name__ == '__main__':
    unittest.main()
