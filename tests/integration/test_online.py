# SPDX-License-Identifier: Apache-2.0
"""castiron-dbsync online_data_migrations, and what neither it nor a service works on."""
import os
import re
import subprocess
import unittest

import cluster
import libpq
import migration
import server

COMMAND = 'online_data_migrations'
NEWEST = {'nodes': '1.44', 'ports': '1.16', 'conductors': '1.6', 'chassis': '1.4',
          'bios_settings': '1.2', 'allocations': '1.3', 'node_history': '1.3'}
COMPLETED = 'Data migrations have completed.\n'
AGAIN = 'Data migrations have not completed. Please re-run.\n'


class Online:
    """What holds on both engines."""

    def upgraded(self, nodes):
        """A 21.4 database with rows on the newest schema: 4 * nodes + 8 of them are older."""
        store = self.old()
        migration.fill(store, nodes)
        self.upgrade()
        return store

    def configure_more(self, text):
        with open(self.conf, 'a', encoding='utf-8') as f:
            f.write(text)

    def online(self, *arguments, code=0):
        return self.dbsync(COMMAND, *arguments, code=code)

    def versions(self, store):
        return {table: {row[0] for row in store.rows(table, ['version'])} for table in NEWEST}

    def older(self, store):
        counts = ["(SELECT count(*) FROM %s WHERE version <> '%s')" % item
                  for item in NEWEST.items()]
        return int(store.sql('SELECT ' + ' + '.join(counts))[0][0])

    def test_all_rows_get_the_newest_version(self):
        """S22, S41, S72: with no service and no broker there; nothing but versions changes."""
        store = self.upgraded(60)
        columns = [c for c in store.columns('nodes') if c not in ('version', 'updated_at')]
        before = store.rows('nodes', columns)
        said = self.online().stdout
        self.assertEqual({t: {v} for t, v in NEWEST.items()}, self.versions(store))
        self.assertEqual(before, store.rows('nodes', columns))
        self.assertTrue(said.startswith(
            'Running batches of 50 until migrations have been completed.\n'
            'migrate_to_builtin_inspection() migrated 0 of 0 objects.\n'
            'migrate_runbook_names_to_traits() migrated 0 of 0 objects.\n'
            'update_to_latest_versions() migrated 50 of 248 objects.\n'), said)
        done = re.findall(r'update_to_latest_versions\(\) migrated (\d+) of (\d+)', said)
        left = 248
        for batch, of in done:
            self.assertEqual(left, int(of), said)
            left -= int(batch)
        self.assertEqual(0, left, said)
        self.assertTrue(said.endswith(' objects.\n' + COMPLETED), said)
        self.assertIn('update_to_latest_versions() migrated 0 of 0 objects.\n' + COMPLETED,
                      self.online().stdout)
        beats = {row[0] for row in store.rows('conductors', ['updated_at'])}
        self.assertEqual(1, len(beats))
        self.assertIn('2024-01-02', beats.pop())

    def test_at_most_so_many_rows(self):
        """S23: a thousand rows, a hundred a run: ten times exit code 1, then 0."""
        store = self.upgraded(248)
        for run in range(10):
            self.assertEqual(1000 - 100 * run, self.older(store))
            self.assertTrue(self.online('--max-count', '100', code=1).stdout.endswith(AGAIN))
        self.assertEqual(0, self.older(store))
        self.assertTrue(self.online('--max-count', '100').stdout.endswith(COMPLETED))

    def test_the_next_upgrade_waits_for_the_rows(self):
        """S73: on an upgraded database, too, nothing of the next release works before they are done."""
        store = self.upgraded(3)
        store.sql("UPDATE nodes SET version = '1.19' WHERE id = 2")  # what is known no more
        before = store.catalog(), migration.contents(store)
        for arguments in (['upgrade'], ['upgrade', '--dry-run'], [COMMAND], []):
            refused = self.dbsync(*arguments, code=2)
            self.assertIn('castiron-dbsync online_data_migrations', refused.stderr)
            self.assertIn('using the previous release', refused.stderr)
        self.assertEqual(before, (store.catalog(), migration.contents(store)))
        store.sql("UPDATE nodes SET version = '1.37' WHERE id = 2")  # as the previous one does
        self.upgrade()
        self.online()
        self.upgrade()
        self.assertEqual({t: {v} for t, v in NEWEST.items()}, self.versions(store))

    def test_misused(self):
        """S24: below one is 127, no number is 2; an option has a form."""
        self.upgraded(3)
        for count in ('0', '-5'):
            self.assertEqual('"max-count" must be a positive value.\n',
                             self.online('--max-count=' + count, code=127).stderr)
        self.online('--max-count', 'x', code=2)
        for option in ('foo', 'foo.bar', 'foo=bar'):
            self.assertEqual('Malformed option %s\n' % option,
                             self.online('--option', option, code=127).stdout)
        self.online('--option', 'update_to_latest_versions.force=true', code=1)
        self.online('--option', 'no_migration.force=true', '--option', 'other.a=b')

    def test_nothing_changes_under_a_pin(self):
        """S39: a pin says that older services may be there; the missing step is named."""
        store = self.upgraded(5)
        before = self.versions(store)
        self.configure_more('[DEFAULT]\npin_release_version = antelope\n')
        refused = self.online(code=2)
        self.assertIn('[DEFAULT]pin_release_version is antelope', refused.stderr)
        self.assertIn('castiron-dbsync ' + COMMAND, refused.stderr)
        self.assertEqual(before, self.versions(store))

    def test_nothing_changes_beside_an_older_conductor(self):
        """S39: a live conductor whose row is older cannot read newer rows."""
        store = self.upgraded(5)
        before = self.versions(store)
        store.sql('UPDATE conductors SET online = true, updated_at = %s WHERE id = 2' % self.NOW)
        refused = self.online(code=2)
        self.assertIn('Conductor host2 is alive', refused.stderr)
        self.assertEqual(before, self.versions(store))
        store.sql("UPDATE conductors SET version = '1.6' WHERE id = 2")
        self.online()
        self.assertEqual(0, self.older(store))

    def test_unknown_versions_are_refused(self):
        """S10, S25: neither upgrade nor migration touches rows that no known release wrote."""
        for version, table in (('1.99', 'nodes'), (None, 'ports'), ('1.19', 'nodes'),
                               ('2.0', 'chassis')):
            with self.subTest(version=version):
                store = self.old()
                migration.fill(store, 3)
                store.sql('UPDATE %s SET version = %s WHERE id = 2'
                          % (table, 'NULL' if version is None else "'%s'" % version))
                before = store.catalog(), migration.contents(store)
                refused = self.upgrade(code=2)
                self.assertIn('not compatible', refused.stderr)
                self.assertIn(table, refused.stderr)
                if version != '1.99':
                    self.assertIn('online_data_migrations', refused.stderr)
                self.upgrade('--dry-run', code=2)
                self.online(code=2)
                self.assertEqual(before, (store.catalog(), migration.contents(store)))

    def test_not_before_the_schema(self):
        self.old()
        self.assertIn('castiron-dbsync upgrade', self.online(code=2).stderr)

    def test_services_refuse_what_they_cannot_read(self):
        """S42: a service names the command to run and ends with 1."""
        store = self.old()
        migration.fill(store, 3)
        self.configure_more('[DEFAULT]\nrpc_transport = none\nauth_strategy = noauth\n'
                            'enabled_hardware_types = fake-hardware\n[api]\nhost_ip = 127.0.0.1\n'
                            'port = %d\n' % cluster.free_port())
        self.refused('castiron-dbsync upgrade')
        self.upgrade()
        store.sql("UPDATE nodes SET version = '1.19' WHERE id = 2")
        self.refused('online_data_migrations')
        store.sql("UPDATE nodes SET version = '1.37' WHERE id = 2")
        store.sql("UPDATE alembic_version SET version_num = 'ffffffffffff'")
        store.sql('ALTER TABLE nodes RENAME COLUMN shard TO shards')
        self.refused('no column nodes.shard')

    def refused(self, command):
        for name in ('castiron', 'castiron-api', 'castiron-conductor'):
            done = subprocess.run([os.path.join(server.BUILD, name), '--config-file', self.conf,
                                   '--set', 'DEFAULT.log_file=', '--set',
                                   'DEFAULT.rpc_transport='
                                   + ('none' if name == 'castiron' else 'json-rpc')],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=60)
            self.assertEqual(1, done.returncode, done.stderr)
            self.assertIn(command, done.stderr + self.log(), name)

    def test_a_killed_run_is_started_again(self):
        store = self.upgraded(5000)
        all_of_them, killed = self.older(store), 0
        while killed < 3:
            run = self.start(COMMAND)
            self.assertTrue([run.stdout.readline() for _ in range(4)])  # the first batch is done
            run.kill()
            run.communicate()
            killed += 1
        self.assertLess(0, self.older(store))
        self.assertLess(self.older(store), all_of_them)
        self.online()
        self.assertEqual({t: {v} for t, v in NEWEST.items()}, self.versions(store))

    def test_nodes_of_the_inspector_become_the_agents(self):
        store = self.upgraded(6)
        store.sql("UPDATE nodes SET inspect_interface = 'inspector' WHERE id < 5")
        store.sql("UPDATE nodes SET provision_state = 'inspect wait' WHERE id = 1")
        self.assertIn('migrate_to_builtin_inspection() migrated 0 of 0', self.online().stdout)
        self.configure_more('[DEFAULT]\nenabled_inspect_interfaces = agent,no-inspect\n')
        self.assertIn('migrate_to_builtin_inspection() migrated 3 of 4', self.online().stdout)
        self.assertEqual([['agent']] * 3 + [['inspector']] + [['no-inspect']] * 2,
                         store.rows('nodes', ['inspect_interface']))

    def test_runbooks_get_their_names_as_traits(self):
        store = self.upgraded(3)
        store.sql("INSERT INTO runbooks (id, uuid, name, version) "
                  "VALUES (1, 'a', 'CUSTOM_A', '1.0'), (2, 'b', 'CUSTOM_B', '1.0')")
        store.sql("INSERT INTO runbook_traits (runbook_id, trait, version) "
                  "VALUES (2, 'CUSTOM_X', '1.0')")
        self.assertIn('migrate_runbook_names_to_traits() migrated 1 of 1', self.online().stdout)
        self.assertEqual([['1', 'CUSTOM_A'], ['2', 'CUSTOM_X']],
                         store.rows('runbook_traits', ['runbook_id', 'trait']))
        self.assertEqual([['1.2'], ['1.2']], store.rows('runbooks', ['version']))


