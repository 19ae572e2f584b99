# SPDX-License-Identifier: Apache-2.0
"""Two projects' things, and who asks for them.

Of everything there is one of projA's (lessee projB) and one of projX's (lessee projY). What belongs
to projX has identifiers that begin with `eeee` and texts with XCANARY in them; secrets of both are
SECRET. Neither is to be seen by the personas below.
"""
SECRET = 'S3CR3T-do-not-tell'
ADMIN = 'stub:roles=admin,member,reader;system=all'
# None of them is of projX or projY, and none is an administrator of old defaults.
STRANGERS = {
    'owner manager': 'stub:roles=manager,member,reader;project=projA',
    'owner member': 'stub:roles=member,reader;project=projA',
    'owner reader': 'stub:roles=reader;project=projA',
    'owner service': 'stub:roles=service;project=projA',
    'lessee member': 'stub:roles=member,reader;project=projB',
    'lessee reader': 'stub:roles=reader;project=projB',
    'third member': 'stub:roles=member,reader;project=projC',
    'no role': 'stub:roles=;project=projA',
}
# With the new defaults administrators of a project are strangers elsewhere, too.
PROJECT_ADMINS = {
    'owner admin': 'stub:roles=admin,member,reader;project=projA',
    'lessee admin': 'stub:roles=admin,member,reader;project=projB',
}
NO_SUCH = 'ffffffff-ffff-4fff-8fff-ffffffffffff'
CHASSIS = 'cccc0009-1111-4111-8111-111111111111'


def uuid(prefix, n):
    return '%s%04x-1111-4111-8111-111111111111' % (prefix, n)


class Side:
    """The things of one of the projects."""

    def __init__(self, prefix, word, owner, lessee):
        self.prefix, self.word, self.owner, self.lessee = prefix, word, owner, lessee
        self.node, self.child, self.port, self.portgroup, self.member = (
            uuid(prefix, n) for n in range(5))
        self.connector, self.target, self.allocation, self.runbook, self.instance = (
            uuid(prefix, n) for n in range(0x10, 0x15))
        self.name = 'node-' + word
        self.mac = '52:54:00:%s:%s:%%02x' % (prefix[:2], prefix[2:])

    def bodies(self):
        """(path, body) of everything, in order."""
        word, node = self.word, self.node
        yield '/v1/nodes', {
            'uuid': node, 'name': self.name, 'driver': 'fake-hardware', 'owner': self.owner,
            'lessee': self.lessee, 'shard': 'shard-1', 'resource_class': 'class-' + word,
            'description': word, 'conductor_group': '', 'extra': {'word': word},
            'instance_uuid': self.instance, 'chassis_uuid': CHASSIS,
            'driver_info': {'fake_password': SECRET, 'snmp_auth_key': SECRET},
            'instance_info': {'configdrive': SECRET, 'image_url': SECRET, 'display_name': word}}
        yield '/v1/nodes', {'uuid': self.child, 'name': 'child-' + word, 'driver': 'fake-hardware',
                            'owner': self.owner, 'parent_node': node, 'description': word}
        yield '/v1/portgroups', {'uuid': self.portgroup, 'name': 'group-' + word, 'node_uuid': node,
                                 'address': self.mac % 1, 'extra': {'word': word}}
        yield '/v1/ports', {'uuid': self.port, 'name': 'port-' + word, 'node_uuid': node,
                            'address': self.mac % 2, 'extra': {'word': word},
                            'physical_network': 'net'}
        yield '/v1/ports', {'uuid': self.member, 'node_uuid': node, 'address': self.mac % 3,
                            'portgroup_uuid': self.portgroup}
        yield '/v1/volume/connectors', {'uuid': self.connector, 'node_uuid': node, 'type': 'iqn',
                                        'connector_id': 'iqn.' + word}
        yield '/v1/volume/targets', {'uuid': self.target, 'node_uuid': node, 'volume_type': 'iscsi',
                                     'boot_index': 0, 'volume_id': 'volume-' + word,
                                     'properties': {'auth_password': SECRET, 'word': word}}
        yield '/v1/allocations', {'uuid': self.allocation, 'name': 'allocation-' + word,
                                  'owner': self.owner, 'resource_class': 'none'}
        yield '/v1/runbooks', {'uuid': self.runbook, 'name': 'runbook-' + word, 'owner': self.owner,
                               'steps': [{'interface': 'deploy', 'step': 'erase', 'order': 1,
                                          'args': {'password': SECRET}}]}

    def idents(self):
        """What {parameters} of paths stand for."""
        return {'node_ident': self.node, 'port_ident': self.port, 'port_uuid': self.port,
                'portgroup_ident': self.portgroup, 'connector_uuid': self.connector,
                'target_uuid': self.target, 'allocation_ident': self.allocation,
                'runbook_ident': self.runbook, 'chassis_uuid': CHASSIS}

    def filters(self):
        """What parameters of lists are given to find these things."""
        return {'node': self.node, 'node_uuid': self.node, 'parent_node': self.node,
                'owner': self.owner, 'project': self.owner, 'lessee': self.lessee,
                'shard': 'shard-1', 'sharded': 'true', 'chassis_uuid': CHASSIS,
                'instance_uuid': self.instance, 'instance_name': self.word,
                'conductor_group': '', 'conductor_groups': '', 'portgroup': self.portgroup,
                'address': self.mac % 2, 'resource_class': 'class-' + self.word,
                'description_contains': self.word, 'driver': 'fake-hardware', 'state': 'error',
                'associated': 'true', 'maintenance': 'false', 'provision_state': 'enroll',
                'include_children': 'true', 'detail': 'true', 'sort_key': 'id', 'sort_dir': 'desc',
                'limit': '1000', 'fields': 'uuid', 'traits': 'CUSTOM_T'}

    def marks(self):
        """Texts that stand for one of these things."""
        return [self.prefix, self.word, self.mac[:15]]


OURS = Side('aaaa', 'ACANARY', 'projA', 'projB')
THEIRS = Side('eeee', 'XCANARY', 'projX', 'projY')


def build(ask, sql):
    """Makes all of it: `ask` is called as case.Case.ask(), `sql` with statements."""
    ask('POST', '/v1/chassis', {'uuid': CHASSIS}, 201)
    for side in (OURS, THEIRS):
        for path, body in side.bodies():
            ask('POST', path, body, 201)
    # What the API refuses to make: a child of ours that has come to belong to somebody else.
    sql("insert into nodes (uuid, name, driver, owner, parent_node, provision_state, version) "
        "values ('%s', 'stray-XCANARY', 'fake-hardware', 'projX', '%s', 'enroll', '1.36')"
        % (uuid('eeee', 0x20), OURS.node))
    for side in (OURS, THEIRS):
        sql("update nodes set driver_internal_info = '{\"agent_secret_token\": \"%s\"}', "
            "last_error = 'error %s' where uuid = '%s'" % (SECRET, side.word, side.node))
        sql("insert into node_history (uuid, node_id, event, version) select '%s', id, 'event %s', "
            "'1.0' from nodes where uuid = '%s'" % (uuid(side.prefix, 0x30), side.word, side.node))
