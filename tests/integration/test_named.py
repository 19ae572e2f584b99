# SPDX-License-Identifier: Apache-2.0
"""What a path may leave to the query, and the words behind an item: beside Debian's Ironic."""
import unittest

import test_middleware

NODE = test_middleware.NODE % 1
# Controllers that Ironic has below the collection, too.
WORDS = ('states', 'states/console', 'maintenance', 'vendor_passthru/methods', 'management/boot_device',
         'management/boot_device/supported', 'management/indicators')


class Named(test_middleware.Beside):
    """Both are asked what needs no conductor: reads, and what is refused before one is called."""

    def words_of(self, method, path):
        """The status and the message of both."""
        found = []
        for service in (self.ours, self.theirs):
            reply = service.request(method, path, headers=test_middleware.VERSION)
            found.append((reply.status, reply.text if reply.status >= 400 else sorted(reply.json)))
        return found

    def alike(self, method, path, status):
        ours, theirs = self.words_of(method, path)
        self.assertEqual(status, ours[0], (method, path, ours))
        self.assertEqual(theirs[0], ours[0], (method, path, theirs))
        if status != 405:
            self.assertEqual(self.message(theirs[1]), self.message(ours[1]), (method, path))

    @staticmethod
    def message(text):
        return text if isinstance(text, list) else ''.join(text.split()).replace('\\', '')

    def test_the_node_of_the_query_is_looked_for(self):
        for word in WORDS:
            method = 'DELETE' if word == 'maintenance' else 'GET'
            self.alike(method, '/v1/nodes/%s?node_ident=nobody' % word, 404)
            self.alike(method, '/v1/nodes/%s?node_ident=not%%20valid' % word, 400)
            if word != 'management/indicators':  # of which Ironic ignores what it does not know
                self.alike(method, '/v1/nodes/%s?node_ident=nobody&other=1' % word, 400)
            self.alike(method, '/v1/nodes/%s' % word, 400)
        self.alike('GET', '/v1/nodes/states?node_ident=' + NODE, 200)
        self.alike('GET', '/v1/nodes/maintenance?node_ident=' + NODE, 405)
        self.alike('DELETE', '/v1/nodes?node_ident=nobody', 404)
        self.alike('DELETE', '/v1/nodes', 400)

    def test_a_word_behind_an_item_is_a_field(self):
        for word in ('driver', 'driver,extra', 'Extra', 'dri%76er', 'provision_state/'):
            self.alike('GET', '/v1/nodes/%s/%s' % (NODE, word), 200)
        for word in ('bogus', 'links', 'firmware', 'children', 'parent_node'):
            self.alike('GET', '/v1/nodes/%s/%s' % (NODE, word), 400)
            self.alike('GET', '/v1/nodes/nobody/%s' % word, 404)
        self.alike('GET', '/v1/chassis/%s/extra' % NODE, 404)


if __name__ == '__main__':
    unittest.main()
