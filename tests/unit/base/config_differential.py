#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads the same configuration files with castiron and with oslo.config and compares.

    config_differential.py CONFIG_DUMP

Files written by hand for each rule of the grammar, then files made at random from pieces that
are likely to go wrong. The table of options comes from castiron itself. Where both differ on
purpose (an empty value), `expected` says how.
"""
import json
import os
import random
import subprocess
import sys
import tempfile

try:
    import logging
    from oslo_config import cfg, types
except ImportError:
    print('oslo.config is not installed')
    sys.exit(77)

DUMP = sys.argv[1]
RANDOM_FILES = 400
BYTES = 'utf-8'

FILES = [
    '',
    '[DEFAULT]\n',
    '[DEFAULT]\nhost = a\n',
    '[DEFAULT]\nhost=a\nhost=b\n',
    '[DEFAULT]\nhost: a=b\n',
    '[DEFAULT]\nhost= "quoted " \n',
    '[DEFAULT]\nhost=\'a"\n',
    '[DEFAULT]\nhost="\n',
    '[DEFAULT]\nhost="a\n  b"\n',
    '[DEFAULT]\nhost=a\n  b\n\tc\n',
    '[DEFAULT]\nhost=a\n\n  b\n',
    '[DEFAULT]\nhost=a\n# comment\n  b\n',
    '[DEFAULT]\n  host=a\n',
    '[DEFAULT]\nhost=a ; no comment\n',
    '[DEFAULT]\nhost=a # none either\n',
    '; c\n# c\n[DEFAULT]\nhost=a\n',
    'host=a\n',
    '[DEFAULT\nhost=a\n',
    '[]\nhost=a\n',
    '[DEFAULT]\nhost\n',
    '[DEFAULT]\n=a\n',
    '[default]\nhost=a\n',
    '[API]\nport=7\n[Api]\nmax_limit=8\n',
    '[DEFAULT]\r\nhost=a\r\nmy_ip=b\rtempdir=c\n',
    '[DEFAULT]\nhost=$my_ip\nmy_ip=x\n',
    '[DEFAULT]\nhost=${my_ip}y\nmy_ip=x\n',
    '[DEFAULT]\nhost=$$my_ip \\$my_ip $ $1 ${ ${x $-\n',
    '[DEFAULT]\nhost=$nothing\n',
    '[DEFAULT]\nhost=${nothing}\n',
    '[DEFAULT]\nhost=$api.port\n',
    '[DEFAULT]\nhost=$api.nothing\n',
    '[DEFAULT]\nhost=$nowhere.port\n',
    '[DEFAULT]\nhost=$DEFAULT.my_ip\nmy_ip=x\n',
    '[DEFAULT]\nmy_ip=x\n[api]\npublic_endpoint=http://$my_ip:$port/\n',
    '[DEFAULT]\nmy_ip=$debug $enabled_hardware_types $raw_image_growth_factor $ldlinux_c32\n',
    '[DEFAULT]\nmy_ip=$conductor.deploy_kernel_by_arch\n[conductor]\ndeploy_kernel_by_arch=a:b,c:d\n',
    '[DEFAULT]\nhost=$my_ip\nmy_ip=$tempdir\ntempdir=$pybasedir/x\n',
    '[DEFAULT]\nstate_path=/s\n',
    '[DEFAULT]\nhost=$my_ip.\n',
    '[DEFAULT]\nhost=$MY_IP\n',
    '[DEFAULT]\ndebug=TRUE\nuse_json=On\nuse_syslog=0\n',
    '[DEFAULT]\ndebug=2\n',
    '[DEFAULT]\ndebug=\n',
    '[DEFAULT]\ndebug= true \n',
    '[DEFAULT]\nenabled_hardware_types=a,b , c,,d,,\n',
    '[DEFAULT]\nenabled_hardware_types=\n',
    '[DEFAULT]\nenabled_hardware_types=,\n',
    '[DEFAULT]\nenabled_hardware_types=a, ,\n',
    '[DEFAULT]\nenabled_hardware_types="a,b"\n',
    '[DEFAULT]\nenabled_hardware_types=a,\n  b,\n  c\n',
    '[DEFAULT]\nauth_strategy=noauth\n',
    '[DEFAULT]\nauth_strategy=Noauth\n',
    '[DEFAULT]\nauth_strategy=\n',
    '[DEFAULT]\nlog_rotation_type=SIZE\n',
    '[DEFAULT]\nraw_image_growth_factor=1e2\n',
    '[DEFAULT]\nraw_image_growth_factor=0.5\n',
    '[DEFAULT]\nraw_image_growth_factor=x\n',
    '[api]\nport= 80 \n',
    '[api]\nport=+80\n',
    '[api]\nport=8_0\n',
    '[api]\nport=_80\n',
    '[api]\nport=8__0\n',
    '[api]\nport=-1\n',
    '[api]\nport=65536\n',
    '[api]\nport=0x50\n',
    '[api]\nport=80.0\n',
    '[api]\nport=080\n',
    '[api]\nhost_ip=::\n',
    '[api]\nhost_ip=1.2.3\n',
    '[api]\nhost_ip=a.example\n',
    '[api]\nhost_ip=a..b\n',
    '[api]\nhost_ip=-a\n',
    '[api]\nhost_ip=a_b\n',
    '[api]\nhost_ip=\n',
    '[conductor]\nworkers_pool_size=2\n',
    '[conductor]\nreserved_workers_pool_percentage=51\n',
    '[conductor]\ndeploy_kernel_by_arch=\n',
    '[conductor]\ndeploy_kernel_by_arch=a\n',
    '[conductor]\ndeploy_kernel_by_arch=a:b,a:c\n',
    '[conductor]\ndeploy_kernel_by_arch=a:b:c, d : e \n',
    '[conductor]\ndeploy_kernel_by_arch=:b\n',
    '[oslo_policy]\npolicy_dirs=a\npolicy_dirs=b\n',
    '[oslo_policy]\npolicy_dirs=a,b\n',
    '[oslo_policy]\npolicy_dirs=\n',
    '[DEFAULT]\nlogfile=/old\n',
    '[DEFAULT]\nlogfile=/old\nlog_file=/new\n',
    '[DEFAULT]\nlog_file=/new\nlogfile=/old\n',
    '[DEFAULT]\nlog-config=x\n',
    '[DEFAULT]\nsql_connection=sqlite:///a\n[database]\nsql_connection=sqlite:///b\n',
    '[sql]\nconnection=sqlite:///c\n',
    '[DATABASE]\nsql_connection=sqlite:///b\n',
    '[DEFAULT]\ngraceful_shutdown_timeout=5\n',
    '[conductor]\nconfigdrive_use_swift=true\n',
    '[DEFAULT]\nlog-file=/dashes\n',
    '[database]\nconnection=postgresql://u:p%40ss@h/d?x=y\n',
    '[strange]\nx=1\n[api]\nnovelty=1\n',
    '[DEFAULT]\nhost=caf\u00e9\n',
    '\ufeff[DEFAULT]\nhost=a\n',
]

# Several files at once: later ones win, repeated options add up.
GROUPS = [
    ['[DEFAULT]\nhost=a\nmy_ip=a\n', '[DEFAULT]\nhost=b\n'],
    ['[oslo_policy]\npolicy_dirs=a\n', '[oslo_policy]\npolicy_dirs=b\npolicy_dirs=c\n'],
    ['[DEFAULT]\nlog_file=/new\n', '[DEFAULT]\nlogfile=/old\n'],
    ['[DEFAULT]\nhost=$my_ip\n', '[DEFAULT]\nmy_ip=b\n'],
    ['[DEFAULT]\nlogfile=/old\n', '[DEFAULT]\n'],
]


def kind_of(row):
    limits = {'min': row['min'], 'max': row['max']}
    return {
        'STR': lambda: types.String(),
        'SECRET': lambda: types.String(),
        'CHOICE': lambda: types.String(choices=row['choices'], ignore_case=row['any_case']),
        'ADDRESS': lambda: types.HostAddress(),
        'URL': lambda: types.URI(),
        'INT': lambda: types.Integer(**limits),
        'SECONDS': lambda: types.Integer(**limits),
        'OCTAL': lambda: types.Integer(**limits),
        'FLOAT': lambda: types.Float(**limits),
        'BOOL': lambda: types.Boolean(),
        'LIST': lambda: types.List(),
        'MULTI': lambda: types.MultiString(),
        'DICT': lambda: types.Dict(),
    }[row['kind']]()


def dump(paths):
    done = subprocess.run([DUMP, *paths], capture_output=True, check=True, env=ENVIRONMENT)
    return json.loads(done.stdout)


def read_with_oslo(table, found, paths):
    """The values by "section.name", or {'error': text}."""
    conf = cfg.ConfigOpts()
    old = {}
    for alias in table['aliases']:
        old.setdefault((alias['section'], alias['name']), []).append(
            cfg.DeprecatedOpt(alias['old_name'], group=alias['old_section']))
    for row in table['options']:
        key = '%s.%s' % (row['section'], row['name'])
        default = found[key] if row['found'] else row['fallback']
        if row['kind'] == 'MULTI':
            default = [default] if default else []
        elif default is not None and row['kind'] not in ('STR', 'SECRET', 'CHOICE', 'LIST', 'DICT'):
            default = kind_of(row)(default)
        conf.register_opt(
            cfg.Opt(row['name'], type=kind_of(row), default=default,
                    deprecated_opts=old.get((row['section'], row['name']))) if row['kind'] != 'MULTI'
            else cfg.MultiOpt(row['name'], item_type=types.String(), default=default),
            group=None if row['section'] == 'DEFAULT' else row['section'])
    values = {}
    try:
        conf(args=[word for path in paths for word in ('--config-file', path)],
             project='nothing', prog='nothing')
        for row in table['options']:
            group = conf if row['section'] == 'DEFAULT' else conf[row['section']]
            values['%s.%s' % (row['section'], row['name'])] = getattr(group, row['name'])
    except (cfg.Error, ValueError, RecursionError, UnicodeDecodeError) as error:
        return {'error': '%s: %s' % (type(error).__name__, str(error)[:200])}
    return values


def expected(row, value):
    """oslo.config's value as castiron shows it."""
    if row['kind'] in ('INT', 'SECONDS', 'FLOAT', 'OCTAL') and value is None:
        # Written as nothing: castiron takes the default, where oslo has None.
        return str(kind_of(row)(row['fallback'])) if row['fallback'] is not None else None
    if value == '' and row['fallback'] is None and not row['found']:
        return None  # Without a default, no text is no value.
    if row['found'] and value == '':
        return None
    if row['kind'] == 'CHOICE' and value is not None and row['any_case']:
        return next(c for c in row['choices'] if c.lower() == value.lower())
    return None if value is None else str(value)


