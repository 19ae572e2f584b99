# SPDX-License-Identifier: Apache-2.0
"""castiron answers as Ironic did: the recordings, in order, against a fresh database.

What differs on purpose is a row of the table in doc/differences.md, one exchange or a span of
them.
"""
import unittest

import broker
import case
import member
import recorded
import replay


class Replayed:
    """The two tests of a recording: how much agrees, and that the rest has reasons."""

    RECORDING = None
    EXACTLY, AGREEING = 0, 0  # of all; of what Ironic answered without a 5xx

    ALSO = ()  # these agree here, though they are named

    def test_recorded_exchanges_are_answered_as_recorded(self):
        every = list(replay.Replay(self.castiron.url, replay.load(self.RECORDING)).run())
        recorded.judge(self, self.RECORDING, every, self.EXACTLY, self.AGREEING, self.ALSO)


class DebianConductor(Replayed, unittest.TestCase):
    """The same recording through our API and the conductor of Debian's 21.4, which made it."""

    RECORDING = '21.4'
    EXACTLY, AGREEING = 0.973, 0.99
    # What its conductor cannot do on PostgreSQL.
    ALSO = (663, 665)

    def setUp(self):
        if not member.have_debian():
            self.skipTest('python3-ironic is not installed')
        rabbit = broker.Broker().start()
        self.addCleanup(rabbit.stop)
        both = member.Cluster(case.OneCluster.get(), rabbit)
        self.addCleanup(both.discard)
        both.with_debian = True
        conductor = both.prepare().add('conductor', debian=True, host='refhost',
                                       DEFAULT={'enabled_power_interfaces': 'agent,fake'},
                                       deploy={'fast_track': 'true'})
        self.castiron = both.add('api', host='refhost', api={'restrict_lookup': 'true'})
        for service in (conductor, self.castiron):
            service.launch()
        for service in (conductor, self.castiron):
            service.wait_until(service.is_there, 90, '%s to be there' % service.name)


class Master(Replayed, case.Case):
    """The newest release; it was recorded with the health check off."""

    RECORDING = 'master'
    EXACTLY, AGREEING = 0.967, 0.99
    OPTIONS = {'DEFAULT': {'host': 'refhost-m', 'enabled_power_interfaces': 'agent,fake'},
               'healthcheck': {'enabled': 'false'}}


class Antelope(Replayed, case.Case):
    """Debian's 21.4, which castiron speaks when it is pinned."""

    RECORDING = '21.4'
    EXACTLY, AGREEING = 0.971, 0.99
    OPTIONS = {'DEFAULT': {'pin_release_version': '21.4',
                           'enabled_power_interfaces': 'agent,fake'},
               'conductor': {'record_step_flows_in_history': 'false'}}  # 21.4 cannot


if __name__ == '__main__':
    unittest.main()
