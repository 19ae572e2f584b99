# SPDX-License-Identifier: Apache-2.0
"""castiron answers as Ironic did: the recordings, in order, against a fresh database.

What differs on purpose is a row of the table in doc/differences.md, one exchange or a span of
them; what belongs to resources and flows that are not there yet is named in LATER.
"""
import re
import unittest

import broker
import case
import member
import recorded
import replay

# What later work brings: (what it is, group, "METHOD path", body), regular expressions that
# must all match. These exchanges are sent, but not counted.
LATER = [
    ('the ramdisk calling in', r'continue_inspection', r'', r''),
]


def is_later(exchange):
    request = exchange['request']
    line = '%s %s' % (request['method'], request['path'])
    return any(re.fullmatch(group or '.*', exchange['group']) and re.search(path, line)
               and re.search(body, request.get('body') or '') for _, group, path, body in LATER)


class Replayed:
    """The two tests of a recording: how much agrees, and that the rest has reasons."""

    RECORDING = None
    EXACTLY, AGREEING = 0, 0  # of all; of what Ironic answered without a 5xx

    ALSO = ()  # these agree here, though they are named

    def test_recorded_exchanges_are_answered_as_recorded(self):
        every = replay.Replay(self.castiron.url, replay.load(self.RECORDING)).run()
        outcomes = [o for o in every if not is_later(o.exchange)]
        recorded.judge(self, self.RECORDING, outcomes, self.EXACTLY, self.AGREEING, self.ALSO)


class DebianConductor(Replayed, unittest.TestCase):
    """The same recording through our API and the conductor of Debian's 21.4, which made it."""

    RECORDING = '21.4'
    EXACTLY, AGREEING = 0.966, 0.985
    # What its conductor lists, keeps of a history, and cannot do on PostgreSQL.
    ALSO = (172, 359, 498, 500, 663, 665)

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
    EXACTLY, AGREEING = 0.965, 0.988
    OPTIONS = {'DEFAULT': {'host': 'refhost-m'}, 'healthcheck': {'enabled': 'false'}}


class Antelope(Replayed, case.Case):
    """Debian's 21.4, which castiron speaks when it is pinned."""

    RECORDING = '21.4'
    EXACTLY, AGREEING = 0.961, 0.981
    OPTIONS = {'DEFAULT': {'pin_release_version': '21.4'}}


if __name__ == '__main__':
    unittest.main()
