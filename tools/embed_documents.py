#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns what the API serves beside itself into C text.

    embed_documents.py OUTPUT CONTRACT.yaml FILE...

Each becomes a row DOCUMENT(path, type, etag, length, bytes): the contract as JSON at /openapi.json,
page.html at /docs, any other file below /docs/.
"""
import hashlib
import json
import os
import sys

import yaml

TYPES = {'.html': 'text/html; charset=UTF-8', '.js': 'text/javascript; charset=UTF-8',
         '.css': 'text/css; charset=UTF-8', '.png': 'image/png', '.txt': 'text/plain; charset=UTF-8'}
LINE_BYTES = 80
PLAIN = {c: chr(c) for c in range(32, 127)}
PLAIN.update({ord('"'): '\\"', ord('\\'): '\\\\', ord('?'): '\\?', ord('\n'): '\\n'})


def literal(data):
    """Octal escapes have three digits each: no character behind can be taken for one of theirs."""
    for start in range(0, len(data), LINE_BYTES):
        piece = data[start:start + LINE_BYTES]
        yield '    "%s"' % ''.join(PLAIN.get(byte) or '\\%03o' % byte for byte in piece)


def row(path, kind, data):
    etag = hashlib.sha256(data).hexdigest()[:32]
    return 'DOCUMENT("%s", "%s", "\\"%s\\"", %d,\n%s)\n' % (
        path, kind, etag, len(data), '\n'.join(literal(data)))


def main():
    output, contract, *files = sys.argv[1:]
    with open(contract, encoding='utf-8') as text:
        document = yaml.load(text, Loader=getattr(yaml, 'CSafeLoader', yaml.SafeLoader))
    with open(output, 'w', encoding='ascii') as made:
        made.write('/* Made by tools/embed_documents.py. */\n')
        made.write(row('/openapi.json', 'application/json',
                       json.dumps(document, separators=(',', ':'), ensure_ascii=False).encode()))
        for path in files:
            name = os.path.basename(path)
            with open(path, 'rb') as file:
                made.write(row('/docs' if name == 'page.html' else '/docs/' + name,
                               TYPES[os.path.splitext(name)[1]], file.read()))


if __name__ == '__main__':
    main()
