# SPDX-License-Identifier: Apache-2.0
"""openstacksdk waits for a power state it has asked for, also where its tests do not say so.

Those of allocations set the power, since a node without a power state is not allocated, and go on
at once: what comes of it is a race with the conductor, which a busy machine loses.
"""
from openstack.baremetal.v1 import _proxy

ask = _proxy.Proxy.set_node_power_state


def set_node_power_state(self, node, target, wait=True, timeout=None):
    return ask(self, node, target, wait=wait, timeout=timeout)


_proxy.Proxy.set_node_power_state = set_node_power_state
