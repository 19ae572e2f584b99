#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does the manual page of each program have the options of its --help, and no others?

    manual.py FOLDER PROGRAM…

A program's page is FOLDER/NAME.1 or .8; one that only says ".so man8/OTHER.8" stands for the other.
NAME-WORD.1 is the page of "NAME WORD", where that is no program of its own.
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


def options_of(command):
    said = subprocess.run([*command, '--help'], check=True, capture_output=True, text=True)
    return set(OPTION.findall(said.stdout))


def command_of(name, programs):
    """What the page of that name is about; None when nothing is."""
    if name in programs:
        return [programs[name]]
    program, _, word = name.rpartition('-')
    return [programs[program], word] if program in programs else None


def main():
    folder = sys.argv[1]
    programs = {os.path.basename(program): program for program in sys.argv[2:]}
    pages = {os.path.basename(path).rpartition('.')[0]: path
             for path in sorted(glob.glob(os.path.join(folder, '*.[18]')))}
    wrong = ['%s: has no manual page in %s' % (name, folder) for name in programs.keys() - pages]
    for name, path in pages.items():
        command = command_of(name, programs)
        if command is None:
            wrong.append('%s:1: there is no such program' % path)
            continue
        written = set(OPTION.findall(text_of(folder, path).replace('\\-', '-')))
        known = options_of(command)
        wrong += ['%s:1: %s %s' % (path, option, 'is not in the page' if option in known
                                   else 'is no option of %s' % name)
                  for option in sorted(written ^ known)]
    print('\n'.join(wrong))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
