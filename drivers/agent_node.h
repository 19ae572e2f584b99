/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

#include "drivers/task.h"

/*
 * The node and its ports as the agent is told of them (Ironic's as_dict): no secret of how the
 * node is managed is in it. The configdrive only where `configdrive` says so. New references.
 */
ci_must_check bool ci_agent_node(struct ci_task *task, bool configdrive, json_t **ret_node,
                                 json_t **ret_ports);
