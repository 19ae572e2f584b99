# SPDX-License-Identifier: Apache-2.0
"""A chapter of the guide, run from its first to its last line while clients work."""
import os
import subprocess
import time

import member
import server
from rolling import judge, load
from rolling.stage import Stage

RING_S = 3
FROM_IRONIC = 'Rolling, from Ironic 21.4'  # chapters of the guide
OFFLINE = 'Offline, from Ironic 21.4'
BACK = 'Back to Ironic 21.4, while pinned'
FROM_CASTIRON = 'Rolling, from castiron to castiron'
OLD = [('conductor-1', 'ironic-conductor'), ('conductor-2', 'ironic-conductor'),
       ('api-1', 'ironic-api'), ('api-2', 'ironic-api')]
OURS = [(machine, unit.replace('ironic', 'castiron')) for machine, unit in OLD]
# Conductors that leave and come back, in every way; others are there all the while.
LEAVING = '''
conductor-1# systemctl stop castiron-conductor
conductor-1# sleep 4
conductor-1# systemctl start castiron-conductor
conductor-1# sleep 4
conductor-2# systemctl kill --signal=USR2 castiron-conductor
conductor-2# while systemctl is-active --quiet castiron-conductor; do sleep 1; done
conductor-2# sleep 4
conductor-2# systemctl start castiron-conductor
conductor-1# systemctl restart castiron-conductor
conductor-2# systemctl restart castiron-conductor
'''
TWO = [('conductor-1', 'castiron-conductor'), ('conductor-2', 'castiron-conductor'),
       ('api-1', 'castiron-api')]
THREE = [*TWO, ('conductor-3', 'castiron-conductor')]
AMONG_OLD = [*TWO, ('conductor-3', 'ironic-conductor')]
INSERT = '''
insert into nodes (uuid, name, driver, provision_state, power_state, version, owner,
    conductor_group, console_enabled, maintenance, protected, retired, automated_clean,
    boot_interface, deploy_interface, management_interface, power_interface, network_interface,
    storage_interface, inspect_interface, raid_interface, bios_interface, console_interface,
    rescue_interface, vendor_interface, properties, extra, driver_info, instance_info,
    driver_internal_info, created_at, provision_updated_at)
select gen_random_uuid(), '%(owner)s-' || n, 'fake-hardware', '%(state)s', 'power off', '1.37',
    '%(owner)s', '', false, false, false, false, null, 'fake', 'fake', 'fake', 'fake', 'noop',
    'noop', 'fake', 'no-raid', 'no-bios', 'no-console', 'no-rescue', 'no-vendor', '{}', '{}',
    '{}', '{}', '{}', now(), now() from generate_series(1, %(count)d) n
returning uuid'''


