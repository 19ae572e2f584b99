# SPDX-License-Identifier: Apache-2.0
"""castiron-dbsync brings a database of Debian's Ironic 21.4 to the newest release."""
import contextlib
import os
import random
import subprocess
import unittest

import libpq
import migration
from migration import DBSYNC, GOLDEN, Tool

OLD = GOLDEN['revisions'][0][0]
HEAD = GOLDEN['head']
NODES = 3000

# Command lines, each on a new 21.4 database after those before it on the same line.
SAME_AS_IRONIC = (
    ['version', 'upgrade --revision ' + OLD[:5], 'upgrade --revision base',
     'upgrade --revision nope', 'create_schema', 'stamp --revision nope',
     'stamp --revision ' + OLD, 'stamp', 'version', 'upgrade'],
    ['version --revision x'],
    ['downgrade'],
)


class Upgrade:
    """What holds on both engines."""

    def assert_newest(self, store):
        self.assertEqual(HEAD + '\n', self.dbsync('version').stdout)
        created = self.created().catalog()
        upgraded = store.catalog()
        for kind in created:
            self.assertEqual(set(), created[kind] - upgraded[kind])
            more = {row[:2] for row in upgraded[kind] - created[kind]}
            self.assertEqual(migration.UPGRADED_ONLY if kind == 'constraints' else set(), more)

    def test_an_upgraded_database_is_a_created_one(self):
        """S18: from 21.4's schema to the newest, exit code 0, and once more to no effect."""
        store = self.old()
        self.assertEqual(OLD + '\n', self.dbsync('version').stdout)
        self.assertEqual('', self.upgrade().stdout)
        self.assert_newest(store)
        again = store.catalog()
        self.assertEqual('', self.dbsync().stdout)
        self.assertEqual(again, store.catalog())

    def test_each_revision_by_itself(self):
        store = self.old()
        for revision, _ in GOLDEN['revisions'][1:]:
            self.upgrade('--revision', revision)
            self.assertEqual(revision + '\n', self.dbsync('version').stdout)
        self.assert_newest(store)

    def test_names_of_revisions(self):
        self.old()
        for name, place in (('+1', 1), ('163040c', 2), ('head-1', 21), (OLD, 21), ('head', 22)):
            with self.subTest(name=name):
                self.upgrade('--revision=' + name)
                self.assertEqual(GOLDEN['revisions'][place][0] + '\n',
                                 self.dbsync('version').stdout)

    def test_no_row_changes(self):
        """S37, S38: steps change the schema only, new columns hold what the schema says."""
        store = self.old()
        migration.fill(store, 50)
        before = migration.contents(store)
        self.upgrade()
        del before['alembic_version']
        for table, (columns, rows) in before.items():
            with self.subTest(table=table):
                self.assertEqual(rows, store.rows(table, columns))
        filled = {(table, column): {row[0] for row in store.rows(table, [column])}
                  for table in before for column in store.columns(table)
                  if column not in before[table][0]}
        false, true = self.BOOLEANS
        expected = {('nodes', 'disable_power_off'): {false},
                    ('ports', 'available_for_dynamic_portgroup'): {true}}
        for place, values in filled.items():
            self.assertLessEqual(values, expected.get(place, {'NULL'}), place)
        self.assertEqual({'50'}, {row[0] for row in store.rows('bios_settings', ['upper_bound'])}
                         & {'50'})

    def test_a_dry_run_changes_nothing(self):
        store = self.old()
        migration.fill(store, 20)
        before = migration.contents(store), store.catalog()
        plan = self.upgrade('--dry-run').stdout
        self.assertEqual(before, (migration.contents(store), store.catalog()))
        at = -1
        for revision, _ in GOLDEN['revisions'][1:]:
            self.assertLess(at, plan.index('\n%s: ' % revision))
            at = plan.index('\n%s: ' % revision)
        self.assertIn('ADD COLUMN', plan)
        self.assertRegex(plan, 'locks nodes, .* about 20 rows')
        self.assertTrue(plan.endswith('Nothing has been changed.\n'), plan[-200:])
        self.assertIn('1 revision before', self.upgrade('--dry-run', '--revision', '+1').stdout)
        self.upgrade()
        self.assertIn('nothing to do', self.upgrade('--dry-run').stdout)

    def test_unknown_revisions_are_refused(self):
        store = self.old()
        before = store.catalog()
        for revision, word in (('0ac0f39bc5aa', 'before 21.4'), ('ffffffffffff', 'newer than')):
            with self.subTest(revision=revision):
                store.sql("UPDATE alembic_version SET version_num = '%s'" % revision)
                for arguments in ([], ['--dry-run']):
                    refused = self.upgrade(*arguments, code=1)
                    self.assertIn(word, refused.stderr)
                    self.assertIn(revision, refused.stderr)
                self.assertEqual(revision + '\n', self.dbsync('version').stdout)
        self.assertEqual(before, store.catalog())

    def test_there_is_no_way_down(self):
        """S13: going back is restoring the backup; there is no such command."""
        self.old()
        self.upgrade()
        self.dbsync('downgrade', code=2)
        self.upgrade('--revision', OLD)
        self.assertEqual(HEAD + '\n', self.dbsync('version').stdout)


