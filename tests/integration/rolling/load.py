# SPDX-License-Identifier: Apache-2.0
"""Clients of a cluster: each answer is counted, timed, and held against what it must be.

Readers and writers ask at a given rate and know each answer beforehand. The walkers lead nodes
through their states and find out what became of everything that was accepted.
"""
import collections
import http.client
import json
import random
import threading
import time

VERSION = '1.82'  # what the oldest of the services speaks
LATE_S = 90  # what was accepted and has not come about by then is lost

Answer = collections.namedtuple('Answer', 'at seconds name by status request_id problem')


class Client:
    """One connection that is kept, to the balancer; every answer goes into `answers`."""

    def __init__(self, port, answers):
        self.port, self.answers = port, answers
        self.connection = None

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def _ask(self, method, path, body, version):
        if self.connection is None:
            self.connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=100)
        headers = {'Accept': 'application/json', 'X-OpenStack-Ironic-API-Version': version}
        data = None
        if body is not None:
            data = json.dumps(body)
            headers['Content-Type'] = 'application/json'
        self.connection.request(method, path, body=data, headers=headers)
        response = self.connection.getresponse()
        return response, response.read()

    def ask(self, name, method, path, body=None, status=200, check=None, version=VERSION):
        """Gives the body as data, or None when the answer is not what it must be."""
        at, began = time.time(), time.monotonic()
        found, by, request_id, problem, data = 0, '', None, None, None
        try:
            response, text = self._ask(method, path, body, version)
            found, by = response.status, response.getheader('X-Served-By', '')
            request_id = response.getheader('Openstack-Request-Id')
            if response.getheader('Connection', '').lower() == 'close':
                self.close()
            if found != status:
                problem = '%s %s: %d %s' % (method, path, found, text[:400])
            else:
                data = json.loads(text) if text else {}
                problem = check and check(data)
        except (OSError, http.client.HTTPException, ValueError) as error:
            problem = '%s %s: %r' % (method, path, error)
            self.close()
        self.answers.append(Answer(at, time.monotonic() - began, name, by, found, request_id,
                                   problem))
        return None if problem else data


def differs(field, expected):
    """A check: is the field what was written?"""
    return lambda data: None if data.get(field) == expected else '%s is %r, not %r' % (
        field, data.get(field), expected)


class Mix(threading.Thread):
    """A client of its own nodes: `rate` requests a second, 15 of 100 of them writes."""

    READS = ('node', 'node', 'own', 'own', 'states', 'list', 'filter', 'conductors', 'latest')

    def __init__(self, port, answers, rate, uuids, own, seed):
        super().__init__(daemon=True)
        self.client = Client(port, answers)
        self.pause, self.uuids, self.own = 1 / rate, uuids, own
        self.chance = random.Random(seed)
        self.written = {}
        self.ending = threading.Event()

    def run(self):
        due = time.monotonic() + self.chance.random() * self.pause
        while not self.ending.wait(max(0, due - time.monotonic())):
            # Nobody makes up for what a slow answer has held up for long.
            due = max(due + self.pause, time.monotonic() - 1)
            if self.chance.random() < 0.15:
                self.write()
            else:
                getattr(self, 'read_' + self.chance.choice(self.READS))()
        self.client.close()

    def write(self):
        uuid = self.chance.choice(self.own)
        number = self.chance.randrange(10 ** 9)
        path = '/v1/nodes/' + uuid
        if self.chance.random() < 0.2:
            trait = 'CUSTOM_%d' % number
            if self.client.ask('traits', 'PUT', path + '/traits', {'traits': [trait]},
                               204) is not None:
                self.client.ask('traits?', 'GET', path + '/traits',
                                check=differs('traits', [trait]))
            return
        patch = [{'op': 'add', 'path': '/extra/n', 'value': number}]
        # Until its answer is right nobody knows what was written.
        self.written.pop(uuid, None)
        if self.client.ask('patch', 'PATCH', path, patch,
                           check=differs('extra', {'n': number})) is not None:
            self.written[uuid] = {'n': number}

    def read_node(self):
        uuid = self.chance.choice(self.uuids)
        self.client.ask('node', 'GET', '/v1/nodes/' + uuid, check=differs('uuid', uuid))

    def read_own(self):
        uuid = self.chance.choice(self.own)
        expected = self.written.get(uuid)
        check = differs('extra', expected) if expected else differs('uuid', uuid)
        self.client.ask('own node', 'GET', '/v1/nodes/' + uuid, check=check)

    def read_states(self):
        uuid = self.chance.choice(self.uuids)
        self.client.ask('states', 'GET', '/v1/nodes/%s/states' % uuid)

    def read_list(self):
        marker = self.chance.choice(self.uuids)
        self.client.ask('list', 'GET', '/v1/nodes?limit=20&marker=' + marker)

    def read_filter(self):
        self.client.ask('filter', 'GET', '/v1/nodes?provision_state=active&limit=20'
                        '&fields=uuid,name,extra')

    def read_conductors(self):
        self.client.ask('conductors', 'GET', '/v1/conductors',
                        check=lambda data: None if data['conductors'] else 'nobody is there')

    def read_latest(self):
        uuid = self.chance.choice(self.uuids)
        self.client.ask('latest', 'GET', '/v1/nodes/' + uuid, version='latest',
                        check=differs('uuid', uuid))


