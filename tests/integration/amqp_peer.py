#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What Debian's oslo.messaging and kombu make of a broker, for test_amqp.py.

    amqp_peer.py URL listen TOPIC     serves calls to a topic until its input ends
    amqp_peer.py URL take QUEUE       takes one message, prints it with its properties

Runs under Debian's Python, which has them.
"""
import json
import sys
import time

import kombu
import oslo_messaging
from oslo_config import cfg


class Endpoint:
    """Answers the method echo."""

    target = oslo_messaging.Target(version='1.0')

    def echo(self, context, text):
        return text


def listen(url, topic):
    transport = oslo_messaging.get_rpc_transport(cfg.ConfigOpts(), url)
    server = oslo_messaging.get_rpc_server(
        transport, oslo_messaging.Target(topic=topic, server='peer', exchange='ironic'),
        [Endpoint()], executor='threading')
    server.start()
    print('listening', flush=True)
    sys.stdin.read()
    server.stop()
    server.wait()


def take(url, queue):
    with kombu.Connection(url.replace('rabbit://', 'amqp://')) as connection:
        channel = connection.channel()
        until = time.monotonic() + 20
        message = None
        while message is None and time.monotonic() < until:
            message = channel.basic_get(queue, no_ack=True)
            time.sleep(0.05)
        body = message.body
        print(json.dumps({
            'properties': message.properties,
            'body': body if isinstance(body, str) else bytes(body).decode('utf-8')}))


if __name__ == '__main__':
    oslo_messaging.set_transport_defaults('ironic')
    {'listen': listen, 'take': take}[sys.argv[2]](sys.argv[1], sys.argv[3])
