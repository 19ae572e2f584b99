# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any moment: what was acknowledged is there, and every node has a way on."""
import http.client
import random
import threading
import time

import case

ROUNDS = 12
WRITERS = 4
STABLE = {'enroll', 'manageable', 'available', 'active', 'error', 'clean failed',
          'deploy failed', 'inspect failed', 'adopt failed', 'rescue', 'rescue failed'}
# A documented way from each state a killed service may leave behind towards `available`.
WAY_ON = {
    'enroll': 'manage', 'manageable': 'provide', 'active': 'deleted', 'deploy failed': 'deleted',
    'error': 'deleted', 'clean failed': 'manage', 'inspect failed': 'manage',
    'clean wait': 'abort', 'wait call-back': 'deleted', 'inspect wait': 'abort',
}
VERBS = {'enroll': ['manage'], 'manageable': ['provide', 'inspect'],
         'available': ['active', 'manage'], 'active': ['rebuild', 'deleted']}


class Writer(threading.Thread):
    """One client: notes each acknowledged write of its node, drives it through its states."""

    def __init__(self, castiron, name, seed):
        super().__init__()
        self.castiron, self.name_of_node = castiron, name
        self.chance = random.Random(seed)
        self.acknowledged = self.sent = -1
        self.stop = False
        self.wrong = None

    def run(self):
        path = '/v1/nodes/' + self.name_of_node
        while not self.stop:
            try:
                number = self.sent + 1
                self.sent = number
                reply = self.castiron.request('PATCH', path, [
                    {'op': 'add', 'path': '/extra/n', 'value': number}], timeout=10)
                if reply.status == 200:
                    self.acknowledged = number
                elif reply.status != 409:
                    self.wrong = repr(reply)
                    return
                state = self.castiron.request('GET', path, timeout=10).json['provision_state']
                if state in VERBS and self.chance.random() < 0.5:
                    self.castiron.request('PUT', path + '/states/provision',
                                          {'target': self.chance.choice(VERBS[state])},
                                          timeout=10)
            except (OSError, http.client.HTTPException, ValueError):
                return  # the service was killed


class Kill(case.Case):
    """On PostgreSQL, whose log is what survives."""

    # Work long enough that a kill finds it under way. A conductor that finds its own name alive
    # in a shared database takes no calls for a heartbeat's length, lest it runs twice.
    OPTIONS = {'fake': {'deploy_delay': '0,1'}, 'conductor': {'heartbeat_interval': '1'}}

    def takes_calls(self):
        path = '/v1/nodes/node-0/management/boot_device/supported'
        return self.castiron.request('GET', path).status == 200

    def settle(self, name):
        """Waits until nothing works on the node any more; gives it."""
        def settled():
            node = self.castiron.node(name)
            return node if node['reservation'] is None and (
                node['provision_state'] in STABLE or 'wait' in node['provision_state']) else None
        return self.castiron.wait_until(settled, 20, '%s to settle' % name)

    def lead_on(self, name):
        """Takes the node to `available` by documented verbs."""
        for _ in range(8):
            node = self.settle(name)
            if node['provision_state'] == 'available':
                return
            if node['maintenance']:
                self.ask('DELETE', '/v1/nodes/%s/maintenance' % name, status=202)
            verb = WAY_ON.get(node['provision_state'])
            self.assertIsNotNone(verb, 'no way on from %s' % node['provision_state'])
            self.ask('PUT', '/v1/nodes/%s/states/provision' % name, {'target': verb}, 202)
        self.fail('%s never became available: %s' % (name, self.castiron.node(name)))

    def test_nothing_acknowledged_is_lost_and_no_node_stays_locked(self):
        names = ['node-%d' % n for n in range(WRITERS)]
        for name in names:
            self.ask('POST', '/v1/nodes', {'driver': 'fake-hardware', 'name': name}, 201)
        chance = random.Random(7)
        last = dict.fromkeys(names, -1)
        for turn in range(ROUNDS):
            writers = [Writer(self.castiron, name, turn * 100 + n)
                       for n, name in enumerate(names)]
            for w in writers:
                w.sent = w.acknowledged = last[w.name_of_node]
                w.start()
            time.sleep(chance.uniform(0.05, 1.0))
            self.castiron.kill()
            for w in writers:
                w.stop = True
                w.join()
            self.castiron.start()
            self.castiron.wait_until(self.takes_calls, 10, 'the conductor to take calls')
            for w in writers:
                self.assertIsNone(w.wrong)
                node = self.settle(w.name_of_node)
                kept = node['extra'].get('n', -1)
                self.assertGreaterEqual(kept, w.acknowledged, 'round %d: %s' % (turn, node))
                self.assertLessEqual(kept, w.sent)
                last[w.name_of_node] = kept
        for name in names:
            self.lead_on(name)


class KillOnSqlite(Kill):
    """The same with everything in one file."""

    ENGINE = 'sqlite'
