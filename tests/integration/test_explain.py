# SPDX-License-Identifier: Apache-2.0
"""castiron explain: what an operator is told of a node, while the service runs."""
import json
import subprocess

import case


class Explain(case.Case):

    def explain(self, *arguments, code=0):
        """What the command prints, having ended with that exit code."""
        program, *config = self.castiron.program('castiron')
        done = subprocess.run([program, 'explain', *config, *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        return done.stdout or done.stderr

    def test_a_node_is_explained(self):
        node = self.ask('POST', '/v1/nodes', {
            'name': 'rack1-7', 'driver': 'fake-hardware', 'driver_info': {'password': 'hush hush'}},
            201).json
        self.ask('PUT', '/v1/nodes/rack1-7/maintenance', {'reason': 'a fan is loose'}, 202)
        words = self.explain('rack1-7')
        self.assertIn('Node rack1-7 (%s), driver fake-hardware\n' % node['uuid'], words)
        self.assertIn('State: "enroll"', words)
        self.assertIn('Maintenance: a fan is loose.', words)
        self.assertIn('Conductor: refhost answers for it.', words)
        self.assertIn('manage    leads to "verifying"\n', words)
        self.assertNotIn('hush', words)
        facts = json.loads(self.explain(node['uuid'], '--json'))
        self.assertEqual('enroll', facts['provision_state'])
        self.assertEqual({'reason': 'a fan is loose', 'fault': None}, facts['maintenance'])
        self.assertEqual(['manage'], [verb['verb'] for verb in facts['verbs']])
        self.assertIsNone(facts['held_by'])

    def test_what_cannot_be_explained(self):
        self.assertIn('Node none-such could not be found', self.explain('none-such', code=1))
        self.assertIn('explain wants one node', self.explain(code=2))
        self.assertIn('explain wants one node', self.explain('a', 'b', code=2))
        self.assertIn('castiron-dbsync', self.explain(
            '--set', 'database.connection=sqlite:///%s/none' % self.castiron.folder, 'a', code=1))
        self.assertIn('usage: castiron [option …] explain NODE', self.explain('--help'))


class ExplainOnSqlite(Explain):
    """The same, whose file the service has open."""

    ENGINE = 'sqlite'
