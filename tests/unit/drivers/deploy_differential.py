#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds what a deployment is made of against Debian's Ironic and the library that it asks.

Usage: deploy_differential.py PROGRAM, PROGRAM being deploy_probe.
"""
import base64
import copy
import gzip
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from ironic.common import context, exception, raid
from ironic.conductor import task_manager
from ironic.conf import CONF
from ironic.drivers.modules import agent, boot_mode_utils, deploy_utils
from ironic import objects
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


SOURCE = 'http://h/images/i.img'
IMAGE = {'image_source': SOURCE, 'image_checksum': 'c'}
BOOT = {'boot_mode': 'bios'}


def debian(instance_info, driver_info=None, internal=None, properties=None):
    """A task of Debian's Ironic with such a node."""
    node = objects.Node(context.get_admin_context(), uuid=UUID, name=None, deploy_interface='direct',
                        instance_info=copy.deepcopy(instance_info), driver_info=driver_info or {},
                        driver_internal_info=internal or {}, properties=properties or {})
    task = mock.Mock(spec=task_manager.TaskManager, node=node, shared=False, driver=mock.Mock(),
                     context=node._context)
    task.driver.storage.should_write_image.return_value = True
    return task


class Decisions(Probe):
    """What is said of a node's image and disk is what Debian's Ironic says."""

    # instance_info, driver_info, properties
    NODES = [
        ({},),
        ({'image_source': ''},),
        ({'image_source': SOURCE},),
        (IMAGE,),
        (dict(IMAGE, image_checksum=''),),
        (dict(IMAGE, image_checksum='http://h/sums'),),
        (dict(IMAGE, image_os_hash_algo='sha512'),),
        (dict(IMAGE, image_os_hash_value='00'),),
        (dict(IMAGE, image_os_hash_algo='sha512', image_os_hash_value='00'),),
        ({'image_source': SOURCE, 'image_os_hash_algo': 'sha512', 'image_os_hash_value': '00'},),
        (dict(IMAGE, image_type='partition'),),
        (dict(IMAGE, image_type='whole-disk'),),
        (dict(IMAGE, image_type=''),),
        (dict(IMAGE, image_download_source='http'),),
        (dict(IMAGE, image_download_source='swift'), {'image_download_source': 'bad'}),
        (dict(IMAGE, image_download_source='ftp'),),
        (IMAGE, {'image_download_source': 'ftp'}),
        (IMAGE, {'image_http_proxy': 'http://p:1', 'image_https_proxy': '10.0.0.1:8080'}),
        (IMAGE, {'image_http_proxy': 'socks5://p'}),
        (IMAGE, {'image_http_proxy': 'socks5://p', 'image_https_proxy': 'p:80'}),
        (IMAGE, {'image_no_proxy': 'a, .b.c:80,,10.0.0.1'}),
        (IMAGE, {'image_no_proxy': ''}),
        (IMAGE, {'image_no_proxy': '*.a'}),
        (IMAGE, {'image_no_proxy': 'a..b'}),
        (IMAGE, {'image_no_proxy': '-a'}),
        (IMAGE, {'image_no_proxy': 'a' * 64}),
        (IMAGE, {'image_no_proxy': '.'.join(['a' * 62] * 4) + '.x'}),
        (IMAGE, {'image_no_proxy': '.' + '.'.join(['a' * 62] * 4)}),
        (IMAGE, {'image_no_proxy': 7}),
        (IMAGE, {'image_no_proxy': '*', 'image_http_proxy': 'ftp://x'}),
        (dict(IMAGE, capabilities=BOOT),),
        (dict(IMAGE, capabilities=json.dumps(BOOT)),),
        (dict(IMAGE, capabilities='{'),),
        (dict(IMAGE, capabilities=['boot_mode']),),
        (dict(IMAGE, capabilities=None),),
        (dict(IMAGE, capabilities={'boot_mode': 'UEFI'}),),
        (dict(IMAGE, capabilities={'boot_mode': ''}),),
        (dict(IMAGE, capabilities={'secure_boot': 'yes'}),),
        (dict(IMAGE, capabilities={'secure_boot': True}),),
        (dict(IMAGE, capabilities={'disk_label': 'mbr'}),),
        (dict(IMAGE, capabilities={'boot_option': 'netboot'}),),
        (IMAGE, {}, {'capabilities': 'a:b,boot_mode:uefi'}),
        (IMAGE, {}, {'capabilities': 'a:b, boot_mode : efi '}),
        (IMAGE, {}, {'capabilities': 'boot_mode:a:b,boot_mode'}),
        (IMAGE, {}, {'capabilities': 'secure_boot:maybe'}),
        (IMAGE, {}, {'root_device': {}}),
        (IMAGE, {}, {'root_device': {'bad': 1}}),
        (dict(IMAGE, root_device={'serial': 'a'}), {}, {'root_device': {'bad': 1}}),
    ] + [(dict(IMAGE, root_device=hints),) for hints in (
        {'size': 10}, {'size': '10'}, {'size': ' 10 '}, {'size': '>= 10'}, {'size': '<or> 10 <or> 20'},
        {'size': 0}, {'size': -1}, {'size': 'x'}, {'size': ''}, {'size': 1.5}, {'size': '>= x'},
        {'size': '<or> 10 <or> 0'}, {'size': '=10'}, {'size': 's== 10'}, {'size': True},
        {'model': 'a b'}, {'model': 5}, {'model': ' '}, {'model': '<or> a <or> b'}, {'model': ['a']},
        {'rotational': True}, {'rotational': 'no'}, {'rotational': 'maybe'}, {'rotational': 1},
        {'hctl': '1:0:0:0', 'by_path': '/dev/x', 'wwn': '0x1', 'wwn_with_extension': 'a',
         'wwn_vendor_extension': 'b', 'name': 's== /dev/sda', 'vendor': 'c', 'serial': 'd'})]

    def test_a_node_is_valid_where_it_is_in_debian_s(self):
        faults = 0
        for case in self.NODES:
            instance_info, driver_info, properties = (tuple(case) + ({}, {}))[:3]
            with self.subTest(case=case):
                said = self.ask('validate', instance_info=instance_info, driver_info=driver_info,
                                properties=properties)
                try:
                    agent.AgentDeploy().validate(
                        debian(instance_info, driver_info, None, properties))
                    expected = {'value': None}
                except exception.IronicException as error:
                    expected = {'class': type(error).__name__, 'message': str(error)}
                    faults += 1
                expected = {key: text and re.sub(r"valid are partition, whole-disk",
                                                 'valid are whole-disk, partition',
                                                 re.sub(' Valid hints are: "[^"]*"', '', text))
                            for key, text in expected.items()}
                self.assertEqual(expected, said)
        self.assertGreater(faults, 25)

    def test_what_only_ironic_can_fetch_is_refused_and_says_so(self):
        for source, word in ((UUID, 'image service'), ('glance://' + UUID, 'image service'),
                             ('oci://h/i', 'container registry'), ('file:///i', 'file system')):
            said = self.ask('validate', instance_info={'image_source': source})
            self.assertEqual('InvalidParameterValue', said['class'])
            self.assertIn(word, said['message'])
        said = self.ask('validate', instance_info=dict(IMAGE, image_download_source='local'))
        self.assertIn('image_download_source local', said['message'])
        said = self.ask('validate', instance_info={'image_source': 7})
        self.assertIn('is not a text', said['message'])

    def test_the_boot_mode_is_the_one_that_has_the_say(self):
        faults = 0
        for asked in (None, {}, {'boot_mode': 'bios'}, {'boot_mode': 'UEFI'},
                      {'secure_boot': 'True'}, {'secure_boot': 'true', 'boot_mode': 'bios'},
                      {'disk_label': 'msdos'}, '{"boot_mode": "bios"}'):
            for old in (None, 'bios'):
                for machine in ('', 'boot_mode:bios', 'boot_mode:uefi,a:b'):
                    for found in (None, 'bios', 'uefi'):
                        info = {} if asked is None else {'capabilities': asked}
                        info.update({'deploy_boot_mode': old} if old else {})
                        node = (info, {}, {'deploy_boot_mode': found} if found else {},
                                {'capabilities': machine})
                        task = debian(*node)
                        try:
                            expected = {'value': [boot_mode_utils.get_boot_mode(task.node),
                                                  deploy_utils.get_disk_label(task.node)]}
                        except exception.IronicException as error:
                            expected = {'class': type(error).__name__, 'message': str(error)}
                            faults += 1
                        self.assertEqual(expected, self.ask(
                            'boot mode', instance_info=node[0], driver_internal_info=node[2],
                            properties=node[3]), node)
        self.assertGreater(faults, 10)

    def test_partitions_are_completed_as_in_debian_s(self):
        faults = 0
        for whole in (True, False):
            for info in ({}, {'root_gb': 10}, {'root_gb': '10', 'swap_mb': '5', 'ephemeral_gb': 1},
                         {'root_gb': 0}, {'root_gb': 'x'}, {'root_gb': 1.5}, {'root_gb': True},
                         {'root_gb': 1, 'swap_mb': 'x'}, {'root_gb': 1, 'ephemeral_gb': ''},
                         {'root_gb': 1, 'ephemeral_gb': 2, 'ephemeral_format': 'xfs'},
                         {'root_gb': 1, 'preserve_ephemeral': 'maybe'},
                         {'root_gb': 2, 'ephemeral_gb': 2, 'preserve_ephemeral': 'yes'},
                         {'root_gb': 1, 'swap_mb': 3, 'preserve_ephemeral': True},
                         {'root_gb': 1, 'configdrive': 'aGk='}):
                info = dict(IMAGE, **info)
                internal = {'is_whole_disk_image': whole,
                            'instance': {'root_gb': 1, 'swap_mb': 3, 'ephemeral_gb': 0}}
                task = debian(info, {}, internal)
                try:
                    expected = {'value': dict(info, **deploy_utils.parse_instance_info(task.node))}
                except exception.IronicException as error:
                    expected = {'class': type(error).__name__, 'message': str(error)}
                    faults += 1
                self.assertEqual(expected, self.ask('layout', instance_info=info,
                                                    driver_internal_info=internal), (whole, info))
        self.assertGreater(faults, 6)

    def test_the_agent_is_told_of_the_image_what_debian_s_tells(self):
        for whole in (True, False):
            for more in ({}, {'image_disk_format': 'raw', 'image_container_format': 'bare'},
                         {'image_os_hash_algo': 'sha512', 'image_os_hash_value': '00'},
                         {'kernel': 'http://h/k', 'ramdisk': 'http://h/r', 'root_gb': 5,
                          'root_mb': 5120, 'ephemeral_format': None, 'image_type': 'partition',
                          'preserve_ephemeral': False, 'capabilities': {'boot_mode': 'bios'}},
                         {'capabilities': {'disk_label': 'msdos'}, 'configdrive': 'aGk='},
                         {'configdrive': None}):
                for driver_info in ({}, {'image_http_proxy': 'http://p', 'image_no_proxy': 'a'},
                                    {'image_https_proxy': 'p', 'image_no_proxy': None},
                                    {'image_no_proxy': 'unused'}):
                    info = dict(IMAGE, image_url='http://h/elsewhere', **more)
                    task = debian(info, driver_info, {'is_whole_disk_image': whole})
                    with mock.patch.object(agent.agent_base, 'execute_step') as execute, \
                            mock.patch.object(agent.agent_client, 'get_client'):
                        agent.AgentDeploy().write_image(task)
                    step = execute.call_args[0][1]
                    said = self.ask('image', instance_info=info, driver_info=driver_info,
                                    driver_internal_info={'is_whole_disk_image': whole})
                    self.assertEqual({'value': step['args']['image_info']}, said)


class Raids(Probe):
    """What an agent is to make of a RAID is what Debian's Ironic tells it."""

    def test_logical_disks_are_chosen_as_in_debian_s(self):
        root, data = {'size_gb': 1, 'is_root_volume': True}, {'size_gb': 2}
        faults = 0
        for disks in (None, [], [root], [data], [root, data, dict(data, is_root_volume=False)]):
            for words in ('', 'r', 'o', 'ro'):
                config = {} if disks is None else {'logical_disks': disks, 'more': 1}
                task = debian({})
                task.node.target_raid_config = copy.deepcopy(config)
                try:
                    expected = {'value': raid.filter_target_raid_config(
                        task.node, 'r' in words, 'o' in words)}
                except exception.IronicException as error:
                    expected = {'class': type(error).__name__, 'message': str(error)}
                    faults += 1
                self.assertEqual(expected, self.ask('raid ' + words, target_raid_config=config))
        self.assertGreater(faults, 5)


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
    CONF([], project='ironic', default_config_files=[])
    CONF.set_override('manage_agent_boot', False, 'agent')
    objects.register_all()
    logging.disable(logging.CRITICAL)
    unittest.main()
