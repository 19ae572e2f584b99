# SPDX-License-Identifier: Apache-2.0
"""openapi/baremetal.yaml as something to hold requests and answers against."""
import functools
import json
import os
import re
from urllib.parse import parse_qs, urlsplit

import jsonschema
import yaml

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'openapi',
                    'baremetal.yaml')
TRUE = ('true', '1', 'yes', 't', 'on', 'y')
SAMPLE = 20  # how much of each end of a long list is held against its schema
METHODS = ('get', 'head', 'post', 'put', 'patch', 'delete')

# What is not in the contract is refused as anything else is.
UNKNOWN = {'responses': {str(status): {'$ref': '#/components/responses/Error%d' % status}
                         for status in (400, 401, 403, 404, 405, 406, 413, 503)}}


def minor(version):
    """82 of "1.82"."""
    return int(version.split('.')[1])


class Contract:
    def __init__(self):
        # The C loader where there is one: half a second, not five.
        with open(PATH, encoding='utf-8') as text:
            self.document = yaml.load(text, getattr(yaml, 'CSafeLoader', yaml.SafeLoader))
        self.paths = sorted(self.document['paths'], key=lambda path: path.count('{'))
        self.patterns = [(re.compile(re.sub(r'\\{\w+\\}', '[^/]+', re.escape(path)) + '/?$'), path)
                         for path in self.paths]
        self.validators = {}

    def operations(self):
        """(path, method, operation) of all."""
        for path, item in self.document['paths'].items():
            for method in METHODS:
                if method in item:
                    yield path, method, item[method]

    def operation(self, method, path):
        """The operation that answers, or None."""
        for pattern, known in self.patterns:
            if pattern.match(path) and method.lower() in self.document['paths'][known]:
                return self.document['paths'][known][method.lower()]
        return None

    def resolve(self, value):
        """What a {"$ref": "#/…"} stands for."""
        while '$ref' in value:
            found = self.document
            for part in value['$ref'].lstrip('#/').split('/'):
                found = found[part]
            value = found
        return value

    @staticmethod
    def has(thing, version):
        """Does 1.VERSION have the operation, parameter or member?"""
        between = thing['x-openstack']
        return (minor(between['min-ver']) <= version
                and version <= minor(between.get('max-ver', '1.99999')))

    def schema(self, holder):
        """The JSON schema of a body or an answer, or None."""
        content = self.resolve(holder).get('content')
        return content['application/json']['schema'] if content else None

    def fault(self, schema, value):
        """Why the value does not fit, or None."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            self.validators[key] = jsonschema.Draft202012Validator(
                dict(schema, components=self.document['components']))
        error = jsonschema.exceptions.best_match(self.validators[key].iter_errors(value))
        return None if error is None else '%s: %s' % ('/'.join(map(str, error.path)), error.message)

    def members(self, schema, version):
        """Names of the members that the version has; None where members have no versions."""
        properties = self.resolve(schema).get('properties', {})
        if not properties or not all('x-openstack' in m for m in properties.values()):
            return None
        return {name for name, member in properties.items() if self.has(member, version)}

    def early(self, schema):
        """Names of the members that pinned releases show in versions before their own, too."""
        properties = self.resolve(schema).get('properties', {})
        return {name for name, member in properties.items() if 'any-version-until' in member['x-openstack']}

    def item_problem(self, schema, item, version, query, among=None):
        """An item shows what its version has, no more; and all of it unless the query chose."""
        expected = self.members(schema, version)
        if expected is None:
            return None
        if among is not None:
            expected &= set(among)
        if 'fields' in query:
            expected &= {name.strip().lower() for name in ','.join(query['fields']).split(',')} | {
                'links'}
        if expected == set(item) or not (expected ^ set(item)) - self.early(schema):
            return None
        return 'members that miss: %s; that are too many: %s' % (
            sorted(expected - set(item)), sorted(set(item) - expected))

    def problem(self, operation, status, version, body, url):
        """Why an answer with that status does not keep to the contract, or None."""
        if str(status) not in operation['responses']:
            return 'its status is not in the contract'
        schema = self.schema(operation['responses'][str(status)])
        if schema is None:
            return None if body is None else 'it has a body'
        fault = self.fault(schema, self.sample(body))
        if fault or status >= 400:
            return fault
        if version is None:
            return None  # answered before versions are looked at
        if not self.has(operation, version):
            return 'this version has no such operation'
        return self.shape_problem(schema, version, body, url)

    def shape_problem(self, schema, version, body, url):
        """The same of the members of an item, or of each item of a list."""
        path, query = urlsplit(url).path, parse_qs(urlsplit(url).query, keep_blank_values=True)
        shape = self.resolve(schema)
        shown = shape.get('x-openstack-shown')
        if shown is None:
            return self.item_problem(schema, body, version, query)
        (name,) = shape['required']
        full = (path.endswith('/detail') or 'fields' in query
                or query.get('detail', [''])[0].lower() in TRUE)
        for item in body[name]:
            problem = self.item_problem(shape['properties'][name]['items'], item, version, query,
                                        None if full else shown)
            if problem:
                return problem
        return None

    @staticmethod
    def sample(body):
        """A body whose long lists are cut to their ends: that all rows are alike is shown elsewhere."""
        if not isinstance(body, dict):
            return body
        return {name: value[:SAMPLE] + value[-SAMPLE:]
                if isinstance(value, list) and len(value) > 2 * SAMPLE else value
                for name, value in body.items()}


@functools.cache
def known():
    """The contract, read once."""
    return Contract()


def complaint(method, url, status, headers, text):
    """How an answer of castiron fails to keep to the contract, or None; names of headers are in lower case."""
    if method == 'HEAD' or headers.get('content-type', 'application/json') != 'application/json':
        return None  # a page, for who takes no JSON
    if 'node_ident=' in urlsplit(url).query:
        return None  # the path is short of its node, and reads as another
    operation = known().operation(method, urlsplit(url).path)
    if operation is None:
        operation = UNKNOWN
        if status < 400:
            return None  # the health check, the documents, and older forms of paths
    version = headers.get('x-openstack-ironic-api-version')
    if version == '1.1' and urlsplit(url).path == '/v1/continue_inspection':
        return None  # its older form, which the contract, from 1.84 on, does not have
    try:
        body = json.loads(text) if text else None
    except ValueError:
        return 'it is no JSON'
    return known().problem(operation, status, version and minor(version), body, url)


def judge(method, url, status, headers, text):
    """Raises when there is a complaint."""
    why = complaint(method, url, status, headers, text)
    if why:
        raise AssertionError('%s %s: %s: %d %s' % (method, url, why, status, text[:500]))
