#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the object tables and their conversions against the reference.

usage: reference_test.py DUMP ECHO, the two programs beside this file. The reference is
tests/golden/reference: facts about Ironic's objects, and recordings of its messages.
"""
import json
import os
import subprocess
import sys
import unittest

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../golden/reference')
KINDS = {'integer': 'INT', 'string': 'STR', 'uuid': 'UUID', 'boolean': 'BOOL', 'datetime': 'TIME',
         'flexible dict': 'DICT', 'list of strings': 'LIST', 'list of flexible dicts': 'DICTS',
         'mac address': 'MAC', 'enum': 'STR', 'object': 'TRAITS'}
READ, CREATE, PATCH, SORT, SECRETS, LISTED, NO_FIELDS, EARLY = (1 << n for n in range(8))
# 21.4 shows these in versions before their own, as its recording says.
SHOWN_EARLY = {('Portgroup', 'mode'), ('Portgroup', 'properties')}
KEEP, NONE, FALSE, TRUE, DICT, EMPTY, FILL, RESET = range(8)
REST = {'Node': 'node', 'Port': 'port', 'Portgroup': 'portgroup', 'Chassis': 'chassis',
        'Conductor': 'conductor', 'VolumeConnector': 'volume_connector',
        'VolumeTarget': 'volume_target', 'Allocation': 'allocation',
        'DeployTemplate': 'deploy_template', 'Runbook': 'runbook',
        'InspectionRule': 'inspection_rule', 'BIOSSetting': 'bios',
        'FirmwareComponent': 'firmware', 'NodeHistory': 'history'}
# What Ironic shows though its objects have no such field; the controllers add these.
EXTRAS = {'links', 'conductor', 'allocation_uuid', 'chassis_uuid', 'ports', 'states', 'portgroups',
          'volume', 'portgroup_uuid', 'nodes', 'alive', 'node_ident', 'node', 'node_uuid'}
# Later fields that Ironic has no conversion for: it sends them even to peers that do not know
# them. Here nothing is sent to those who cannot know it.
FORGOTTEN = {('Node', 'parent_node'), ('Node', 'service_step'), ('Port', 'node_uuid'),
             ('FirmwareComponent', 'vendor'), ('FirmwareComponent', 'model'),
             ('FirmwareComponent', 'serial_number'), ('Runbook', 'description'),
             ('Runbook', 'traits'), ('Conductor', 'online'), ('Conductor', 'conductor_group'),
             ('DeployTemplate', 'extra')}
MASKED = {('Node', 'driver_info'), ('Node', 'driver_internal_info'), ('Node', 'instance_info')}
# The reference shows this masked in its recordings, and does not say by what.
MASKED_TOO = {('VolumeTarget', 'properties')}
MASKED |= MASKED_TOO
DATABASE_TEXT = {None: None, False: '0', True: '1', '': ''}


def load(name):
    with open(os.path.join(GOLDEN, name), encoding='utf-8') as f:
        return json.load(f)


def minor(version):
    major, number = version.split('.')
    assert major == '1', version
    return int(number)


OBJECTS = load('objects.json')
RELEASES = load('releases.json')
TABLES = {t['table']: t for t in load('tables.json')}
RESOURCES = load('fields.json')['resources']
CLASSES = {o['name']: o for o in OBJECTS['objects']}
DUMP = ECHO = None


def conversions(name):
    """{field: (since, value)} that Ironic's object converts."""
    rows = OBJECTS['conversions'].get(name, {}).get('fields', [])
    return {r['field']: (minor(r['since']), r['value_when_missing_or_reset']) for r in rows}


