# SPDX-License-Identifier: Apache-2.0
"""openapi/baremetal.yaml as something to hold requests and answers against."""
import os
import re

import jsonschema
import yaml

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'openapi',
                    'baremetal.yaml')
METHODS = ('get', 'head', 'post', 'put', 'patch', 'delete')


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
        whole = dict(schema, components=self.document['components'])
        error = jsonschema.exceptions.best_match(
            jsonschema.Draft202012Validator(whole).iter_errors(value))
        return None if error is None else '%s: %s' % ('/'.join(map(str, error.path)), error.message)

    def members(self, schema, version):
        """Names of the members that the version has; None where members have no versions."""
        properties = self.resolve(schema).get('properties', {})
        if not properties or not all('x-openstack' in m for m in properties.values()):
            return None
        return {name for name, member in properties.items() if self.has(member, version)}
