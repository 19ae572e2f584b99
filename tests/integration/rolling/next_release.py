# SPDX-License-Identifier: Apache-2.0
"""A second build of this repository: a release that does not exist yet.

What a release brings is made up by rows of the tables, as a developer would write them: a name for
what is now the newest, and after it an API version, a version of the calls and one of nodes, which
have a new field with its column and revision of the schema.
"""
import functools
import os
import re
import shutil
import subprocess

import server

PRESENT = '38.0'  # what the newest of today is called then
REVISION = '0123456789ab'
STATEMENT = '''-- What comes next.

-- takes: nodes, ACCESS EXCLUSIVE, catalog
ALTER TABLE nodes
    ADD COLUMN IF NOT EXISTS next_thing VARCHAR(255); -- sqlite: ADD COLUMN next_thing VARCHAR(255);
'''


def edit(folder, path, change):
    path = os.path.join(folder, path)
    with open(path, encoding='utf-8') as file:
        before = file.read()
    changed = change(before)
    if changed == before:
        raise AssertionError('%s is as it was' % path)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(changed)


def after(pattern, path):
    """The number of that pattern in a table of the repository, and one more."""
    with open(os.path.join(server.ROOT, path), encoding='utf-8') as file:
        return int(re.findall(pattern, file.read())[-1]) + 1


API = after(r'RELEASE\("master", (\d+)', 'objects/releases.def')
RPC = after(r'RELEASE\("master", \d+, (\d+)', 'objects/releases.def')
NODE = after(r'OBJECT\(Node, \d+, (\d+)\)', 'objects/releases.def')


def release(text):
    """What has no name gets one, and something newer comes after it."""
    row = re.search(r'(?ms)^RELEASE\("master",.*?\)\)\n', text)[0]
    new = re.sub(r'"master", \d+, \d+,', '"master", %d, %d,' % (API, RPC), row)
    new = re.sub(r'OBJECT\(Node, (\d+), \d+\)', r'OBJECT(Node, \1, %d)' % NODE, new)
    return text.replace(row, row.replace('"master"', '"%s"' % PRESENT) + new)


def microversion(text):
    return text.rstrip('\n') + '\nMICROVERSION(%d, NEXT, "what comes next")\n' % API


def node(text):
    return re.sub(r'(\.name = "Node",.*?\.minor = )\d+', r'\g<1>%d' % NODE, text)


def field(text):
    row = re.search(r'FIELD\(instance_name.*?\n.*?\n', text)[0]
    new = re.sub(r'NULLABLE, \d+, NONE,  \d+, ', 'NULLABLE, %d, NONE,  %d, ' % (NODE, API),
                 row.replace('instance_name, ', 'next_thing,    ', 1))
    return text.replace(row, row + new)


def pin(text):
    return text.replace('CHOICES("zed",', 'CHOICES("%s", "zed",' % PRESENT)


def revisions(text):
    row = re.findall(r'(?m)^REVISION\(\w+, .*\n', text)[-1]
    parent = re.match(r'REVISION\((\w+)', row)[1]
    return text.replace(row, '%sREVISION(%s, %s, "what comes next")\n' % (row, REVISION, parent))


def sources(text):
    """In db/meson.build, after the last file of a revision."""
    last = re.findall(r"(?m)^  'revisions/\w+\.sql',\n", text)[-1]
    return text.replace(last, "%s  'revisions/%s.sql',\n" % (last, REVISION))


def schema(text):
    row = '    instance_name VARCHAR(255),\n'
    return text.replace(row, row + '    next_thing VARCHAR(255),\n')


EDITS = {'objects/releases.def': release, 'api/microversions.def': microversion,
         'objects/node.c': node, 'objects/node.def': field, 'base/options.def': pin,
         'db/revisions.def': revisions, 'db/meson.build': sources,
         'db/revisions/newest.sql': schema}


@functools.cache
def make(folder=os.path.join(server.ROOT, 'build-next')):
    """Builds it, or what has changed of it; gives the folder of its programs."""
    source, build = os.path.join(folder, 'source'), os.path.join(folder, 'build')
    listed = subprocess.run(['git', 'ls-files', '-z'], cwd=server.ROOT, capture_output=True,
                            check=True, text=True).stdout.split('\0')
    shutil.rmtree(source, ignore_errors=True)
    for path in filter(None, listed):
        if not path.startswith('tests/') and os.path.isfile(os.path.join(server.ROOT, path)):
            os.makedirs(os.path.dirname(os.path.join(source, path)), exist_ok=True)
            shutil.copy2(os.path.join(server.ROOT, path), os.path.join(source, path))
    for path, change in EDITS.items():
        edit(source, path, change)
    with open(os.path.join(source, 'db', 'revisions', REVISION + '.sql'), 'w',
              encoding='utf-8') as file:
        file.write(STATEMENT)
    if not os.path.exists(os.path.join(build, 'build.ninja')):
        run(['meson', 'setup', build, source, '-Dtests=false', '--buildtype=debugoptimized'])
    run(['ninja', '-C', build])
    return build


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise AssertionError('%s:\n%s%s' % (command, done.stdout[-6000:], done.stderr[-2000:]))
