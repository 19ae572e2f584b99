# SPDX-License-Identifier: Apache-2.0
"""What the service says of itself to Prometheus."""
import re
import unittest
import urllib.error
import urllib.request

import case
import cluster
import member

SAMPLE = re.compile(r'([a-z_]+)(?:{((?:[a-z]+="[^"\\]*",?)*)})? ([0-9]+(?:\.[0-9]+)?)\Z')


def samples_of(test, content_type, text):
    """{(name, labels): value}; every line is of the form."""
    test.assertEqual('text/plain; version=0.0.4; charset=utf-8', content_type)
    found, families = {}, {}
    for line in text.splitlines():
        if line.startswith('# TYPE '):
            test.assertNotIn(line.split()[2], families)
            families[line.split()[2]] = line.split()[3]
        elif not line.startswith('# HELP '):
            name, labels, value = SAMPLE.match(line).groups()
            family = re.sub('_(bucket|sum|count)$', '', name)
            test.assertIn(family if families.get(family) == 'histogram' else name, families, line)
            test.assertNotIn((name, labels), found)
            found[name, labels] = float(value)
    return found


class Metrics(case.Case):
    ENGINE = 'sqlite'
    OPTIONS = {'api': {'enable_metrics': 'true'}}

    def samples(self):
        reply = self.ask('GET', '/metrics')
        return samples_of(self, reply.headers['content-type'], reply.text)

    def test_requests_and_calls_are_counted(self):
        before = self.samples()
        self.ask('POST', '/v1/nodes', {'driver': 'fake-hardware', 'name': 'one'}, 201)
        self.ask('GET', '/v1/nodes')
        self.ask('GET', '/v1/nodes/one')
        self.ask('GET', '/v1/nodes/one')
        self.ask('GET', '/v1/nodes/two', status=404)
        self.ask('GET', '/v1/nowhere', status=404)
        after = self.samples()

        def more(name, labels):
            return after[name, labels] - before.get((name, labels), 0)
        show = 'method="GET",route="/v1/nodes/{node_ident}"'
        self.assertEqual(2, more('castiron_api_requests_total', show + ',status="200"'))
        self.assertEqual(1, more('castiron_api_requests_total', show + ',status="404"'))
        self.assertEqual(1, more('castiron_api_requests_total', 'method="",route="",status="404"'))
        self.assertEqual(3, more('castiron_api_request_seconds_count', show))
        self.assertEqual(3, more('castiron_api_request_seconds_bucket', show + ',le="+Inf"'))
        self.assertEqual(1, more('castiron_rpc_call_seconds_count', 'method="create_node",outcome="done"'))
        self.assertGreaterEqual(after['castiron_db_connections_max', None], 1)
        self.assertGreaterEqual(after['castiron_api_connections', None], 1)


    def test_one_page_has_the_conductors_too(self):
        self.ask('POST', '/v1/nodes', {'driver': 'fake-hardware', 'name': 'moved'}, 201)
        before = self.samples()
        self.ask('PUT', '/v1/nodes/moved/states/provision', {'target': 'manage'}, 202)
        self.castiron.wait_until(lambda: self.ask('GET', '/v1/nodes/moved').json[
            'provision_state'] == 'manageable', 30, 'the node to be manageable')
        after = self.samples()
        for move in ('from="enroll",event="manage",to="verifying"',
                     'from="verifying",event="done",to="manageable"'):
            self.assertEqual(1, after['castiron_conductor_moves_total', move]
                             - before.get(('castiron_conductor_moves_total', move), 0))
        self.assertIn(('castiron_conductor_call_seconds_count',
                       'method="do_provisioning_action",outcome="done"'), after)


class Conductor(unittest.TestCase):
    """A conductor of its own has a page of its own."""

    def test_a_conductor_serves_its_figures(self):
        made = member.Cluster(case.OneCluster.get(), case.OneBroker.get()).prepare()
        self.addCleanup(case.OneBroker.stop)
        self.addCleanup(made.discard)
        port = cluster.free_port()
        conductor = made.add('conductor', conductor={
            'enable_metrics': 'true', 'metrics_port': port, 'count_nodes_interval': '1'},
            api={'enable_metrics': 'false'})
        api = made.add('api')
        conductor.start()
        api.start()
        for name in ('a', 'b'):
            reply = api.request('POST', '/v1/nodes', {'driver': 'fake-hardware', 'name': name})
            self.assertEqual(201, reply.status)

        def page():
            with urllib.request.urlopen('http://127.0.0.1:%d/metrics' % port) as reply:
                return samples_of(self, reply.headers['content-type'], reply.read().decode())
        conductor.wait_until(lambda: page().get(
            ('castiron_conductor_nodes', 'state="enroll"')) == 2, 30, 'the nodes to be counted')
        found = page()
        self.assertEqual(2, found['castiron_conductor_call_seconds_count',
                                  'method="create_node",outcome="done"'])
        self.assertGreaterEqual(found['castiron_broker_connects_total', None], 1)
        self.assertEqual(0, found['castiron_broker_losses_total', None])
        self.assertGreaterEqual(found['castiron_db_connects_total', None], 1)
        self.assertEqual(0, found['castiron_conductor_calls_waiting', None])
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen('http://127.0.0.1:%d/' % port)
        self.assertEqual(404, refused.exception.code)
        refused.exception.close()
        made.postgres.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = "
                          "'%s' and pid <> pg_backend_pid()" % made.database)
        conductor.wait_until(lambda: page()['castiron_db_connects_total', None]
                             > found['castiron_db_connects_total', None], 30, 'a new connection')


class SwitchedOff(case.Case):
    ENGINE = 'sqlite'

    def test_nothing_is_told_unless_asked_for(self):
        self.ask('GET', '/metrics', status=404)
