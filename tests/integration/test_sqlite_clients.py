# SPDX-License-Identifier: Apache-2.0
"""Thirty-two clients write and read at once on SQLite: every answer is the good one."""
import threading
import time

import case

CLIENTS = 32
ROUNDS = 20


class SqliteClients(case.Case):
    """SQLite has one writer; the others wait, and nobody hears of it."""

    ENGINE = 'sqlite'

    def work(self, number, wrong):
        name = 'node-%d' % number
        ask = self.castiron.request
        steps = [('POST', '/v1/nodes', {'driver': 'fake-hardware', 'name': name}, (201,))]
        for n in range(ROUNDS):
            steps += [
                ('PATCH', '/v1/nodes/' + name,
                 [{'op': 'add', 'path': '/extra/n', 'value': n}], (200,)),
                ('GET', '/v1/nodes/' + name, None, (200,)),
                ('GET', '/v1/nodes?limit=10', None, (200,)),
                # The work behind a power request may still hold the node.
                ('PUT', '/v1/nodes/%s/states/power' % name, {'target': 'power on'}, (202, 409)),
            ]
        for method, path, body, good in steps:
            reply = ask(method, path, body)
            deadline = time.monotonic() + 20
            while reply.status == 409 and method == 'PATCH' and time.monotonic() < deadline:
                reply = ask(method, path, body)  # locked by its own power request
            if reply.status not in good or 'database is locked' in reply.text:
                wrong.append('%s %s: %r' % (method, path, reply))
                return
        if self.castiron.node(name)['extra'] != {'n': ROUNDS - 1}:
            wrong.append('%s lost a write' % name)

    def test_no_lock_error_in_any_answer(self):
        wrong = []
        threads = [threading.Thread(target=self.work, args=(n, wrong)) for n in range(CLIENTS)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual([], wrong[:5])
        self.assertEqual(CLIENTS, len(self.ask('GET', '/v1/nodes').json['nodes']))
        self.assertNotIn('database is locked', self.castiron.log(10 ** 7))