class OnPostgreSQL(Online, migration.OldPostgreSQL):
    NOW = "now() at time zone 'UTC'"

    def test_an_older_api_is_warned_of(self):
        """S39: it leaves no row; its session has no name, ours have."""
        store = self.upgraded(3)
        with libpq.Connection(store.postgres.port, store.name):
            said = self.online()
        self.assertIn('An older API leaves no row', said.stderr)
        self.assertIn('from 127.0.0.1 (1)', said.stderr)
        self.assertEqual(0, self.older(store))
        self.assertNotIn('older API', self.online().stderr)

    def test_a_silent_conductor_is_no_hindrance(self):
        store = self.upgraded(3)
        store.sql('UPDATE conductors SET online = true')
        self.online()
        self.assertEqual(0, self.older(store))

    def test_beside_reading_and_writing(self):
        """S40: no statement fails or waits for a second; a row that is held comes last."""
        store = self.upgraded(1000)
        with libpq.Connection(store.postgres.port, store.name) as link, \
                migration.Busy(store, 1000) as clients:
            link.run('BEGIN; UPDATE nodes SET extra = extra WHERE id = 700')
            run = self.start(COMMAND)
            self.wait_for(lambda: store.sql("SELECT count(*) FROM nodes WHERE version <> '1.44'")
                          == [['1']], 'all but one')
            link.run('COMMIT')
            output, _ = run.communicate(timeout=60)
        self.assertEqual(0, run.returncode, output)
        self.assertEqual({v for t, v in NEWEST.items() if t == 'nodes'},
                         self.versions(store)['nodes'])
        self.assertEqual([], clients.failures)
        self.assertLess(clients.slowest[0], 1, clients.report())

    def test_a_later_release_may_have_changed_the_schema(self):
        """S56, S63: what castiron-dbsync of a later release leaves tells whence it came."""
        store = self.upgraded(3)
        store.sql("UPDATE alembic_version SET version_num = 'ffffffffffff'")
        self.online()
        self.assertEqual(0, self.older(store))


class OnSQLite(Online, migration.OldSQLite):
    NOW = "'2024-01-01 00:00:00'"


if __name__ == '__main__':
    unittest.main()