# What is asked of a node in a state, and the state that it comes to.
VERBS = {'enroll': [('manage', 'manageable')],
         'manageable': [('provide', 'available'), ('inspect', 'manageable')],
         'available': [('active', 'active'), ('manage', 'manageable')],
         'active': [('rebuild', 'active'), ('deleted', 'available')]}
SHOWN = ('uuid', 'provision_state', 'target_provision_state', 'power_state',
         'target_power_state', 'reservation', 'provision_updated_at', 'last_error')


def is_at_rest(node):
    """Nothing is under way, and there is a verb for its state."""
    return not (node['reservation'] or node['target_provision_state'] or
                node['target_power_state']) and node['provision_state'] in VERBS


class Walkers:
    """Nodes that are turned on and off, provisioned and changed: one question at a time each."""

    THREADS = 8
    LOOK_S = 0.3

    def __init__(self, port, answers, uuids, rate):
        self.port, self.answers, self.rate = port, answers, rate
        self.lock = threading.Lock()
        self.idle = collections.deque(uuids)  # in no work that is known of
        self.busy = {}  # uuid: (until when, what it was asked, is it done?)
        self.seen = {}
        self.lost, self.wrong = [], []
        self.unsure = {}  # uuid: since when it is unknown whether a question was taken
        self.ending = threading.Event()
        self.uuids = set(uuids)
        self.threads = [threading.Thread(target=self.watch, daemon=True)]
        self.threads += [threading.Thread(target=self.walk, args=(n,), daemon=True)
                         for n in range(self.THREADS)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def all_rate(self):
        """Requests a second of all of them."""
        return self.rate + 1 / self.LOOK_S

    def look(self, client):
        """Reads all nodes at once; what has come about is free for the next question."""
        began = time.monotonic()
        data = client.ask('walkers', 'GET', '/v1/nodes?owner=walkers&limit=1000&fields='
                          + ','.join(SHOWN))
        if data is None:
            return
        now = time.monotonic()
        with self.lock:
            self.seen = {node['uuid']: node for node in data['nodes']}
            for uuid, asked in list(self.unsure.items()):
                if asked < began and is_at_rest(self.seen[uuid]):
                    self.unsure.pop(uuid)
                    self.idle.append(uuid)
            for uuid, (asked, until, what, is_done) in list(self.busy.items()):
                node = self.seen[uuid]
                if asked > began:  # the list may be older than that
                    continue
                if node['reservation'] is None and is_done(node):
                    self.busy.pop(uuid)
                    self.idle.append(uuid)
                elif node['last_error'] or 'fail' in (node['provision_state'] or ''):
                    self.wrong.append((what, node))
                    self.busy.pop(uuid)
                elif now > until:
                    self.lost.append((what, node))
                    self.busy.pop(uuid)

    def watch(self):
        client = Client(self.port, self.answers)
        while not self.ending.wait(self.LOOK_S):
            self.look(client)
        until = time.monotonic() + LATE_S + 5
        while self.busy and time.monotonic() < until:
            time.sleep(self.LOOK_S)
            self.look(client)
        client.close()

    def walk(self, number):
        client = Client(self.port, self.answers)
        chance = random.Random(number)
        pause = self.THREADS / self.rate
        due = time.monotonic() + chance.random() * pause
        while not self.ending.wait(max(0, due - time.monotonic())):
            due = max(due + pause, time.monotonic() - 1)
            with self.lock:
                uuid = self.idle.popleft() if self.idle else None
                node = self.seen.get(uuid)
                if uuid and not (node and is_at_rest(node)):
                    self.idle.append(uuid)
                    node = None
            if node:
                self.ask(client, chance, node)
        client.close()

    def ask(self, client, chance, node):
        kind = chance.random()
        if kind < 0.4:
            self.turn(client, node)
        elif kind < 0.75:
            self.provision(client, chance, node)
        else:
            number = chance.randrange(10 ** 9)
            reply = client.ask('patch', 'PATCH', '/v1/nodes/' + node['uuid'],
                               [{'op': 'add', 'path': '/extra/w', 'value': number}],
                               check=differs('extra', {'w': number}))
            self.expect(reply is not None, node, 'patch', lambda now: True)

    def expect(self, accepted, node, what, is_done):
        now = time.monotonic()
        with self.lock:
            if accepted:
                self.busy[node['uuid']] = (now, now + LATE_S, what, is_done)
            else:
                self.unsure[node['uuid']] = now

    def turn(self, client, node):
        target = 'power off' if node['power_state'] == 'power on' else 'power on'
        reply = client.ask('power', 'PUT', '/v1/nodes/%s/states/power' % node['uuid'],
                           {'target': target}, 202)
        self.expect(reply is not None, node, target, lambda now: (
            now['power_state'] == target and not now['target_power_state']))

    def provision(self, client, chance, node):
        verb, state = chance.choice(VERBS[node['provision_state']])
        reply = client.ask('provision', 'PUT', '/v1/nodes/%s/states/provision' % node['uuid'],
                           {'target': verb}, 202)
        before = node['provision_updated_at']
        self.expect(reply is not None, node, verb, lambda now: (
            now['provision_state'] == state and now['provision_updated_at'] != before))


class Load:
    """All clients of a rehearsal."""

    THREADS = 24  # that read and write, at most

    def __init__(self, port, uuids, own, walkers, rate, walks):
        """`own` are nodes that are changed, `walkers` those that are led through their states."""
        self.answers = collections.deque()
        threads = max(2, min(self.THREADS, int(rate / 6)))
        share = max(1, len(own) // threads)
        self.mixes = [Mix(port, self.answers, rate / threads, uuids,
                          own[n * share:(n + 1) * share], n) for n in range(threads)]
        self.walkers = Walkers(port, self.answers, walkers, walks)

    def start(self):
        for mix in self.mixes:
            mix.start()
        self.walkers.start()
        return self

    def set_rate(self, rate):
        """From now on so many requests a second, by the same clients."""
        for mix in self.mixes:
            mix.pause = len(self.mixes) / rate

    def stop(self):
        """Ends all and waits for what was accepted."""
        for mix in self.mixes:
            mix.ending.set()
        self.walkers.ending.set()
        for thread in [*self.mixes, *self.walkers.threads]:
            thread.join(LATE_S + 120)
        return self

    def failed(self):
        return [answer for answer in list(self.answers) if answer.problem]


def p99(seconds):
    """The 99th percentile of times; None of none."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] if ordered else None
