#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""doc/upgrade-contract.md says which test proves each statement; this holds it to the tests.

    contract.py [--write]      writes the column of tests anew

A test proves S43 when S43 stands in its docstring (Python), in the comment above it (C), or in the
description of a rehearsal.
"""
import ast
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TABLE = os.path.join(ROOT, 'doc', 'upgrade-contract.md')
STATEMENTS = ['S%02d' % n for n in range(1, 77)]
NUMBER = re.compile(r'\bS\d\d\b')
ROW = re.compile(r'\| (S\d\d) \| (.*) \| (.*) \|')
C_TEST = re.compile(r'/\*((?:[^*]|\*(?!/))*)\*/\s*START_TEST\((\w+)\)')
NOTHING = 'not yet'


def of_python(path, found):
    with open(path, encoding='utf-8') as file:
        tree = ast.parse(file.read())
    module = os.path.relpath(path, os.path.join(ROOT, 'tests', 'integration'))[:-len('.py')]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith('test_'):
            for number in NUMBER.findall((ast.get_docstring(node) or '') + ' ' + node.name):
                found.append((number, '`%s` %s' % (module.replace(os.sep, '.'), node.name)))


def of_rehearsals(found):
    path = os.path.join(ROOT, 'tests', 'integration', 'rolling', 'rehearse.py')
    with open(path, encoding='utf-8') as file:
        tree = ast.parse(file.read())
    table = next(node.value for node in ast.walk(tree) if isinstance(node, ast.Assign)
                 and getattr(node.targets[0], 'id', '') == 'WHICH')
    for key, value in zip(table.keys, table.values):
        for number in NUMBER.findall(value.args[-1].value):
            found.append((number, '`make rehearse` %s' % key.value))


def of_c(path, found):
    with open(path, encoding='utf-8') as file:
        for comment, name in C_TEST.findall(file.read()):
            for number in NUMBER.findall(comment):
                found.append((number, '`%s` %s' % (
                    os.path.relpath(path, os.path.join(ROOT, 'tests'))[:-2], name)))


def proofs():
    """By number of statement: the tests, each once, in the order of their names."""
    found = []
    for path in glob.glob(os.path.join(ROOT, 'tests', 'integration', '**', 'test_*.py'),
                          recursive=True):
        of_python(path, found)
    of_rehearsals(found)
    for path in glob.glob(os.path.join(ROOT, 'tests', 'unit', '**', '*.c'), recursive=True):
        of_c(path, found)
    return {number: sorted({test for n, test in found if n == number})
            for number in sorted({n for n, _ in found} | set(STATEMENTS))}


def written_anew(text):
    """The table with the tests as they are, and what is wrong with it otherwise."""
    tests, rows, lines, wrong = proofs(), [], [], []
    for line in text.splitlines():
        match = ROW.fullmatch(line)
        if match:
            rows.append(match[1])
            shown = '; '.join(tests.get(match[1], ())) or NOTHING
            line = '| %s | %s | %s |' % (match[1], match[2], shown)
        lines.append(line)
    if rows != STATEMENTS:
        wrong.append('the statements are not S01 to S76, each once')
    wrong += ['%s is no statement, but %s names it' % (number, tests[number][0])
              for number in tests if number not in STATEMENTS]
    return '\n'.join(lines) + '\n', wrong


def main():
    with open(TABLE, encoding='utf-8') as file:
        text = file.read()
    new, wrong = written_anew(text)
    if sys.argv[1:] == ['--write']:
        with open(TABLE, 'w', encoding='utf-8') as file:
            file.write(new)
        text = new
    for number, (old, now) in enumerate(zip(text.splitlines(), new.splitlines()), 1):
        if old != now:
            wrong.append('%d: is now: %s (tests/style/contract.py --write)' % (number, now))
    for fault in wrong:
        print('doc/upgrade-contract.md:' + fault)
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
