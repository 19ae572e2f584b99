# SPDX-License-Identifier: Apache-2.0
"""castiron-dbsync: the schema it makes is the newest release's, name by name."""
import os
import shutil
import sqlite3
import subprocess
import unittest

import case
import server
from migration import COLUMNS, CONSTRAINTS, DBSYNC, GOLDEN, INDEXES, SEQUENCES, Tool


class Commands:
    """What holds on both engines; connection() names an empty database."""

    def test_create_version_and_upgrade(self):
        self.configure(self.connection())
        self.assertEqual('None\n', self.dbsync('version').stdout)
        self.assertEqual('', self.dbsync('create_schema').stdout)
        self.assertEqual(GOLDEN['head'] + '\n', self.dbsync('version').stdout)
        self.assertEqual('', self.dbsync('upgrade').stdout)
        again = self.dbsync('create_schema', code=1)
        self.assertEqual('', again.stdout)
        self.assertIn('already under version control', again.stderr)
        self.assertEqual(GOLDEN['head'] + '\n', self.dbsync('version').stdout)

    def test_no_command_is_upgrade(self):
        self.configure(self.connection())
        self.dbsync()
        self.assertEqual(GOLDEN['head'] + '\n', self.dbsync('version').stdout)

    def test_bad_command_lines(self):
        self.configure(self.connection())
        for arguments in (['nonsense'], ['version', 'more'], ['--nonsense'],
                          ['version', '--revision', 'x'], ['create_schema', '--dry-run']):
            with self.subTest(arguments=arguments):
                self.dbsync(*arguments, code=2)
        self.assertEqual('None\n', self.dbsync('version').stdout)


class OnPostgreSQL(Commands, Tool):
    def connection(self):
        self.postgres = case.OneCluster.get()
        self.database = self.postgres.create()
        return self.postgres.url(self.database)

    def catalog(self, query):
        return self.postgres.sql(query, self.database)

    def create(self):
        self.configure(self.connection())
        self.dbsync('create_schema')

    def test_tables_and_columns(self):
        self.create()
        found = {}
        for table, *column in self.catalog(COLUMNS):
            found.setdefault(table, []).append(column)
        self.assertEqual([['version_num', 'character varying(32)', 'f', '']],
                         found.pop('alembic_version'))
        self.assertEqual(sorted(GOLDEN['tables']), sorted(found))
        for table, golden in GOLDEN['tables'].items():
            expected = [[name, kind, 't' if nullable else 'f', default or '']
                        for name, kind, nullable, default, _ in golden['columns']]
            self.assertEqual(expected, found[table], table)

    def compare(self, query, key, stamp):
        found = {}
        for table, name, definition in self.catalog(query):
            found.setdefault(table, {})[name] = definition
        self.assertEqual({'alembic_version_pkc': stamp}, found.pop('alembic_version'))
        for table, golden in GOLDEN['tables'].items():
            self.assertEqual(golden[key], found.pop(table, {}), table)
        self.assertEqual({}, found)

    def test_constraints(self):
        self.create()
        self.compare(CONSTRAINTS, 'constraints', 'PRIMARY KEY (version_num)')

    def test_indexes(self):
        self.create()
        self.compare(INDEXES, 'pg_indexes', 'CREATE UNIQUE INDEX alembic_version_pkc ON '
                     'alembic_version USING btree (version_num)')

    def test_sequences_belong_to_their_columns(self):
        self.create()
        expected = {('%s_id_seq' % table, table, 'id')
                    for table, golden in GOLDEN['tables'].items()
                    if any(c[0] == 'id' for c in golden['columns'])}
        self.assertEqual(expected, {tuple(row) for row in self.catalog(SEQUENCES)})

    def test_tables_without_a_stamp_are_refused(self):
        self.create()
        self.catalog('DELETE FROM alembic_version')
        self.dbsync('create_schema', code=1)
        self.assertEqual('None\n', self.dbsync('version').stdout)

    def test_a_failed_create_leaves_nothing(self):
        self.configure(self.connection())
        self.catalog('CREATE TABLE volume_targets (id integer)')
        refused = self.dbsync('create_schema', code=1)
        self.assertIn('relation "volume_targets" already exists', refused.stderr)
        self.assertEqual([['volume_targets']],
                         self.catalog("SELECT tablename FROM pg_tables WHERE schemaname='public'"))
        self.assertEqual('None\n', self.dbsync('version').stdout)

    def test_two_at_once_make_one_schema(self):
        self.configure(self.connection())
        both = [subprocess.Popen([DBSYNC, '--config-file', self.conf, 'create_schema'],
                                 stderr=subprocess.DEVNULL) for _ in range(2)]
        self.assertEqual([0, 1], sorted(p.wait(60) for p in both))
        self.assertEqual(GOLDEN['head'] + '\n', self.dbsync('version').stdout)

    @unittest.skipUnless(shutil.which('ironic-dbsync'), 'ironic-dbsync is not installed')
    def test_ironic_reads_the_stamp(self):
        self.create()
        done = self.run_tool('ironic-dbsync', 'version')
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(GOLDEN['head'], done.stdout.split()[-1])

    @unittest.skipUnless(shutil.which('ironic-dbsync'), 'ironic-dbsync is not installed')
    def test_ironic_migrates_objects_in_it(self):
        self.create()
        done = self.run_tool('ironic-dbsync', 'online_data_migrations')
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn('migrated 0 of 0 objects', done.stdout)

    def test_an_unreachable_server_is_named(self):
        self.configure('postgresql+psycopg2://ironic:secret@127.0.0.1:1/ironic')
        refused = self.dbsync('version', code=1)
        self.assertIn('port 1 failed', refused.stderr)
        self.assertNotIn('secret', refused.stderr)


