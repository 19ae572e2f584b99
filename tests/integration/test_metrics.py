# SPDX-License-Identifier: Apache-2.0
"""What the service says of itself to Prometheus."""
import re

import case

SAMPLE = re.compile(r'([a-z_]+)(?:{((?:[a-z]+="[^"\\]*",?)*)})? ([0-9]+(?:\.[0-9]+)?)\Z')


class Metrics(case.Case):
    ENGINE = 'sqlite'
    OPTIONS = {'api': {'enable_metrics': 'true'}}

    def samples(self):
        """{(name, labels): value}; every line is of the form."""
        reply = self.ask('GET', '/metrics')
        self.assertEqual('text/plain; version=0.0.4; charset=utf-8', reply.headers['content-type'])
        found, families = {}, {}
        for line in reply.text.splitlines():
            if line.startswith('# TYPE '):
                families[line.split()[2]] = line.split()[3]
            elif not line.startswith('# HELP '):
                name, labels, value = SAMPLE.match(line).groups()
                family = re.sub('_(bucket|sum|count)$', '', name)
                self.assertIn(family if families.get(family) == 'histogram' else name, families, line)
                self.assertNotIn((name, labels), found)
                found[name, labels] = float(value)
        return found

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


class SwitchedOff(case.Case):
    ENGINE = 'sqlite'

    def test_nothing_is_told_unless_asked_for(self):
        self.ask('GET', '/metrics', status=404)