class Case(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.types = {t['name']: t for t in DUMP['types']}


class Tables(Case):
    def test_there_is_a_type_for_every_object(self):
        self.assertEqual(sorted(self.types), sorted(CLASSES))

    def test_types_have_the_newest_version_and_their_table(self):
        for name, ours in self.types.items():
            with self.subTest(name):
                theirs = CLASSES[name]
                self.assertEqual('%d.%d' % (ours['major'], ours['minor']), theirs['version'])
                self.assertEqual(ours['table'], theirs['table'])
                if ours['element']:
                    self.assertIn(ours['element'], theirs['nested_objects'])

    def test_fields_are_those_of_the_object(self):
        for name, ours in self.types.items():
            if ours['element']:
                continue
            theirs = {f['name']: f for f in CLASSES[name]['fields']}
            self.assertEqual(sorted(f['name'] for f in ours['fields']), sorted(theirs), name)
            for field in ours['fields']:
                with self.subTest('%s.%s' % (name, field['name'])):
                    their = theirs[field['name']]
                    self.assertEqual(field['kind'], KINDS[their['type']])
                    self.assertEqual(field['nullable'], their['nullable'])
                    self.assertEqual(field['since'], minor(their['since']))
                    self.assertEqual(field['column'], bool(their['db_column']))
                    self.assertRegex(field['meaning'], r'^[A-Za-z].*\.$')
                    if their['db_column']:
                        self.assertEqual(their['db_column'],
                                         '%s.%s' % (ours['table'], field['name']))

    def test_columns_are_those_of_the_table(self):
        for name, ours in self.types.items():
            if not ours['table']:
                continue
            with self.subTest(name):
                table = TABLES[ours['table']]
                columns = {f['name'] for f in ours['fields'] if f['column']}
                self.assertEqual(columns | {'version'}, {c['name'] for c in table['columns']})
                keys = [k for k in (ours['key'], ours['key2']) if k]
                self.assertEqual(keys, table['primary_key'])

    def test_json_is_stored_where_the_table_stores_json(self):
        for name, ours in self.types.items():
            for field in ours['fields']:
                if not field['column']:
                    continue
                column = next(c for c in TABLES[ours['table']]['columns']
                              if c['name'] == field['name'])
                with self.subTest('%s.%s' % (name, field['name'])):
                    self.assertEqual(
                        {'DICT': 'JSON object text', 'LIST': 'JSON array text',
                         'DICTS': 'JSON array text'}.get(field['kind']), column['storage'])

    def test_defaults_are_those_of_the_columns(self):
        # The column has a server default; Ironic's object gives it the same.
        known = {'Port': {'available_for_dynamic_portgroup': '1'}}
        for name, ours in self.types.items():
            if not ours['table']:
                continue
            with self.subTest(name):
                expected = dict(known.get(name, {}))
                for column in TABLES[ours['table']]['columns']:
                    default = column['model_default']
                    if default is None or column['name'] == 'created_at':
                        continue
                    expected[column['name']] = {'False': '0', 'True': '1'}.get(
                        str(default), str(default).strip("'"))
                self.assertEqual(ours['defaults'], expected)

    def test_fields_of_other_tables_are_selected(self):
        self.assertEqual(self.types['Port']['virtuals'], ['node_uuid'])
        self.assertEqual(self.types['Portgroup']['virtuals'], ['node_uuid'])


class Rest(Case):
    def shown(self):
        for name, resource in REST.items():
            fields = {f['name']: f for f in self.types[name]['fields']}
            yield name, RESOURCES[resource], fields

    def test_every_field_that_rest_shows_is_in_a_table_or_an_extra(self):
        for name, resource, fields in self.shown():
            for field in resource['fields']:
                if field not in fields:
                    self.assertIn(field, EXTRAS, '%s.%s' % (name, field))

    def test_versions_and_rights(self):
        for name, resource, fields in self.shown():
            for key, field in fields.items():
                theirs = resource['fields'].get(key)
                with self.subTest('%s.%s' % (name, key)):
                    if not theirs:
                        self.assertEqual((field['rest'], field['access']), (-1, 0))
                        continue
                    self.assertEqual(field['rest'], minor(theirs['min_version']))
                    access = READ
                    # Every create takes a description, which the reference has overlooked.
                    creatable = theirs['creatable'] or key == 'description'
                    access |= CREATE if creatable else 0
                    access |= PATCH if theirs['patchable'] else 0
                    access |= SORT if theirs['sortable'] else 0
                    access |= SECRETS if (name, key) in MASKED else 0
                    access |= LISTED if theirs['in_default_list'] else 0
                    access |= NO_FIELDS if theirs['selectable_in_list'] is False else 0
                    access |= EARLY if (name, key) in SHOWN_EARLY else 0
                    self.assertEqual(field['access'], access)

    def test_masked_fields_hide_secrets(self):
        for name, key in MASKED - MASKED_TOO:
            self.assertIn('masked_by', RESOURCES[REST[name]]['fields'][key])

    def test_fields_stand_in_the_order_in_which_rest_shows_them(self):
        for name, resource, fields in self.shown():
            order = [f for f in resource['key_order'] if f in fields]
            self.assertEqual(list(fields)[:len(order)], order, name)

    def test_objects_without_a_resource_show_nothing(self):
        for name, ours in self.types.items():
            if name not in REST:
                self.assertTrue(all(f['rest'] == -1 for f in ours['fields']), name)


class Releases(Case):
    def test_all_names_in_their_order(self):
        theirs = [r['release'] for r in RELEASES['releases_master']]
        self.assertEqual([r['pin'] for r in DUMP['releases']], theirs)
        self.assertEqual({r['pin']: r['release'] for r in DUMP['releases']
                          if r['pin'] != r['release']}, RELEASES['aliases'])

    def test_what_may_be_pinned(self):
        names = {r['pin'] for r in DUMP['releases']} - {'master'}
        self.assertEqual(names, set(RELEASES['pin_option']['allowed_values']))

    def test_versions(self):
        theirs = {r['release']: r for r in RELEASES['releases_master']}
        for ours in DUMP['releases']:
            their = theirs[ours['pin']]
            with self.subTest(ours['pin']):
                self.assertEqual(ours['api'], minor(their['api']))
                self.assertEqual(ours['rpc'], minor(their['rpc']))
                for name, versions in their['objects'].items():
                    self.assertEqual(ours['objects'][name], max(map(minor, versions)), name)
                for name in set(ours['objects']) - set(their['objects']):
                    self.assertEqual(ours['objects'][name], self.types[name]['minor'], name)


class Conversions(Case):
    def each(self):
        for release in DUMP['releases']:
            for name, found in release['messages'].items():
                yield release['pin'], release, name, release['objects'][name], found

    def test_messages_say_their_version(self):
        for pin, _, name, target, found in self.each():
            self.assertEqual(found['sent']['ironic_object.version'], '1.%d' % target, (pin, name))
            self.assertEqual(found['sent']['ironic_object.name'], name)
            self.assertEqual(found['sent']['ironic_object.namespace'], 'ironic')

    def test_fields_that_came_later_are_not_sent(self):
        for pin, _, name, target, found in self.each():
            since = {f['name']: minor(f['since']) for f in CLASSES[name]['fields']}
            expected = {f for f, s in since.items() if s <= target}
            sent = set(found['sent']['ironic_object.data'])
            self.assertEqual(sent, expected, (pin, name))
            dropped = {f for f, (s, _) in conversions(name).items() if s > target}
            self.assertFalse(sent & dropped, (pin, name))
            for field in set(since) - dropped - sent:
                self.assertIn((name, field), FORGOTTEN, pin)

    def test_nested_traits_go_as_their_release_had_them(self):
        checked = set()
        for pin, release, name, target, found in self.each():
            traits = found['sent']['ironic_object.data'].get('traits')
            if name != 'Node' or not traits:
                continue
            expected = ('1.0', '1.0') if target <= 41 else ('1.2', '1.1')
            nested = traits['ironic_object.data']['objects'][0]
            self.assertEqual((traits['ironic_object.version'], nested['ironic_object.version']),
                             expected, pin)
            self.assertEqual(nested['ironic_object.data'], {'trait': 'CUSTOM_A'})
            checked.add(expected)
        self.assertEqual(len(checked), 2)

    def test_a_server_fills_in_and_saves_what_an_old_client_cannot_know(self):
        for pin, _, name, target, found in self.each():
            filled = {f for f, (s, _) in conversions(name).items() if s > target}
            if name == 'NodeHistory':
                filled = set()
            sent = set(found['sent']['ironic_object.data'])
            self.assertEqual(set(found['server_changed']), filled, (pin, name))
            self.assertEqual(set(found['server_set']), sent | filled, (pin, name))

    def test_a_client_fills_in_but_marks_nothing(self):
        for pin, _, name, _, found in self.each():
            self.assertEqual(found['client_changed'], [], (pin, name))
            self.assertEqual(found['client_set'], found['server_set'], (pin, name))

    def test_rows_hold_the_pinned_version(self):
        master = DUMP['releases'][[r['pin'] for r in DUMP['releases']].index('master')]
        for release in DUMP['releases']:
            for how in ('inserted', 'saved'):
                for name, row in release['rows'][how].items():
                    with self.subTest('%s %s %s' % (release['pin'], how, name)):
                        self.check_row(release, name, row, master['rows']['inserted'][name])

    def check_row(self, release, name, row, full):
        target = release['objects'][name]
        self.assertEqual(row['version'], '1.%d' % target)
        reset = conversions(name) if name != 'BIOSSetting' else {}
        for field, value in row.items():
            if field in ('version', 'updated_at'):
                continue
            since, default = reset.get(field, (0, None))
            if since <= target:
                self.assertEqual(value, full[field], field)
            elif default == {}:
                self.assertEqual(value, '{}', field)
            else:
                self.assertEqual(value, DATABASE_TEXT[default], field)


class Recordings(Case):
    """Messages of Ironic 21.4 come back as they were."""

    def test_messages_survive(self):
        with open(os.path.join(GOLDEN, 'messages.jsonl'), encoding='utf-8') as f:
            lines = f.read().splitlines()
        result = subprocess.run([ECHO], input='\n'.join(lines) + '\n', capture_output=True,
                                text=True, check=True, timeout=60)
        answers = result.stdout.splitlines()
        self.assertEqual(len(answers), len(lines))
        seen = set()
        for line, answer in zip(lines, answers):
            message, back = json.loads(line), json.loads(answer)
            name, version = message['ironic_object.name'], message['ironic_object.version']
            if name not in ('TraitList',) and minor(version) <= self.types[name]['minor']:
                self.check(message, back)
                seen.add((name, version))
            elif name == 'TraitList':
                self.assertEqual(back['error'], 'UnsupportedObjectError')
            else:
                self.assertEqual(back, {
                    'error': 'IncompatibleObjectVersion',
                    'message': 'Version %s of %s is not supported, supported version is %s'
                               % (version, name, CLASSES[name]['version'])})
        self.assertGreaterEqual(len(seen), 10)

    def check(self, message, back):
        name, version = message['ironic_object.name'], minor(message['ironic_object.version'])
        since = {f['name']: minor(f['since']) for f in CLASSES[name]['fields']}
        data = {k: v for k, v in message['ironic_object.data'].items() if since[k] <= version}
        for field in CLASSES[name]['fields']:
            if field['type'] == 'list of strings' and data.get(field['name'], '') is None:
                data[field['name']] = []  # one value here, as it is in the database
        changes = set(message.get('ironic_object.changes', []))
        # A server fills in, and will save, what an older sender left unset.
        for field, (_, value) in conversions(name).items():
            if field not in data and since[field] <= version:
                data[field] = value
                changes.add(field)
        self.assertEqual(set(back.pop('ironic_object.changes', [])), changes)
        self.assertEqual(back, {'ironic_object.name': name, 'ironic_object.namespace': 'ironic',
                                'ironic_object.version': message['ironic_object.version'],
                                'ironic_object.data': data})


class Refusals(Case):
    """What is no message of an object, or of none that we know."""

    GOOD = {'ironic_object.name': 'Port', 'ironic_object.namespace': 'ironic',
            'ironic_object.version': '1.16', 'ironic_object.data': {'id': 1}}

    def answer(self, text):
        result = subprocess.run([ECHO], input=text + '\n', capture_output=True, text=True,
                                check=True, timeout=60)
        return json.loads(result.stdout)

    def test_a_good_one_is_taken(self):
        self.assertEqual(self.answer(json.dumps(self.GOOD)), self.GOOD)

    def test_bad_ones_are_refused(self):
        for changed, error in (
                ({'ironic_object.name': 'Thing'}, 'UnsupportedObjectError'),
                ({'ironic_object.namespace': 'nova'}, 'UnsupportedObjectError'),
                ({'ironic_object.version': '1.17'}, 'IncompatibleObjectVersion'),
                ({'ironic_object.version': '2.0'}, 'IncompatibleObjectVersion'),
                ({'ironic_object.version': '1'}, 'IncompatibleObjectVersion'),
                ({'ironic_object.version': 1}, 'Invalid'),
                ({'ironic_object.data': []}, 'Invalid'),
                ({'ironic_object.data': {'pxe_enabled': None}}, 'Invalid'),
                ({'ironic_object.data': {'id': 'many'}}, 'Invalid'),
                ({'ironic_object.data': {'id': 1 << 70}}, 'Invalid'),
                ({'ironic_object.data': {'extra': []}}, 'Invalid'),
                ({'ironic_object.data': {'created_at': 'now'}}, 'Invalid'),
                ({'ironic_object.changes': 'id'}, 'Invalid'),
                ({'ironic_object.changes': [1]}, 'Invalid')):
            with self.subTest(changed):
                self.assertEqual(self.answer(json.dumps({**self.GOOD, **changed}))['error'],
                                 error)

    def test_what_ironic_tolerates_is_taken(self):
        for changed, expected in (
                ({'ironic_object.version': '1.16.1'}, {}),
                ({'ironic_object.data': {'id': 1, 'news': 2}, 'ironic_object.changes': ['news']},
                 {}),
                ({'ironic_object.data': {'uuid': 'no uuid'}},
                 {'ironic_object.data': {'uuid': 'no uuid'}}),
                ({'ironic_object.data': {'created_at': '2026-01-02T03:04:05.6+02:00'}},
                 {'ironic_object.data': {'created_at': '2026-01-02T01:04:05Z'}}),
                ({'ironic_object.data': {'extra': None}}, {'ironic_object.data': {'extra': {}}})):
            with self.subTest(changed):
                self.assertEqual(self.answer(json.dumps({**self.GOOD, **changed})),
                                 {**self.GOOD, **expected})

    def test_a_newer_nested_object_is_refused(self):
        trait = {'ironic_object.name': 'Trait', 'ironic_object.namespace': 'ironic',
                 'ironic_object.version': '1.2', 'ironic_object.data': {'trait': 'CUSTOM_A'}}
        traits = {'ironic_object.name': 'TraitList', 'ironic_object.namespace': 'ironic',
                  'ironic_object.version': '1.2', 'ironic_object.data': {'objects': [trait]}}
        node = {'ironic_object.name': 'Node', 'ironic_object.namespace': 'ironic',
                'ironic_object.version': '1.44', 'ironic_object.data': {'traits': traits}}
        self.assertEqual(self.answer(json.dumps(node))['message'],
                         'Version 1.2 of Trait is not supported, supported version is 1.1')


if __name__ == '__main__':
    DUMP = json.loads(subprocess.run([sys.argv[1]], stdout=subprocess.PIPE, check=True,
                                     timeout=240).stdout)
    ECHO = sys.argv[2]
    unittest.main(argv=sys.argv[:1])
