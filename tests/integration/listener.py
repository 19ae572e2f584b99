#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Listens to versioned notifications with oslo.messaging, as other services do.

    listener.py URL TOPIC EXCHANGE

Prints "ready", then one JSON object a notification; ends with SIGTERM. Runs with Debian's Python.
"""
import json
import sys
import threading

from oslo_config import cfg
import oslo_messaging

LOCK = threading.Lock()  # a listener has several threads


class Endpoint:
    """Takes notifications of every priority."""

    @staticmethod
    def take(priority, context, publisher_id, event_type, payload, metadata):
        line = json.dumps({'priority': priority, 'context': context, 'publisher_id': publisher_id,
                           'event_type': event_type, 'payload': payload, 'metadata': metadata})
        with LOCK:
            print(line, flush=True)

    def info(self, *what):
        self.take('info', *what)

    def error(self, *what):
        self.take('error', *what)


def main():
    url, topic, exchange = sys.argv[1:]
    conf = cfg.ConfigOpts()
    conf([], project='listener')
    transport = oslo_messaging.get_notification_transport(conf, url)
    listener = oslo_messaging.get_notification_listener(
        transport, [oslo_messaging.Target(topic=topic, exchange=exchange)], [Endpoint()],
        executor='threading')
    listener.start()
    print('ready', flush=True)
    listener.wait()


if __name__ == '__main__':
    main()
