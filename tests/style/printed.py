#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is a file still what its printer prints?

    printed.py FILE PRINTER [ARGUMENT…]

Prints the difference and how to mend it, and fails, when not.
"""
import difflib
import subprocess
import sys


def main():
    path, command = sys.argv[1], sys.argv[2:]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    with open(path, encoding='utf-8') as file:
        kept = file.read()
    if kept == printed:
        return 0
    sys.stdout.writelines(difflib.unified_diff(kept.splitlines(True), printed.splitlines(True),
                                               path, ' '.join(command)))
    print('%s:1: is out of date: run %s > %s' % (path, ' '.join(command), path))
    return 1


if __name__ == '__main__':
    sys.exit(main())
