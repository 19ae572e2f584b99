#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does the manual page of each program have the options of its --help, and no others?

    manual.py FOLDER PROGRAM…

A program's page is FOLDER/NAME.1 or .8; one that only says ".so man8/OTHER.8" stands for the other.
"""
import glob
import os
import re
import subprocess
import sys

OPTION = re.compile(r'(?<![\w-])--[a-z][a-z-]*')


def text_of(folder, path):
    with open(path, encoding='utf-8') as page:
        text = page.read()
    other = re.fullmatch(r'\.so man8/(.*)\n', text)
    return text_of(folder, os.path.join(folder, other[1])) if other else text


def main():
    folder, programs = sys.argv[1], sys.argv[2:]
    wrong = 0
    for program in programs:
        name = os.path.basename(program)
        pages = glob.glob(os.path.join(folder, name + '.[18]'))
        if len(pages) != 1:
            print('%s: has %d manual pages in %s' % (name, len(pages), folder))
            wrong += 1
            continue
        written = set(OPTION.findall(text_of(folder, pages[0]).replace('\\-', '-')))
        said = subprocess.run([program, '--help'], check=True, capture_output=True, text=True)
        known = set(OPTION.findall(said.stdout))
        for option in sorted(written ^ known):
            print('%s:1: %s %s' % (pages[0], option, 'is not in the page' if option in known
                                   else 'is no option of %s' % name))
            wrong += 1
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
