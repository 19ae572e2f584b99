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
        """S08 S09 S26 S28 S53 S59 S61 S64 S65 S66 S67 S74: no request fails by a service of ours."""
        run = rehearsal.Rehearsal(case.OneCluster.get(), self.broker,
                                  guide.steps(rehearsal.FROM_IRONIC), rehearsal.OLD)
        self.addCleanup(run.discard)
        run.NODES, run.BEFORE_S, run.AFTER_S, run.ANSWER_S = 300, 5, 5, 20
        verdict = run.run()
        self.assertEqual([], verdict.faults(), verdict.figures())
        self.assertGreater(len(verdict.answers), 300)
        self.assertLessEqual(verdict.after, verdict.before, verdict.figures())


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
