#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares base/json with Python's json over generated documents.

Usage: json_differential.py PROGRAM [COUNT [SEED]], PROGRAM being json_roundtrip. What Python
takes must be taken, what it refuses refused with the same words, and what is printed must be
the same bytes, as json.dumps() and as repr() write it. Meant differences, which are tested too:

- nesting deeper than 1000 is refused; Python's own limit depends on its stack;
- text that is not UTF-8 is refused, as bytes.decode() does, but in other words;
- the message about an integer of more than 4300 digits leaves out how to raise that limit;
- repr() escapes characters that no release of Unicode has assigned, here they stay.
"""
import json
import random
import struct
import subprocess
import sys
import unicodedata

DEPTH = 1000
ALPHABET = [
    lambda r: r.randrange(0x20, 0x7f), lambda r: r.randrange(0x20),
    lambda r: r.choice(b'"\\/\x7f'), lambda r: r.randrange(0x80, 0x100),
    lambda r: r.randrange(0x100, 0x800), lambda r: r.randrange(0x800, 0xd800),
    lambda r: r.randrange(0xe000, 0x10000), lambda r: r.randrange(0xd800, 0xe000),
    lambda r: r.randrange(0x10000, 0x110000)]
FIXED = [
    '', ' ', '\n\t\r ', '\ufeff1', '\x0b1', '\u00a01', 'nul', 'null', 'nulll', ' true ', 'True',
    'NaN', '-NaN', 'Infinity', '-Infinity', '+1', 'Infinit', '-Infinit', '-', '--1', '-a', '1-',
    '0', '-0', '00', '01', '-01', '1.', '.5', '1.e5', '1e', '1e+', '1E5', '1e5', '1e-', '0e0',
    '-0.0', '-0e5', '1e400', '-1e400', '1e-400', '1.7976931348623157e308', '1.8e308',
    '1.7976931348623159e308', '5e-324', '2e-324', '2.2250738585072014e-308', '1e22', '1e23',
    '1e15', '1e16', '123456789012345678', '9007199254740993.0', '0.1', '1e20', '0.0001',
    '0.00001', '1E-7', '999999999999999.9', '9999999999999998.0', '1' * 4300, '1' * 4301,
    '-' + '9' * 4300, '9223372036854775807', '9223372036854775808', '-9223372036854775808',
    '-9223372036854775809', '1.' + '0' * 5000 + '1', '0.' + '0' * 400 + '1e390',
    '[', ']', '[1', '[1,', '[1,]', '[,1]', '[1 2]', '[]]', '[] []', '[ ]', '[1 ,2 ]', '[1}',
    '{', '}', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{,}', '{"a" 1}', '{a:1}',
    '{"a":1 "b":2}', '{"a":1]', '{"a":}', '{ }', '{"a": 1, "b": 2, "a": 3}', "{'a': 1}",
    '{"":{"":{"":""}}}', '{"\\u0000": 1, "\\u0000b": 2, "": 3}', '{"a\\u0000x": 1, "a\\u0000y": 2}',
    '"', '"a', '"\\', '"\\"', '"\\x"', '"\\u"', '"\\u1"', '"\\u12"', '"\\u123"', '"\\u1234"',
    '"\\u123', '"\\u1234', '"\\uXYZW"', '"\\u 123"', '"\\u0x12"', '"\\ud83d"', '"\\ude00"',
    '"\\ud83d\\ude00"', '"\\ude00\\ud83d"', '"\\ud83d\\ud83d\\ude00"', '"\\ud83dx"', '"\\ud83d\\n"',
    '"\\ud83d\\u"', '"\\ud83d\\u1"', '"\\ud83d\\u12', '"\\ud83d\\uzzzz"', '"\\ud83d\\', '"\\ud83d\\u0041"',
    '"\\u0000"', '"a\\u0000b"', '"\x00"', '"a\tb"', '"a\nb"', '"\x7f"', '"\\/"', '"\\b\\f\\n\\r\\t"',
    '"\u2028\u2029"', '"it\'s"', '"it\'s \\"it\\""', '[\n1,\n\n x]', '[\n"é😀",\r\n x]', '"é\x01"',
    '[' * 100 + ']' * 100, '{"a":' * 100 + '1' + '}' * 100, '/* */ 1', '1 // x', '[1]x', 'é',
]


def text(r):
    chars = [chr(r.choice(ALPHABET)(r)) for _ in range(int(r.expovariate(0.15)))]
    return ''.join(chars)


def number(r):
    kind = r.randrange(8)
    if kind == 0:
        return str(r.randrange(-10, 11))
    if kind == 1:
        return str(r.getrandbits(r.randrange(1, 140)) * r.choice([1, -1]))
    if kind == 2:
        return str(r.choice([2**63, -2**63, 2**64, 10**18]) + r.randrange(-3, 4))
    if kind == 3:
        return repr(struct.unpack('<d', r.randbytes(8))[0]).replace('inf', 'Infinity').replace(
            'nan', 'NaN')
    if kind == 4:
        return repr(r.uniform(-1000, 1000))
    if kind == 5:
        return repr(2.0 ** r.randrange(-1074, 1024))
    if kind == 6:
        digits = ''.join(r.choice('0123456789') for _ in range(r.randrange(1, 40)))
        return '%s%s.%se%+d' % (r.choice(['', '-']), r.randrange(10), digits, r.randrange(-400, 400))
    return r.choice(['NaN', 'Infinity', '-Infinity', '1e400', '-1e999', '1e-999', '-0', '-0.0'])


def string(r):
    """A string literal, escaped in one of the ways that are allowed."""
    value = text(r)
    if r.randrange(2):
        return json.dumps(value)
    out = []
    for c in value:
        if ord(c) < 0x20 or c in '"\\' or 0xd800 <= ord(c) < 0xe000 or r.randrange(8) == 0:
            out.append(json.dumps(c)[1:-1] if r.randrange(2) or ord(c) > 0xffff else
                       r.choice(['\\u%04x', '\\u%04X']) % ord(c))
        else:
            out.append(c)
    return '"%s"' % ''.join(out)


def space(r):
    return '' if r.randrange(3) else ''.join(r.choice(' \n\t\r') for _ in range(r.randrange(4)))


def document(r, depth=0):
    kind = r.randrange(9 if depth < 6 else 5)
    if kind < 2:
        body = number(r)
    elif kind < 4:
        body = string(r)
    elif kind == 4:
        body = r.choice(['null', 'true', 'false'])
    elif kind < 7:
        body = '[%s%s]' % (space(r), ','.join(document(r, depth + 1) for _ in range(r.randrange(6))))
    else:
        keys = [string(r) for _ in range(r.randrange(6))]
        if keys and r.randrange(4) == 0:
            keys.append(r.choice(keys))
        body = '{%s%s}' % (space(r), ','.join(
            space(r) + k + space(r) + ':' + document(r, depth + 1) for k in keys))
    return space(r) + body + space(r)


def mutate(r, source):
    chars = list(source)
    for _ in range(r.randrange(1, 4)):
        at = r.randrange(len(chars) + 1)
        what = r.randrange(4)
        if what == 0 and chars:
            del chars[at:at + r.randrange(1, 4)]
        elif what == 1:
            chars[at:at] = r.choice(['"', '\\', ',', ':', '{', '}', '[', ']', '0', '-', '.', 'e',
                                     '\\u', '\\ud800', '\n', '\x00', '\x1f', 'é', '😀', 'null', ' '])
        elif what == 2:
            chars = chars[:at]
        elif at < len(chars):
            chars[at] = chr(r.choice(ALPHABET)(r))
    return ''.join(chars)


def documents(count, seed):
    r = random.Random(seed)
    for source in FIXED:
        yield source.encode()
    for _ in range(count):
        source = document(r)
        source = mutate(r, source) if r.randrange(3) == 0 else source
        # Lone surrogates can stand in a document only as escapes.
        yield source.encode('utf-8', 'replace')
    for exponent in range(-1074, 1024):
        yield b'[%a, %a]' % (2.0 ** exponent, 3.0 * 2.0 ** max(exponent - 2, -1074))
    for _ in range(count):
        yield b'%a' % struct.unpack('<d', r.randbytes(8))[0]
    for _ in range(count // 10):
        source = bytearray(document(r).encode('utf-8', 'replace'))
        source[r.randrange(len(source)):0] = r.choice(
            [b'\x80', b'\xc3', b'\xed\xa0\x80', b'\xf5\x80\x80\x80', b'\xc0\x80', b'\xff'])
        yield bytes(source)
    for depth in (DEPTH - 1, DEPTH, DEPTH + 1, 100000):
        yield b'[' * depth + b']' * depth
        yield b'{"a":' * depth + b'1' + b'}' * depth


def expected(source):
    """What json.loads makes of it: what json.dumps prints, what repr() prints, or an error."""
    try:
        decoded = source.decode()
    except UnicodeDecodeError as e:
        return None, None, 'The text is not valid UTF-8: byte 0x%02x in position %d' % (
            source[e.start], e.start)
    if max(source.count(b'['), source.count(b'{')) >= DEPTH - 1:
        # Generated as pure nesting: Python would need its recursion limit raised.
        deep = max(source.count(b'['), source.count(b'{'))
        return (None, None, 'nested') if deep > DEPTH else (source.replace(b'":', b'": '), None, None)
    try:
        value = json.loads(decoded)
    except json.JSONDecodeError as e:
        return None, None, str(e)
    except ValueError as e:
        return None, None, str(e).split(';')[0]
    return json.dumps(value).encode(), repr(value), None



def same_repr(value, got):
    """Unassigned characters are escaped by Python only; nothing else may differ."""
    got = got.decode()
    plain = ''.join('\\x%02x' % ord(c) if ord(c) < 0x100 and not c.isprintable() else
                    '\\u%04x' % ord(c) if ord(c) < 0x10000 and unicodedata.category(c) == 'Cn' else
                    '\\U%08x' % ord(c) if unicodedata.category(c) == 'Cn' else c for c in got)
    return value == plain


def compare(source, first, second):
    printed, shown, error = expected(source)
    if error is None:
        if first != b'=' + printed:
            return 'printed', printed, first
        if shown is not None and not same_repr(shown, second[1:]):
            return 'repr', shown, second.decode()
    elif first[:1] != b'!':
        return 'taken', error, first
    elif error == 'nested':
        if b'nested too deeply' not in first:
            return 'depth', error, first
    elif sys.version_info < (3, 13) and first[1:].decode() != error:
        return 'message', error, first
    return None


def main():
    program = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 20230420
    sources = list(documents(count, seed))
    data = b''.join(struct.pack('<I', len(s)) + s for s in sources)
    out = subprocess.run([program], input=data, stdout=subprocess.PIPE, check=True).stdout
    at, answers = 0, []
    while at < len(out):
        length, = struct.unpack_from('<I', out, at)
        answers.append(out[at + 4:at + 4 + length])
        at += 4 + length
    if len(answers) != 2 * len(sources):
        sys.exit('%d answers to %d documents' % (len(answers) // 2, len(sources)))
    failed = 0
    for i, source in enumerate(sources):
        difference = compare(source, answers[2 * i], answers[2 * i + 1])
        if difference:
            failed += 1
            if failed <= 20:
                print('%s differs\n  document %r\n  Python   %r\n  here     %r' % (
                    difference[0], source[:300], difference[1][:300], difference[2][:300]))
    print('%d documents, %d differences' % (len(sources), failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
