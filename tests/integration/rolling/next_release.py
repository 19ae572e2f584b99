# SPDX-License-Identifier: Apache-2.0
"""A second build of this repository: a release that does not exist yet.

What a release brings is made up by rows of the tables, as a developer would write them: a name for
what is now the newest, and after it an API version, a version of the calls and one of nodes.
"""
import functools
import os
import re
import shutil
import subprocess

import server

PRESENT = '38.0'  # what the newest of today is called then
OPTION = 'base/options.def'


def edit(folder, path, change):
    path = os.path.join(folder, path)
    with open(path, encoding='utf-8') as file:
        before = file.read()
    after = change(before)
    if after == before:
        raise AssertionError('%s is as it was' % path)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(after)


def newest(text):
    """The row of the newest release, which has no name."""
    return re.search(r'(?ms)^RELEASE\("master", (\d+), (\d+),.*?\)\)\n', text)


def release(text):
    row = newest(text)
    nodes = re.sub(r'OBJECT\(Node, (\d+), (\d+)\)',
                   lambda m: 'OBJECT(Node, %s, %d)' % (m[1], int(m[2]) + 1), row[0])
    after = nodes.replace('"master", %s, %s,' % row.groups(), '"master", %d, %d,' % (
        int(row[1]) + 1, int(row[2]) + 1))
    return text.replace(row[0], row[0].replace('"master"', '"%s"' % PRESENT) + after)


def microversion(text):
    minor = max(int(n) for n in re.findall(r'(?m)^MICROVERSION\((\d+),', text)) + 1
    return text.rstrip('\n') + '\nMICROVERSION(%d, NEXT, "what comes next")\n' % minor


def node(text):
    return re.sub(r'(\.name = "Node",.*?\.minor = )(\d+)',
                  lambda m: m[1] + str(int(m[2]) + 1), text)


def pin(text):
    return text.replace('CHOICES("zed",', 'CHOICES("%s", "zed",' % PRESENT)


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
    for path, change in (('objects/releases.def', release), (OPTION, pin),
                         ('api/microversions.def', microversion), ('objects/node.c', node)):
        edit(source, path, change)
    if not os.path.exists(os.path.join(build, 'build.ninja')):
        run(['meson', 'setup', build, source, '-Dtests=false', '--buildtype=debugoptimized'])
    run(['ninja', '-C', build])
    return build


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise AssertionError('%s:\n%s%s' % (command, done.stdout[-6000:], done.stderr[-2000:]))
