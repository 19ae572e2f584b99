# SPDX-License-Identifier: Apache-2.0
"""Suites that clients bring with them: what they need, and what came of each test.

openstacksdk's functional tests of the Bare Metal service, with and without Keystone, the API tests
of ironic-tempest-plugin, which need a Keystone, and nova's Ironic driver at work (nova_driver.py),
and a Go client with its own (gophercloud_test.go). All change the service freely.
"""
import json
import os
import re
import shutil
import subprocess
import tempfile

import identity
import stack as stacks

HERE = os.path.dirname(os.path.abspath(__file__))
OUTCOMES = ['/usr/bin/python3', os.path.join(HERE, 'outcomes.py')]
SDK, TEMPEST = 'openstack.tests.functional.baremetal', 'ironic_tempest_plugin.tests.api'
NOVA, OLD_RELEASE = 'nova.virt.ironic.driver', '10.1'
GO_ACCEPTANCE = 'github.com/gophercloud/gophercloud/acceptance/openstack/baremetal/noauth'
TEST_S = 300  # how long one test may take
TEMPEST_CONF = '''
[DEFAULT]
log_file = %(folder)s/log
use_stderr = false
[oslo_concurrency]
lock_path = %(folder)s
[auth]
use_dynamic_credentials = true
create_isolated_networks = false
admin_username = admin
admin_password = %(password)s
admin_project_name = admin
admin_domain_name = Default
[identity]
auth_version = v3
uri_v3 = %(keystone)s
region = %(region)s
v3_endpoint_type = public
default_domain_id = default
[identity-feature-enabled]
api_v2 = false
[service_available]
ironic = true
ironic_inspector = false
nova = false
neutron = false
glance = false
cinder = false
swift = false
[enforce_scope]
ironic = true
[baremetal]
driver = fake-hardware
endpoint_type = publicURL
min_microversion = 1.1
max_microversion = %(newest)s
enabled_drivers =
enabled_hardware_types = fake-hardware
enabled_bios_interfaces = no-bios,fake
enabled_boot_interfaces = fake
enabled_deploy_interfaces = fake
enabled_management_interfaces = fake,noop
enabled_power_interfaces = fake
enabled_raid_interfaces = no-raid,fake
enabled_rescue_interfaces = no-rescue,fake
power_timeout = 60
unprovision_timeout = 120
active_timeout = 120
'''

NOVA_CONF = '''
[DEFAULT]
host = compute-1
state_path = %(folder)s
[oslo_concurrency]
lock_path = %(folder)s
[ironic]
api_max_retries = 60
api_retry_interval = 1
'''


def is_installed(package):
    return subprocess.run(['/usr/bin/python3', '-c', 'import testtools, %s' % package],
                          stdin=subprocess.DEVNULL, capture_output=True, check=False,
                          env=stacks.environment()).returncode == 0


def has_go():
    return bool(shutil.which('go')) and os.path.isdir('/usr/share/gocode/src/' + GO_ACCEPTANCE)


def _run(package, pattern, folder, **environment):
    """Runs a suite in a folder; gives {test: [status, reason]}."""
    with open(os.path.join(folder, 'output'), 'wb') as output:
        done = subprocess.run([*OUTCOMES, package, pattern], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=output, cwd=folder, text=True, check=False,
                              env=stacks.environment(OS_TEST_TIMEOUT=str(TEST_S), HOME=folder, **environment))
    if done.returncode != 0:
        with open(os.path.join(folder, 'output'), encoding='utf-8', errors='replace') as output:
            raise RuntimeError('%s: exit %d\n%s' % (package, done.returncode, output.read()[-3000:]))
    return json.loads(done.stdout)


