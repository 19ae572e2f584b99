#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Has this release its notes, with all that releasenotes/README.md asks for?"""
import glob
import os
import re
import sys

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECTIONS = ('prelude', 'features', 'upgrade', 'deprecations', 'security', 'fixes')


def names():
    """What pin_release_version takes; "newest" is a release without a name yet."""
    with open(os.path.join(ROOT, 'objects', 'releases.def'), encoding='utf-8') as file:
        return set(re.findall(r'(?m)^(?:RELEASE|ALIAS)\("([^"]+)"', file.read())) | {'newest'}


def faults(path):
    with open(path, encoding='utf-8') as file:
        note = yaml.safe_load(file)
    for section in set(note) - {'pin', *SECTIONS}:
        yield 'no section %s' % section
    for section in SECTIONS:
        text = note.get(section, [])
        if not isinstance(text, list) or not all(isinstance(part, str) for part in text):
            yield '%s is no list of paragraphs' % section
    if not note.get('upgrade'):
        yield 'what is to be done in an upgrade?'
    if note.get('pin') not in names():
        yield 'pin is no release: %s' % note.get('pin')


def main():
    with open(os.path.join(ROOT, 'meson.build'), encoding='utf-8') as file:
        version = re.search(r"version: '([^']+)'", file.read())[1]
    paths = sorted(glob.glob(os.path.join(ROOT, 'releasenotes', '*.yaml')))
    wrong = ['%s:1: %s' % (os.path.relpath(path, ROOT), fault)
             for path in paths for fault in faults(path)]
    if not any(os.path.basename(path) == version + '.yaml' for path in paths):
        wrong.append('releasenotes/%s.yaml:1: is missing' % version)
    print('\n'.join(wrong))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
