# SPDX-License-Identifier: Apache-2.0
"""Versioned notifications: ours beside those of Debian's Ironic, for the same requests."""
import json
import re
import time
import unittest

import broker
import case
import cluster
import listening
import member
import server

ON = {'DEFAULT': {'notification_level': 'info'},
      'oslo_messaging_notifications': {'driver': 'messagingv2'}}
VERSION = '1.82'
CHASSIS = '9c1d0a1e-0d5c-4a2b-8d0f-0d1d1a1b1c01'
NODE = '9c1d0a1e-0d5c-4a2b-8d0f-0d1d1a1b1c02'
PORT = '9c1d0a1e-0d5c-4a2b-8d0f-0d1d1a1b1c03'
OTHER = '9c1d0a1e-0d5c-4a2b-8d0f-0d1d1a1b1c04'
INSTANCE = '9c1d0a1e-0d5c-4a2b-8d0f-0d1d1a1b1c05'
SECRET = 'open sesame'
AT = '/v1/nodes/' + NODE
# What happens to the node, as its conductor tells it.
MOVES = [
    'manage: enroll -> verifying, start',
    'done: verifying -> manageable, end',
    'inspect: manageable -> inspecting, start',
    'done: inspecting -> manageable, end',
    'clean: manageable -> cleaning, start',
    'manage: cleaning -> manageable, end',
    'clean: manageable -> cleaning, start',
    'fail: cleaning -> clean failed, error',
    'manage: clean failed -> manageable, success',
    'provide: manageable -> cleaning, start',
    'done: cleaning -> available, end',
    'deploy: available -> deploying, start',
    'done: deploying -> active, end',
    'rebuild: active -> deploying, start',
    'done: deploying -> active, end',
    'rescue: active -> rescuing, start',
    'done: rescuing -> rescue, end',
    'unrescue: rescue -> unrescuing, start',
    'done: unrescuing -> active, end',
    'delete: active -> deleting, start',
    'clean: deleting -> cleaning, success',
    'done: cleaning -> available, end',
]
STEP = ('interface', 'step', 'args', 'priority')
NEWER = ('declarative_cleaning',)  # what a conductor of the newest release notes and Debian's not


def tearDownModule():  # noqa: N802 (unittest's name)
    case.OneBroker.stop()


