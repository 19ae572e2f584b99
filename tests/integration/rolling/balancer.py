# SPDX-License-Identifier: Apache-2.0
"""HAProxy as an operator has it: etc/haproxy.cfg of this repository, with the addresses of a test."""
import csv
import os
import re
import shutil
import socket
import subprocess

import broker
import cluster
import server

SAMPLE = os.path.join(server.ROOT, 'etc', 'haproxy.cfg')


def have():
    return shutil.which('haproxy', path=os.environ.get('PATH', '') + ':/usr/sbin') is not None


class Balancer:
    """One running HAProxy in front of the APIs of `ports`, which are by name of server."""

    def __init__(self, folder, ports):
        self.folder, self.ports = folder, ports
        self.port = cluster.free_port()
        self.admin = os.path.join(folder, 'admin.sock')
        self.process = None

    def configuration(self):
        """The sample, listening elsewhere and with other servers; it tells who has answered."""
        with open(SAMPLE, encoding='utf-8') as file:
            text = file.read()
        servers = ''.join('    server %s 127.0.0.1:%d\n' % item for item in self.ports.items())
        text = re.sub(r'(?m)^    server .*\n', '', text).rstrip('\n') + '\n' + servers
        text = re.sub(r'(?m)^    (user|group|chroot|daemon|log|maxconn) ?.*\n', '', text)
        text = text.replace('/run/haproxy/admin.sock', self.admin)
        text = re.sub(r'(?m)^    bind .*$', '    bind 127.0.0.1:%d' % self.port, text)
        return text.replace('    option httpchk', '    http-response set-header X-Served-By %s\n'
                            '    option httpchk', 1)

    def start(self):
        path = os.path.join(self.folder, 'haproxy.cfg')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(self.configuration())
        self.process = subprocess.Popen(
            ['/usr/sbin/haproxy', '-db', '-f', path], cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=open(os.path.join(self.folder, 'haproxy.log'), 'ab'),
            stderr=subprocess.STDOUT)
        broker.wait_for(lambda: all(row['status'].startswith('UP') for row in self.servers()),
                        'HAProxy to find all servers up')
        return self

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def tell(self, command):
        """A command of its socket; gives the answer."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self.admin)
            connection.sendall(command.encode() + b'\n')
            return connection.makefile().read().strip()

    def servers(self):
        """What `show stat` says of each server."""
        try:
            text = self.tell('show stat')
        except OSError:
            return [{'status': 'no HAProxy', 'svname': '', 'scur': '0'}]
        rows = csv.DictReader(text.lstrip('# ').splitlines())
        return [row for row in rows if row['svname'] in self.ports]

    def server(self, name):
        return next(row for row in self.servers() if row['svname'] == name)
