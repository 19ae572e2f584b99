#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-format decides: .c and .h files are as it would write them."""
import collections
import re
import subprocess

import tree

FINDING = re.compile(r'^(.+?):(\d+):\d+: error: code should be clang-formatted', re.M)


def main():
    paths = tree.files('.c', '.h')
    findings = []
    if paths:
        done = subprocess.run(['clang-format', '--dry-run', '-Werror', *paths], cwd=tree.ROOT,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        places = collections.defaultdict(list)
        for path, line in FINDING.findall(done.stderr):
            places[path].append(int(line))
        findings = [(path, lines[0], 'clang-format writes %d places otherwise' % len(lines))
                    for path, lines in places.items()]
        if done.returncode != 0 and not findings:
            findings = [('clang-format', 0, done.stderr)]
    tree.finish(findings, len(paths))


if __name__ == '__main__':
    main()