def life(service):
    """What people do with a node, from its first day to its last. Each request's status."""
    said = []

    def ask(method, path, body=None):
        said.append((method, path, service.request(method, path, body, version=VERSION).status))

    def settles(field=None, value=None):
        def settled():
            node = service.request('GET', AT, version=VERSION).json
            return not node['reservation'] and (field is None or node[field] == value)
        service.wait_until(settled, 60, '%s to be %s' % (field, value))

    def provision(verb, state, **body):
        ask('PUT', AT + '/states/provision', dict(body, target=verb))
        settles('provision_state', state)

    ask('POST', '/v1/chassis', {'uuid': CHASSIS, 'description': 'a', 'extra': {'a': 1}})
    ask('PATCH', '/v1/chassis/' + CHASSIS, [{'op': 'replace', 'path': '/description', 'value': 'b'}])
    step = {'interface': 'bios', 'step': 'factory_reset', 'args': {}, 'priority': 10}
    ask('POST', '/v1/deploy_templates', {'uuid': OTHER, 'name': 'CUSTOM_T', 'steps': [step]})
    ask('PATCH', '/v1/deploy_templates/' + OTHER,
        [{'op': 'replace', 'path': '/steps/0/priority', 'value': 20}])
    ask('DELETE', '/v1/deploy_templates/' + OTHER)
    ask('POST', '/v1/nodes', {
        'uuid': NODE, 'name': 'life', 'driver': 'fake-hardware', 'chassis_uuid': CHASSIS,
        'driver_info': {'ipmi_password': SECRET, 'a': {'token': SECRET, 'b': 1}},
        'properties': {'cpus': 8}, 'extra': {'k': ['v', None, 1.5]}, 'resource_class': 'x',
        'console_interface': 'fake', 'inspect_interface': 'fake', 'rescue_interface': 'fake'})
    ask('POST', '/v1/nodes', {'uuid': OTHER, 'driver': 'fake-hardware',
                              'deploy_interface': 'none-such'})
    ask('PATCH', AT, [
        {'op': 'add', 'path': '/extra/b', 'value': 'd\u00e9j\u00e0'},
        {'op': 'add', 'path': '/instance_info/image_url', 'value': 'http://x/?sig=' + SECRET},
        {'op': 'add', 'path': '/instance_info/admin_password', 'value': SECRET}])
    ask('PATCH', AT, [{'op': 'replace', 'path': '/raid_interface', 'value': 'none-such'}])
    ask('PUT', AT + '/traits', {'traits': ['CUSTOM_B', 'CUSTOM_A']})
    ask('PUT', AT + '/traits/CUSTOM_C')
    ask('DELETE', AT + '/traits/CUSTOM_C')
    ask('DELETE', AT + '/traits/CUSTOM_C')
    ask('POST', '/v1/ports', {'uuid': PORT, 'address': '52:54:00:12:34:56', 'node_uuid': NODE,
                              'extra': {'cable': 1}, 'pxe_enabled': False})
    ask('POST', '/v1/ports', {'uuid': OTHER, 'address': '52:54:00:12:34:56', 'node_uuid': NODE})
    ask('PATCH', '/v1/ports/' + PORT, [{'op': 'replace', 'path': '/extra/cable', 'value': 2}])
    ask('DELETE', '/v1/ports/' + PORT)
    for state in ('power on', 'power on', 'rebooting', 'power off'):
        ask('PUT', AT + '/states/power', {'target': state})
        settles('target_power_state', None)
    for enabled in (True, False):
        ask('PUT', AT + '/states/console', {'enabled': enabled})
        settles('console_enabled', enabled)
    ask('PUT', AT + '/maintenance', {'reason': 'a fan'})
    ask('DELETE', AT + '/maintenance')
    provision('manage', 'manageable')
    provision('inspect', 'manageable')
    provision('clean', 'manageable', clean_steps=[{'interface': 'bios', 'step': 'factory_reset'}])
    provision('clean', 'clean failed', clean_steps=[{'interface': 'deploy', 'step': 'none-such'}])
    provision('manage', 'manageable')
    ask('DELETE', AT + '/maintenance')
    ask('DELETE', AT + '/traits')
    provision('provide', 'available')
    ask('POST', '/v1/allocations', {'uuid': OTHER, 'name': 'a', 'resource_class': 'x',
                                    'traits': [], 'extra': {'b': 1}})
    service.wait_until(lambda: service.request(
        'GET', '/v1/allocations/' + OTHER, version=VERSION).json['state'] == 'active', 30, 'a node')
    settles()
    ask('PATCH', '/v1/allocations/' + OTHER, [{'op': 'add', 'path': '/extra/c', 'value': 2}])
    ask('DELETE', '/v1/allocations/' + OTHER)
    settles('instance_uuid', None)
    ask('PATCH', AT, [{'op': 'add', 'path': '/instance_uuid', 'value': INSTANCE}])
    provision('active', 'active')
    ask('DELETE', AT)
    provision('rebuild', 'active')
    provision('rescue', 'rescue', rescue_password=SECRET)
    provision('unrescue', 'active')
    provision('deleted', 'available')
    ask('DELETE', '/v1/chassis/' + CHASSIS)
    ask('DELETE', AT)
    ask('DELETE', '/v1/chassis/' + CHASSIS)
    return said


def shape(heard):
    """What must be the same for all services: by who sent it, in order."""
    def same(key, value):
        if key == 'candidate_nodes':  # theirs is null in a new allocation
            return value or []
        if value is None:
            return None
        if key.endswith('_at') or key in ('last_power_state_change', 'timestamp'):
            return 'a time'
        if key == 'steps':  # theirs have columns of the database in them
            return [{k: v for k, v in step.items() if k in STEP} for step in value]
        if isinstance(value, dict):
            return {k: same(k, v) for k, v in value.items() if k not in NEWER}
        return value

    sorted_out = {'ironic-api': [], 'ironic-conductor': []}
    for one in sorted(heard, key=lambda one: one['metadata']['timestamp']):
        service = one['publisher_id'].split('.')[0]
        sorted_out[service].append((one['event_type'], one['priority'],
                                    same('payload', one['payload'])))
    return sorted_out


