#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every folder stands on the ones below: reads each #include and names those that look up."""
import re

import tree

FLOORS = {'base': 0, 'db': 1, 'objects': 2, 'rpc': 3, 'drivers': 4, 'conductor': 5, 'api': 5,
          'cmd': 6, 'tools': 7, 'tests': 7}
# The API talks to conductors by rpc/ only.
FORBIDDEN = {'api': ('drivers', 'conductor'), 'conductor': ('api',)}
# Third-party headers and the one file that may include each; jansson is common speech.
BEHIND = {
    'microhttpd.h': 'base/httpd.c',
    'gnutls/': 'base/httptls.c',
    'libpq-fe.h': 'db/pg.c',
    'sqlite3.h': 'db/sqlite.c',
    'archive': 'base/iso.c',
    'curl/': 'base/httpc.c',
    'yaml.h': 'api/policy_file.c',
    'openssl/': 'base/digest.c',
    'crypt.h': 'base/password.c',
    'amqp': 'rpc/amqp.c',
    'sanitizer/': 'base/arena.c',
}
SYSTEM = re.compile(
    r'^(jansson|assert|ctype|dirent|errno|fcntl|float|getopt|inttypes|limits|locale|math|netdb|'
    r'poll|pthread|pwd|grp|regex|sched|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|'
    r'stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|syslog|threads|time|unistd|wchar|'
    r'glob|fnmatch|malloc|endian|byteswap|ifaddrs)\.h$|^(sys|arpa|net|netinet|linux)/')
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def judge(path, kind, name):
    """Why this include is wrong, or None."""
    folder = path.split('/')[0]
    if kind == '<':
        for prefix, home in BEHIND.items():
            if name.startswith(prefix):
                return None if path == home else '<%s> belongs behind %s' % (name, home)
        if name == 'check.h' and folder == 'tests':
            return None
        return None if SYSTEM.match(name) else '<%s> is no header that is known here' % name
    target = name.split('/')[0]
    if '/' not in name or target not in FLOORS:
        return '"%s" does not start at the root of the repository' % name
    if folder == target:
        return None
    if FLOORS[target] >= FLOORS[folder] or target in FORBIDDEN.get(folder, ()):
        return '%s/ must not include "%s"' % (folder, name)
    return None


def main():
    findings, seen = [], 0
    for path in tree.files('.c', '.h', '.def'):
        if path.split('/')[0] not in FLOORS:
            findings.append((path, 1, 'is in no known folder'))
            continue
        seen += 1
        text = tree.read(path)
        for found in INCLUDE.finditer(text):
            why = judge(path, found.group(1), found.group(2))
            if why:
                findings.append((path, text.count('\n', 0, found.start(2)) + 1, why))
    tree.finish(findings, seen)


if __name__ == '__main__':
    main()
