# SPDX-License-Identifier: Apache-2.0
"""A stand-in for Keystone: tokens that name their persona are valid, others are not.

    stub:roles=admin,member;system=all        stub:roles=reader;project=projA;pname=service
"""
import http.server
import json
import threading

OWN = 'token-of-the-service'
EXPIRES = '2099-01-01T00:00:00.000000Z'


def token_of(subject, server):
    """The body of GET /v3/auth/tokens, or None."""
    if subject == server.own:
        subject = 'stub:roles=%s;project=svc' % server.own_roles
    if not subject.startswith('stub:'):
        return None
    words = dict(pair.split('=', 1) for pair in subject[len('stub:'):].split(';'))
    domain = {'id': 'default', 'name': 'Default'}
    token = {'expires_at': words.get('expires', EXPIRES), 'methods': ['password'],
             'issued_at': '2020-01-01T00:00:00.000000Z', 'audit_ids': ['a'],
             'user': {'id': 'u1', 'name': 'u1', 'domain': domain},
             'roles': [{'id': name, 'name': name} for name in words.get('roles', '').split(',') if name]}
    if 'system' in words:
        token['system'] = {'all': True}
    if 'project' in words:
        token['project'] = {'id': words['project'], 'name': words.get('pname', words['project']), 'domain': domain}
    if subject == 'stub:roles=%s;project=svc' % server.own_roles:  # who logs in, looks for services
        url = 'http://127.0.0.1:%d/v3' % server.server_address[1]
        token['catalog'] = [{'type': 'identity', 'name': 'keystone', 'id': 'k', 'endpoints': [
            {'id': kind, 'interface': kind, 'region_id': 'r', 'region': 'r', 'url': url}
            for kind in ('admin', 'internal', 'public')]}]
    return {'token': token}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def answer(self, status, body, **headers):
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace('_', '-'), value)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        self.server.asked.append('POST')
        if self.server.status:
            self.answer(self.server.status, {})
        elif request['auth']['identity']['password']['user']['password'] == 'secret':
            body = token_of(self.server.own, self.server)
            if self.server.catalog is not None:
                body['token']['catalog'] = self.server.catalog
            self.answer(201, body, X_Subject_Token=self.server.own)
        else:
            self.answer(401, {})

    def do_GET(self):
        if self.path.rstrip('/') in ('', '/v3'):  # which versions there are; Python's clients ask
            version = {'id': 'v3.14', 'status': 'stable', 'links': [
                {'rel': 'self', 'href': 'http://%s/v3/' % self.headers['Host']}]}
            self.answer(200, {'version': version} if '3' in self.path
                        else {'versions': {'values': [version]}})
            return
        self.server.asked.append('GET')
        token = token_of(self.headers['X-Subject-Token'], self.server)
        if self.server.status:
            self.answer(self.server.status, {})
        elif self.headers['X-Auth-Token'] != self.server.own:
            self.answer(401, {})
        else:
            self.answer(200 if token else self.server.unknown, token or {'error': {}})


def catalog(*endpoints):
    """What names the addresses of the identity service: (interface, region, url)."""
    return [{'type': 'identity', 'name': 'keystone', 'id': 'k', 'endpoints': [
        {'id': url, 'interface': interface, 'region': region, 'region_id': region, 'url': url}
        for interface, region, url in endpoints]}]


class Server(http.server.ThreadingHTTPServer):
    """`asked` lists the questions, `status` is answered to all when set, `unknown` to who asks
    about a token that is none; `own` is the token of who logs in."""

    daemon_threads = True
    unknown = 404
    own, own_roles = OWN, 'service'
    status = None
    catalog = None  # comes with the token of who has logged in; None: one that names this server

    def __init__(self, *args):
        super().__init__(*args)
        self.asked = []

    def revoke(self):
        """The token of who has logged in is valid no more."""
        self.own += '-2'


class Keystone:
    """Runs it on a free port."""

    def __enter__(self):
        self.server = Server(('127.0.0.1', 0), Handler)
        self.url = 'http://127.0.0.1:%d' % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()

    @property
    def options(self):
        return {'auth_url': self.url, 'www_authenticate_uri': 'http://127.0.0.1:5999/v3', 'auth_type': 'password',
                'username': 'ironic', 'password': 'secret', 'project_name': 'service',
                'user_domain_name': 'Default', 'project_domain_name': 'Default'}