def is_lost(one):
    """
    May Debian's conductor have lost it? The end of work that is quick can meet the notification
    of its start, which then takes the former for its own and forgets it.
    """
    return re.match(r'baremetal[.]node[.]provision_set[.](end|error|success)$', one[0])


def what_moved(one):
    data = one[2]['ironic_object.data']
    return '%s: %s -> %s, %s' % (data['event'], data['previous_provision_state'],
                                 data['provision_state'], one[0].split('.')[-1])


class Notifications(listening.Case):
    """Clusters of one kind each."""

    maxDiff = None

    def cluster(self, debian=False, pinned=True, level='info', **more):
        """An API and a conductor, started."""
        made = member.Cluster(case.OneCluster.get(), case.OneBroker.get())
        self.addCleanup(made.discard)
        made.with_debian = pinned
        made.prepare()
        options = {s: dict(v) for s, v in ON.items()}
        options['DEFAULT']['notification_level'] = level
        for section, values in more.items():
            options.setdefault(section, {}).update(values)
        self.conductor = made.add('conductor', debian, host='here', **options)
        self.api = made.add('api', debian, host='here', **options)
        self.conductor.launch()
        self.api.launch()
        for service in (self.conductor, self.api):
            service.wait_until(service.is_there, 90, '%s to be there' % service.name)
        return made

    def lived(self, debian):
        """The statuses and the notifications of a node's life."""
        made = self.cluster(debian)
        listener = self.listen(made)
        said = life(self.api)
        return said, listener.quiet()

    def test_a_life_is_told_as_debians_ironic_tells_it(self):
        if not member.have_debian():
            self.skipTest('python3-ironic is not installed')
        their_answers, theirs = self.lived(True)
        our_answers, ours = self.lived(False)
        self.assertEqual(their_answers, our_answers)
        self.assertNotIn(SECRET, json.dumps(ours))
        self.assertEqual([None], list({one['context']['auth_token'] for one in ours}))
        theirs, ours = shape(theirs), shape(ours)
        self.assertEqual(len(theirs['ironic-api']), len(ours['ironic-api']))
        for service in theirs:
            rest = iter(ours[service])
            for their_own in theirs[service]:
                our_own = next(rest)
                while our_own[0] != their_own[0] and is_lost(our_own):
                    our_own = next(rest)
                with self.subTest(their_own[0]):
                    self.assertEqual(their_own, our_own)
            self.assertEqual([], [one for one in rest if not is_lost(one)])
        self.assertEqual(MOVES, [what_moved(one) for one in ours['ironic-conductor']
                                 if '.provision_set.' in one[0]])

    def told(self, listener, action, count):
        """So many notifications of one action, without what differs by chance: event, states."""
        def those():
            listener.quiet(0.5)
            found = [one for one in listener.heard if '.%s.' % action in one['event_type']]
            return found if len(found) >= count else None
        found = sorted(self.conductor.wait_until(those, 60, '%d of %s' % (count, action)),
                       key=lambda one: one['metadata']['timestamp'])
        self.assertEqual({'ironic-conductor.here'}, {one['publisher_id'] for one in found})
        return [(one['event_type'], one['priority'], one['payload']['ironic_object.name'],
                 {key: one['payload']['ironic_object.data'].get(key)
                  for key in ('uuid', 'power_state', 'from_power', 'console_enabled')})
                for one in found]

    def corrected(self, debian):
        """What is told when a machine's power is found to be other than recorded, twice."""
        made = self.cluster(
            debian, DEFAULT={'enabled_power_interfaces': 'fake,agent'},
            deploy={'fast_track': 'true'}, conductor={'sync_power_state_interval': '2'})
        listener = self.listen(made)
        node = {'driver': 'fake-hardware', 'uuid': NODE, 'power_interface': 'agent'}
        self.assertEqual(201, self.api.request('POST', '/v1/nodes', node, version=VERSION).status)
        # The agent's heartbeats are all that its machine's power is known by.
        made.postgres.sql(
            "update nodes set provision_state = 'manageable', power_state = 'power off', "
            "driver_internal_info = '{\"agent_url\": \"http://127.0.0.1:9/\", "
            "\"agent_last_heartbeat\": \"%s\"}'"
            % time.strftime('%Y-%m-%dT%H:%M:%S.000000', time.gmtime()), made.database)
        self.told(listener, 'power_state_corrected', 1)
        made.postgres.sql("update nodes set driver_internal_info = '{}'", made.database)
        return self.told(listener, 'power_state_corrected', 2)

    def test_a_power_state_that_was_wrong_is_told_as_debians_ironic_tells_it(self):
        told = self.corrected(debian=False)
        self.assertEqual([('baremetal.node.power_state_corrected.success', 'info',
                           'NodeCorrectedPowerStatePayload',
                           {'uuid': NODE, 'power_state': now, 'from_power': before,
                            'console_enabled': False})
                          for before, now in (('power off', 'power on'), ('power on', None))], told)
        if member.have_debian():
            self.assertEqual(self.corrected(debian=True), told)

    def restored(self, debian):
        """What is told when a conductor that starts opens a console again."""
        made = self.cluster(debian)
        node = {'driver': 'fake-hardware', 'uuid': NODE, 'console_interface': 'fake'}
        self.assertEqual(201, self.api.request('POST', '/v1/nodes', node, version=VERSION).status)
        reply = self.api.request('PUT', AT + '/states/console', {'enabled': True}, version=VERSION)
        self.assertEqual(202, reply.status)
        self.api.wait_until(lambda: self.api.request('GET', AT, version=VERSION).json[
            'console_enabled'], 30, 'an open console')
        listener = self.listen(made)
        self.conductor.halt()
        self.conductor.launch()
        return self.told(listener, 'console_restore', 2)

    def test_a_console_that_is_opened_again_is_told_as_debians_ironic_tells_it(self):
        told = self.restored(debian=False)
        self.assertEqual([('baremetal.node.console_restore.' + status, 'info', 'NodePayload',
                           {'uuid': NODE, 'power_state': None, 'from_power': None,
                            'console_enabled': True}) for status in ('start', 'end')], told)
        if member.have_debian():
            self.assertEqual(self.restored(debian=True), told)

    def declared(self, made):
        """Queues and exchanges of the cluster's virtual host."""
        names = made.broker.control('list_queues', '-q', '-p', made.vhost, 'name')
        names += made.broker.control('list_exchanges', '-q', '-p', made.vhost, 'name')
        return names

    def test_off_means_that_nothing_is_declared(self):
        for name, options in (
                ('no level', {'DEFAULT': {'notification_level': None}}),
                ('no driver', {'oslo_messaging_notifications': {'driver': None}}),
                ('no operation', {'oslo_messaging_notifications': {'driver': 'noop'}})):
            with self.subTest(name):
                made = self.cluster(**options)
                reply = self.api.request('POST', '/v1/nodes', {'driver': 'fake-hardware'})
                self.assertEqual(201, reply.status)
                self.assertNotIn('notifications', self.declared(made))
                self.assertNotIn(':notify:', made.broker.control('list_connections', '-q',
                                                                 'client_properties'))
                for service in made.members:
                    service.halt()

    def test_a_level_leaves_out_what_is_below(self):
        made = self.cluster(level='error')
        listener = self.listen(made)
        node = {'driver': 'fake-hardware', 'uuid': NODE}
        self.assertEqual(201, self.api.request('POST', '/v1/nodes', node).status)
        self.assertEqual(409, self.api.request('POST', '/v1/nodes', node).status)
        listener.wait_for(1)
        self.assertEqual([('baremetal.node.create.error', 'error')],
                         [(one['event_type'], one['priority']) for one in listener.quiet()])

    def test_topics_exchange_and_format_are_the_operators(self):
        made = self.cluster(pinned=False, DEFAULT={
            'versioned_notifications_topics': 'one,two', 'control_exchange': 'elsewhere'},
            oslo_messaging_notifications={'driver': 'messaging'})
        listeners = [self.listen(made, topic, 'elsewhere') for topic in ('one', 'two')]
        body = {'driver': 'fake-hardware', 'uuid': NODE}
        self.assertEqual(201, self.api.request('POST', '/v1/nodes', body).status)
        ids = []
        for listener in listeners:
            start, end = sorted(listener.wait_for(2), key=lambda one: one['metadata']['timestamp'])
            self.assertEqual(['baremetal.node.create.start', 'baremetal.node.create.end'],
                             [start['event_type'], end['event_type']])
            self.assertEqual('1.15', end['payload']['ironic_object.version'])
            self.assertIn('disable_power_off', end['payload']['ironic_object.data'])
            ids.append((start['metadata']['message_id'], end['metadata']['message_id']))
        self.assertEqual(ids[0], ids[1])

    def all_in_one(self, url):
        """API and conductor in one process, without a broker between them."""
        alone = server.Castiron(postgres=case.OneCluster.get(), options={
            'DEFAULT': dict(ON['DEFAULT'], transport_url=url),
            'oslo_messaging_notifications': ON['oslo_messaging_notifications']})
        self.addCleanup(alone.discard)
        return alone.prepare().start()

    def test_one_process_for_all_tells_as_two_do(self):
        vhost = case.OneBroker.get().create()
        listener = listening.Listener(case.OneBroker.get().url(vhost))
        self.addCleanup(listener.stop)
        alone = self.all_in_one(case.OneBroker.get().url(vhost))
        life(alone)
        heard = shape(listener.quiet())
        self.assertEqual(MOVES, [what_moved(one) for one in heard['ironic-conductor']
                                 if '.provision_set.' in one[0]])
        self.assertEqual(58, len(heard['ironic-api']))

    def test_a_broker_that_is_away_holds_nobody_up(self):
        port = cluster.free_port()
        alone = self.all_in_one('rabbit://a:b@127.0.0.1:%d/' % port)
        slowest = 0
        for n in range(700):  # each is told of twice, and a thousand may wait
            begun = time.monotonic()
            reply = alone.request('POST', '/v1/chassis', {'description': str(n)})
            slowest = max(slowest, time.monotonic() - begun)
            self.assertEqual(201, reply.status)
        self.assertLess(slowest, 2)
        self.assertIn('Notifications are dropped', alone.log(100000))
        begun = time.monotonic()
        alone.stop()
        self.assertLess(time.monotonic() - begun, 8)
        self.assertRegex(alone.log(), r'Notifications were dropped.*dropped=1400')

    def test_what_waits_for_a_broker_is_sent_when_it_is_back(self):
        mine = broker.Broker().start()
        self.addCleanup(mine.stop)
        durable = '?amqp_durable_queues=true'
        alone = self.all_in_one(mine.url() + durable)
        self.assertEqual(201, alone.request('POST', '/v1/chassis', {}).status)
        alone.wait_until(lambda: listening.TOPIC in mine.control('list_queues', '-q', 'name'), 10, 'a queue')
        mine.halt()
        for n in range(20):
            reply = alone.request('POST', '/v1/chassis', {'description': str(n)})
            self.assertEqual(201, reply.status)
        mine.resume()
        listener = listening.Listener(mine.url() + durable)
        self.addCleanup(listener.stop)
        heard = sorted(listener.wait_for(42), key=lambda one: one['metadata']['timestamp'])
        told = [one['payload']['ironic_object.data']['description'] for one in heard
                if one['event_type'].endswith('.end')]
        self.assertEqual([str(n) for n in range(20)], [one for one in told if one is not None])


if __name__ == '__main__':
    unittest.main()
