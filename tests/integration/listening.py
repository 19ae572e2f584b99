# SPDX-License-Identifier: Apache-2.0
"""Hearing what services tell the broker, for tests: listener.py and what it has heard."""
import json
import os
import queue
import subprocess
import threading
import time
import unittest

LISTENER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'listener.py')
TOPIC = 'ironic_versioned_notifications'


class Listener:
    """listener.py, and what it has heard."""

    def __init__(self, url, topic=TOPIC, exchange='ironic'):
        self.heard, self.came = [], queue.Queue()
        self.process = subprocess.Popen(
            ['/usr/bin/python3', '-W', 'ignore', LISTENER, url, topic, exchange],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != 'ready\n':
            raise AssertionError('the listener does not run')
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.came.put(json.loads(line))

    def quiet(self, seconds=1.5):
        """All that was heard, once nothing more has come for a while."""
        try:
            while True:
                self.heard.append(self.came.get(timeout=seconds))
        except queue.Empty:
            return self.heard

    def wait_for(self, count, seconds=30):
        """All that was heard, once that is so many."""
        deadline = time.monotonic() + seconds
        while len(self.heard) < count:
            try:
                self.heard.append(self.came.get(timeout=max(0.01, deadline - time.monotonic())))
            except queue.Empty:
                raise AssertionError('heard %d of %d' % (len(self.heard), count)) from None
        return self.heard

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Case(unittest.TestCase):
    """With listeners that end with each test."""

    def listen(self, made, *more):
        """On a cluster's virtual host; more: topic, exchange."""
        listener = Listener(made.broker.url(made.vhost), *more)
        self.addCleanup(listener.stop)
        return listener
