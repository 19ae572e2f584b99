# SPDX-License-Identifier: Apache-2.0
"""All commands of `openstack baremetal`, run on two services whose answers are compared.

commands.txt says which command lines are run; a command that no line names fails the suite. The
exit status, what is shown and what is complained about must be the same, apart from what the
clock, the dice and the address of the service decide.
"""
import collections
import difflib
import json
import os
import re
import shlex
import subprocess
import tempfile
import uuid

import stack as stacks

HERE = os.path.dirname(os.path.abspath(__file__))
OSC = ['/usr/bin/python3', os.path.join(HERE, 'osc.py')]
NAMES = ('n1', 'n2', 'n3', 'p1', 'p2', 'chassis', 'nobody', 'instance', 'vif', 'port1', 'port2', 'group',
         'connector', 'target', 'allocation', 'template')
UUIDS = {name: str(uuid.UUID(int=0x11110000000040008000000000000000 + n))
         for n, name in enumerate(NAMES, 1)}
FILES = {
    'objects.json': {'chassis': [{'description': 'from a file', 'nodes': [
        {'driver': 'fake-hardware', 'name': 'from-file', 'properties': {'a': 'b'},
         'portgroups': [{'name': 'group-from-file', 'ports': [{'address': '52:54:00:00:02:01'}]}],
         'ports': [{'address': '52:54:00:00:02:02'}]}]}]},
    'broken.json': {'nodes': [{'driver': 'nothing', 'name': 'broken'}]},
}
USAGE = 2  # exit status of a command line that the client does not understand
# What no two services have in common: pattern, what stands for it.
VARIES = [
    (re.compile(r'https?://127\.0\.0\.1:\d+'), '<url>'),
    (re.compile(r'\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?'), '<time>'),
    (re.compile(r"'[0-9a-f]{8}-[0-9a-f-]*\.\.\."), "'<uuid>..."),
    # The newest release tells the client which request failed.
    (re.compile(r' \(Request-ID: req-[0-9a-f-]{36}\)'), ''),
]
ENABLED = re.compile(r'("enabled[_ ][^"]+": ")([^"]*)(")', re.I)  # a set, printed in any order
UUID = re.compile(r'[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}')


def commands():
    """The names of all commands of the client."""
    return subprocess.run([*OSC, '--list'], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env=stacks.environment(), check=True).stdout.split('\n')[:-1]


def lines(folder):
    """Name and words of each command line of commands.txt; what comes again has a number."""
    with open(os.path.join(HERE, 'commands.txt'), encoding='utf-8') as text:
        rows = [row.strip() for row in text if row.strip() and not row.startswith('#')]
    seen = collections.Counter()
    for row in rows:
        words = [word.format(folder=folder, **UUIDS) for word in shlex.split(row)]
        # Options of the program itself stand before the command.
        start = 2 if words[0].startswith('--') else 0
        seen[row] += 1
        name = row if seen[row] == 1 else '%s (%d)' % (row, seen[row])
        yield name, [*words[:start], 'baremetal', *words[start:]]


def unnamed():
    """Commands of the client that no line runs."""
    run = [' '.join(words) for _, words in lines('')]
    return [name for name in commands() if not any(re.search(r'\b%s( |$)' % name, one) for one in run)]


def in_order(found):
    """Names of a list that has no order, in one."""
    return found[1] + ', '.join(sorted(found[2].split(', '))) + found[3]


def plain(text, folder):
    """Text without what varies; widths of columns follow from what is in them."""
    for pattern, stands in VARIES:
        text = pattern.sub(stands, text)
    known = set(UUIDS.values())
    text = UUID.sub(lambda found: found[0] if found[0] in known else '<uuid>', text)
    text = ENABLED.sub(in_order, text)
    return re.sub(r'([ -])\1+', r'\1', text.replace(folder, '<folder>'))


def result(answer, folder):
    """What came of a command line, as far as it is the same on another service."""
    out, err = plain(answer['out'], folder), plain(answer['err'], folder)
    if answer['code'] == USAGE:
        # The usage that comes before lists options in no fixed order.
        err = err.rstrip().split('\n')[-1]
    return {'code': answer['code'], 'out': out, 'err': err}


def run(stack):
    """Runs every line on the stack; gives {line: result}, in order."""
    environment = (stack.keystone.environment('devstack-system-admin') if stack.keystone
                   else {'OS_AUTH_TYPE': 'none', 'OS_ENDPOINT': stack.url})
    results = {}
    with tempfile.TemporaryDirectory(prefix='castiron-osc-') as folder:
        for name, content in FILES.items():
            with open(os.path.join(folder, name), 'w', encoding='utf-8') as file:
                json.dump(content, file)
        client = subprocess.Popen(OSC, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                  env=stacks.environment(**environment), cwd=folder)
        with client:
            for row, words in lines(folder):
                client.stdin.write(json.dumps(words) + '\n')
                client.stdin.flush()
                results[row] = result(json.loads(client.stdout.readline()), folder)
                stack.settle()
            client.stdin.close()
    return results


def differences(wanted, found):
    """What differs between two results, as lines; empty if nothing does."""
    if (wanted['code'], wanted['err']) == (found['code'], found['err']):
        try:
            if json.loads(wanted['out']) == json.loads(found['out']):
                return []
        except ValueError:
            pass
    texts = [('exit %s\n%s%s' % (one['code'], one['out'], one['err'])).split('\n')
             for one in (wanted, found)]
    return [line for line in difflib.unified_diff(*texts, n=0, lineterm='')
            if not line.startswith(('---', '+++', '@@'))]


def compare(wanted, found):
    """{line: [status, reason]} of the results found."""
    outcomes = {}
    for line, expected in wanted.items():
        differ = differences(expected, found[line])
        outcomes[line] = ['fail' if differ else 'pass', '\n'.join(differ)]
    return outcomes
