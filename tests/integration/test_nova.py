# SPDX-License-Identifier: Apache-2.0
"""Nova hears of power: from our conductor what it hears from Debian's, through the same Keystone."""
import http.server
import json
import queue
import threading
import time
import unittest

import case
import keystone
import member

VERSION = '1.82'
NODE = '9c1d0a1e-0d5c-4a2b-8d0f-0d1d1a1b1e01'
OTHER = '9c1d0a1e-0d5c-4a2b-8d0f-0d1d1a1b1e02'
INSTANCE = '9c1d0a1e-0d5c-4a2b-8d0f-0d1d1a1b1e03'
FAILED = 'Nova could not be told of a power state'
# What must be the same, by name.
HEADERS = ('Content-Type', 'Accept', 'X-Auth-Token', 'OpenStack-API-Version',
           'X-OpenStack-Nova-API-Version', 'X-OpenStack-Request-ID')


def tearDownModule():  # noqa: N802 (unittest's name)
    case.OneBroker.stop()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        status, code = self.server.says
        event = dict(body['events'][0], code=code, status='completed' if code == 200 else 'failed')
        text = json.dumps({'events': [event]}).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        self.server.asked.put((self.path, {name: self.headers[name] for name in HEADERS}, body))


class Nova:
    """A stand-in for nova's API; `asked` has each request, `says` the status and the event's code."""

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        self.server.asked, self.server.says = queue.Queue(), (200, 200)
        self.url = 'http://127.0.0.1:%d/v2.1' % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()

    def next(self):
        return self.server.asked.get(timeout=60)

    @property
    def catalog(self):
        """Its place in Keystone's catalog; the address at other interfaces and regions is wrong."""
        return [{'type': 'compute', 'name': 'nova', 'id': 'n', 'endpoints': [
            {'id': interface + region, 'interface': interface, 'region': region,
             'region_id': region, 'url': url}
            for interface, region, url in (('admin', 'here', 'http://127.0.0.1:9/v2.1'),
                                           ('internal', 'there', 'http://127.0.0.1:9/v2.1'),
                                           ('public', 'here', self.url))]}]


