# SPDX-License-Identifier: Apache-2.0
"""What is held against the services of a rehearsal when it is over."""
import collections
import json
import os
import re

import broker
from rolling import load


def cpu_s(services):
    """Seconds of CPU that services and their children have used."""
    sessions = {service.process.pid for service in services if service.process}
    ticks = 0
    for name in os.listdir('/proc'):
        if name.isdigit():
            try:
                with open('/proc/%s/stat' % name, encoding='utf-8', errors='replace') as file:
                    fields = file.read().rpartition(')')[2].split()
            except OSError:
                continue
            if int(fields[3]) in sessions:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf('SC_CLK_TCK')


# When the load was what it is, when the first service was touched, when the last API was ours.
Times = collections.namedtuple('Times', 'measured began swapped')
# What was asked of the old services a second, and what of all cores they took for it.
Old = collections.namedtuple('Old', 'rate cpu')


class Verdict:
    """Failures by who caused them, what was lost, what is wrong; and how long answers took."""

    def __init__(self, stage, clients, times, old):
        self.stage, self.old = stage, old
        self.debian_logs = [s.whole_log() for s in stage.services() if s.debian]
        self.our_conductors = [s.whole_log() for s in stage.services()
                               if s.kind == 'conductor' and not s.debian]
        self.answers = list(clients.answers)
        failed = [a for a in self.answers if a.problem]
        self.theirs = [a for a in failed if self.is_theirs(a)]
        self.ours = [a for a in failed if not self.is_theirs(a)]
        self.lost, self.wrong = clients.walkers.lost, clients.walkers.wrong
        self.locked = self.unlocked()
        asked = ' '.join(a.problem for a in self.theirs)
        odd = self.unstable()
        # Debian's conductor, being stopped, answers 500 and leaves the node in `deploying`.
        self.stuck = [row for row in odd if row[0] in asked]
        self.odd = [row for row in odd if row[0] not in asked]
        self.left = self.messages()
        before = [a for a in self.answers if times.measured < a.at < times.began]
        self.answered = len(before) / (times.began - times.measured)
        self.before = load.p99([a.seconds for a in before])
        self.after = load.p99([a.seconds for a in self.answers if a.at > times.swapped])

    def is_theirs(self, answer):
        """Was one of Debian's services being stopped, and has no conductor of ours had the call?"""
        stopping = any(began <= answer.at + answer.seconds and
                       answer.at <= ended + self.stage.ring_s + 1
                       for s in self.stage.services() if s.debian for began, ended in s.stopped)
        return bool(stopping and answer.request_id
                    and any(answer.request_id in text for text in self.debian_logs)
                    and not any(answer.request_id in text for text in self.our_conductors))

    def unlocked(self):
        """Nodes that stay locked though nobody asks for anything any more."""
        def held():
            return self.stage.cluster.postgres.sql(
                'select uuid, reservation from nodes where reservation is not null',
                self.stage.cluster.database)
        try:
            broker.wait_for(lambda: not held(), 'all locks to be given back', 30, 0.5)
        except RuntimeError:
            pass
        return held()

    def messages(self):
        """Calls and casts that nobody has taken."""
        text = self.stage.cluster.broker.control(
            'list_queues', '--vhost', self.stage.cluster.vhost, 'name', 'messages',
            '--no-table-headers')
        found = (re.split(r'\s+', line.strip()) for line in text.splitlines() if line.strip())
        return {name: int(n) for name, n in found
                if n.isdigit() and int(n) and not name.startswith('reply_')}

    def faults(self):
        """All that must not be, as sentences; empty when the services have passed."""
        found = ['failed: %s by %s after %.1f s: %s' % (a.name, a.by, a.seconds, a.problem)
                 for a in self.ours]
        found += ['lost: %s of %s' % item for item in self.lost]
        found += ['wrong: after %s %s' % item for item in self.wrong]
        found += ['locked: %s' % row for row in self.locked]
        found += ['state at the end: %s' % row for row in self.odd]
        if self.left:
            found.append('left in queues: %s' % self.left)
        return found

    def unstable(self):
        """Nodes in states that nobody leads on, with what is known of them."""
        return self.stage.cluster.postgres.sql(
            'select uuid, provision_state, target_provision_state, reservation, last_error '
            "from nodes where owner in ('walkers', 'own') and provision_state not in "
            "('enroll', 'manageable', 'available', 'active')", self.stage.cluster.database)

    def figures(self):
        """One line of JSON for a report."""
        counts = collections.Counter(a.name for a in self.answers)
        return json.dumps({
            'requests': len(self.answers), 'failed by ours': len(self.ours),
            'failed by Debian\'s shutdown': len(self.theirs), 'lost': len(self.lost),
            'wrong': len(self.wrong) + len(self.odd), 'stuck by Debian\'s': len(self.stuck),
            'locked': len(self.locked), 'left': self.left,
            'p99 before ms': round((self.before or 0) * 1000, 1),
            'p99 after ms': round((self.after or 0) * 1000, 1),
            'slowest ms': round(max(a.seconds for a in self.answers) * 1000),
            'rate': round(self.old.rate), 'answered before each second': round(self.answered),
            'cpu of the old ones': round(self.old.cpu, 2), 'by name': dict(counts)})
