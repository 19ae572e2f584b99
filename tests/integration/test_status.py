# SPDX-License-Identifier: Apache-2.0
"""castiron-status upgrade check: what it finds, how it says it, and its exit codes."""
import json
import os
import re
import subprocess
import unittest

import libpq
import migration
import server

STATUS = os.path.join(server.BUILD, 'castiron-status')
CHECKS = ['Object versions', 'Database Index Status', 'MySQL UTF8MB4 Encoding Check',
          'Policy File JSON to YAML Migration', 'Hardware Types and Interfaces Check',
          'Mismatch between Child and Parent Owners', 'Database Schema', 'Unstable Nodes',
          'Conductors of Active Nodes', 'Deprecated Options', 'Pinned Release', 'Older APIs']
ROW = re.compile(r'Check: (.*)\nResult: (.*)\nDetails: ((?:.*\n)*?)(?=\Z|-)')


def table(text):
    """{check: (result, details)} of the printed table; its frame must be straight."""
    lines = text.splitlines()
    assert len({len(line) for line in lines}) == 1, text
    cells = ''.join('-\n' if line.startswith('+') else line[2:-2].rstrip() + '\n'
                    for line in lines)
    return {name: (result, ' '.join(details.split()))
            for name, result, details in ROW.findall(cells)}


