#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds what a deployment is made of against Debian's Ironic and the library that it asks.

Usage: deploy_differential.py PROGRAM, PROGRAM being deploy_probe.
"""
import base64
import gzip
import json
import os
import subprocess
import sys
import tempfile
import unittest

from openstack.baremetal import configdrive

UUID = '11111111-2222-4333-8444-555555555555'


class Probe(unittest.TestCase):
    """The program is started once for all."""

    @classmethod
    def setUpClass(cls):
        cls.program = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       encoding='utf-8')

    @classmethod
    def tearDownClass(cls):
        cls.program.stdin.close()
        assert cls.program.wait() == 0
        cls.program.stdout.close()

    def ask(self, what, **node):
        self.program.stdin.write(json.dumps({'ask': what, 'node': dict({'uuid': UUID}, **node)})
                                 + '\n')
        self.program.stdin.flush()
        return json.loads(self.program.stdout.readline())


def read_back(image, names):
    """The files of an image as one of its kinds of names shows them: path to content and mode."""
    with tempfile.NamedTemporaryFile(suffix='.iso') as iso:
        iso.write(image)
        iso.flush()

        def isoinfo(*words):
            return subprocess.run(['isoinfo', '-i', iso.name, *names, *words], check=True,
                                  capture_output=True).stdout
        found = isoinfo('-f').decode().split()
        label = [line for line in isoinfo('-d').decode('latin-1').splitlines()
                 if line.startswith(('Volume id:', 'Publisher id:'))]
        probed = subprocess.run(['/usr/sbin/blkid', '-p', '-o', 'export', iso.name], check=True,
                                capture_output=True, encoding='utf-8').stdout.splitlines()
        label += [line for line in probed if line.startswith(('LABEL=', 'TYPE='))]
        return sorted(label), {path: isoinfo('-x', path) for path in found}


class ConfigDrives(Probe):
    """The image of a config drive has what the one of openstacksdk has, and as it has it."""

    CASES = [
        {},
        {'meta_data': {'hostname': 'h', 'uuid': 'mine', 'name': 'instance'}},
        {'meta_data': {'public_keys': {'k': 'ssh-rsa AAAA ü\n'}}, 'user_data': '#!/bin/sh\n\u00e4\0x',
         'network_data': {'links': [{'id': 'a', 'mtu': 1500.5}], 'networks': []},
         'vendor_data': {'cloud-init': '#cloud-config\n'}},
        {'user_data': {'ignition': {'version': '3.0.0'}}, 'network_data': {}, 'vendor_data': {}},
        {'user_data': []},
        {'user_data': ''},
        {'user_data': None, 'network_data': None},
        {'user_data': 'x' * 300000},
    ]

    @staticmethod
    def expected(drive, name):
        """As ironic.conductor.utils.build_configdrive asks for it."""
        meta_data = dict(drive.get('meta_data', {}))
        meta_data.setdefault('uuid', UUID)
        if name:
            meta_data.setdefault('name', name)
        user_data = drive.get('user_data')
        if isinstance(user_data, (dict, list)):
            user_data = json.dumps(user_data).encode()
        elif user_data:
            user_data = user_data.encode()
        return configdrive.build(meta_data, user_data, network_data=drive.get('network_data'),
                                 vendor_data=drive.get('vendor_data'))

    def test_an_object_becomes_the_image_that_openstacksdk_makes(self):
        for drive in self.CASES:
            for name in (None, 'n'):
                with self.subTest(drive=str(drive)[:200], name=name):
                    said = self.ask('configdrive', name=name, instance_info={'configdrive': drive})
                    ours, theirs = (gzip.decompress(base64.b64decode(text, validate=True))
                                    for text in (said['value'], self.expected(drive, name)))
                    for names in ('-R', '-J'):
                        self.assertEqual(read_back(theirs, [names]), read_back(ours, [names]))
                    self.assertIn('LABEL=config-2', read_back(ours, ['-R'])[0])
                    for version in ('2012-08-10', 'latest'):
                        self.assertIn('/openstack/%s/meta_data.json' % version,
                                      read_back(ours, ['-R'])[1])

    def test_files_belong_to_root_and_everybody_may_read_them(self):
        said = self.ask('configdrive', instance_info={'configdrive': self.CASES[2]})
        listings = []
        for text in (said['value'], self.expected(self.CASES[2], None)):
            with tempfile.NamedTemporaryFile(suffix='.iso') as iso:
                iso.write(gzip.decompress(base64.b64decode(text)))
                iso.flush()
                lines = subprocess.run(['isoinfo', '-R', '-l', '-i', iso.name], check=True,
                                       capture_output=True, encoding='utf-8').stdout.splitlines()
            listings.append([(line.split()[0], line.split()[2:4], line.split()[-1])
                             for line in lines if line[:1] in '-d' and not line.endswith(('.', '..'))
                             and len(line.split()) > 8])
        self.assertTrue(listings[0])
        self.assertEqual(listings[1], listings[0])

    def test_what_is_no_object_is_given_as_it_is(self):
        for drive in ('aGk=', 'http://h/drive?a=b', ' aGk=\n'):
            said = self.ask('configdrive', instance_info={'configdrive': drive})
            self.assertEqual({'value': drive}, said)
        for info in ({}, {'configdrive': None}, {'configdrive': ''}):
            self.assertEqual({'value': None}, self.ask('configdrive', instance_info=info))

    def test_a_part_of_a_wrong_kind_is_named(self):
        for drive, key in (({'meta_data': None}, 'meta_data'), ({'meta_data': 'x'}, 'meta_data'),
                           ({'user_data': 7}, 'user_data')):
            said = self.ask('configdrive', instance_info={'configdrive': drive})
            self.assertEqual('InvalidParameterValue', said['class'])
            self.assertIn(key + ' is not', said['message'])

    def test_nothing_is_left_behind(self):
        with tempfile.TemporaryDirectory() as folder:
            program = subprocess.run(
                [PROGRAM], check=True, capture_output=True, encoding='utf-8',
                env=dict(os.environ, TMPDIR=folder),
                input=json.dumps({'ask': 'configdrive', 'node': {
                    'uuid': UUID, 'instance_info': {'configdrive': self.CASES[7]}}}) + '\n')
            self.assertIn('"value"', program.stdout)
            self.assertEqual([], os.listdir(folder))


if __name__ == '__main__':
    PROGRAM = sys.argv.pop(1)
    unittest.main()