class Rehearsal:
    """One run; run() gives the verdict."""

    NODES, OWN, WALKERS = 1000, 60, 50
    RATE, WALKS = 20, 4  # requests a second, and questions to the walking nodes
    SHARE = None  # of all cores that the services take: the rate is measured that makes them
    MEASURE_S, MEASURES, MOST_RATE = 10, 3, 400
    BEFORE_S, AFTER_S = 8, 8
    RELEASE = '37.0'  # of the services that run, where the guide says RELEASE
    ANSWER_S = 60  # [DEFAULT]rpc_response_timeout

    def __init__(self, postgres, rabbit, steps, units):
        self.steps, self.units = steps, units
        self.stage = Stage(postgres, rabbit, {
            'DEFAULT': {'hash_ring_reset_interval': RING_S},
            'conductor': {'graceful_shutdown_timeout': 60, 'heartbeat_timeout': 20,
                          'heartbeat_interval': 3},
            'api': {'shutdown_delay': 3},
            'fake': {'deploy_delay': '0,4', 'power_delay': '0,1'}})
        self.stage.ring_s = RING_S
        self.build = self.stage.build  # what the guide's restarts start
        self.clients = self.began = self.swapped = None

    def insert(self, owner, count, state):
        cluster = self.stage.cluster
        return [row[0] for row in cluster.postgres.sql(
            INSERT % {'owner': owner, 'count': count, 'state': state}, cluster.database)]

    def make_database(self):
        """As Debian's package makes it, where all services are Debian's in the beginning."""
        machine = self.stage.configure('db-1')
        old = all(unit.startswith('ironic-') for _, unit in self.units)
        command = ([*member.DEBIAN[:-1], member.DEBIAN[-1] % 'dbsync'] if old
                   else [server.BUILD + '/castiron-dbsync'])
        done = subprocess.run([*command, '--config-file', machine.path('/etc/ironic/ironic.conf'),
                               'create_schema'], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=180)
        if done.returncode != 0:
            raise AssertionError('create_schema: %s%s' % (done.stdout, done.stderr))

    def fill(self):
        """Nodes of all; gives the clients their own."""
        others = self.insert('others', self.NODES, 'active')
        own = self.insert('own', self.OWN, 'available')
        walkers = self.insert('walkers', self.WALKERS, 'available')
        return others + own, own, walkers

    def share_of_cpu(self, seconds):
        """What the services take of all cores, for so long."""
        used, began = judge.cpu_s(self.stage.services()), time.monotonic()
        time.sleep(seconds)
        used = judge.cpu_s(self.stage.services()) - used
        return used / (time.monotonic() - began) / os.cpu_count()

    def measure_rate(self, say):
        """The load that takes SHARE of all cores, and never less than RATE; it goes on with it.

        What counts is the CPU of a request that was answered: on a machine that others keep busy
        not all of a higher rate is, and the share is not reached.
        """
        rate = self.RATE
        for _ in range(self.MEASURES):
            answered = len(self.clients.answers)
            cpu = self.share_of_cpu(self.MEASURE_S)
            answered = (len(self.clients.answers) - answered) / self.MEASURE_S
            say('measured: %.0f requests a second take %.0f %% of the CPU' % (answered, cpu * 100))
            rate = min(max(self.RATE, answered * self.SHARE / cpu - self.clients.walkers.all_rate()),
                       self.MOST_RATE)
            self.clients.set_rate(rate)
        time.sleep(2)  # until the last rate is that of all clients
        return rate

    def run(self, say=lambda text: None):
        self.stage.options['DEFAULT']['rpc_response_timeout'] = self.ANSWER_S
        if any('ironic-' in text for text in [u for _, u in self.units]
               + [step.command for step in self.steps]):
            self.stage.pin = member.RELEASE
        self.make_database()
        uuids, own, walkers = self.fill()
        self.stage.start(self.units)
        self.clients = load.Load(self.stage.balancer.port, uuids, own, walkers,
                                 self.MOST_RATE if self.SHARE else self.RATE, self.WALKS)
        self.clients.set_rate(self.RATE)
        self.clients.start()
        rate = self.measure_rate(say) if self.SHARE else self.RATE
        measured = time.time()
        cpu = self.share_of_cpu(self.BEFORE_S)
        self.began = time.time()
        self.stage.build = self.build
        for step in self.steps:
            say('%6.1f s  %s# %s' % (time.time() - self.began, step.machine, step.command))
            self.stage.machine(step.machine).run(step.command.replace('RELEASE', self.RELEASE))
            if 'start castiron-api' in step.command or 'restart castiron-api' in step.command:
                self.swapped = time.time()
        self.swapped = self.swapped or time.time()
        time.sleep(self.AFTER_S)
        self.clients.stop()
        say('%6.1f s  clients have stopped' % (time.time() - self.began))
        return judge.Verdict(self.stage, self.clients, judge.Times(
            measured, self.began, self.swapped), judge.Old(rate, cpu))

    def discard(self):
        if self.clients:
            for thread in [*self.clients.mixes, self.clients.walkers]:
                thread.ending.set()
        self.stage.discard()


