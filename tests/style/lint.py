#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does the contract please a standard linter of OpenAPI (Redocly's, from the npm registry)?

    lint.py CONTRACT FOLDER

The linter is installed into FOLDER, once, as openapi/package-lock.json says. Without npm, or where
its registry cannot be reached, nothing is found out: 77 is what the test harness calls skipped.
A contract with an error in it is tried too: the linter must find that one.
"""
import os
import shutil
import subprocess
import sys

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'openapi')
FILES = ('package.json', 'package-lock.json', 'lint.mjs')
SKIPPED = 77


def install(folder):
    """Is the linter there?"""
    if shutil.which('npm') is None:
        return False
    os.makedirs(folder, exist_ok=True)
    for name in FILES:
        shutil.copy(os.path.join(SOURCE, name), folder)
    if os.path.exists(os.path.join(folder, 'node_modules', '.package-lock.json')):
        return True
    done = subprocess.run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund',
                           '--fetch-retries=1', '--fetch-timeout=20000'],
                          cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stderr)
    return done.returncode == 0


def lint(folder, contract):
    return subprocess.run(['node', os.path.join(folder, 'lint.mjs'), contract],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)


def main():
    contract, folder = map(os.path.abspath, sys.argv[1:])
    if not install(folder):
        print('skipped: the linter cannot be installed')
        return SKIPPED
    broken = os.path.join(folder, 'broken.yaml')
    with open(contract, encoding='utf-8') as whole, open(broken, 'w', encoding='utf-8') as text:
        text.write(whole.read().replace('operationId: get_v1_ports\n', 'operationId: get_v1_nodes\n', 1))
    found = lint(folder, broken)
    if 'operation-operationId-unique' not in found.stdout:
        print('the linter does not find two operations of one name: %s%s' % (found.stdout, found.stderr))
        return 1
    done = lint(folder, contract)
    sys.stdout.write(done.stdout + done.stderr)
    return done.returncode


if __name__ == '__main__':
    sys.exit(main())
