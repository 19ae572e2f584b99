# SPDX-License-Identifier: Apache-2.0
"""A ramdisk's agent that does nothing: it speaks ironic-python-agent's HTTP API, and calls in.

It is driven by its test: boot() looks the node up, heartbeat() is one call, and commands end when
finish() says how. What it was asked for is in `asked`.
"""
import http.server
import json
import ssl
import subprocess
import threading
import urllib.parse
import uuid

VERSION = '9.4.1'
STEPS = {
    'clean': [{'step': 'erase_devices', 'priority': 10, 'interface': 'deploy',
               'reboot_requested': False, 'abortable': True},
              {'step': 'erase_devices_metadata', 'priority': 99, 'interface': 'deploy',
               'reboot_requested': False, 'abortable': True}],
    'deploy': [{'step': 'write_it', 'priority': 80, 'interface': 'deploy',
                'reboot_requested': False, 'argsinfo': None}],
    'service': [{'step': 'polish', 'priority': 0, 'interface': 'deploy',
                 'reboot_requested': False}],
}


def certificate(folder, address='127.0.0.1'):
    """A certificate of the agent's own and its key, as each boot of a ramdisk makes them."""
    files = [folder + '/agent.crt', folder + '/agent.key']
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                    'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj',
                    '/CN=' + address, '-addext', 'subjectAltName=IP:' + address,
                    '-out', files[0], '-keyout', files[1]], check=True, capture_output=True)
    return files


class Handler(http.server.BaseHTTPRequestHandler):
    """One request to the agent; self.server.agent is it."""

    protocol_version = 'HTTP/1.1'

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def answer(self, status, body):
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def handle_one(self, body):
        agent, url = self.server.agent, urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        answer = agent.misbehave(self.command, url.path)
        if answer is None:
            answer = agent.serve(self.command, url.path, query, body)
        if answer != 'hang up':
            self.answer(*answer)
        else:
            self.close_connection = True

    def do_GET(self):  # pylint: disable=invalid-name
        self.handle_one(None)

    def do_POST(self):  # pylint: disable=invalid-name
        self.handle_one(self.rfile.read(int(self.headers['Content-Length'])))


class Server(http.server.ThreadingHTTPServer):
    """Whoever hangs up on the agent is no concern of it."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


class Agent:
    """
    The agent of one machine; `castiron` is the service that it calls, given its MAC. `speaks` is the
    version of the API that it asks for, `version` its own.
    """

    def __init__(self, castiron, mac, tls=None, speaks='latest', version=VERSION):
        self.castiron, self.mac, self.tls = castiron, mac, tls
        self.speaks, self.version = speaks, version
        self.commands, self.asked = [], []
        self.token = self.uuid = self.config = None
        self.steps = {kind: [dict(step) for step in steps] for kind, steps in STEPS.items()}
        self.misbehave = lambda method, path: None  # or an answer (status, body), or 'hang up'
        self.results = {}  # what commands and steps answer, by their short names
        self.hold = False  # steps stay RUNNING until finish()
        self.server = Server(('127.0.0.1', 0), Handler)
        self.server.agent = self
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = '%s://127.0.0.1:%d' % ('https' if tls else 'http', self.server.server_port)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def stop(self):
        """The machine is gone."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.thread.join()
            self.server = None

    # What it calls.

    def lookup(self, **options):
        """Looks the node up by the MAC; gives the reply, and keeps what it says."""
        reply = self.castiron.request('GET', '/v1/lookup?addresses=' + self.mac,
                                      **dict({'version': self.speaks}, **options))
        if reply.status == 200:
            self.uuid, self.config = reply.json['node']['uuid'], reply.json['config']
            self.token = self.config['agent_token']
        return reply

    def heartbeat(self, version=None, **changes):
        """Tells that it lives; gives the reply."""
        body = {'callback_url': self.url, 'agent_version': self.version, 'agent_token': self.token}
        if self.tls:
            with open(self.tls[0], encoding='ascii') as certificate_file:
                body['agent_verify_ca'] = certificate_file.read()
        body.update(changes)
        body = {key: value for key, value in body.items() if value is not None}
        return self.castiron.request('POST', '/v1/heartbeat/' + self.uuid, body,
                                     version=version or self.speaks)

    def boot(self):
        """Boots, with no memory of what was before: looks up, and sends a first heartbeat."""
        self.commands = []
        found = self.lookup()
        if found.status != 200:
            raise AssertionError(found)
        return self.beat()

    def beat(self):
        """A heartbeat that must be taken."""
        reply = self.heartbeat()
        if reply.status != 202:
            raise AssertionError(reply)
        return reply

    def inspect(self, inventory, version='latest', **more):
        """Sends what it has found."""
        return self.castiron.request('POST', '/v1/continue_inspection',
                                     dict(more, inventory=inventory), version=version)

    # What it is asked.

    def serve(self, method, path, query, body):
        """Gives the status and the body of an answer."""
        if path.rstrip('/') != '/v1/commands':
            return 404, {'faultcode': 404, 'faultstring': 'not found'}
        # Release 21.4 does not send the token where it only looks.
        given = query.get('agent_token') if method == 'POST' else query.get('agent_token', self.token)
        if self.token and given != self.token:
            return 401, {'faultcode': 401, 'faultstring': 'Token invalid.'}
        if method == 'GET':
            return 200, {'commands': self.commands}
        request = json.loads(body)
        if any(c['command_status'] == 'RUNNING' for c in self.commands):
            return 409, {'faultcode': 409, 'faultstring': 'Agent is busy executing a command'}
        return 200, self.run(request['name'], request['params'], query.get('wait') == 'true')

    def run(self, name, params, wait):
        """Runs a command; gives it as it is when the answer is sent."""
        self.asked.append((name, params))
        extension, _, short = name.partition('.')
        command = {'id': str(uuid.uuid4()), 'command_name': short, 'command_params': params,
                   'command_status': 'RUNNING', 'command_error': None, 'command_result': None}
        self.commands.append(command)
        if short.startswith('execute_'):
            shown = dict(command)
            if not self.hold:
                self.finish()
            return shown
        results = {'get_%s_steps' % extension: {
            '%s_steps' % extension: {'Manager': self.steps.get(extension, [])},
            'hardware_manager_version': {'Manager': '1.2'}}}
        results.update(self.results)
        command.update(command_status='SUCCEEDED', command_result=results.get(short))
        assert wait or not short.startswith('get_')
        return command

    def finish(self, status='SUCCEEDED', error=None):
        """Ends the step that runs."""
        command = self.commands[-1]
        kind = command['command_name'].split('_')[1]
        command.update(command_status=status, command_error=error)
        if status == 'SUCCEEDED':
            step = command['command_params']['step']
            command['command_result'] = {kind + '_result': self.results.get(step['step']),
                                         kind + '_step': step}

    def names(self):
        """What it was asked for, steps by their own names."""
        return [params['step']['step'] if 'step' in params else name
                for name, params in self.asked]
