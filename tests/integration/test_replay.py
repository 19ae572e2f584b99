# SPDX-License-Identifier: Apache-2.0
"""castiron answers as Ironic did: the recordings, in order, against a fresh database.

What differs on purpose is a row of the table in doc/differences.md, one exchange or a span of
them; what belongs to resources and flows that are not there yet is named in LATER.
"""
import re
import unittest

import case
import recorded
import replay

AGREE_AT_LEAST = 0.96

# What later work brings: (what it is, group, "METHOD path", body), regular expressions that
# must all match. These exchanges are sent, but not counted.
LATER = [
    ('the ramdisk calling in', r'continue_inspection', r'', r''),
    # The conductor has no function for it yet.
    ('heartbeats that are let in', r'heartbeat', r'', r'"agent_token"'),
    ('the agent power interface, which a message lists', r'node-create|node-patch', r'',
     r'power_interface'),
]
def is_later(exchange):
    request = exchange['request']
    line = '%s %s' % (request['method'], request['path'])
    return any(re.fullmatch(group or '.*', exchange['group']) and re.search(path, line)
               and re.search(body, request.get('body') or '') for _, group, path, body in LATER)


class Replayed:
    """The two tests of a recording: how much agrees, and that the rest has reasons."""

    RECORDING = None

    def test_recorded_exchanges_are_answered_as_recorded(self):
        every = replay.Replay(self.castiron.url, replay.load(self.RECORDING)).run()
        outcomes = [o for o in every if not is_later(o.exchange)]
        recorded.judge(self, self.RECORDING, outcomes, AGREE_AT_LEAST, 0.97)


class Master(Replayed, case.Case):
    """The newest release; it was recorded with the health check off."""

    RECORDING = 'master'
    OPTIONS = {'DEFAULT': {'host': 'refhost-m'}, 'healthcheck': {'enabled': 'false'}}


class Antelope(Replayed, case.Case):
    """Debian's 21.4, which castiron speaks when it is pinned."""

    RECORDING = '21.4'
    OPTIONS = {'DEFAULT': {'pin_release_version': '21.4'}}


if __name__ == '__main__':
    unittest.main()
