# SPDX-License-Identifier: Apache-2.0
"""Lists by pages: whatever they are sorted by, the pages are the whole list, cut in pieces."""
import itertools

import case
import test_versions

KEYS = ['id', 'uuid', 'name', 'owner', 'resource_class', 'maintenance', 'created_at', 'updated_at',
        'chassis_id', 'version', 'driver', 'automated_clean', 'inspection_finished_at']
NODES = 23


def uuid(n):
    return '11111111-2222-4333-8444-%012x' % (n * 7919 % 1009)


class Followed:
    def follow(self, path, key, query, limit, most):
        """The UUIDs of all pages; next is followed as it is, as clients do."""
        found, path = [], '%s?%s&limit=%d' % (path, query, limit)
        while path:
            page = self.ask('GET', path).json
            self.assertLessEqual(len(page[key]), limit)
            found += [item['uuid'] for item in page[key]]
            self.assertLessEqual(len(found), most, path)
            path = page.get('next', '').replace(self.castiron.url, '')
        return found


class Pages(Followed):
    """The same on both engines, which sort nulls and letters differently by themselves."""

    def setUp(self):
        super().setUp()
        self.ask('POST', '/v1/chassis', {'uuid': uuid(500)}, 201)
        for n in range(NODES):
            body = {'driver': 'fake-hardware', 'uuid': uuid(n)}
            # Nulls, doubles, and cases that a collation would mix.
            if n % 3:
                body['name'] = 'aB-'[n % 2] + str(n)
            if n % 4:
                body['resource_class'] = 'xYz'[n % 3]
            if n % 5 == 0:
                body['chassis_uuid'] = uuid(500)
            if n % 2:
                body['automated_clean'] = n % 4 == 1
            self.ask('POST', '/v1/nodes', body, 201)
        for n in range(0, NODES, 4):
            self.ask('PUT', '/v1/nodes/%s/maintenance' % uuid(n), {}, 202)

    def listed(self, query):
        return self.ask('GET', '/v1/nodes?' + query).json

    def pages(self, query, limit):
        return self.follow('/v1/nodes', 'nodes', query, limit, NODES)

    def test_pages_make_the_list(self):
        for key, direction, limit in itertools.product(KEYS, ('asc', 'desc'), (1, 4, 7, NODES)):
            query = 'sort_key=%s&sort_dir=%s' % (key, direction)
            with self.subTest(query, limit=limit):
                whole = [node['uuid'] for node in self.listed(query)['nodes']]
                self.assertEqual(NODES, len(set(whole)))
                self.assertEqual(whole, self.pages(query, limit))

    def test_pages_of_details_and_of_filters(self):
        for query in ('detail=True', 'detail=True&sort_key=uuid', 'fields=uuid,name&sort_key=name', 'maintenance=True',
                      'maintenance=False&sort_key=resource_class&sort_dir=desc', 'associated=False'):
            with self.subTest(query):
                whole = [node['uuid'] for node in self.listed(query)['nodes']]
                self.assertEqual(whole, self.pages(query, 3)
                                 if 'maintenance' not in query else self.by_marker(query, 3))

    def by_marker(self, query, limit):
        """The same with markers of our own: next keeps no filters that are false."""
        found, marker = [], ''
        while True:
            page = self.listed('%s&limit=%d%s' % (query, limit, marker))['nodes']
            found += [node['uuid'] for node in page]
            if len(page) < limit:
                return found
            marker = '&marker=' + found[-1]

    def test_nulls_sort_last_and_down_is_up_reversed(self):
        for key in ('name', 'resource_class', 'automated_clean'):
            values = [node[key] for node in self.listed('detail=True&sort_key=' + key)['nodes']]
            known = [value for value in values if value is not None]
            self.assertEqual(values, known + [None] * (len(values) - len(known)), key)
            down = [node[key] for node in
                    self.listed('detail=True&sort_key=%s&sort_dir=desc' % key)['nodes']]
            self.assertEqual(values[::-1], down, key)

    def test_a_marker_is_one_of_the_rows(self):
        self.ask('GET', '/v1/nodes?marker=' + uuid(600), status=404)
        self.ask('GET', '/v1/nodes?marker=somebody', status=400)
        self.assertEqual([], self.listed('marker=' + uuid(NODES - 1))['nodes'])

    def test_next_is_there_when_a_page_is_full(self):
        self.assertNotIn('next', self.listed('limit=%d' % (NODES + 1)))
        self.assertIn('next', self.listed('limit=%d' % NODES))


class Others(Followed):
    """What is not a node, sorted by every key that the reference has."""

    THINGS = 7
    RESOURCES = ('port', 'portgroup', 'chassis', 'volume_connector', 'volume_target', 'allocation',
                 'deploy_template', 'runbook', 'inspection_rule')
    # What no two may have alike.
    OWN = {'ports': lambda n: {'address': '52:54:00:00:00:%02x' % n}, 'portgroups': lambda n: {'name': 'g%d' % n},
           'connectors': lambda n: {'connector_id': 'iqn.%d' % n}, 'targets': lambda n: {'boot_index': n},
           'deploy_templates': lambda n: {'name': 'CUSTOM_%d' % n}, 'runbooks': lambda n: {'name': 'CUSTOM_%d' % n}}

    def test_pages_make_the_list(self):
        self.ask('POST', '/v1/nodes', {'driver': 'fake-hardware', 'uuid': test_versions.NODE}, 201)
        for resource in (test_versions.Resource(name, '') for name in self.RESOURCES):
            for n in range(self.THINGS):
                body = dict(test_versions.LEAST[resource.key], uuid=uuid(n))
                if n % 3 and 'extra' in resource.fields:
                    body['extra'] = {'n': n}
                self.ask('POST', resource.path, dict(body, **self.OWN.get(resource.key, lambda n: {})(n)), 201)
            keys = [name for name in resource.fields if resource.fields[name]['sortable']]
            self.assertGreater(len(keys), 3)
            for key, direction, limit in itertools.product(keys + resource.extra_sort_keys, ('asc', 'desc'), (3, 7)):
                query = 'sort_key=%s&sort_dir=%s' % (key, direction)
                with self.subTest(resource.path + query, limit=limit):
                    whole = [item['uuid'] for item in self.ask('GET', resource.path + '?' + query).json[resource.key]]
                    self.assertEqual(self.THINGS, len(set(whole)))
                    self.assertEqual(whole, self.follow(resource.path, resource.key, query, limit, self.THINGS))


class OthersOnPostgres(Others, case.Case):
    ENGINE = 'postgresql'


class OthersOnSqlite(Others, case.Case):
    ENGINE = 'sqlite'


class OnPostgres(Pages, case.Case):
    ENGINE = 'postgresql'


class OnSqlite(Pages, case.Case):
    ENGINE = 'sqlite'