class Status:
    """What holds on both engines."""

    def configure(self, connection):
        super().configure(connection)
        self.configure_more('[DEFAULT]\nenabled_hardware_types = fake-hardware\n'
                            'enabled_inspect_interfaces = no-inspect,fake\n'
                            'enabled_boot_interfaces = fake\n'
                            'enabled_deploy_interfaces = fake\n'
                            'enabled_management_interfaces = fake\n'
                            'enabled_power_interfaces = fake\n'
                            'enabled_network_interfaces = noop\n'
                            'enabled_firmware_interfaces = no-firmware,fake\n')

    def configure_more(self, text):
        with open(self.conf, 'a', encoding='utf-8') as f:
            f.write(text)

    def check(self, code=0, program=STATUS, options=()):
        done = subprocess.run([program, '--config-file', self.conf, 'upgrade', 'check', *options],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120)
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def assert_found(self, check, result, *words):
        """One check has the result and says the words; all others are as in `calm`."""
        found = table(self.check({'Success': 0, 'Warning': 1, 'Failure': 2}[result]))
        self.assertEqual(result, found[check][0], found)
        for word in words:
            self.assertIn(word, found[check][1])
        self.assertEqual({name: 'Success' for name in CHECKS if name != check},
                         {name: is_so for name, (is_so, _) in found.items() if name != check})

    def newest(self):
        store = self.old()
        migration.fill(store, 15)
        self.upgrade()
        return store

    def test_all_is_well(self):
        """S11: eleven checks, exit code 0, nothing changed."""
        store = self.newest()
        before = migration.contents(store)
        found = table(self.check())
        self.assertEqual(CHECKS, list(found))
        self.assertEqual({('Success', 'None')}, set(found.values()))
        self.assertEqual(before, migration.contents(store))

    def test_as_json(self):
        self.newest()
        found = json.loads(self.check(options=['--json']))
        self.assertEqual('Upgrade Check Results', found['name'])
        self.assertEqual([{'check': name, 'result': 0, 'details': None} for name in CHECKS],
                         found['checks'])

    def test_before_the_upgrade(self):
        """On 21.4's schema: what ironic-status of 21.4 says of it, and what is to be run."""
        store = self.old()
        migration.fill(store, 3)
        self.assert_found('Database Schema', 'Warning', 'castiron-dbsync upgrade')
        theirs = subprocess.run(['ironic-status', '--config-file', self.conf, 'upgrade', 'check'],
                                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=120).stdout
        theirs, ours = table(theirs[theirs.index('+--'):]), table(self.check(1))
        for name in set(theirs) & set(ours):
            self.assertEqual(theirs[name], ours[name])
        self.assertLessEqual(set(CHECKS[:2]), set(theirs))

    def test_object_versions(self):
        store = self.newest()
        store.sql("UPDATE nodes SET version = '1.19' WHERE id = 2")
        self.assert_found('Object versions', 'Failure', 'online_data_migrations', 'nodes')

    def test_indexes(self):
        store = self.newest()
        store.sql('DROP INDEX owner_idx')
        store.sql('DROP INDEX driver_idx')
        self.assert_found('Database Index Status', 'Warning', 'Missing: driver_idx, owner_idx.')

    def test_policy_file(self):
        self.newest()
        path = os.path.join(self.folder, 'policy.json')
        self.configure_more('[oslo_policy]\npolicy_file = %s\n' % path)
        with open(path, 'w', encoding='utf-8') as f:
            f.write('"baremetal:node:get": "rule:x"\n')
        self.check()
        with open(path, 'w', encoding='utf-8') as f:
            f.write('{"baremetal:node:get": "rule:x"}\n')
        self.assert_found('Policy File JSON to YAML Migration', 'Failure', 'JSON-formatted')

    def test_hardware(self):
        store = self.newest()
        store.sql("UPDATE nodes SET driver = 'gone', bios_interface = 'lost' WHERE id = 2")
        store.sql("UPDATE nodes SET inspect_interface = 'inspector'")
        self.assert_found('Hardware Types and Interfaces Check', 'Warning',
                          'Node 11111111-0000-4000-8000-000000000002 uses an unknown driver gone.',
                          'unknown bios interface lost', 'unknown inspect interface inspector',
                          '(15 nodes in all use inspector.)')
        self.configure_more('[DEFAULT]\nenabled_hardware_types = fake-hardware,nonsense\n')
        self.assertEqual('Failure', table(self.check(2))['Hardware Types and Interfaces Check'][0])

    def test_owners(self):
        store = self.newest()
        store.sql("UPDATE nodes SET owner = 'a', parent_node = (SELECT p.uuid FROM nodes p "
                  "WHERE p.id = 2) WHERE id = 1")
        self.assert_found('Mismatch between Child and Parent Owners', 'Warning',
                          'owner a, parent', 'owner None')
        store.sql("UPDATE nodes SET owner = 'a' WHERE id = 2")
        self.check()

    def test_unstable_nodes(self):
        """S14: those that an upgrade may interrupt are listed."""
        store = self.newest()
        store.sql("UPDATE nodes SET provision_state = 'wait call-back' WHERE id < 4")
        self.assert_found('Unstable Nodes', 'Warning', '3 nodes are in state wait call-back',
                          '11111111-0000-4000-8000-000000000003')

    def test_active_nodes_without_a_conductor(self):
        """S71: their instances may go to ERROR when Compute starts."""
        store = self.newest()
        store.sql("UPDATE nodes SET provision_state = 'active' WHERE id = 3")
        self.assert_found('Conductors of Active Nodes', 'Warning',
                          '11111111-0000-4000-8000-000000000003')
        store.sql("UPDATE conductors SET online = true, version = '1.6', updated_at = %s "
                  "WHERE id = 1" % self.NOW)
        self.assert_found('Conductors of Active Nodes', 'Warning')
        store.sql("INSERT INTO conductor_hardware_interfaces (conductor_id, hardware_type, "
                  "interface_type, interface_name, \"default\", version) "
                  "VALUES (1, 'fake-hardware', 'power', 'fake', true, '1.0')")
        self.check()
        store.sql("UPDATE nodes SET conductor_group = 'far' WHERE id = 3")
        self.check(1)

    def test_deprecated_options(self):
        """S69: what is to be renamed in the file."""
        self.newest()
        with open(os.path.join(server.ROOT, 'base', 'options.def'), encoding='utf-8') as f:
            section, name, new_section, new_name = re.search(
                r'(?m)^DEPRECATED\((\w+), "(\w+)", (\w+), (\w+)', f.read()).groups()
        self.configure_more('[%s]\n%s = 3\n' % (section, name))
        found = table(self.check(1))['Deprecated Options']
        self.assertEqual('Warning', found[0])
        self.assertIn('[%s]%s is deprecated, use [%s]%s' % (section, name, new_section, new_name),
                      found[1])

    def test_the_pin(self):
        store = self.newest()
        store.sql('UPDATE conductors SET online = true, updated_at = %s WHERE id = 1' % self.NOW)
        self.assert_found('Pinned Release', 'Warning', '[DEFAULT]pin_release_version = 21.4 ',
                          '(it is not set)')
        self.configure_more('[DEFAULT]\npin_release_version = yoga\n')
        self.assert_found('Pinned Release', 'Warning', '(it is 20.1)')
        self.configure_more('[DEFAULT]\npin_release_version = antelope\n')
        self.assert_found('Pinned Release', 'Success', 'release 21.4 are alive')
        store.sql('UPDATE conductors SET online = false')
        self.assert_found('Pinned Release', 'Success', 'online_data_migrations')

    def test_misused_and_unreachable(self):
        self.newest()
        for words in ([], ['upgrade'], ['upgrade', 'look'], ['upgrade', 'check', 'more']):
            done = subprocess.run([STATUS, '--config-file', self.conf, *words], timeout=60,
                                  stdin=subprocess.DEVNULL, capture_output=True)
            self.assertEqual(2, done.returncode)
        self.configure('postgresql+psycopg2://ironic:secret@127.0.0.1:1/ironic')
        self.assertNotIn('secret', self.check(255))


class OnPostgreSQL(Status, migration.OldPostgreSQL):
    NOW = "now() at time zone 'UTC'"

    def test_sessions_of_an_older_api(self):
        """S39: which leaves no row; its session has no name, ours have."""
        store = self.newest()
        self.assertEqual('Success', table(self.check())['Older APIs'][0])
        with libpq.Connection(store.postgres.port, store.name):
            self.assert_found('Older APIs', 'Warning', 'from 127.0.0.1 (1)', 'leaves no row')


class OnSQLite(Status, migration.OldSQLite):
    NOW = "'2024-01-01 00:00:00'"


if __name__ == '__main__':
    unittest.main()