def compare(table, found, texts, folder):
    paths = []
    for number, text in enumerate(texts):
        paths.append(os.path.join(folder, '%d.conf' % number))
        with open(paths[-1], 'w', encoding=BYTES, newline='') as file:
            file.write(text)
    ours, theirs = dump(paths), read_with_oslo(table, found, paths)
    if ('error' in ours) != ('error' in theirs):
        return 'castiron: %s, oslo.config: %s' % (ours.get('error', 'taken'),
                                                 theirs.get('error', 'taken'))
    if 'error' in ours:
        return None
    wrong = []
    for row in table['options']:
        key = '%s.%s' % (row['section'], row['name'])
        want = expected(row, theirs[key])
        if ours[key] != want:
            wrong.append('%s is %r, expected %r' % (key, ours[key], want))
    return '; '.join(wrong) or None


def random_text(source):
    names = ['host', 'my_ip', 'debug', 'port', 'max_limit', 'enabled_hardware_types', 'policy_dirs',
             'deploy_kernel_by_arch', 'auth_strategy', 'logfile', 'log_file', 'connection', 'unknown']
    values = ['', 'a', '1', '7 ', 'true', 'a,b', ' "x"', "'y", '$host', '${port}', '$$', '\\$', 'a:b',
              '$api.port', '$my_ip/x', '# c', '= =', ':', '[x]', 'noauth', '\u00e9', '$', 'http://h']
    lines = []
    for _ in range(source.randint(0, 12)):
        what = source.random()
        if what < 0.22:
            lines.append('[%s]' % source.choice(['DEFAULT', 'api', 'API', 'conductor', 'oslo_policy',
                                                 'database', 'other']))
        elif what < 0.80:
            lines.append('%s%s%s' % (source.choice(names), source.choice(['=', ' = ', ':', ': ']),
                                     ''.join(source.choices(values, k=source.randint(0, 2)))))
        elif what < 0.88:
            lines.append(source.choice([' ', '\t', '    ']) + source.choice(values))
        elif what < 0.94:
            lines.append(source.choice(['# c', '; c', '', '   ']))
        else:
            lines.append(source.choice(values))
    return source.choice(['[DEFAULT]\n', '[DEFAULT]\n', '[DEFAULT]\n', '']) + '\n'.join(lines)


def main():
    logging.disable(logging.CRITICAL)
    sys.setrecursionlimit(300)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        ENVIRONMENT['HOME'] = os.environ['HOME'] = folder
        empty = os.path.join(folder, 'empty.conf')
        open(empty, 'w', encoding=BYTES).close()
        table, found = dump([]), dump([empty])
        source = random.Random(1)
        groups = [[text] for text in FILES] + GROUPS
        groups += [[random_text(source)] for _ in range(RANDOM_FILES)]
        taken = 0
        for texts in groups:
            wrong = compare(table, found, texts, folder)
            if wrong:
                failed += 1
                print('%r\n    %s' % (texts, wrong))
            taken += 'error' not in dump([os.path.join(folder, '0.conf')])
    print('%d passed, %d failed (%d of them valid)' % (len(groups) - failed, failed, taken))
    return 1 if failed or taken < len(groups) // 5 else 0


ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith('OS_')}
for variable in [key for key in os.environ if key.startswith('OS_')]:
    del os.environ[variable]
if __name__ == '__main__':
    sys.exit(main())
