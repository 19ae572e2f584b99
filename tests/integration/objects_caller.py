#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Ironic's own objects, whose methods are run by a conductor instead of a database.

    objects_caller.py CONFIG NODE PORT_ADDRESS     prints a JSON object: what each step gave

Runs under Debian's Python. Objects get oslo.versionedobjects' own wrappers for such methods, so
that requests are made and answers decoded as by a service that has no database.
"""
import json
import sys

from ironic import objects
from ironic.common import config, context, rpc
from ironic.conf import CONF
from ironic.objects import base, indirection
from oslo_versionedobjects import base as versioned

CONTEXT = context.RequestContext(is_admin=True, auth_token='token', request_id='req-objects')


def remote(cls, name):
    """The method of that name of a class, run by a conductor."""
    method = getattr(cls, name)
    if hasattr(method, '__self__'):
        wrapped = versioned.remotable_classmethod(method.__func__)
        return lambda *args, **kwargs: wrapped.__get__(None, cls)(CONTEXT, *args, **kwargs)
    return versioned.remotable(method)


def told(function, *args):
    """What it gives, or what it raises."""
    try:
        return shown(function(*args))
    except Exception as error:  # pylint: disable=broad-except
        return [type(error).__name__, str(error).split('\n', maxsplit=1)[0]]


def shown(value):
    if isinstance(value, (list, tuple)):
        return [shown(each) for each in value]
    if not isinstance(value, base.IronicObject):
        return value
    data = value.obj_to_primitive()
    return {'class': value.obj_name(), 'version': data['ironic_object.version'],
            'changes': sorted(value.obj_what_changed()),
            'fields': {name: data['ironic_object.data'][name] for name in (
                'uuid', 'name', 'description', 'address', 'extra') if name in data['ironic_object.data']},
            'traits': [trait.trait for trait in value.traits] if getattr(
                value, 'traits', None) else []}


def steps(node_uuid, address):
    """Yields the name of each step and what it gave."""
    node_class, port_class, chassis_class = objects.Node, objects.Port, objects.Chassis
    get = remote(node_class, 'get_by_uuid')
    node = get(node_uuid)
    yield 'get_by_uuid', shown(node)
    yield 'get_by_id', told(remote(node_class, 'get_by_id'), node.id)
    yield 'get_by_name', told(remote(node_class, 'get_by_name'), node.name)
    yield 'get_by_address', told(remote(port_class, 'get_by_address'), address)
    yield 'nobody', told(get, '0e9e60e7-9d32-47f9-b824-979a92256efe')
    yield 'list', told(remote(node_class, 'list'))
    other, node.description = get(node_uuid), 'saved by a conductor'
    yield 'save', told(remote(node_class, 'save'), node)
    yield 'after save', shown(node)
    yield 'refresh', told(remote(node_class, 'refresh'), other)
    yield 'after refresh', shown(other)
    chassis = chassis_class(CONTEXT, description='made by a conductor', extra={'a': [1, None]})
    yield 'create', told(remote(chassis_class, 'create'), chassis)
    yield 'after create', shown(chassis)
    yield 'get chassis', told(remote(chassis_class, 'get_by_uuid'), chassis.uuid)
    yield 'destroy', told(remote(chassis_class, 'destroy'), chassis)
    yield 'gone chassis', told(remote(chassis_class, 'get_by_uuid'), chassis.uuid)
    api = indirection.IronicObjectIndirectionAPI()
    for version in ('1.37', '1.32', '1.20'):
        yield 'backport to ' + version, told(
            api.object_backport_versions, CONTEXT, get(node_uuid), {
                'Node': version, 'TraitList': '1.0', 'Trait': '1.0'})
    yield 'backport to the future', told(api.object_backport_versions, CONTEXT, node, {'Node': '1.99'})
    yield 'an older get', told(api.object_class_action_versions, CONTEXT, 'Node', 'get_by_uuid',
                               {'Node': '1.21'}, (node_uuid,), {})
    yield 'no class', told(api.object_class_action_versions, CONTEXT, 'Nope', 'get', {'Nope': '1.0'}, (), {})
    yield 'no method', told(api.object_action, CONTEXT, node, 'explode', (), {})


def main():
    conf, node_uuid, address = sys.argv[1:]
    config.parse_args(['objects_caller', '--config-file', conf])
    rpc.init(CONF)
    objects.register_all()
    base.IronicObject.indirection_api = indirection.IronicObjectIndirectionAPI()
    print(json.dumps(dict(steps(node_uuid, address))))
    rpc.cleanup()


if __name__ == '__main__':
    main()