def sdk(stack, pattern=''):
    """openstacksdk's, as the administrator of the system."""
    if stack.keystone:
        clouds, name = stack.keystone.clouds(), 'devstack-system-admin'
    else:
        name = 'standalone'
        plain = {'auth_type': 'none', 'auth': {'endpoint': stack.url},
                 'baremetal_endpoint_override': stack.url,
                 'has_compute': False, 'has_image': False}
        clouds = {'clouds': dict.fromkeys((name, 'devstack', 'devstack-alt', 'devstack-admin'), plain)}
    with tempfile.TemporaryDirectory(prefix='castiron-sdk-') as folder:
        path = os.path.join(folder, 'clouds.yaml')
        with open(path, 'w', encoding='utf-8') as file:
            json.dump(clouds, file)  # which is YAML, too
        return _run(SDK, pattern, folder, OS_CLOUD=name, OPENSTACKSDK_OPERATOR_CLOUD=name,
                    OS_CLIENT_CONFIG_FILE=path, OUTCOMES_BEFORE='sdk_waits')


def tempest(stack, pattern=''):
    """ironic-tempest-plugin's; it makes its own projects and people."""
    newest = stack.api.request('GET', '/', version=None).json['default_version']['version']
    with tempfile.TemporaryDirectory(prefix='castiron-tempest-') as folder:
        with open(os.path.join(folder, 'tempest.conf'), 'w', encoding='utf-8') as file:
            file.write(TEMPEST_CONF % {'folder': folder, 'password': identity.PASSWORD,
                                       'keystone': stack.keystone.url, 'region': identity.REGION,
                                       'newest': newest})
        return _run(TEMPEST, pattern, folder, TEMPEST_CONFIG='tempest.conf', TEMPEST_CONFIG_DIR=folder)


def nova(stack, pattern='', newest='1.46'):
    """nova's Ironic driver; `newest` is the version it must settle on."""
    if stack.keystone:
        login = dict(stack.keystone.login('nova'), auth_type='password', region_name=identity.REGION)
    else:
        login = {'auth_type': 'none', 'endpoint_override': stack.url}
    with tempfile.TemporaryDirectory(prefix='castiron-nova-') as folder:
        path = os.path.join(folder, 'nova.conf')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(NOVA_CONF % {'folder': folder})
            file.writelines('%s = %s\n' % item for item in login.items())
        return _run('nova_driver', pattern, folder, NOVA_CONF=path, NOVA_VERSION=newest, PYTHONPATH=HERE)


def nova_of_old(stack, pattern=''):
    """The same where the service is pinned to a release that offers no more than 1.38."""
    return nova(stack, pattern, '1.38')


def gophercloud(stack, _):
    """Every call that gophercloud knows, and its own acceptance tests of ports and allocations."""
    outcomes = {}
    with tempfile.TemporaryDirectory(prefix='castiron-go-') as folder:
        environment = stacks.environment(
            HOME=folder, GOCACHE=folder, GOPATH='/usr/share/gocode', GO111MODULE='off', GOFLAGS='-p=1',
            IRONIC_ENDPOINT=stack.url + '/v1', OS_DEBUG='')
        for chosen in (['-run', '.', os.path.join(HERE, 'gophercloud_test.go')],
                       ['-run', 'Ports|Allocations', '-tags', 'acceptance', GO_ACCEPTANCE]):
            done = subprocess.run(['go', 'test', '-v', '-count=1', *chosen], stdin=subprocess.DEVNULL, text=True,
                                  capture_output=True, check=False, cwd=folder, env=environment)
            found = re.findall(r'^--- (PASS|FAIL|SKIP): (\S+)', done.stdout, re.M)
            if not found:
                raise RuntimeError('go test: %s%s' % (done.stdout[-2000:], done.stderr[-2000:]))
            outcomes.update({name: [status.lower(), done.stdout[-2000:] if status == 'FAIL' else '']
                             for status, name in found})
    return outcomes


def count(outcomes, status):
    return sum(1 for found, _ in outcomes.values() if found == status)


def failures(outcomes):
    return ['%s: %s' % (name, re.sub(r'\s+', ' ', reason)[-400:])
            for name, (status, reason) in sorted(outcomes.items()) if status == 'fail']