class OnSQLite(Commands, Tool):
    def connection(self):
        return 'sqlite:///' + os.path.join(self.folder, 'db.sqlite')

    def test_tables_columns_and_indexes(self):
        self.configure(self.connection())
        self.dbsync('create_schema')
        with sqlite3.connect(os.path.join(self.folder, 'db.sqlite')) as db:
            tables = {row[0] for row in
                      db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            self.assertEqual(set(GOLDEN['tables']) | {'alembic_version'}, tables)
            for table, golden in GOLDEN['tables'].items():
                with self.subTest(table=table):
                    self.check_table(db, table, golden)

    def check_table(self, db, table, golden):
        info = db.execute('PRAGMA table_info("%s")' % table).fetchall()
        expected = [(name, kind, not nullable)
                    for name, _, nullable, _, kind in golden['columns']]
        self.assertEqual(expected, [(row[1], row[2], bool(row[3])) for row in info])
        key = [row[1] for row in sorted(info, key=lambda row: row[5]) if row[5]]
        self.assertEqual(golden['primary_key'], key)
        indexes = {'c': {}, 'u': {}}
        for _, name, unique, origin, _ in db.execute('PRAGMA index_list("%s")' % table):
            columns = tuple(row[2] for row in db.execute('PRAGMA index_info("%s")' % name))
            if origin != 'pk':
                indexes[origin][name] = columns
        self.assertEqual({k: tuple(v) for k, v in golden['indexes'].items()}, indexes['c'])
        self.assertEqual({tuple(v) for v in golden['unique'].values()},
                         set(indexes['u'].values()))
        (sql,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        for name in golden['unique']:
            self.assertIn('CONSTRAINT %s UNIQUE' % name, sql)


class Refusals(Tool):
    def test_mysql_is_refused_clearly(self):
        self.configure('mysql+pymysql://ironic:secret@127.0.0.1/ironic')
        refused = self.dbsync('version', code=1)
        self.assertIn('no engine for mysql', refused.stderr)
        self.assertNotIn('secret', refused.stderr)

    def test_revisions_are_the_reference(self):
        with open(os.path.join(server.ROOT, 'db', 'revisions.def'), encoding='ascii') as f:
            rows = [line[len('REVISION('):].split(', ')[:2] for line in f
                    if line.startswith('REVISION(')]
        self.assertEqual(GOLDEN['revisions'], rows)


if __name__ == '__main__':
    unittest.main()
