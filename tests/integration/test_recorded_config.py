# SPDX-License-Identifier: Apache-2.0
"""What options of [api], [cors] and http_basic change, as it was recorded."""
import os
import subprocess
import tempfile
import unittest

import case
import recorded
import replay

# crypt(3)'s bcrypt of the recorded user's password, cheap to check.
HASH = ['perl', '-e', r'print crypt("secret", q($2b$04$abcdefghijklmnopqrstuu))']


class Configured(case.Case):
    """One service had all of these options when the recording was made."""

    def setUp(self):
        with tempfile.NamedTemporaryFile('w', prefix='castiron-htpasswd-', delete=False) as users:
            users.write('alice:%s\n' % subprocess.run(HASH, stdout=subprocess.PIPE, check=True,
                                                      text=True).stdout)
        self.addCleanup(os.unlink, users.name)
        self.OPTIONS = {
            'DEFAULT': {'auth_strategy': 'http_basic', 'http_basic_auth_user_file': users.name,
                        'pin_release_version': '21.4'},
            'api': {'max_limit': 2, 'restrict_lookup': 'false',
                    'public_endpoint': 'https://public.example.com:443/baremetal'},
            'cors': {'allowed_origin': 'http://example.com'},
        }
        super().setUp()

    def test_the_options_do_what_they_did(self):
        outcomes = list(replay.Replay(self.castiron.url, replay.load('config'),
                                      ('Authorization', 'Basic YWxpY2U6c2VjcmV0')).run())
        recorded.judge(self, 'config', outcomes, 0.9, 0.9)


if __name__ == '__main__':
    unittest.main()
