#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares api/schema with Debian's jsonschema, as Ironic uses it, over generated pairs.

Usage: schema_differential.py PROGRAM [COUNT [SEED]], PROGRAM being schema_faults. The same
values must fit, and the words about those that do not must be the same. Patterns are such as
mean the same to Python and POSIX. Skipped (status 77) where there is no python3-jsonschema.
"""
import json
import random
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print('python3-jsonschema is not installed')
    sys.exit(77)

NAMES = ['a', 'b', 'c', "it's", '\u00e4']
SCALARS = [None, True, False, 0, 1, -1, 5, 2 ** 63, -2 ** 70, 0.0, 1.0, 1.5, 1e300, float('inf'),
           float('nan'), '', 'a', 'ab', 'abc', 'b1', '\u00e4\u00e4', "it's", 'x' * 20, '10.0.0.1', '::1']
TYPES = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object']


def value(r, depth=0):
    kind = r.random()
    if depth > 3 or kind < 0.55:
        return r.choice(SCALARS)
    if kind < 0.75:
        return [value(r, depth + 1) for _ in range(r.randrange(4))]
    return {r.choice(NAMES): value(r, depth + 1) for _ in range(r.randrange(4))}


def schemas(r, depth):
    return [schema(r, depth + 1) for _ in range(r.randrange(1, 4))]


def types(r):
    return r.choice(TYPES) if r.random() < 0.7 else r.sample(TYPES, r.randrange(1, 4))


KEYWORDS = {
    'type': lambda r, d: types(r),
    'enum': lambda r, d: [value(r, 3) for _ in range(r.randrange(1, 5))],
    'minLength': lambda r, d: r.randrange(4),
    'maxLength': lambda r, d: r.randrange(4),
    'pattern': lambda r, d: r.choice(['^a', 'b$', '^[a-c]+$', '[0-9]', 'a|b', '^(ab)?$']),
    'format': lambda r, d: r.choice(['ipv4', 'ipv6', 'nothing']),
    'minimum': lambda r, d: r.choice([0, 1, 2.5, -3]),
    'maximum': lambda r, d: r.choice([0, 1, 2.5, 10 ** 20]),
    'minItems': lambda r, d: r.randrange(3),
    'maxItems': lambda r, d: r.randrange(3),
    'uniqueItems': lambda r, d: r.random() < 0.8,
    'items': lambda r, d: schema(r, d + 1),
    'properties': lambda r, d: {n: schema(r, d + 1) for n in r.sample(NAMES, r.randrange(4))},
    'additionalProperties': lambda r, d: r.choice([False, False, True, schema(r, d + 1)]),
    'required': lambda r, d: r.sample(NAMES, r.randrange(3)),
    'dependentRequired': lambda r, d: {r.choice(NAMES): r.sample(NAMES, r.randrange(1, 3))},
    'anyOf': schemas,
    'oneOf': schemas,
    'allOf': schemas,
    '$ref': lambda r, d: '#/definitions/x',
    'bogus': lambda r, d: 1,
}


def schema(r, depth=0):
    names = [n for n in KEYWORDS if depth < 3 or n not in ('anyOf', 'oneOf', 'allOf', 'items',
                                                           'properties', 'additionalProperties')]
    if depth == 100:  # what is referred to refers to nothing
        names = ['type', 'enum', 'minLength', 'required']
    return {n: KEYWORDS[n](r, depth) for n in r.sample(names, min(len(names), 1 + int(r.expovariate(0.6))))}


def pair(r):
    made = schema(r)
    made['definitions'] = {'x': schema(r, 100)}
    return made, value(r)


def additional(validator, more, instance, made):
    """jsonschema's own goes through the members in the order of a set: any."""
    if not isinstance(more, dict):
        yield from jsonschema.Draft202012Validator.VALIDATORS['additionalProperties'](
            validator, more, instance, made)
    elif isinstance(instance, dict):
        for name in instance:
            if name not in made.get('properties', {}):
                yield from validator.descend(instance[name], more, path=name)


Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator,
                                         {'additionalProperties': additional})


def words(made, instance):
    """What Ironic says, as its argument validators put it together."""
    validator = Validator(
        made, format_checker=jsonschema.FormatChecker(formats=['ipv4', 'ipv6']))
    fault = jsonschema.exceptions.best_match(validator.iter_errors(instance))
    if fault is None:
        return None
    cause, current = None, fault
    while current.context:
        current = jsonschema.exceptions.best_match(current.context)
        cause = current.message
    return fault.message if cause is None else '%s. Possible root cause: %s' % (fault.message, cause)


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    r = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    # Through JSON, so that both sides see the same.
    pairs = [json.loads(json.dumps(pair(r))) for _ in range(count)]
    lines = ''.join('%s\n%s\n' % (json.dumps(s), json.dumps(v)) for s, v in pairs)
    done = subprocess.run([sys.argv[1]], input=lines, capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == count, '%d answers to %d pairs' % (len(told), count)
    failed, faults = 0, 0
    for (made, instance), ours in zip(pairs, told):
        theirs = words(made, instance)
        faults += theirs is not None
        if ours != theirs:
            failed += 1
            if failed <= 20:
                print('schema %s\nvalue  %s\njsonschema: %s\nours:       %s\n' % (
                    json.dumps(made), json.dumps(instance), theirs, ours))
    print('%d pairs, %d with faults, %d differ' % (count, faults, failed))
    assert faults > count // 4 and count - faults > count // 10, 'the pairs prove too little'
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
