# SPDX-License-Identifier: Apache-2.0
"""What must not be run while castiron works on a database of Ironic's."""
import subprocess
import unittest

import broker
import case
import member
from rolling import stage


def of_debian(kind, machine, *arguments):
    command = [*member.DEBIAN[:-1], member.DEBIAN[-1] % kind]
    return subprocess.run([*command, '--config-file', machine.path('/etc/ironic/ironic.conf'),
                           *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=180, check=False)


@unittest.skipUnless(member.have_debian(), 'python3-ironic is not installed')
class WayBack(unittest.TestCase):
    """Debian's tools on the newest schema."""

    @classmethod
    def setUpClass(cls):
        cls.broker = broker.Broker().start()
        cls.addClassCleanup(cls.broker.stop)

    def test_ironic_dbsync_stops(self):
        """S13: 21.4's own dbsync ends with an error on the newest schema and changes nothing."""
        place = stage.Stage(case.OneCluster.get(), self.broker)
        self.addCleanup(place.discard)
        place.cluster.prepare()
        machine = place.configure('db-1')
        before = self.schema(place)
        for arguments in ((), ('upgrade',), ('upgrade', '--revision', 'head')):
            done = of_debian('dbsync', machine, *arguments)
            self.assertNotEqual(0, done.returncode, done.stdout)
            self.assertIn("Can't locate revision", done.stdout + done.stderr)
            self.assertEqual(before, self.schema(place))

    @staticmethod
    def schema(place):
        """The revision, and every column and index."""
        database = place.cluster.database
        return [place.cluster.postgres.sql(statement, database) for statement in (
            'select version_num from alembic_version',
            'select table_name, column_name, data_type from information_schema.columns '
            "where table_schema = 'public' order by 1, 2",
            "select indexname, indexdef from pg_indexes where schemaname = 'public' order by 1")]
