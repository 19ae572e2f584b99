# SPDX-License-Identifier: Apache-2.0
"""The steps of doc/upgrade.md: what a test runs is what an operator reads."""
import collections
import os
import re

import server

GUIDE = os.path.join(server.ROOT, 'doc', 'upgrade.md')
PROMPT = re.compile(r'([a-z]+-\d+)# (.+)')

Step = collections.namedtuple('Step', 'section machine command')


def script(text):
    """Commands that no guide has: a line each, with its prompt."""
    return [Step('', *PROMPT.fullmatch(line.strip()).groups())
            for line in text.strip().splitlines()]


def steps(chapter, path=GUIDE):
    """The commands below the heading `## chapter`, in order."""
    found, here, section, inside = [], False, '', False
    with open(path, encoding='utf-8') as lines:
        for number, line in enumerate(map(str.rstrip, lines), 1):
            if line.startswith('```'):
                inside = line == '```console'
            elif line.startswith('## '):
                here = line[3:] == chapter
            elif line.startswith('### '):
                section = line[4:]
            elif here and inside:
                match = PROMPT.fullmatch(line)
                if not match:
                    raise AssertionError('%s:%d: no prompt: %s' % (path, number, line))
                found.append(Step(section, *match.groups()))
    if not found:
        raise AssertionError('%s has no commands below "## %s"' % (path, chapter))
    return found
