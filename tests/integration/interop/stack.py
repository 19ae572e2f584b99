# SPDX-License-Identifier: Apache-2.0
"""What the suites run against: an API and a conductor, each ours or Debian's."""
import os
import subprocess

import case
import member

# name -> (is the API Debian's, is the conductor)
KINDS = {
    'debian': (True, True),
    'castiron': (False, False),
    'mixed': (False, True),
}
HOST = 'conductor-of-the-suite'


class Stack:
    """One cluster of an API and a conductor on fake hardware, for the length of a `with`.

    Given a Keystone it asks for its tokens, and the catalogue names it; otherwise it lets
    everybody in. Debian's services get the schema that Debian's own program makes.
    """

    def __init__(self, kind, keystone=None, **options):
        self.kind, self.keystone, self.extra = kind, keystone, options

    def __enter__(self):
        debian_api, debian_conductor = KINDS[self.kind]
        self.cluster = member.Cluster(case.OneCluster.get(), case.OneBroker.get())
        self.cluster.with_debian = debian_api or debian_conductor
        try:
            self._schema(debian_api)
            self.conductor = self._add('conductor', debian_conductor, HOST)
            self.api = self._add('api', debian_api)
            for service in (self.conductor, self.api):
                service.launch()
            for service in (self.conductor, self.api):
                service.wait_until(service.is_there, 120, '%s to be there' % service.name)
        except BaseException:
            self.cluster.discard()
            raise
        if self.keystone:
            self.keystone.name_endpoint(self.api.url)
        return self

    def __exit__(self, *exc):
        self.cluster.discard()

    def _schema(self, debian):
        if not debian:
            self.cluster.prepare()
            return
        dbsync = self.cluster.add('dbsync', True)
        dbsync.write_conf()
        subprocess.run([*dbsync.command, '--config-file', dbsync.conf, 'create_schema'],
                       stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=True)

    def _add(self, kind, debian, host=None):
        options = {section: dict(values) for section, values in self.extra.items()}
        plain = options.setdefault('DEFAULT', {})
        if self.keystone:
            plain['auth_strategy'] = 'keystone'
            for section in ('keystone_authtoken', 'service_catalog'):
                options[section] = self.keystone.options()
            options['oslo_policy'] = {'enforce_scope': 'true', 'enforce_new_defaults': 'true'}
        made = self.cluster.add(kind, debian, host, **options)
        made.options['DEFAULT'].update(plain)  # also a pin of the suite's own
        return made

    @property
    def url(self):
        return self.api.url

    def sql(self, statement):
        return self.cluster.postgres.sql(statement, self.cluster.database)

    def settle(self, seconds=60):
        """Waits until no node is worked on and no allocation sought."""
        self.api.wait_until(lambda: self.sql(
            "select (select count(*) from nodes where reservation is not null "
            "or target_power_state is not null or provision_state in ('verifying', 'cleaning', "
            "'deploying', 'deleting', 'inspecting', 'rescuing', 'unrescuing', 'adopting'))"
            " + (select count(*) from allocations where state = 'allocating')") == [['0']],
            seconds, 'all nodes to be at rest')

    def logs(self):
        return '\n'.join('== %s\n%s' % (one.name, one.log(4000)) for one in (self.api, self.conductor))


def discard():
    """Ends what the stacks of a run have shared."""
    case.OneBroker.stop()
    case.OneCluster.stop()


def environment(**more):
    """Ours without what steers OpenStack clients, and with nothing between them and 127.0.0.1."""
    kept = {k: v for k, v in os.environ.items()
            if not k.startswith('OS_') and 'proxy' not in k.lower() and k != 'PYTHONPATH'}
    return dict(kept, NO_PROXY='127.0.0.1', PYTHONWARNINGS='ignore', **more)
