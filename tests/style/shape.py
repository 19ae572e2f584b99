#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The outer form of files: licence line, opening comment, length of files and functions."""
import re

import tree

FILE_LINES = 800
FUNCTION_LINES = 50
BARE_LINES = 12
OPENING = re.compile(r'\A/\* SPDX-License-Identifier: Apache-2\.0 \*/\n')
COMMENT = re.compile(r'/\*.*?\*/', re.S)


def functions(text):
    """(line, length, body) of each function: braces alone in the first column."""
    start = None
    lines = text.split('\n')
    for number, line in enumerate(lines, 1):
        if line == '{':
            start = number
        elif line.startswith('}') and start is not None:
            yield start, number - start - 1, '\n'.join(lines[start:number])
            start = None


def judge_c(path, text):
    if not OPENING.match(text):
        yield 1, 'does not begin with the SPDX line'
        return
    rest = text.split('\n', 1)[1]
    if path.endswith('.h'):
        # A header that expands a table is included once for each table and cleans up after it.
        if '#pragma once' not in rest and '#undef' not in rest:
            yield 1, 'has no #pragma once'
        # A header that only expands a table says nothing that the table does not.
        if not COMMENT.search(rest) and text.count('\n') > BARE_LINES:
            yield 1, 'has no comment: the header is the manual'
    elif not path.startswith(('tests/unit/', 'tests/golden/')) and not rest.lstrip().startswith('/*'):
        yield 2, 'has no opening comment that says what the file is for'
    if not path.endswith('.def') and text.count('\n') > FILE_LINES:
        yield FILE_LINES, 'is longer than %d lines: look for the second subject' % FILE_LINES
    for line, length, body in functions(text):
        if length > FUNCTION_LINES and 'switch (' not in body:
            yield line, 'a function of %d lines; %d is a screen' % (length, FUNCTION_LINES)


def judge_script(text):
    head = text.split('\n')[:3]
    if not any('SPDX-License-Identifier: Apache-2.0' in line for line in head):
        yield 1, 'has no SPDX line at its top'
    if text.count('\n') > FILE_LINES:
        yield FILE_LINES, 'is longer than %d lines' % FILE_LINES


def main():
    findings, seen = [], 0
    for path in tree.files('.c', '.h', '.def'):
        seen += 1
        findings += [(path, line, what) for line, what in judge_c(path, tree.read(path))]
    for path in tree.files('.py', '.sh'):
        findings += [(path, line, what) for line, what in judge_script(tree.read(path))]
    tree.finish(findings, seen)


if __name__ == '__main__':
    main()
