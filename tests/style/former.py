#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does doc/upgrade.md show the options of base/former.def, with their defaults of now?"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FORMER = re.compile(r'^FORMER\("[^"]*", (\w+), +(\w+), +"([^"]*)",\s+"([^"]*)"\)', re.M)
OPTION = re.compile(r'^OPTION\((\w+), (\w+), \w+, "([^"]*)"', re.M)


def read(*names):
    with open(os.path.join(ROOT, *names), encoding='utf-8') as file:
        return file.read()


def main():
    now = {row[:2]: row[2] for row in OPTION.findall(read('base', 'options.def'))}
    rows = ['| `[%s]%s` | `%s` | `%s` | %s |' % (section, name, was, now[section, name], change)
            for section, name, was, change in FORMER.findall(read('base', 'former.def'))]
    shown = re.findall(r'^\| `\[.*', read('doc', 'upgrade.md'), re.M)
    if rows and rows == shown:
        return 0
    print('doc/upgrade.md:1: its table of options is not that of base/former.def:\n%s'
          % '\n'.join(rows))
    return 1


if __name__ == '__main__':
    sys.exit(main())
