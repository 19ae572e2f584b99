# SPDX-License-Identifier: Apache-2.0
"""What the style checks share: the files of the repository, and how findings are told."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIP = re.compile(r'(^|/)(build[^/]*|var|\.git|__pycache__)(/|$)')
COMMENT_OR_STRING = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def files(*endings):
    """Paths below the root that end so: those git knows, or all where there is no git."""
    known = subprocess.run(['git', '-C', ROOT, 'ls-files', '-z'], stdin=subprocess.DEVNULL,
                           capture_output=True, text=True)
    if known.returncode == 0:
        paths = known.stdout.split('\0')
    else:
        paths = [os.path.relpath(os.path.join(folder, name), ROOT)
                 for folder, _, names in os.walk(ROOT) for name in names]
    return sorted(p for p in paths if p.endswith(endings) and not SKIP.search(p)
                  and os.path.isfile(os.path.join(ROOT, p)))


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as f:
        return f.read()


def code(text):
    """C text with comments and strings blanked out, line numbers kept."""
    return COMMENT_OR_STRING.sub(lambda m: re.sub(r'[^\n]', ' ', m.group()), text)


def finish(findings, seen):
    """Prints what was found; exits with 1 when there is anything, or nothing was looked at."""
    for path, line, what in findings:
        print('%s:%d: %s' % (path, line, what))
    if not seen:
        print('no files were found to check')
    sys.exit(1 if findings or not seen else 0)
