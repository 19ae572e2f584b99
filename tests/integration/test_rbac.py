# SPDX-License-Identifier: Apache-2.0
"""Who may do what: the recorded matrices of personas by operations, in order.

Tokens of the recordings name their persona; a stand-in for Keystone takes them for valid. There
was no Keystone when they were made, so that other tokens get 503.
"""
import unittest

import case
import keystone
import recorded
import replay

ADMIN = 'stub:roles=admin,member,reader;system=all'


class Matrix:
    """The test of one matrix."""

    RECORDING = None
    EXACTLY = 1.0
    SETTINGS = {}
    BEFORE = ()  # what the recorded database held: (path, body)

    def setUp(self):
        self.keystone = keystone.Keystone().__enter__()
        self.addCleanup(self.keystone.__exit__)
        self.keystone.server.unknown = 500
        self.OPTIONS = {'DEFAULT': {'auth_strategy': 'keystone', 'host': 'refhost-m'},
                        'keystone_authtoken': self.keystone.options}
        for section, values in self.SETTINGS.items():
            self.OPTIONS[section] = dict(self.OPTIONS.get(section, {}), **values)
        super().setUp()

    def test_every_persona_is_answered_as_recorded(self):
        for path, body in self.BEFORE:
            self.ask('POST', path, body, 201, headers={'X-Auth-Token': ADMIN})
        exchanges = replay.load('rbac-' + self.RECORDING)
        outcomes = list(replay.Replay(self.castiron.url, exchanges,
                                      ('X-Auth-Token', ADMIN)).run())
        recorded.judge(self, 'rbac-' + self.RECORDING, outcomes, self.EXACTLY)


class Master(Matrix, case.Case):
    """The newest release, with old and new defaults."""

    RECORDING = 'master'


class Antelope(Matrix, case.Case):
    """21.4, which castiron speaks when it is pinned."""

    RECORDING = '21.4'
    EXACTLY = 0.99
    SETTINGS = {'DEFAULT': {'pin_release_version': '21.4', 'host': 'refhost'}}
    BEFORE = [('/v1/chassis', {'uuid': 'fe5a02a5-babf-4589-98c6-ce4f82e64d07'})]


class Strict(Matrix, case.Case):
    """The newest release with enforce_scope and enforce_new_defaults."""

    RECORDING = 'strict-master'
    EXACTLY = 0.938
    SETTINGS = {'oslo_policy': {'enforce_scope': 'true', 'enforce_new_defaults': 'true'}}


if __name__ == '__main__':
    unittest.main()
