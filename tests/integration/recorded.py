# SPDX-License-Identifier: Apache-2.0
"""What tests of recordings share: what agrees exactly, and what differs for a reason.

A row of the table in doc/differences.md names an exchange, or a span of them, that castiron
answers otherwise on purpose. Any other exchange must agree, and one that agrees must not be named.
"""
import os
import re

import replay
import server

ROW = re.compile(r'^\| *([a-z0-9][\w.-]*) *\| *(\d+)(?:-(\d+))? *\| *(.+?) *\|$', re.M)
DIFFERENCES = os.path.join(server.ROOT, 'doc', 'differences.md')


def named_differences(recording):
    """Numbers of the exchanges whose difference has a reason."""
    with open(DIFFERENCES, encoding='utf-8') as f:
        rows = [row for row in ROW.findall(f.read()) if row[0] == recording]
    return {seq for _, first, last, _ in rows for seq in range(int(first), int(last or first) + 1)}


def judge(test, recording, outcomes, exactly, agreeing=0.99, also=()):
    """Fails unless all agree but those named; at least `exactly` of them agree to the byte, and
    `agreeing` when those are put aside where Ironic itself failed with a 5xx. `also` are numbers
    of exchanges that agree here, though they are named."""
    named = named_differences(recording) - set(also)
    wrong = [o for o in outcomes if not o.agrees]
    failed = [o for o in wrong if o.exchange['response']['status'] >= 500]
    sound = len(outcomes) - len(failed)
    share = (len(outcomes) - len(wrong)) / len(outcomes)
    report = ('\n%s\n%s: %d of %d agree exactly (%.1f %%), %d differ by name, %d of them where '
              'Ironic fails with a 5xx; %.1f %% of the others agree' % (
                  replay.table(outcomes), recording, len(outcomes) - len(wrong), len(outcomes),
                  100 * share, len(wrong), len(failed), 100 * (len(outcomes) - len(wrong)) / sound))
    print(report)
    unnamed = [o for o in wrong if o.seq not in named]
    if unnamed:
        test.fail('%d differ without a reason in doc/differences.md:\n%s%s' % (
            len(unnamed), '\n'.join(replay.describe(o) for o in unnamed[:25]), report))
    stale = [o.seq for o in outcomes if o.agrees and o.seq in named]
    test.assertEqual([], stale, 'doc/differences.md names exchanges that agree')
    test.assertGreaterEqual(share, exactly, report)
    test.assertGreaterEqual((len(outcomes) - len(wrong)) / sound, agreeing, report)
