#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns SQL files into C text, once for each engine.

    embed_sql.py OUTPUT FILE.sql...

FILE.sql becomes the arrays ci_sql_FILE_pg and ci_sql_FILE_sqlite. Comments and blank lines are
left out; a line that ends in "-- sqlite: TEXT" is TEXT to SQLite.
"""
import os
import re
import sys


def lines_for(engine, text):
    for line in text.splitlines():
        if line.startswith('--'):
            continue
        line, mark, other = line.partition('-- sqlite:')
        if mark and engine == 'sqlite':
            line = other
        line = re.sub(r'--.*', '', line).strip()
        if line:
            yield line


def array(name, lines):
    quoted = ['    "%s\\n"' % line.replace('\\', '\\\\').replace('"', '\\"') for line in lines]
    return 'static const char %s[] =\n%s;\n' % (name, '\n'.join(quoted) or '    ""')


def main():
    output, *files = sys.argv[1:]
    with open(output, 'w', encoding='ascii') as made:
        made.write('/* Made by tools/embed_sql.py. */\n#pragma once\n')
        for path in files:
            with open(path, encoding='ascii') as sql:
                text = sql.read()
            stem = os.path.splitext(os.path.basename(path))[0]
            for engine in ('pg', 'sqlite'):
                made.write('\n' + array('ci_sql_%s_%s' % (stem, engine), lines_for(engine, text)))


if __name__ == '__main__':
    main()
