#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays recorded REST exchanges of Ironic against a server and tells where it answers otherwise.

    replay.py --url http://127.0.0.1:6385 --recording master [--groups ports,chassis]
              [--show-diff 20] [--to SEQ]

A recording (tests/golden/rest/*.jsonl.gz) is a list of exchanges in order, starting with an empty
database. All of them are sent, since later ones depend on earlier ones; --groups only chooses
which are reported. What may differ from run to run is put aside before comparing: dates, request
ids, the base of links, the conductor's host name, UUIDs that the server chose, the order of sets
printed in messages and of enabled interfaces.
"""
import argparse
import collections
import gzip
import http.client
import json
import os
import re
import sys
import time
import urllib.parse

import contract

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'golden', 'rest')
RECORDINGS = {'21.4': 'observed.jsonl.gz'}  # others are observed-NAME.jsonl.gz

UUID = re.compile(r'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}')
DATE = re.compile(r'\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?')
REQUEST_ID = re.compile(r'req-' + UUID.pattern)
# The recorder's client sent two Host headers for one exchange; 21.4 joined them with a comma.
RECORDED_BASE = re.compile(r'http://127\.0\.0\.1:1638[5-8](?:,(?=api\.example\.com))?')
RECORDED_HOST = re.compile(r'\brefhost(?:-m)?\b')
ELIDED = re.compile(r'\.\.\.\((\d+) bytes\)$')
HEADERS = ('x-openstack-ironic-api-version', 'x-openstack-ironic-api-minimum-version',
           'x-openstack-ironic-api-maximum-version', 'location', 'allow', 'content-type',
           'www-authenticate', 'vary', 'access-control-allow-origin',
           'access-control-allow-credentials', 'access-control-allow-methods',
           'access-control-allow-headers', 'access-control-max-age')
# After these the recorder waited until the node had settled.
SETTLES = re.compile(r'^/v1/(nodes/[^/]+/(states/|maintenance|management|vendor_passthru)'
                     r'|allocations)')
SETTLE_SECONDS = 15

Outcome = collections.namedtuple('Outcome', 'seq group agrees differences exchange answer')
Answer = collections.namedtuple('Answer', 'status headers body')


class Connection(http.client.HTTPConnection):
    """Sends paths and header values as they are, however odd."""

    def _validate_path(self, url):
        pass


class Client:
    """One keep-alive connection that is opened again when the server has closed it.

    Its own questions (get_json) say who asks: (name, value) of a header, when it is needed.
    """

    def __init__(self, url, who=None, ours=True):
        self.ours = ours  # is it castiron, whose every answer is held against the contract?
        self.own_headers = [('Accept', 'application/json')] + ([who] if who else [])
        parts = urllib.parse.urlsplit(url)
        self.base = '%s://%s' % (parts.scheme, parts.netloc)
        self.netloc = parts.netloc
        self.connection = None

    def _once(self, method, path, headers, body):
        if self.connection is None:
            self.connection = Connection(self.netloc, timeout=60)
        c = self.connection
        c.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        if not any(name.lower() == 'host' for name, _ in headers):
            c.putheader('Host', self.netloc)
        for name, value in headers:
            c.putheader(name, value)
        if body is not None or method in ('POST', 'PUT', 'PATCH'):
            c.putheader('Content-Length', str(len(body or b'')))
        c.endheaders()
        try:
            if body:
                c.send(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it was all sent: the answer is there to be read
        r = c.getresponse()
        answer = Answer(r.status, [(k.lower(), v) for k, v in r.getheaders()], r.read())
        if r.will_close:
            self.close()
        if self.ours:
            contract.judge(method, path, answer.status, dict(answer.headers), answer.body.decode('utf-8', 'replace'))
        return answer

    def request(self, method, path, headers=(), body=None):
        fresh = self.connection is None
        try:
            return self._once(method, path, headers, body)
        except (http.client.HTTPException, OSError):
            self.close()
            if fresh:
                raise
        return self._once(method, path, headers, body)

    def get_json(self, path, version='1.82'):
        version = ('X-OpenStack-Ironic-API-Version', version)
        answer = self.request('GET', path, [version] + self.own_headers)
        return json.loads(answer.body) if answer.status == 200 else None

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def load(name):
    """The exchanges of a recording, by its short name or a file."""
    path = os.path.join(GOLDEN, RECORDINGS.get(name, 'observed-%s.jsonl.gz' % name))
    path = path if os.path.exists(path) else name
    with (gzip.open if path.endswith('.gz') else open)(path, 'rt', encoding='utf-8') as lines:
        return [json.loads(line) for line in lines]


def chosen_uuids(exchanges):
    """UUIDs that the recorded server made up: seen in an answer before any request named them."""
    fixed, chosen = set(), set()
    for exchange in exchanges:
        request = exchange['request']
        fixed |= set(UUID.findall(request['path'] + (request.get('body') or ''))) - chosen
        response = json.dumps([exchange['response']['body'], exchange['response']['headers']])
        chosen |= set(UUID.findall(REQUEST_ID.sub('', response))) - fixed
    return chosen


def decode(text):
    """A body as data; the message inside an error envelope is decoded too."""
    try:
        value = json.loads(text, parse_constant=lambda word: '<%s>' % word)
    except ValueError:
        return text
    if isinstance(value, dict) and isinstance(value.get('error_message'), str):
        try:
            value['error_message'] = json.loads(value['error_message'])
        except ValueError:
            pass
    return value


def walk(value, change, key=None):
    """Applies change(text) to every string in value; sorts what has no order."""
    if isinstance(value, dict):
        return {change(k): walk(v, change, k) for k, v in value.items()}
    if isinstance(value, list):
        items = [walk(v, change) for v in value]
        unordered = key and re.match(r'enabled_.*_interfaces$', key)
        return sorted(items) if unordered else items
    return change(value) if isinstance(value, str) else value


def words(text):
    return sorted(w for w in re.split(r'[\s,;:\'"()\[\]{}]+', text) if w)


def differences(expected, got, where=''):
    """Lists (path, expected, got) where two decoded bodies differ."""
    if isinstance(expected, dict) and isinstance(got, dict):
        found = []
        for key in list(expected) + [k for k in got if k not in expected]:
            path = '%s/%s' % (where, key)
            if key not in got:
                found.append((path, expected[key], '(missing)'))
            elif key not in expected:
                found.append((path, '(none)', got[key]))
            else:
                found += differences(expected[key], got[key], path)
        return found
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        return [d for i, (e, g) in enumerate(zip(expected, got))
                for d in differences(e, g, '%s/%d' % (where, i))]
    if type(expected) is type(got) and expected == got:
        return []
    message = where.endswith(('/faultstring', '/description', '/error_message'))
    if message and isinstance(expected, str) and isinstance(got, str):
        if words(expected) == words(got):
            return []
    return [(where or '/', expected, got)]


class Replay:
    """One pass of a recording over one server."""

    def __init__(self, url, exchanges, who=None, ours=True):
        self.client = Client(url, who, ours)
        self.exchanges = exchanges
        self.chosen = chosen_uuids(exchanges)
        self.ours = {}  # recorded UUID -> UUID that this server chose instead
        known = self.client.get_json('/v1/conductors') or {}
        hosts = [c['hostname'] for c in known.get('conductors', [])]
        self.host = hosts[0] if hosts else 'localhost'

    def to_ours(self, text):
        text = UUID.sub(lambda m: self.ours.get(m.group(), m.group()), text)
        return RECORDED_HOST.sub(self.host, text)

    def expected_text(self, text):
        text = RECORDED_BASE.sub(lambda m: 'http://' if m.group().endswith(',') else '{base}', text)
        return self.vague(RECORDED_HOST.sub('{host}', text))

    def got_text(self, text):
        text = text.replace(self.client.base, '{base}')
        text = re.sub(r'(?<![\w.-])%s(?![\w.-])' % re.escape(self.host), '{host}', text)
        return self.vague(text)

    @staticmethod
    def vague(text):
        return DATE.sub('{date}', REQUEST_ID.sub('{request-id}', text))

    def learn(self, expected, got):
        """Pairs the UUIDs that the recorded server chose with those that this one chose."""
        if isinstance(expected, dict) and isinstance(got, dict):
            for key in expected.keys() & got.keys():
                self.learn(expected[key], got[key])
        elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
            for e, g in zip(expected, got):
                self.learn(e, g)
        elif isinstance(expected, str) and isinstance(got, str):
            theirs, ours = UUID.findall(expected), UUID.findall(got)
            if len(theirs) == len(ours) and UUID.sub('', expected) == UUID.sub('', got):
                for t, o in zip(theirs, ours):
                    if t in self.chosen:
                        self.ours.setdefault(t, o)

    def send(self, request):
        body = request.get('body')
        if body is not None:
            elided = ELIDED.search(body)
            if elided:
                head = body[:elided.start()]
                tail = '"' + '}' * (head.count('{') - head.count('}'))
                body = head + 'x' * (int(elided.group(1)) - len(head) - len(tail)) + tail
            body = b'\xff\xfe' if '\ufffd' in body else self.to_ours(body).encode()
        headers = [(name, self.to_ours(value)) for name, value in request['headers']]
        return self.client.request(request['method'], self.to_ours(request['path']), headers, body)

    def settle(self, request, status):
        """Waits for the work that goes on behind an accepted request."""
        place = SETTLES.match(request['path'])
        if status not in (200, 201, 202, 204) or request['method'] == 'GET' or not place:
            return
        deadline = time.monotonic() + SETTLE_SECONDS
        if place.group(1) == 'allocations':
            while time.monotonic() < deadline:
                listed = (self.client.get_json('/v1/allocations') or {}).get('allocations', [])
                if not any(a['state'] == 'allocating' for a in listed):
                    return
                time.sleep(0.02)
            return
        ident = request['path'].split('/')[3]
        path = self.to_ours('/v1/nodes/%s?fields=reservation,target_power_state' % ident)
        while time.monotonic() < deadline:
            node = self.client.get_json(path)
            if not node or not (node['reservation'] or node['target_power_state']):
                return
            time.sleep(0.02)

    def compare(self, exchange, answer):
        response, found = exchange['response'], []
        if answer.status != response['status']:
            found.append(('status', response['status'], answer.status))
        theirs = {name.lower(): value for name, value in response['headers']}
        ours = dict(answer.headers)
        for name in HEADERS:
            e, g = theirs.get(name), ours.get(name)
            e = self.expected_text(e) if e is not None else None
            g = self.got_text(g) if g is not None else None
            self.learn(e, g)
            e = self.to_ours(e) if e is not None else None
            if name == 'allow':
                e, g = words(e or ''), words(g or '')
            if e != g:
                found.append(('header ' + name, e, g))
        if response.get('body_truncated'):
            return found
        expected = walk(decode(response['body']), self.expected_text)
        got = walk(decode(answer.body.decode('utf-8', 'replace')), self.got_text)
        self.learn(expected, got)
        expected = walk(expected, lambda t: self.to_ours(t))
        if 'internal integer id in the message' in exchange['varies']:
            expected, got = (walk(v, lambda t: re.sub(r'\d+', '{n}', t)) for v in (expected, got))
        return found + [d for d in differences(expected, got)
                        if d[0] not in exchange['varies'] or not (d[1] and d[2])]

    def run(self, to=None):
        """Sends everything in order; gives an Outcome for each exchange."""
        for exchange in self.exchanges:
            if to is not None and exchange['seq'] > to:
                break
            try:
                answer = self.send(exchange['request'])
                found = self.compare(exchange, answer)
                self.settle(exchange['request'], answer.status)
            except (http.client.HTTPException, OSError) as error:
                answer, found = None, [('connection', 'an answer', repr(error))]
                self.client.close()
            yield Outcome(exchange['seq'], exchange['group'], not found, found, exchange, answer)


def short(value, limit=400):
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= limit else text[:limit] + '… (%d)' % len(text)


def short_pair(expected, got):
    """Two values, cut to where they first differ when they are long."""
    texts = [v if isinstance(v, str) else json.dumps(v, sort_keys=True) for v in (expected, got)]
    at = len(os.path.commonprefix(texts))
    if max(map(len, texts)) > 400 and at > 100:
        texts = ['…[%d] %s' % (at - 40, t[at - 40:]) for t in texts]
    return tuple(map(short, texts))


def describe(outcome):
    """A few lines that say what was asked and what came instead."""
    request = outcome.exchange['request']
    headers = {k.lower(): v for k, v in request['headers']}
    lines = ['%d %s: %s %s [%s]%s' % (
        outcome.seq, outcome.group, request['method'], request['path'],
        headers.get('x-openstack-ironic-api-version'),
        '  (%s)' % outcome.exchange['note'] if outcome.exchange.get('note') else '')]
    if request.get('body'):
        lines.append('    body     ' + short(request['body']))
    for where, expected, got in outcome.differences[:12]:
        lines.append('    %s\n        expected %s\n        got      %s'
                     % (where, *short_pair(expected, got)))
    if len(outcome.differences) > 12:
        lines.append('    … %d more' % (len(outcome.differences) - 12))
    return '\n'.join(lines)


def table(outcomes):
    """Agreement by group, and in all."""
    by = collections.OrderedDict()
    for o in outcomes:
        agree, total = by.get(o.group, (0, 0))
        by[o.group] = (agree + o.agrees, total + 1)
    rows = ['%-20s %4d of %4d' % (group, a, t) for group, (a, t) in by.items()]
    agree, total = sum(o.agrees for o in outcomes), len(outcomes)
    rows.append('%-20s %4d of %4d  %.1f %%' % ('all', agree, total, 100.0 * agree / max(total, 1)))
    return '\n'.join(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--url', required=True)
    parser.add_argument('--recording', default='master', help='21.4, master, rbac-… or a file')
    parser.add_argument('--groups', help='report these groups only, separated by commas')
    parser.add_argument('--not-groups', help='leave these groups out of the report')
    parser.add_argument('--seq', help='report these exchanges only: 12,15-20')
    parser.add_argument('--show-diff', type=int, default=10, metavar='N')
    parser.add_argument('--to', type=int, metavar='SEQ', help='stop after this exchange')
    args = parser.parse_args()

    def wanted(o):
        if args.groups and o.group not in args.groups.split(','):
            return False
        if args.not_groups and o.group in args.not_groups.split(','):
            return False
        if args.seq:
            spans = [s.partition('-') for s in args.seq.split(',')]
            return any(int(a) <= o.seq <= int(b or a) for a, _, b in spans)
        return True

    outcomes, shown = [], 0
    for o in Replay(args.url, load(args.recording), ours=False).run(args.to):
        if not wanted(o):
            continue
        outcomes.append(o)
        if not o.agrees and shown < args.show_diff:
            print(describe(o), flush=True)
            shown += 1
    print(table(outcomes))
    sys.exit(0 if all(o.agrees for o in outcomes) else 1)


if __name__ == '__main__':
    main()
