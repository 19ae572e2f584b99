#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Policy rules against Debian's oslo.policy: generated rules, callers and records.

What oslo.policy cannot parse it takes for a rule that refuses; castiron refuses the rule itself.
Both must agree which rules those are, and on every answer of the others.
"""
import json
import logging
import random
import subprocess
import sys

from oslo_config import cfg
from oslo_policy import policy

logging.disable(logging.CRITICAL)
CHECKS = ['role:admin', 'role:Reader', 'role:%(node.owner)s', 'rule:a', 'rule:b', 'rule:none', '@', '!',
          'project_id:%(node.owner)s', 'project_id:%(node.lessee)s', 'system_scope:all',
          'project_id:%(missing)s', 'user_id:u1', "'p1':%(node.owner)s", 'None:%(project_id)s',
          'project_id:None', 'roles:admin', 'project_name:x%%y', 'project_name:%(user_id)s-%(node.owner)s',
          'True:True', '7:7', 'nothing:x', 'user_id:', '-3:-3', '"u1":%(user_id)s']
NOISE = ['and', 'or', 'not', '(', ')', 'AND', 'Or', '((', '))', "'word'"]


def tree(depth):
    kind = random.random()
    if depth == 0 or kind < 0.3:
        return random.choice(CHECKS)
    if kind < 0.45:
        return random.choice(['not ', 'NOT ']) + tree(depth - 1)
    if kind < 0.65:
        return '(' + tree(depth - 1) + random.choice([')', ' )'])
    return random.choice([' and ', ' or ', ' AND ', '  or\t']).join(
        tree(depth - 1) for _ in range(random.randint(2, 4)))


def rule():
    if random.random() < 0.1:
        return ' '.join(random.choice(CHECKS + NOISE) for _ in range(random.randint(1, 6)))
    return tree(random.randint(0, 4))


def case():
    rules = {'q': rule(), 'a': random.choice(['role:member', 'not role:admin', rule().replace('rule:', 'role:')]),
             'b': 'rule:a or role:service'}
    some = lambda *values: random.choice(values)
    creds = {'user_id': some('u1', 'u2'), 'project_id': some('p1', 'p2', None), 'project_name': some('x%y', 'u1-p1'),
             'system_scope': some('all', None),
             'roles': random.sample(['admin', 'reader', 'member', 'p1', 'service'], random.randint(0, 3))}
    target = {key: some('p1', 'p2') for key in ('node.owner', 'node.lessee') if random.random() < 0.7}
    return {'rules': rules, 'ask': 'q', 'creds': creds, 'target': target}


def is_understood(text):
    """Whether oslo.policy parses the rule, by whether it complains."""
    from oslo_policy import _parser
    complaints = []
    old, _parser.LOG.exception = _parser.LOG.exception, lambda *args: complaints.append(args)
    try:
        check = _parser.parse_rule(text)
    finally:
        _parser.LOG.exception = old
    return not complaints and not isinstance(check, str)


def is_circular(rules):
    return 'rule:b' in rules['a'] or 'rule:a' in rules['a']


def expected(one, enforcer):
    if not all(is_understood(text) for text in one['rules'].values()) or is_circular(one['rules']):
        return 'refused'
    enforcer.set_rules(policy.Rules.from_dict(one['rules']), overwrite=True, use_conf=False)
    target = dict(one['creds'], **one['target'])
    return 'yes' if enforcer.enforce('q', target, one['creds']) else 'no'


def main():
    random.seed(20)
    conf = cfg.ConfigOpts()
    conf([])
    enforcer = policy.Enforcer(conf, use_conf=False)
    cases = [case() for _ in range(20000)]
    wanted = [expected(one, enforcer) for one in cases]
    given = subprocess.run(sys.argv[1:], input=''.join(json.dumps(one) + '\n' for one in cases), text=True,
                           stdout=subprocess.PIPE, check=True).stdout.split()
    differ = [(one, want, got) for one, want, got in zip(cases, wanted, given) if want != got]
    for one, want, got in differ[:10]:
        print('oslo.policy says %s, we say %s: %s' % (want, got, json.dumps(one)))
    print('%d of %d differ; %s' % (len(differ), len(cases), {word: wanted.count(word) for word in set(wanted)}))
    if differ or len(given) != len(cases) or min(wanted.count(word) for word in ('yes', 'no', 'refused')) < 500:
        sys.exit(1)


main()
