# SPDX-License-Identifier: Apache-2.0
"""One short round of what `make rehearse` does again and again."""
import unittest

import broker
import case
import member
from rolling import balancer, guide, rehearsal


@unittest.skipUnless(member.have_debian() and balancer.have(),
                     'python3-ironic and haproxy are not installed')
class Rolling(unittest.TestCase):
    """Debian's services become ours, one by one, as doc/upgrade.md says."""

    @classmethod
    def setUpClass(cls):
        cls.broker = broker.Broker().start()
        cls.addClassCleanup(cls.broker.stop)

    def test_from_ironic(self):
        """S08 S09 S22 S26 S28 S53 S59 S61 S64 S65 S66 S67 S72 S74: no request fails by a service of ours."""
        run = rehearsal.Rehearsal(case.OneCluster.get(), self.broker,
                                  guide.steps(rehearsal.FROM_IRONIC), rehearsal.OLD)
        self.addCleanup(run.discard)
        run.NODES, run.BEFORE_S, run.AFTER_S, run.ANSWER_S = 300, 5, 5, 20
        verdict = run.run()
        self.assertEqual([], verdict.faults(), verdict.figures())
        self.assertGreater(len(verdict.answers), 300)
        self.assertLessEqual(verdict.after, verdict.before, verdict.figures())


    def test_offline(self):
        """S08 S19 S41: all is stopped, upgraded and started; nodes are as they were."""
        run = rehearsal.Rehearsal(case.OneCluster.get(), self.broker, [], rehearsal.OLD)
        self.addCleanup(run.discard)
        run.NODES = 50
        run.make_database()
        uuids, _, _ = run.fill()
        place = run.stage.start(rehearsal.OLD)
        api = place.machine('api-1').service('ironic-api')
        before = self.shown(api, uuids)
        for step in guide.steps(rehearsal.OFFLINE):
            place.machine(step.machine).run(step.command)
        for name in ('api-1', 'api-2'):
            api = place.machine(name).service('castiron-api')
            self.assertEqual(before, self.shown(api, uuids))
            newest = api.request('GET', '/v1/nodes/' + uuids[0], version='latest')
            self.assertIn('instance_name', newest.json)
        versions = place.cluster.postgres.sql('select distinct version from nodes',
                                              place.cluster.database)
        self.assertEqual([['1.44']], versions)

    @staticmethod
    def shown(api, uuids):
        """Nodes as the older API shows them."""
        found = api.request('GET', '/v1/nodes/detail?limit=1000', version='1.82', timeout=60).json
        shown = {node['uuid']: node for node in found['nodes'] if node['uuid'] in uuids}
        for node in shown.values():  # times of writing, and which conductor has it
            for name in ('links', 'ports', 'portgroups', 'states', 'volume', 'updated_at',
                         'conductor'):
                node.pop(name, None)
        return shown


class Guide(unittest.TestCase):
    """The guide as a list of commands."""

    def test_the_guide_pins_before_it_starts(self):
        """S29 S64: each machine is pinned when castiron is started there for the first time."""
        pinned, started = set(), set()
        for step in guide.steps(rehearsal.FROM_IRONIC):
            if 'pin_release_version' in step.command:
                pinned.add(step.machine)
            if step.command.startswith('systemctl start castiron-'):
                self.assertIn(step.machine, pinned, step)
                started.add(step.machine)
        self.assertEqual({'conductor-1', 'conductor-2', 'conductor-3', 'api-1', 'api-2'}, started)
