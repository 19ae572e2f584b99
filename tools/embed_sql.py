#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns SQL files into C, once for each engine.

    embed_sql.py OUTPUT FILE.sql...

newest.sql, a whole schema, becomes the texts ci_sql_newest_pg and ci_sql_newest_sqlite. Any
other FILE.sql, the steps of a revision, becomes ci_steps_FILE_pg and ci_steps_FILE_sqlite, arrays
of struct ci_step (db/revision.h), one a statement. Before each statement a comment says what it
takes:

    -- takes: TABLE, LOCK, catalog|index|copy[, pg|sqlite]

the lock by PostgreSQL's name, the last word where only one engine has the statement. A statement
ends where a line ends in ";" outside of $$.

Comments and blank lines are left out; a line that ends in "-- sqlite: TEXT" is TEXT to SQLite.
"""
import os
import re
import sys

ENGINES = ('pg', 'sqlite')
TAKES = re.compile(r'-- takes: (\w+), ([A-Z ]+), (catalog|index|copy)(?:, (pg|sqlite))?$')


def line_for(engine, line):
    """The line as the engine gets it; nothing when there is nothing left."""
    if line.startswith('--'):
        return ''
    line, mark, other = line.partition('-- sqlite:')
    if mark and engine == 'sqlite':
        line = other
    return re.sub(r'--.*', '', line).strip()


def quoted(lines, indent):
    return '\n'.join('%s"%s\\n"' % (indent, line.replace('\\', '\\\\').replace('"', '\\"'))
                     for line in lines)


def whole(engine, stem, text):
    lines = [line for line in (line_for(engine, raw) for raw in text.splitlines()) if line]
    return 'static const char ci_sql_%s_%s[] =\n%s;\n' % (stem, engine, quoted(lines, '    '))


def statements(path, text):
    """(what it takes, its lines as written) of each statement."""
    takes, lines, in_body = None, [], False
    for number, line in enumerate(text.splitlines(), 1):
        found = TAKES.match(line)
        if found:
            takes, lines = found, []
        elif line.startswith('--') or not line.strip():
            continue
        elif takes is None:
            sys.exit('%s:%d: nothing says what this statement takes' % (path, number))
        else:
            lines.append(line)
            in_body ^= line.count('$$') % 2
            if line_for('pg', line).endswith(';') and not in_body:
                yield takes, lines
                takes = None
    if takes is not None or in_body:
        sys.exit('%s: the last statement has no end' % path)


def steps(engine, stem, path, text):
    rows = []
    for takes, lines in statements(path, text):
        table, lock, work, only = takes.groups()
        if only in (None, engine):
            kept = [line for line in (line_for(engine, raw) for raw in lines) if line]
            rows.append('    {.table = "%s", .lock = "%s", .work = CI_STEP_%s, .sql =\n%s},\n'
                        % (table, lock, work.upper(), quoted(kept, '        ')))
    return ('static const struct ci_step ci_steps_%s_%s[] = {\n%s    {.sql = NULL},\n};\n'
            % (stem, engine, ''.join(rows)))


def main():
    output, *files = sys.argv[1:]
    with open(output, 'w', encoding='ascii') as made:
        made.write('/* Made by tools/embed_sql.py. */\n#pragma once\n')
        for path in files:
            with open(path, encoding='ascii') as sql:
                text = sql.read()
            stem = os.path.splitext(os.path.basename(path))[0]
            for engine in ENGINES:
                made.write('\n' + (whole(engine, stem, text) if stem == 'newest'
                                   else steps(engine, stem, path, text)))


if __name__ == '__main__':
    main()