class OnPostgreSQL(Upgrade, migration.OldPostgreSQL):
    BOOLEANS = ('false', 'true')

    @contextlib.contextmanager
    def stop_at(self, store, number):
        """Statement number so and so of the schema sleeps before it does its work."""
        store.sql("""
            CREATE SEQUENCE public.castiron_test_seq;
            CREATE FUNCTION public.castiron_test() RETURNS event_trigger LANGUAGE plpgsql AS $$
            BEGIN IF nextval('public.castiron_test_seq') = %d THEN PERFORM pg_sleep(600); END IF;
            END $$;
            CREATE EVENT TRIGGER castiron_test ON ddl_command_start
            EXECUTE FUNCTION public.castiron_test()""" % number)
        yield
        store.sql("""ALTER EVENT TRIGGER castiron_test DISABLE; DROP EVENT TRIGGER castiron_test;
                     DROP FUNCTION public.castiron_test();
                     DROP SEQUENCE public.castiron_test_seq""")

    def sleepers(self, store):
        return self.postgres.sql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' "
                                 "AND datname = '%s'" % store.name)

    def kill_at(self, store, number):
        """Ends the run there, program and server's side; False when it has ended before."""
        with self.stop_at(store, number):
            run = self.start('upgrade')
            self.wait_for(lambda: self.sleepers(store) or run.poll() is not None, 'the statement')
            ended = run.poll() is not None
            run.kill()
            run.communicate()
            self.postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                              "WHERE datname = '%s'" % store.name)
            self.wait_for(lambda: not self.postgres.sql(
                "SELECT 1 FROM pg_stat_activity WHERE datname = '%s'" % store.name), 'the server')
        return not ended

    def test_killed_at_any_statement_it_is_run_again(self):
        """One database, killed at its first, second, third... statement until there is none."""
        store, killed = self.old(), 0
        migration.fill(store, 20)
        revision, number = OLD, 1
        while self.kill_at(store, number):
            killed += 1
            # A run begins with the first statement of a revision.
            now = store.sql('SELECT version_num FROM alembic_version')[0][0]
            revision, number = now, number + 1 if now == revision else 2
        self.assertGreater(killed, 40)
        self.assert_newest(store)

    def test_a_half_built_index_is_built_again(self):
        store = self.old()
        self.upgrade('--revision', '+1')
        store.sql("UPDATE alembic_version SET version_num = '%s'" % OLD)
        store.sql("UPDATE pg_index SET indisvalid = false "
                  "WHERE indexrelid = 'parent_node_idx'::regclass")
        self.upgrade()
        self.assert_newest(store)

    def test_a_busy_table_is_not_blocked(self):
        """S54: behind a long transaction the upgrade gives way to everybody, and comes back."""
        store = self.old()
        migration.fill(store, 100)
        with libpq.Connection(self.postgres.port, store.name) as link:
            link.run('BEGIN; SELECT count(*) FROM nodes')
            with migration.Busy(store, 100) as clients:
                run = self.start('upgrade')
                self.wait_for(lambda: self.postgres.sql(
                    "SELECT 1 FROM pg_stat_activity WHERE datname = '%s' AND wait_event_type = "
                    "'Lock' AND query LIKE 'ALTER TABLE%%'" % store.name), 'a lock')
                so_far = len(clients.waits)
                self.wait_for(lambda: len(clients.waits) > so_far + 1000, 'the others')
                self.assertIsNone(run.poll())
                link.run('ROLLBACK')
                output, _ = run.communicate(timeout=60)
                self.assertEqual(0, run.returncode, output)
        self.assertIn('A table is busy', self.log())
        self.assertEqual([], clients.failures)
        self.assertLess(clients.slowest[0], 1, clients.report())
        self.assert_newest(store)

    def test_upgrade_beside_reading_and_writing(self):
        """S54, S40: no statement fails or waits for a second while some thousand nodes go by."""
        store = self.old()
        migration.fill(store, NODES)
        before = store.rows('bios_settings', ['node_id', 'name', 'lower_bound', 'upper_bound'])
        with migration.Busy(store, NODES) as clients:
            self.wait_for(lambda: len(clients.waits) > 200, 'the clients')
            self.upgrade()
            so_far = len(clients.waits)
            self.wait_for(lambda: len(clients.waits) > so_far + 200, 'the clients')
        self.assertEqual([], clients.failures)
        self.assertLess(clients.slowest[0], 1, clients.report())
        self.assertEqual(before, store.rows('bios_settings', ['node_id', 'name', 'lower_bound',
                                                              'upper_bound']))
        self.assert_newest(store)

    def test_two_at_once(self):
        store = self.old()
        runs = [self.start('upgrade') for _ in range(2)]
        for run in runs:
            output, _ = run.communicate(timeout=60)
            self.assertEqual(0, run.returncode, output)
        self.assert_newest(store)

    def test_a_plan_tells_what_is_large(self):
        store = self.old()
        migration.fill(store, NODES)
        store.sql('ANALYZE')
        plan = self.upgrade('--dry-run').stdout
        self.assertIn('locks nodes, SHARE UPDATE EXCLUSIVE: while it reads the table; others read '
                      'and write; about %d rows' % NODES, plan)
        self.assertIn('locks bios_settings, ROW EXCLUSIVE: a few rows at a time', plan)

    def test_an_empty_database_has_one_schema(self):
        store = migration.PgStore(self.postgres)
        self.configure(store.url)
        self.upgrade('--revision', '163040c5513f', code=1)
        self.assertEqual([], store.tables())
        self.assertIn('empty', self.upgrade('--dry-run').stdout)
        self.assertEqual([], store.tables())


