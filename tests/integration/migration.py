# SPDX-License-Identifier: Apache-2.0
"""Databases on their way from release to release: made, filled, compared, and kept busy."""
import atexit
import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

import case
import libpq
import server

DBSYNC = os.path.join(server.BUILD, 'castiron-dbsync')
with open(os.path.join(server.ROOT, 'tests', 'golden', 'schema.json'), encoding='ascii') as _f:
    GOLDEN = json.load(_f)

COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
           pg_get_expr(d.adbin, d.adrelid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind = 'r' ORDER BY c.relname, a.attnum"""
CONSTRAINTS = """
    SELECT conrelid::regclass, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace"""
INDEXES = """SELECT tablename, indexname, replace(indexdef, ' ON public.', ' ON ')
    FROM pg_indexes WHERE schemaname = 'public'"""
SEQUENCES = """
    SELECT s.relname, d.refobjid::regclass, a.attname FROM pg_class s
    JOIN pg_depend d ON d.objid = s.oid AND d.deptype = 'a'
    JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE s.relkind = 'S'"""


class Tool(unittest.TestCase):
    """A configuration file of its own, and the tools run with it."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='castiron-schema-')
        self.addCleanup(shutil.rmtree, self.folder)
        self.conf = os.path.join(self.folder, 'ironic.conf')

    def configure(self, connection):
        with open(self.conf, 'w', encoding='utf-8') as f:
            f.write('[DEFAULT]\nlog_file = %s\n[database]\nconnection = %s\n'
                    % (os.path.join(self.folder, 'log'), connection))

    def log(self):
        path = os.path.join(self.folder, 'log')
        if not os.path.exists(path):
            return ''
        with open(path, encoding='utf-8') as f:
            return f.read()

    def run_tool(self, program, *arguments):
        return subprocess.run([program, '--config-file', self.conf, *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120)

    def dbsync(self, *arguments, code=0):
        done = self.run_tool(DBSYNC, *arguments)
        self.assertEqual(code, done.returncode, done.stderr)
        return done


# What a database has that went through the revisions, and one made at once has not.
UPGRADED_ONLY = {('allocations', 'allocations_conductor_affinity_fkey'),
                 ('allocations', 'allocations_node_id_fkey')}


def catalog(postgres, database):
    """The whole schema as sets of rows, however it came about: columns have no order."""
    sql = lambda query: {tuple(row) for row in postgres.sql(query, database)}  # noqa: E731
    extras = sql("SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal UNION "
                 "SELECT 'function', proname FROM pg_proc "
                 "WHERE pronamespace = 'public'::regnamespace UNION "
                 "SELECT 'invalid index', indexrelid::regclass::text FROM pg_index "
                 "WHERE NOT indisvalid")
    return {'columns': sql(COLUMNS), 'constraints': sql(CONSTRAINTS), 'indexes': sql(INDEXES),
            'sequences': sql(SEQUENCES), 'extras': extras}


def sqlite_catalog(path):
    """The same of an SQLite file; foreign keys are left out, which differ as on PostgreSQL."""
    found = {'columns': set(), 'indexes': set()}
    with contextlib.closing(sqlite3.connect(path)) as db:
        tables = [row[0] for row in
                  db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for _, name, kind, not_null, _, key in db.execute('PRAGMA table_info("%s")' % table):
                found['columns'].add((table, name, kind, not_null, key))
            for _, name, unique, origin, _ in db.execute('PRAGMA index_list("%s")' % table):
                columns = tuple(row[2] for row in db.execute('PRAGMA index_info("%s")' % name))
                found['indexes'].add((table, name if origin == 'c' else origin, unique, columns))
    return found


class PgStore:
    """A PostgreSQL database of the test's own."""

    def __init__(self, postgres, template=None):
        self.postgres = postgres
        self.name = postgres.create(template)
        self.url = postgres.url(self.name)

    def sql(self, statement):
        return self.postgres.sql(statement, self.name)

    def catalog(self):
        return catalog(self.postgres, self.name)

    def tables(self):
        return [row[0] for row in self.sql(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]

    def columns(self, table):
        return [row[0] for row in self.sql(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND table_name = '%s' ORDER BY 1" % table)]

    def rows(self, table, columns):
        """Rows as lists of text, in the order of their text."""
        names = ', '.join("coalesce(\"%s\"::text, 'NULL')" % c for c in columns)
        return sorted(self.sql('SELECT %s FROM %s' % (names, table)))


class LiteStore:
    """An SQLite file."""

    def __init__(self, path):
        self.path = path
        self.url = 'sqlite:///' + path

    def sql(self, statement):
        with contextlib.closing(sqlite3.connect(self.path)) as db, db:
            return db.execute(statement).fetchall()

    def catalog(self):
        return sqlite_catalog(self.path)

    def tables(self):
        return [row[0] for row in self.sql(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]

    def columns(self, table):
        return sorted(row[1] for row in self.sql('PRAGMA table_info("%s")' % table))

    def rows(self, table, columns):
        names = ', '.join('coalesce(CAST("%s" AS TEXT), \'NULL\')' % c for c in columns)
        return sorted(list(row) for row in self.sql('SELECT %s FROM %s' % (names, table)))


def contents(store):
    """Every row of every table: {table: (columns, rows)}."""
    found = {}
    for table in store.tables():
        columns = store.columns(table)
        found[table] = columns, store.rows(table, columns)
    return found


# What two ways to the same release may leave different: ids, dates, versions of objects.
PASSING = {'id', 'created_at', 'updated_at', 'provision_updated_at', 'inspection_started_at',
           'inspection_finished_at', 'version'}


def differences(one, other, passing=PASSING):
    """
    How the contents and schemas of two stores of the same engine differ, as a list of
    sentences: the offline upgrade of a dump must equal the rolling one. Left out are the columns
    in `passing`, those that refer to ids, and the foreign keys that depend on how a schema was
    made.
    """
    found = []
    schemas = [store.catalog() for store in (one, other)]
    for kind in schemas[0]:
        sides = [{row for row in schema[kind] if row[:2] not in UPGRADED_ONLY}
                 for schema in schemas]
        found += ['%s only in the first: %s' % (kind, row) for row in sorted(sides[0] - sides[1])]
        found += ['%s only in the second: %s' % (kind, row) for row in sorted(sides[1] - sides[0])]
    for table in sorted(set(one.tables()) & set(other.tables())):
        columns = [c for c in one.columns(table)
                   if c in other.columns(table) and c not in passing and not c.endswith('_id')
                   and c != 'conductor_affinity']
        if columns:
            rows = [store.rows(table, columns) for store in (one, other)]
            found += ['%s%s only in the first: %s' % (table, columns, row)
                      for row in rows[0] if row not in rows[1]]
            found += ['%s%s only in the second: %s' % (table, columns, row)
                      for row in rows[1] if row not in rows[0]]
            if len(rows[0]) != len(rows[1]):
                found.append('%s: %d rows and %d' % (table, len(rows[0]), len(rows[1])))
    return found


def old_schema(folder, url):
    """Makes the schema of release 21.4 with Debian's own tool."""
    conf = os.path.join(folder, 'old.conf')
    with open(conf, 'w', encoding='utf-8') as f:
        f.write('[database]\nconnection = %s\n' % url)
    subprocess.run(['ironic-dbsync', '--config-file', conf, 'create_schema'], check=True,
                   stdin=subprocess.DEVNULL, capture_output=True, timeout=120)


SERIES = ('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) '
          'SELECT %s FROM n')


def fill(store, nodes):
    """Rows of release 21.4 in every table that has some in a real cluster."""
    uuid = ("lpad(i::text, 12, '0')" if isinstance(store, PgStore) else "printf('%%012d', i)")
    tables = (
        ('conductors', 2, {'id': 'i', 'hostname': "'host' || i", 'version': "'1.3'",
                           'online': 'false', 'conductor_group': "''", 'drivers': "'[]'",
                           'updated_at': "'2024-01-02 03:04:05'"}),
        ('nodes', nodes, {'id': 'i', 'uuid': "'11111111-0000-4000-8000-' || " + uuid,
                          'name': "'node-' || i", 'version': "'1.37'", 'driver': "'fake-hardware'",
                          'power_interface': "'fake'", 'inspect_interface': "'no-inspect'",
                          'provision_state': "'available'", 'power_state': "'power off'",
                          'conductor_group': "''", 'properties': '\'{"cpus": 4}\'',
                          'driver_info': '\'{"password": "a"}\'', 'extra': "'{}'",
                          'maintenance': 'false', 'protected': 'false',
                          'created_at': "'2024-01-02 03:04:05'"}),
        ('ports', nodes, {'id': 'i', 'uuid': "'22222222-0000-4000-8000-' || " + uuid,
                          'address': "'52:54:' || i", 'node_id': 'i', 'version': "'1.11'",
                          'pxe_enabled': 'true', 'extra': "'{}'"}),
        ('bios_settings', nodes, {'node_id': 'i', 'name': "'Cores'", 'value': "'8'",
                                  'lower_bound': '0', 'upper_bound': 'i', 'version': "'1.1'"}),
        ('node_traits', nodes, {'node_id': 'i', 'trait': "'CUSTOM_A'", 'version': "'1.0'"}),
        ('node_history', nodes, {'uuid': "'33333333-0000-4000-8000-' || " + uuid,
                                 'node_id': 'i', 'event': "'made'", '"user"': "'me'",
                                 'version': "'1.0'"}),
        ('chassis', 3, {'id': 'i', 'uuid': "'44444444-0000-4000-8000-' || " + uuid,
                        'version': "'1.3'", 'extra': "'{}'"}),
        ('allocations', 3, {'id': 'i', 'uuid': "'55555555-0000-4000-8000-' || " + uuid,
                            'state': "'active'", 'node_id': 'i', 'version': "'1.1'"}),
    )
    for table, count, columns in tables:
        values = ', '.join(columns.values())
        if isinstance(store, PgStore):
            values = values.replace("'2024-01-02 03:04:05'", "timestamp '2024-01-02 03:04:05'")
        store.sql('INSERT INTO %s (%s) %s' % (table, ', '.join(columns), SERIES % (
            count, values.replace('%%', '%'))))


class Busy:
    """
    Clients that read and write nodes and their parts as services do, each statement timed; a
    context. `slowest` is the longest that one took, in seconds, `failures` what failed.
    """

    STATEMENTS = (
        'SELECT * FROM nodes WHERE id = %(id)d',
        "UPDATE nodes SET updated_at = now(), extra = '{}' WHERE id = %(id)d",
        'SELECT uuid, name, provision_state FROM nodes ORDER BY id LIMIT 100',
        'SELECT * FROM ports WHERE node_id = %(id)d',
        "UPDATE ports SET extra = '{}' WHERE node_id = %(id)d",
        'SELECT name, value, lower_bound, upper_bound FROM bios_settings WHERE node_id = %(id)d',
        'UPDATE bios_settings SET upper_bound = upper_bound + 0 WHERE node_id = %(id)d',
        'INSERT INTO node_history (uuid, node_id, event, version) '
        "VALUES (gen_random_uuid()::text, %(id)d, 'busy', '1.0')",
        'SELECT * FROM allocations WHERE node_id = %(id)d',
    )

    def __init__(self, store, nodes, clients=4, pause=0.002):
        self.store, self.nodes, self.pause = store, nodes, pause
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(seed,))
                        for seed in range(clients)]
        self.waits, self.failures = [], []

    def work(self, seed):
        chance = random.Random(seed)
        with libpq.Connection(self.store.postgres.port, self.store.name) as link:
            while not self.ended.is_set():
                statement = chance.choice(self.STATEMENTS) % {'id': chance.randint(1, self.nodes)}
                began = time.monotonic()
                try:
                    link.run(statement)
                except libpq.Error as error:
                    self.failures.append('%s: %s' % (statement, error))
                    return
                self.waits.append((time.monotonic() - began, statement))
                time.sleep(self.pause)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    @property
    def slowest(self):
        return max(self.waits)

    def report(self):
        times = sorted(wait for wait, _ in self.waits)
        return '%d statements, p99 %.0f ms, slowest %.0f ms' % (
            len(times), times[len(times) * 99 // 100] * 1000, times[-1] * 1000)


@unittest.skipUnless(shutil.which('ironic-dbsync'), 'ironic-dbsync is not installed')
class Old(Tool):
    """A test that begins with databases of release 21.4, made by Debian's own tool."""

    def upgrade(self, *arguments, **options):
        return self.dbsync('upgrade', *arguments, **options)

    def old(self):
        """A 21.4 database, configured."""
        store = self.store()
        self.configure(store.url)
        return store

    def created(self):
        """The newest schema as create_schema makes it; what is configured stays so."""
        store = self.empty()
        conf, self.conf = self.conf, os.path.join(self.folder, 'created.conf')
        self.configure(store.url)
        self.dbsync('create_schema')
        self.conf = conf
        return store

    def start(self, *arguments):
        return subprocess.Popen([DBSYNC, '--config-file', self.conf, *arguments],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def wait_for(self, condition, what, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, 'waited for ' + what)
            time.sleep(0.02)


class OldPostgreSQL(Old):
    template = None

    def setUp(self):
        super().setUp()
        self.postgres = case.OneCluster.get()
        if OldPostgreSQL.template is None:
            store = self.empty()
            old_schema(self.folder, store.url)
            OldPostgreSQL.template = store.name

    def empty(self):
        return PgStore(self.postgres)

    def store(self):
        return PgStore(self.postgres, self.template)


class OldSQLite(Old):
    template = None
    made = 0

    def empty(self):
        OldSQLite.made += 1
        return LiteStore(os.path.join(self.folder, '%d.sqlite' % OldSQLite.made))

    def store(self):
        if OldSQLite.template is None:
            folder = tempfile.mkdtemp(prefix='castiron-old-')
            atexit.register(shutil.rmtree, folder, True)
            OldSQLite.template = os.path.join(folder, 'old.sqlite')
            old_schema(folder, 'sqlite:///' + OldSQLite.template)
        store = self.empty()
        shutil.copy(OldSQLite.template, store.path)
        return store
