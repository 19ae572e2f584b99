#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functions that are not used here, and where the exceptions live."""
import re

import tree

# (what, in which files it is allowed, why not)
BANNED = [
    (r'strcpy|stpcpy|strcat|strncat|strncpy|sprintf|vsprintf|gets', None,
     'writes without a bound: ci_printf or struct ci_text'),
    (r'strtok|strtok_r', None, 'cuts text in place'),
    (r'atoi|atol|atoll|atof|strtol|strtoll|strtoul|strtoull|strtod|sscanf',
     r'base/', 'takes what is not a number: ci_parse_…'),
    (r'localtime|localtime_r|ctime|asctime', r'base/(time|log\w*)\.c$', 'base/time knows the forms'),
    (r'alloca', None, 'the stack has no bound to check'),
    (r'malloc|calloc|realloc|reallocarray|strdup|strndup|asprintf|vasprintf', r'base/|tests/',
     'memory comes from an arena: ci_alloc, ci_strdup, ci_printf'),
    (r'json_loads|json_loadb|json_loadf|json_loadfd|json_load_file|json_load_callback|'
     r'json_dumps|json_dumpb|json_dumpf|json_dumpfd|json_dump_file|json_dump_callback',
     r'tests/', 'base/json reads and prints what Python peers store'),
    (r'longjmp|setjmp|sigsetjmp', None, 'errors are returned'),
    (r'sleep|usleep', r'tests/|cmd/', 'wait for a condition with a deadline'),
]
UNFINISHED = re.compile(r'\b(TO' r'DO|FIX' r'ME|XX' r'X|HA' r'CK)\b')


def main():
    findings, seen = [], 0
    rules = [(re.compile(r'(?<![\w.>])(%s)\s*\(' % names), home and re.compile('^(%s)' % home), why)
             for names, home, why in BANNED]
    for path in tree.files('.c', '.h', '.def'):
        seen += 1
        text = tree.code(tree.read(path))
        for pattern, home, why in rules:
            if home and home.match(path):
                continue
            for found in pattern.finditer(text):
                line = text.count('\n', 0, found.start(1)) + 1
                findings.append((path, line, '%s: %s' % (found.group(1), why)))
    for path in tree.files('.c', '.h', '.def', '.py', '.sh', '.build', '.sql', '.conf', 'Makefile'):
        for number, line in enumerate(tree.read(path).split('\n'), 1):
            if UNFINISHED.search(line):
                findings.append((path, number, 'it is done or it is an issue'))
    tree.finish(findings, seen)


if __name__ == '__main__':
    main()
