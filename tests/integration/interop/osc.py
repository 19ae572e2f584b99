#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The `openstack` program, kept running: one JSON list of words a line in, what came of it out.

    osc.py --list       prints the names of all commands of `openstack baremetal`
    osc.py              {"code": exit status, "out": text, "err": text} for each line read

Each command is a shell of its own, as if the program was started for it; only Python and its
modules are loaded once. What shows something shows it as JSON. What the client sleeps before it
asks again is cut short. Runs under Debian's Python.
"""
import contextlib
import importlib.metadata
import io
import json
import logging
import sys
import time
import types

GROUP = 'openstack.baremetal.v1'
RETRY_S = 0.2


def commands():
    """Entry points by their words: "baremetal node list"."""
    return {point.name.replace('_', ' '): point
            for point in importlib.metadata.entry_points(group=GROUP)}


def shows(known, words):
    """Does the command that these words begin with show something, a list or one thing?"""
    from cliff import display
    named = max((name for name in known if words[:len(name.split())] == name.split()),
                key=len, default=None)
    return bool(named) and issubclass(known[named].load(), display.DisplayCommandBase)


def run(known, words):
    from openstackclient import shell
    if shows(known, words) and '-f' not in words:
        words = [*words, '-f', 'json']
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = shell.OpenStackShell().run(words)
        except SystemExit as left:
            code = left.code
    for handler in list(logging.getLogger().handlers):
        logging.getLogger().removeHandler(handler)
    return {'code': code or 0, 'out': out.getvalue(), 'err': err.getvalue()}


def main():
    known = commands()
    if sys.argv[1:] == ['--list']:
        print('\n'.join(sorted(known)))
        return
    from ironicclient.common import http
    http.time = types.SimpleNamespace(sleep=lambda seconds: time.sleep(min(seconds, RETRY_S)))
    for line in sys.stdin:
        print(json.dumps(run(known, json.loads(line))), flush=True)


if __name__ == '__main__':
    main()
