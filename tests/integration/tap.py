#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Listens to every message of a virtual host, and judges it as a Python peer would.

    tap.py URL        the virtual host's tracing is switched on
    tap.py URL raw    the same; messages are printed, not judged

Prints "ready", and after SIGTERM one JSON object: how many messages there were, how many objects
of each kind in them, and what no service of the installed release could have sent; or, after
"ready", each message on a line. Runs with Debian's Python, whose Ironic knows its own objects and
methods.
"""
import json
import signal
import socket
import sys

import kombu
from ironic.common import release_mappings
from ironic import objects
from ironic.objects import base

objects.register_all()
CLASSES = {name: classes[0]
           for name, classes in base.IronicObjectRegistry.obj_classes().items()}
RPC = tuple(map(int, release_mappings.RELEASE_MAPPING['21.4']['rpc'].split('.')))


class Judge:
    """What has been seen so far."""

    def __init__(self):
        self.messages, self.objects, self.methods, self.bad = 0, {}, {}, []

    def see(self, body):
        message = json.loads(json.loads(body)['oslo.message'])
        self.messages += 1
        if 'method' in message:
            self.methods[message['method']] = self.methods.get(message['method'], 0) + 1
            if tuple(map(int, message['version'].split('.'))) > RPC:
                self.bad.append('%(method)s asks for %(version)s' % message)
            self.walk(message['args'], message['method'])
        else:
            self.walk(message.get('result'), 'a reply')

    def walk(self, value, where):
        if isinstance(value, list):
            for item in value:
                self.walk(item, where)
        elif isinstance(value, dict):
            if 'ironic_object.name' in value:
                self.judge(value, where)
            for item in value.values():
                self.walk(item, where)

    def judge(self, value, where):
        name, version = value['ironic_object.name'], value['ironic_object.version']
        self.objects[name] = self.objects.get(name, 0) + 1
        known = CLASSES.get(name)
        if known is None:
            self.bad.append('%s holds a %s' % (where, name))
        elif version.split('.')[0] != '1' or (
                int(version.split('.')[1]) > int(known.VERSION.split('.')[1])):
            self.bad.append('%s holds %s %s' % (where, name, version))
        else:
            fields = set(value['ironic_object.data']) | set(value.get('ironic_object.changes', ()))
            if fields - set(known.fields):
                self.bad.append('%s: %s has %s' % (
                    where, name, ' '.join(sorted(fields - set(known.fields)))))


def main():
    judge, ended = Judge(), []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))

    def take(body, message):
        if sys.argv[2:] == ['raw']:
            print(json.loads(bytes(message.body))['oslo.message'], flush=True)
        else:
            judge.see(bytes(message.body))

    with kombu.Connection(sys.argv[1].replace('rabbit://', 'amqp://')) as connection:
        trace = kombu.Exchange('amq.rabbitmq.trace', 'topic', passive=True)
        queue = kombu.Queue('', trace, routing_key='publish.#', exclusive=True)
        with connection.Consumer(queue, callbacks=[take], no_ack=True,
                                 accept=['json', 'application/json']):
            print('ready', flush=True)
            while True:
                try:
                    connection.drain_events(timeout=1 if ended else 0.2)
                except socket.timeout:
                    if ended:
                        break
    if sys.argv[2:] != ['raw']:
        print(json.dumps(vars(judge)))


if __name__ == '__main__':
    main()