class Power(unittest.TestCase):
    """A conductor, ours or Debian's, below our API."""

    maxDiff = None

    def setUp(self):
        self.keystone, self.nova = keystone.Keystone().__enter__(), Nova().__enter__()
        self.addCleanup(self.keystone.__exit__)
        self.addCleanup(self.nova.__exit__)
        self.keystone.server.catalog = self.nova.catalog

    def start(self, debian=False, configured=True):
        made = member.Cluster(case.OneCluster.get(), case.OneBroker.get())
        self.addCleanup(made.discard)
        made.with_debian = True
        made.prepare()
        options = {name: value for name, value in self.keystone.options.items()
                   if name != 'www_authenticate_uri'}
        self.conductor = made.add(
            'conductor', debian, host='here', nova=dict(options, region_name='here') if configured
            else {}, DEFAULT={'enabled_power_interfaces': 'fake,agent'},
            deploy={'fast_track': 'true'}, conductor={'sync_power_state_interval': '2'})
        self.api = made.add('api', host='here', DEFAULT={'enabled_power_interfaces': 'fake,agent'})
        self.conductor.launch()
        self.api.launch()
        for service in (self.conductor, self.api):
            service.wait_until(service.is_there, 90, '%s to be there' % service.name)
        self.enroll(NODE)
        made.postgres.sql("update nodes set instance_uuid = '%s'" % INSTANCE, made.database)
        return made

    def enroll(self, uuid, **node):
        reply = self.api.request('POST', '/v1/nodes', dict(node, uuid=uuid, driver='fake-hardware'),
                                 version=VERSION)
        self.assertEqual(201, reply.status, reply.text)

    def power(self, target, state):
        """Changes the power and waits for the end of it; the request's id."""
        reply = self.api.request('PUT', '/v1/nodes/%s/states/power' % NODE, {'target': target},
                                 version=VERSION)
        self.assertEqual(202, reply.status, reply.text)

        def settled():
            node = self.api.request('GET', '/v1/nodes/' + NODE, version=VERSION).json
            return not node['reservation'] and node['power_state'] == state and node
        node = self.api.wait_until(settled, 60, 'the node to be ' + state)
        self.assertIsNone(node['last_error'])
        return reply.headers['openstack-request-id']

    def told(self, debian):
        """What nova is asked for, three times by a caller's wish and once by power sync."""
        made = self.start(debian)
        asked = []
        for target, state in (('power on', 'power on'), ('soft power off', 'power off'),
                              ('rebooting', 'power on')):
            request = self.power(target, state)
            asked.append(self.nova.next())
            self.assertEqual(request, asked[-1][1].pop('X-OpenStack-Request-ID'))
        self.enroll(OTHER, power_interface='agent')
        # The agent's heartbeats are all that its machine's power is known by.
        made.postgres.sql(
            "update nodes set provision_state = 'manageable', power_state = 'power off', "
            "instance_uuid = '%s', driver_internal_info = '{\"agent_url\": "
            "\"http://127.0.0.1:9/\", \"agent_last_heartbeat\": \"%s\"}' where uuid = '%s'"
            % (OTHER, time.strftime('%Y-%m-%dT%H:%M:%S.000000', time.gmtime()), OTHER),
            made.database)
        asked.append(self.nova.next())
        self.assertRegex(asked[-1][1].pop('X-OpenStack-Request-ID'), r'^req-[0-9a-f-]{36}$')
        self.conductor.halt()
        self.assertTrue(self.nova.server.asked.empty())
        return asked

    def test_power_is_told_as_debians_conductor_tells_it(self):
        ours = self.told(debian=False)
        self.assertEqual(
            [{'events': [{'name': 'power-update', 'server_uuid': server, 'tag': tag}]}
             for server, tag in ((INSTANCE, 'POWER_ON'), (INSTANCE, 'POWER_OFF'),
                                 (INSTANCE, 'POWER_ON'), (OTHER, 'POWER_ON'))],
            [body for _, _, body in ours])
        self.assertEqual(1, self.keystone.server.asked.count('POST'))
        if member.have_debian():
            self.assertEqual(self.told(debian=True), ours)

    def test_a_nova_that_refuses_or_cannot_be_asked_harms_nothing(self):
        self.start()
        states = iter(('power on', 'power off') * 3)
        for says, words in (((404, 404), 'HTTP status 404'), ((207, 400), 'HTTP status 207'),
                            ((500, 200), 'HTTP status 500')):
            self.nova.server.says = says
            state = next(states)
            self.power(state, state)
            self.nova.next()
            self.conductor.wait_until(lambda words=words: words in self.conductor.log(1000000), 30, words)
        self.assertEqual(3, self.conductor.log(1000000).count(FAILED))
        self.nova.server.says = (200, 200)
        self.keystone.server.revoke()
        self.keystone.server.status = 500
        self.conductor.halt()
        self.conductor.launch()
        self.conductor.wait_until(self.conductor.is_there, 90, 'the conductor to be back')
        state = next(states)
        self.power(state, state)
        self.conductor.wait_until(lambda: 'Keystone gave no token' in self.conductor.log(1000000), 30,
                                  'no token')
        self.keystone.server.status = None
        state = next(states)
        self.power(state, state)
        self.assertEqual({'POWER_ON'}, {self.nova.next()[2]['events'][0]['tag']})
        self.assertNotIn('secret', self.conductor.log(1000000))

    def test_nobody_is_asked_unless_it_is_configured(self):
        self.start(configured=False)
        self.power('power on', 'power on')
        self.conductor.halt()
        self.assertEqual([], self.keystone.server.asked)
        self.assertTrue(self.nova.server.asked.empty())
        self.assertNotIn('Nova', self.conductor.log(1000000))


if __name__ == '__main__':
    unittest.main()
