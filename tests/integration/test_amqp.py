# SPDX-License-Identifier: Apache-2.0
"""rpc/amqp with a real RabbitMQ: what it declares and sends, and every way to lose a broker."""
import json
import os
import re
import signal
import subprocess
import threading
import time
import unittest

import broker
import server

PROBE = os.path.join(server.BUILD, 'tests', 'integration', 'amqp_probe')
PEER = os.path.join(server.ROOT, 'tests', 'integration', 'amqp_peer.py')
# Closes a connection every second, whoever's turn it is.
CLOSE_ONE_BY_ONE = '''
[begin
     timer:sleep(1000),
     case rabbit_networking:connections() of
         [] -> none;
         All -> Pid = lists:nth(1 + N rem length(All), All),
                rabbit_networking:close_connection(Pid, "one by one")
     end
 end || N <- lists:seq(1, %d)].
'''


class Probe:
    """The test program, spoken to by lines."""

    def __init__(self, url):
        self.lines, self.more = [], threading.Condition()
        self.process = subprocess.Popen([PROBE, url], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.log = []
        self.readers = [threading.Thread(target=self._read, args=(self.process.stdout, True)),
                        threading.Thread(target=self._read, args=(self.process.stderr, False))]
        for reader in self.readers:
            reader.start()
        self.expect('ready')

    def _read(self, stream, spoken):
        for line in stream:
            if not spoken:
                self.log.append(line)
                continue
            with self.more:
                self.lines.append(line.rstrip('\n'))
                self.more.notify_all()

    def expect(self, beginning, timeout=60):
        """Waits for a line that begins so, and takes it."""
        until = time.monotonic() + timeout
        with self.more:
            while True:
                for line in self.lines:
                    if line.startswith(beginning):
                        self.lines.remove(line)
                        return line
                left = until - time.monotonic()
                if left <= 0 or not self.more.wait(left):
                    raise AssertionError('no %r within %s s, but %r\n%s' % (
                        beginning, timeout, [line[:200] for line in self.lines],
                        ''.join(self.log)[-4000:]))

    def tell(self, *words):
        self.process.stdin.write(' '.join(str(word) for word in words) + '\n')
        self.process.stdin.flush()

    def ask(self, beginning, *words, timeout=60):
        self.tell(*words)
        return self.expect(beginning, timeout)

    def publish(self, key, body, mandatory=1, timeout_ms=5000, how='publish'):
        return self.ask('result', how, key, mandatory, timeout_ms, body).split()[1]

    def state(self, name):
        self.tell('state')
        lines = [self.expect('state ') for _ in range(2)]
        line = next(line for line in lines if line.startswith('state ' + name))
        found = dict(re.findall(r'(\w+)=(\d+)', line))
        return {key: int(value) for key, value in found.items()} | {
            'trouble': line.partition('trouble=')[2]}

    def wait_state(self, name, timeout=60, **wanted):
        return broker.wait_for(
            lambda: all(self.state(name)[key] == value for key, value in wanted.items()),
            'state of %s: %r' % (name, wanted), timeout)

    def flood(self, n, pause_ms, key, timeout=180):
        line = self.ask('flood', 'flood', n, pause_ms, key, timeout=timeout)
        return {key: int(value) for key, value in re.findall(r'([\w-]+)=(\d+)', line)}

    def quit(self):
        """Ends it in order; gives how long that took, in ms."""
        line = self.ask('closed', 'quit')
        status = self.process.wait(30)
        for reader in self.readers:
            reader.join()
        if status != 0:
            raise AssertionError('ended with %d\n%s' % (status, ''.join(self.log)[-6000:]))
        return int(line.partition('ms=')[2])

    def discard(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for reader in self.readers:
            reader.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()


class Amqp(unittest.TestCase):
    """One broker and virtual host for all, a topic for each: rabbitmqctl takes seconds."""

    @classmethod
    def setUpClass(cls):
        cls.broker = broker.Broker().start()
        cls.shared = cls.broker.create()

    @classmethod
    def tearDownClass(cls):
        cls.broker.stop()

    def setUp(self):
        self.topic = 'ironic.' + self.id().rpartition('.')[2]
        self.use(self.shared)

    def use(self, vhost):
        self.vhost = vhost
        self.url = self.broker.url(vhost)

    def probe(self, query=''):
        made = Probe(self.url + query)
        self.addCleanup(made.discard)
        return made

    def consuming(self, topic=None, query=''):
        probe = self.probe(query)
        probe.ask('consuming', 'consume', 'topic', topic or self.topic)
        return probe

    def peer(self, *arguments):
        return subprocess.Popen(['/usr/bin/python3', PEER, self.url, *arguments], text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL)

    def queues(self):
        said = self.broker.control('list_queues', '-p', self.vhost, 'name')
        return sorted(line for line in said.split('\n') if line.startswith(self.topic))

    def declared(self):
        """Type, durability and arguments of each queue, as they were declared."""
        said = self.broker.control('list_queues', '-p', self.vhost, '--formatter', 'json',
                                   'name', 'type', 'durable', 'arguments')
        made = {}
        for queue in json.loads(said):
            arguments = {name: value for name, _, value in queue['arguments']
                         if name != 'x-queue-type'}
            made[queue['name']] = (queue['type'], queue['durable'], arguments)
        return made

    def test_messages_arrive(self):
        probe = self.consuming()
        probe.ask('consuming', 'consume', 'fanout', self.topic)
        probe.ask('consuming', 'consume', 'reply', 'reply_1')
        self.assertEqual('confirmed', probe.publish(self.topic, 'one'))
        probe.expect('message one')
        self.assertEqual('confirmed', probe.publish('reply_1', 'two', how='send'))
        probe.expect('message two')
        large = 'x' * 900000
        self.assertEqual('confirmed', probe.publish(self.topic, large))
        self.assertEqual('message ' + large, probe.expect('message xxx'))
        self.assertEqual(2, len(self.queues()))
        self.assertLess(probe.quit(), 3000)
        self.assertEqual([self.topic], self.queues())

    def test_what_nobody_takes_is_said(self):
        probe = self.probe()
        self.assertEqual('unroutable', probe.publish('ironic.nobody', 'one'))
        self.assertEqual('unroutable', probe.publish('reply_gone', 'two', how='send'))
        self.assertEqual('confirmed', probe.publish('ironic.nobody', 'three', mandatory=0))
        # No such exchange: the broker closes the channel, and another one is opened.
        self.assertEqual('lost', probe.ask('result', 'drop', 'key', 5000, 'four').split()[1])
        self.assertEqual('unroutable', probe.publish('ironic.nobody', 'five'))
        self.assertEqual(1, probe.state('publishing')['connections'])
        self.assertIn('NOT_FOUND', probe.state('publishing')['trouble'])
        probe.quit()

    def test_other_declarations_are_refused_with_the_reason(self):
        self.use(self.broker.create())
        self.consuming().quit()
        durable = self.probe('?amqp_durable_queues=true')
        self.assertEqual('refused', durable.publish(self.topic, 'one'))
        self.assertIn('PRECONDITION_FAILED', durable.state('publishing')['trouble'])
        durable.quit()

    def test_oslo_messaging_declares_the_same(self):
        first = self.consuming()
        first.ask('consuming', 'consume', 'fanout', self.topic)
        with self.peer('listen', self.topic) as peer:
            self.assertEqual('listening\n', peer.stdout.readline())
            self.assertEqual({self.topic, self.topic + '.peer'},
                             {q for q in self.queues() if 'fanout' not in q})
            # Now the peer has been first.
            second = self.consuming(self.topic + '.peer')
            second.ask('consuming', 'consume', 'fanout', self.topic)
            self.assertTrue(second.state('consuming')['consuming'])
            second.quit()
            peer.stdin.close()
        first.quit()

    def test_messages_have_the_properties_of_oslo_messaging(self):
        probe = self.consuming()
        probe.ask('cancelled 1', 'cancel')
        self.assertEqual('confirmed', probe.publish(self.topic, 'one'))
        with self.peer('take', self.topic) as peer:
            self.assertEqual({
                'body': 'one',
                'properties': {'content_type': 'application/json', 'content_encoding': 'utf-8',
                               'application_headers': {}, 'delivery_mode': 2, 'priority': 0,
                               'expiration': '60000'}}, json.load(peer.stdout))
        probe.quit()

    def test_quorum_queues(self):
        """S48: and other kinds of queues that oslo.messaging declares."""
        limits = {'x-delivery-limit': 3, 'x-max-in-memory-length': 4, 'x-max-in-memory-bytes': 500}
        query = ('&rabbit_quorum_delivery_limit=3&rabbit_quroum_max_memory_length=4'
                 '&rabbit_quroum_max_memory_bytes=500&rabbit_transient_queues_ttl=')
        for option, ttl, topic, transient in (
                ('rabbit_quorum_queue', 60, dict(limits), {'x-expires': 60000}),
                ('rabbit_transient_quorum_queue', 60, {}, dict(limits, **{'x-expires': 60000})),
                ('rabbit_transient_quorum_queue', 0, {}, dict(limits))):
            with self.subTest(option=option, ttl=ttl):
                self.use(self.broker.create())
                probe = self.consuming(query='?%s=true%s%d' % (option, query, ttl))
                probe.ask('consuming', 'consume', 'fanout', self.topic)
                probe.ask('consuming', 'consume', 'reply', self.topic + '.reply')
                for how, key in (('publish', self.topic), ('send', self.topic + '.reply')):
                    self.assertEqual('confirmed', probe.publish(key, 'to ' + key, how=how))
                    probe.expect('message to ' + key)
                made = self.declared()
                self.assertEqual(3, len(made), made)
                for name, found in made.items():
                    wanted = topic if name == self.topic else transient
                    kind = 'quorum' if 'x-delivery-limit' in wanted else 'classic'
                    self.assertEqual((kind, kind == 'quorum', wanted), found, name)
                probe.quit()

    def test_connections_closed_one_by_one(self):
        probe = self.consuming()
        closer = threading.Thread(target=self.broker.evaluate, args=(CLOSE_ONE_BY_ONE % 20,))
        closer.start()
        figures = probe.flood(1200, 60, self.topic)
        closer.join()
        self.assertEqual(1200, figures['seen'], figures)
        self.assertEqual(1200, figures['confirmed'], figures)
        self.assertLess(figures['longest_ms'], 3000, figures)
        self.assertGreater(probe.state('publishing')['connections'] +
                           probe.state('consuming')['connections'], 10)
        probe.quit()

    def test_the_broker_is_stopped_and_started(self):
        for kill in (False, True):
            with self.subTest(kill=kill):
                probe = self.consuming('%s.%d' % (self.topic, kill))
                self.broker.halt(kill)
                begun = time.monotonic()
                self.assertIn(probe.publish('%s.%d' % (self.topic, kill), 'one', timeout_ms=1500),
                              ('unsent', 'lost'))
                self.assertLess(time.monotonic() - begun, 2.5)
                self.broker.resume()
                begun = time.monotonic()
                probe.wait_state('consuming', connected=1, consuming=1)
                self.assertEqual('confirmed', probe.publish('%s.%d' % (self.topic, kill), 'two'))
                probe.expect('message two')
                self.assertLess(time.monotonic() - begun, 3)
                probe.quit()

    def test_the_broker_hangs(self):
        probe = self.consuming(query='?heartbeat_timeout_threshold=2')
        self.assertEqual('confirmed', probe.publish(self.topic, 'zero'))
        children = subprocess.run(['pgrep', '--session', str(self.broker.process.pid)],
                                  capture_output=True, text=True, check=True).stdout.split()
        for child in children:
            os.kill(int(child), signal.SIGSTOP)
        try:
            begun = time.monotonic()
            self.assertIn(probe.publish(self.topic, 'one', timeout_ms=1000),
                          ('unconfirmed', 'lost'))
            self.assertLess(time.monotonic() - begun, 2)
            probe.wait_state('consuming', connected=0, timeout=20)
        finally:
            for child in children:
                os.kill(int(child), signal.SIGCONT)
        probe.wait_state('consuming', connected=1, consuming=1, timeout=20)
        self.assertEqual('confirmed', probe.publish(self.topic, 'two'))
        probe.expect('message two')
        probe.quit()

    def test_heartbeats_keep_idle_connections(self):
        probe = self.consuming(query='?heartbeat_timeout_threshold=1')
        time.sleep(6)  # silence is what is tested: three times the broker's patience
        for name in ('consuming', 'publishing'):
            self.assertEqual(1, probe.state(name)['connections'])
        probe.quit()

    def test_a_deleted_queue_is_made_again(self):
        probe = self.consuming()
        for word in ('one', 'two'):
            self.broker.control('delete_queue', '-p', self.vhost, self.topic)
            probe.wait_state('consuming', consuming=1, timeout=10)
            broker.wait_for(lambda: probe.publish(self.topic, word) == 'confirmed', 'a queue')
            probe.expect('message ' + word)
        self.assertEqual(1, probe.state('consuming')['connections'])
        probe.quit()

    def test_a_memory_alarm(self):
        probe = self.consuming()
        self.assertEqual('confirmed', probe.publish(self.topic, 'one'))
        probe.expect('message one')
        self.broker.control('set_vm_memory_high_watermark', 'absolute', '1')
        try:
            # The broker says that it is blocked when the first message comes.
            self.assertIn(probe.publish(self.topic, 'two', timeout_ms=1000),
                          ('unconfirmed', 'blocked'))
            probe.wait_state('publishing', blocked=1, timeout=10)
            self.assertEqual('blocked', probe.publish(self.topic, 'three', timeout_ms=500))
            self.assertEqual((1, 1), tuple(probe.state('consuming')[key]
                                           for key in ('connected', 'consuming')))
        finally:
            self.broker.control('set_vm_memory_high_watermark', 'absolute', '1GiB')
        probe.wait_state('publishing', blocked=0, timeout=20)
        self.assertEqual('confirmed', probe.publish(self.topic, 'four'))
        probe.expect('message four')
        self.assertEqual(1, probe.state('publishing')['connections'])
        probe.quit()

    def test_a_large_message_meets_a_memory_alarm(self):
        probe = self.consuming()
        self.broker.control('set_vm_memory_high_watermark', 'absolute', '1')
        try:
            for _ in range(12):  # more than any socket's buffer holds
                self.assertNotEqual('confirmed', probe.publish(self.topic, 'x' * 1000000,
                                                               timeout_ms=50))
            self.assertTrue(probe.wait_state('publishing', blocked=1, timeout=10))
            self.assertLess(probe.quit(), 16000)
        finally:
            self.broker.control('set_vm_memory_high_watermark', 'absolute', '1GiB')

    def test_a_wrong_password_is_told_and_tried_again(self):
        self.broker.control('add_user', 'late', 'right')
        self.broker.control('set_permissions', '-p', self.vhost, 'late', '.*', '.*', '.*')
        self.broker.control('change_password', 'late', 'other')
        self.url = self.broker.url(self.vhost, 'late', 'right')
        probe = self.probe()
        broker.wait_for(lambda: 'ACCESS_REFUSED' in probe.state('publishing')['trouble'],
                        'the refusal')
        self.assertEqual('unsent', probe.publish(self.topic, 'one', timeout_ms=300))
        self.broker.control('change_password', 'late', 'right')
        probe.wait_state('publishing', connected=1, timeout=20)
        probe.quit()
        self.assertIn('refuses us', ''.join(probe.log))
        self.assertNotIn('right', ''.join(probe.log))

    def test_a_virtual_host_that_is_not_there(self):
        self.url = self.broker.url('nowhere')
        probe = self.probe()
        broker.wait_for(lambda: 'nowhere' in probe.state('publishing')['trouble'], 'the refusal')
        self.assertLess(probe.quit(), 3000)

    def test_another_host_takes_over(self):
        self.url = self.url.replace('127.0.0.1', '127.0.0.1:1,castiron:secret%20word@127.0.0.1')
        probe = self.consuming()
        self.assertEqual('confirmed', probe.publish(self.topic, 'one'))
        probe.expect('message one')
        probe.quit()

    def test_many_messages_at_once(self):
        figures = self.consuming().flood(20000, 0, self.topic)
        self.assertEqual((20000, 0), (figures['seen'], figures['twice']), figures)


class OverTls(unittest.TestCase):
    """TLS with a certificate of our own."""

    class TlsBroker(broker.Broker):
        """Listens with TLS, too; whose certificate it has signed may log in by that alone."""

        PLUGINS = '[rabbitmq_auth_mechanism_ssl]'

        def more_configuration(self):
            names = {name: os.path.join(self.folder, name + '.pem') for name in ('key', 'cert')}
            subprocess.run(
                ['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
                 '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost',
                 '-keyout', names['key'], '-out', names['cert']],
                stdin=subprocess.DEVNULL, capture_output=True, check=True)
            subprocess.run(
                ['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
                 '-subj', '/CN=' + broker.USER, '-CA', names['cert'], '-CAkey', names['key'],
                 '-addext', 'basicConstraints=CA:FALSE',
                 '-keyout', os.path.join(self.folder, 'client-key.pem'),
                 '-out', os.path.join(self.folder, 'client.pem')],
                stdin=subprocess.DEVNULL, capture_output=True, check=True)
            os.chmod(names['key'], 0o644)
            return ('listeners.tcp.1 = 127.0.0.1:%d\nlisteners.ssl.1 = 127.0.0.1:%d\n'
                    'ssl_options.cacertfile = %s\nssl_options.certfile = %s\n'
                    'ssl_options.keyfile = %s\nssl_options.verify = verify_peer\n'
                    'ssl_options.fail_if_no_peer_cert = false\n'
                    'auth_mechanisms.1 = PLAIN\nauth_mechanisms.2 = EXTERNAL\n'
                    'ssl_cert_login_from = common_name\n' % (
                        self.port, self.tls_port, names['cert'], names['cert'], names['key']))

    def setUp(self):
        self.TlsBroker.tls_port = broker.cluster.free_port()
        self.broker = self.TlsBroker().start()
        self.addCleanup(self.broker.stop)
        self.cert = os.path.join(self.broker.folder, 'cert.pem')

    def probe(self, host, query, **login):
        url = self.broker.url(**login).replace('127.0.0.1:%d' % self.broker.port,
                                        '%s:%d' % (host, self.broker.tls_port))
        made = Probe(url + '?ssl=true' + query)
        self.addCleanup(made.discard)
        return made

    def test_certificates(self):
        checked = '&ssl_ca_file=' + self.cert
        for host, query in (('localhost', ''), ('127.0.0.1', checked),
                            ('localhost', checked + '&ssl_enforce_hostname_verification=true')):
            with self.subTest(host=host, query=query):
                probe = self.probe(host, query)
                probe.ask('consuming', 'consume', 'topic', 'ironic.topic')
                self.assertEqual(300, probe.flood(300, 0, 'ironic.topic')['seen'])
                probe.quit()
        for host, query in (
                ('127.0.0.1', checked + '&ssl_enforce_hostname_verification=true'),
                ('localhost', '&ssl_ca_file=/etc/ssl/certs/ca-certificates.crt')):
            with self.subTest(host=host, query=query):
                probe = self.probe(host, query)
                broker.wait_for(lambda: probe.state('publishing')['trouble'], 'trouble')
                self.assertEqual(0, probe.state('publishing')['connected'])
                probe.quit()

    def test_a_certificate_logs_in(self):
        own = '&ssl_cert_file=%s/client.pem&ssl_key_file=%s/client-key.pem' % (
            self.broker.folder, self.broker.folder)
        for query, enters in (('&rabbit_login_method=EXTERNAL' + own, True),
                              ('&rabbit_login_method=EXTERNAL', False),
                              ('&rabbit_login_method=PLAIN' + own, False)):
            with self.subTest(query=query):
                probe = self.probe('localhost', '&ssl_ca_file=' + self.cert + query,
                                   user='nobody', password='wrong')
                if enters:
                    probe.ask('consuming', 'consume', 'topic', 'ironic.topic')
                    self.assertEqual('confirmed', probe.publish('ironic.topic', 'one'))
                    probe.expect('message one')
                    self.assertIn(broker.USER, self.broker.control('list_connections', 'user'))
                else:
                    broker.wait_for(
                        lambda: 'ACCESS_REFUSED' in probe.state('publishing')['trouble'],
                        'the refusal', 20)
                    self.assertEqual(0, probe.state('publishing')['connected'])
                probe.quit()


if __name__ == '__main__':
    unittest.main()
