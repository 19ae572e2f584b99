#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sends a conductor messages of all kinds, sound and not, as no API of either kind would.

    caller.py all URL HOST NODE         prints a JSON object: what was answered to each
    caller.py watched URL HOST NODE     prints the answer to one that asks for signs of life

An answer is {"result": …}, {"failure": "message"}, with "beats" when signs of life came before,
or null when there was none in time. Runs under Debian's Python, which has kombu.
"""
import json
import socket
import sys
import time
import uuid

import kombu

TOPIC = 'ironic.conductor_manager'


class Caller:
    """A queue of replies and what to put into a message."""

    def __init__(self, connection, host, node):
        self.channel, self.connection = connection.channel(), connection
        self.queue = 'reply_' + uuid.uuid4().hex
        self.topic, self.node = '%s.%s' % (TOPIC, host), node
        self.replies = []
        self.consumer = kombu.Consumer(
            self.channel, kombu.Queue(self.queue, durable=False, auto_delete=True),
            callbacks=[lambda _, message: self.replies.append(message.body)],
            no_ack=True, accept=['json'])
        self.consumer.consume()

    def message(self, **changes):
        """A call of get_boot_device; a change to ... leaves a member out."""
        message = {'method': 'get_boot_device', 'args': {'node_id': self.node}, 'version': '1.17',
                   '_msg_id': uuid.uuid4().hex, '_reply_q': self.queue, '_timeout': None,
                   '_unique_id': uuid.uuid4().hex, '_context_request_id': 'req-1',
                   '_context_roles': []}
        message.update(changes)
        return {k: v for k, v in message.items() if v is not ...}

    def send(self, body, key=None, exchange='ironic', **properties):
        properties = dict({'content_type': 'application/json', 'content_encoding': 'utf-8'},
                          **properties)
        self.channel.basic_publish(
            self.channel.prepare_message(body, **{k: v for k, v in properties.items() if v}),
            exchange=exchange, routing_key=key or self.topic)

    def answer(self, msg_id, seconds):
        until, beats = time.monotonic() + seconds, 0
        while True:
            while self.replies:
                reply = json.loads(json.loads(self.replies.pop(0))['oslo.message'])
                if reply['_msg_id'] != msg_id:
                    continue
                if not reply['ending']:
                    beats += 1
                    continue
                if reply['failure']:
                    found = {'failure': json.loads(reply['failure'])['message']}
                else:
                    found = {'result': reply['result']}
                return dict(found, beats=beats) if beats else found
            if time.monotonic() >= until:
                return None
            try:
                self.connection.drain_events(timeout=0.2)
            except socket.timeout:
                pass

    def ask(self, message, version='2.0', seconds=20, raw=None, **options):
        body = raw or json.dumps({'oslo.version': version, 'oslo.message': json.dumps(message)})
        self.send(body.encode(), **options)
        return self.answer(message['_msg_id'], seconds)


def cases(caller):
    """Yields the name of each case and its answer."""
    new, ask = caller.message, caller.ask
    bare = {k: v for k, v in new().items() if not k.startswith('_context')}
    again = new()
    yield 'sound', ask(new())
    yield 'without a context', ask(bare)
    yield 'with an odd context', ask(new(_context_zzz={'a': 1}, _context_roles=None))
    yield 'without _timeout', ask(new(_timeout=...))
    yield 'without _unique_id', ask(new(_unique_id=...))
    yield 'without a version', ask(new(version=...))
    yield 'of a newer minor version', ask(new(version='1.99'))
    yield 'of another major version', ask(new(version='2.0'))
    yield 'without a namespace', ask(new(namespace=None))
    yield 'with a namespace', ask(new(namespace='x'))
    yield 'with an unknown argument', ask(new(args={'node_id': caller.node, 'zzz': 1}))
    yield 'with a missing argument', ask(new(args={}))
    yield 'without arguments', ask(new(args=...))
    yield 'of an unknown method', ask(new(method='_do_adoption'))
    yield 'without a content type', ask(new(), content_type=None, seconds=2)
    yield 'without an encoding', ask(new(), content_encoding=None)
    message = new()
    yield 'without an envelope', ask(message, raw=json.dumps(message))
    yield 'in another envelope', ask(new(), version='2.1', seconds=2)
    yield 'that is no JSON', ask(new(), raw='{"oslo', seconds=2)
    yield 'over the default exchange', ask(new(), exchange='')
    yield 'to any conductor', ask(new(), key=TOPIC)
    yield 'to all conductors', ask(new(), exchange=TOPIC + '_fanout')
    yield 'that comes once', ask(again)
    yield 'that comes twice', ask(again, seconds=2)
    yield 'of an unknown node', ask(new(args={'node_id': '0e9e60e7-9d32-47f9-b824-979a92256efe'}))
    yield 'by number', ask(new(args={'node_id': 1000000}))
    yield 'sound at the end', ask(new())


def main():
    what, url, host, node = sys.argv[1:]
    with kombu.Connection(url.replace('rabbit://', 'amqp://')) as connection:
        caller = Caller(connection, host, node)
        if what == 'watched':
            print(json.dumps(caller.ask(caller.message(_timeout=1))))
        else:
            print(json.dumps(dict(cases(caller))))


if __name__ == '__main__':
    main()
