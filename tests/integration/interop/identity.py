# SPDX-License-Identifier: Apache-2.0
"""A real Keystone, Debian's, on a free port with a database of its own; thrown away at the end.

It holds what the clients' suites expect to find: the usual roles, a few projects, an
administrator of the system and of a project, people of lesser rights, and the account of the
service. Everybody's password is the same.
"""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request

import broker
import case
import cluster

PASSWORD, REGION = 'secret', 'RegionOne'
ROLES = ('admin', 'manager', 'member', 'reader', 'service')
PROJECTS = ('admin', 'service', 'demo', 'alt_demo')
# Names of clouds, as clients' suites know them: user, roles, project (None: the system).
ACCOUNTS = {
    'devstack-admin': ('admin', ('admin',), 'admin'),
    'devstack-system-admin': ('admin', ('admin',), None),
    'devstack-system-reader': ('system-reader', ('reader',), None),
    'devstack': ('demo', ('member',), 'demo'),
    'devstack-alt': ('alt_demo', ('member',), 'alt_demo'),
    'nova': ('nova', ('admin', 'service'), 'service'),
    'service': ('ironic', ('admin', 'service'), 'service'),
}
CONFIGURATION = '''
[DEFAULT]
log_file = %(folder)s/log
[database]
connection = %(database)s
[token]
provider = fernet
[fernet_tokens]
key_repository = %(folder)s/tokens
[credential]
key_repository = %(folder)s/credentials
[identity]
password_hash_rounds = 4
[oslo_policy]
policy_file = %(folder)s/policy.yaml
policy_dirs = %(folder)s/policy.d
'''
PROGRAM = '/usr/bin/keystone-wsgi-public'


def is_installed():
    return os.path.exists(PROGRAM) and bool(shutil.which('uwsgi'))


class Keystone:
    """Runs for the length of a `with`."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='castiron-keystone-')
        self.port, self.token, self.process = cluster.free_port(), None, None
        self.url = 'http://127.0.0.1:%d/v3' % self.port
        try:
            self._prepare()
            self._start()
            self._fill()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _prepare(self):
        postgres = case.OneCluster.get()
        for name in ('tokens', 'credentials'):
            os.mkdir(self._path(name), 0o700)
        with open(self._path('policy.yaml'), 'w', encoding='utf-8'):
            pass
        with open(self._path('conf'), 'w', encoding='utf-8') as file:
            file.write(CONFIGURATION % {'folder': self.folder,
                                        'database': postgres.url(postgres.create())})
        who = ['--keystone-user', str(os.geteuid()), '--keystone-group', str(os.getegid())]
        self._manage('fernet_setup', *who)
        self._manage('credential_setup', *who)
        self._manage('db_sync')
        self._manage('bootstrap', '--bootstrap-password', PASSWORD, '--bootstrap-region-id', REGION,
                     *(word for kind in ('public', 'internal', 'admin')
                       for word in ('--bootstrap-%s-url' % kind, self.url)))

    def _manage(self, *words):
        done = subprocess.run(['keystone-manage', '--config-file', self._path('conf'), *words],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError('keystone-manage %s: %s%s' % (words[0], done.stdout, done.stderr))

    def _start(self):
        """Processes without threads: one request each."""
        with open(self._path('output'), 'ab') as output:
            self.process = subprocess.Popen(
                ['uwsgi', '--plugins', 'python3', '--master', '--die-on-term', '--no-orphans',
                 '--lazy-apps', '--processes', '3', '--buffer-size', '65535', '--listen', '100',
                 '--disable-logging', '--http-socket', '127.0.0.1:%d' % self.port,
                 '--add-header', 'Connection: close', '--wsgi-file', PROGRAM],
                cwd=self.folder, env=dict(os.environ, OS_KEYSTONE_CONFIG_FILES=self._path('conf')),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
        broker.wait_for(self._answers, 'Keystone on port %d' % self.port, 120)

    def _answers(self):
        if self.process.poll() is not None:
            with open(self._path('output'), encoding='utf-8', errors='replace') as output:
                raise RuntimeError('Keystone did not start: ' + output.read()[-3000:])
        try:
            return self.ask('GET', '')
        except OSError:
            return None

    def ask(self, method, path, body=None):
        """One request, as the administrator once there is a token; gives the body or None (404)."""
        request = urllib.request.Request(self.url + path, method=method,
                                         data=json.dumps(body).encode() if body else None)
        request.add_header('Content-Type', 'application/json')
        if self.token:
            request.add_header('X-Auth-Token', self.token)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as reply:
                self.token = reply.headers['X-Subject-Token'] or self.token
                return json.loads(reply.read() or b'{}')
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise RuntimeError('%s %s: %d %s' % (method, path, error.code, error.read())) from error

    def _fill(self):
        self.ask('POST', '/auth/tokens', {'auth': {
            'identity': {'methods': ['password'], 'password': {'user': self._user('admin')}},
            'scope': {'project': {'name': 'admin', 'domain': {'id': 'default'}}}}})
        roles = {name: self._named('role', name) for name in ROLES}
        projects = {name: self._named('project', name, domain_id='default') for name in PROJECTS}
        for user, names, project in ACCOUNTS.values():
            ident = self._named('user', user, domain_id='default', password=PASSWORD)
            where = '/projects/' + projects[project] if project else '/system'
            for name in names:
                self.ask('PUT', '%s/users/%s/roles/%s' % (where, ident, roles[name]))
        self.service = self._named('service', 'ironic', type='baremetal')

    @staticmethod
    def _user(name):
        return {'name': name, 'domain': {'id': 'default'}, 'password': PASSWORD}

    def _named(self, kind, name, **members):
        """The id of what has this name, made where it is missing."""
        for found in self.ask('GET', '/%ss?name=%s' % (kind, name))[kind + 's']:
            return found['id']
        return self.ask('POST', '/%ss' % kind, {kind: dict(members, name=name)})[kind]['id']

    def name_endpoint(self, url):
        """The catalogue says that the Bare Metal service is there."""
        for old in self.ask('GET', '/endpoints?service_id=' + self.service)['endpoints']:
            self.ask('DELETE', '/endpoints/' + old['id'])
        for kind in ('public', 'internal', 'admin'):
            self.ask('POST', '/endpoints', {'endpoint': {
                'service_id': self.service, 'region_id': REGION, 'interface': kind, 'url': url}})

    def options(self):
        """What a service needs to check tokens."""
        user, _, project = ACCOUNTS['service']
        return {'auth_type': 'password', 'auth_url': self.url, 'www_authenticate_uri': self.url,
                'username': user, 'password': PASSWORD, 'project_name': project,
                'user_domain_id': 'default', 'project_domain_id': 'default', 'region_name': REGION}

    def login(self, account):
        """What logs an account of ACCOUNTS in, in the words of clouds.yaml."""
        user, _, project = ACCOUNTS[account]
        scope = {'project_name': project, 'project_domain_id': 'default'} if project else {'system_scope': 'all'}
        return dict(scope, auth_url=self.url, username=user, password=PASSWORD,
                    user_domain_id='default')

    def clouds(self):
        """clouds.yaml, as data."""
        return {'clouds': {name: {'region_name': REGION, 'identity_api_version': '3',
                                  'auth_type': 'password', 'auth': self.login(name)}
                           for name in ACCOUNTS}}

    def environment(self, account):
        """The same as variables."""
        return dict({'OS_' + key.upper(): value for key, value in self.login(account).items()},
                    OS_AUTH_TYPE='password', OS_REGION_NAME=REGION, OS_IDENTITY_API_VERSION='3')