class OnSQLite(Upgrade, migration.OldSQLite):
    BOOLEANS = ('0', '1')

    def test_killed_at_any_time_it_is_run_again(self):
        store = self.old()
        migration.fill(store, 2000)
        chance, killed = random.Random(1), 0
        before = store.rows('bios_settings', ['node_id', 'name', 'lower_bound', 'upper_bound'])
        for _ in range(40):
            run = subprocess.Popen([DBSYNC, '--config-file', self.conf, 'upgrade'],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.wait(chance.uniform(0.002, 0.03))
            killed += run.poll() is None
            run.kill()
            run.wait()
        self.assertGreater(killed, 3)
        self.upgrade()
        self.assert_newest(store)
        self.assertEqual(before, store.rows('bios_settings', ['node_id', 'name', 'lower_bound',
                                                              'upper_bound']))

    def test_answers_and_exit_codes_are_those_of_ironic(self):
        """Both tools are asked the same; what a program says on standard output agrees."""
        for lines in SAME_AS_IRONIC:
            theirs, ours = self.store(), self.store()
            for line in lines:
                with self.subTest(line=line, after=lines):
                    self.configure(theirs.url)
                    old = self.run_tool('ironic-dbsync', *line.split())
                    self.configure(ours.url)
                    new = self.run_tool(DBSYNC, *line.split())
                    self.assertEqual((old.returncode, old.stdout), (new.returncode, new.stdout),
                                     old.stderr + new.stderr)


class NewRevision(Tool):
    """castiron-dbsync revision, for developers."""

    def test_file_and_row(self):
        self.configure('sqlite:///' + os.path.join(self.folder, 'db.sqlite'))
        run = lambda *more: subprocess.run(  # noqa: E731
            [DBSYNC, '--config-file', self.conf, 'revision', *more], cwd=self.folder, timeout=60,
            stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.assertEqual(1, run('-m', 'a new thing').returncode)
        os.makedirs(os.path.join(self.folder, 'db', 'revisions'))
        made = run('-m', 'a new thing')
        self.assertEqual(0, made.returncode, made.stderr)
        self.assertRegex(made.stdout, r'\A  Generating db/revisions/[0-9a-f]{12}\.sql \.\.\.  done\n'
                         r'REVISION\([0-9a-f]{12}, %s, "a new thing"\)\n\Z' % HEAD)
        self.assertEqual(1, len(os.listdir(os.path.join(self.folder, 'db', 'revisions'))))
        self.assertEqual(1, run('-m', 'a "quote"').returncode)

if __name__ == '__main__':
    unittest.main()
