# SPDX-License-Identifier: Apache-2.0
"""Methods of Ironic's objects that a conductor runs, called by Debian's own objects."""
import json
import os
import subprocess
import unittest

import case
import member
import test_cluster

CALLER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'objects_caller.py')


def tearDownModule():  # noqa: N802 (unittest's name)
    case.OneBroker.stop()


UNKNOWN = '0e9e60e7-9d32-47f9-b824-979a92256efe'
SAVED = 'saved by a conductor'


class Objects(test_cluster.Members):
    """Our conductor runs them."""

    OPTIONS = {'DEFAULT': {'pin_release_version': member.RELEASE}}

    @classmethod
    def setUpClass(cls):
        if not member.have_debian():
            raise unittest.SkipTest('python3-ironic is not installed')
        super().setUpClass()

    def found(self):
        """What the caller met, step by step, and the node."""
        node = self.enroll('remote', extra={'a': 'r\u00e4ck'})
        self.ask('PUT', '/v1/nodes/remote/traits', {'traits': ['CUSTOM_A']}, 204)
        self.ask('POST', '/v1/ports', {'address': test_cluster.MAC, 'node_uuid': node['uuid']}, 201)
        done = subprocess.run(
            ['/usr/bin/python3', '-W', 'ignore', CALLER, self.api.conf, node['uuid'], test_cluster.MAC],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        return node, json.loads(done.stdout.splitlines()[-1])

    def test_each_method(self):
        node, found = self.found()

        def shown(description=None, traits=('CUSTOM_A',)):
            return {'class': 'Node', 'version': '1.37', 'changes': [], 'traits': list(traits), 'fields': {
                'uuid': node['uuid'], 'name': 'remote', 'description': description, 'extra': node['extra']}}

        chassis = found['after create']
        self.assertEqual(('Chassis', '1.3', [], 'made by a conductor', {'a': [1, None]}), (
            chassis['class'], chassis['version'], chassis['changes'], chassis['fields']['description'],
            chassis['fields']['extra']))
        self.assertEqual(test_cluster.MAC, found.pop('get_by_address')['fields']['address'])
        missing = '%s %s could not be found.'
        self.assertEqual(dict(
            {name: None for name in ('save', 'refresh', 'create', 'destroy')},
            **{name: shown() for name in ('get_by_uuid', 'get_by_id', 'get_by_name')},
            **{name: shown(SAVED) for name in ('after save', 'after refresh', 'backport to 1.37',
                                               'backport to 1.32')},
            # What came later than the version that is asked for is left out, and filled in again.
            **{'after create': chassis, 'get chassis': chassis,
               'backport to 1.20': shown(None, ()), 'an older get': shown(None, ()),
               'nobody': ['NodeNotFound_Remote', missing % ('Node', UNKNOWN)],
               'gone chassis': ['ChassisNotFound_Remote', missing % ('Chassis', chassis['fields']['uuid'])],
               'list': ['AttributeError', "type object 'Node' has no attribute 'list'"],
               'no method': ['AttributeError', "'Node' object has no attribute 'explode'"],
               'no class': ['RemoteError', 'Remote error: UnsupportedObjectError Unsupported object type Nope'],
               'backport to the future': [
                   'RemoteError', 'Remote error: InvalidTargetVersion Invalid target version 1.99']}),
            found)
        self.assertEqual(SAVED, self.node('remote')['description'])


if __name__ == '__main__':
    unittest.main()
