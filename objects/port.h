/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT port
#define FIELDS "objects/port.def"
#include "objects/declare.h"

extern const struct ci_type ci_port_type;

/* Load one, node_uuid included. Fail with PortNotFound, naming what was looked for. */
ci_must_check bool ci_port_load(struct ci_ctx *ctx, const char *uuid, struct ci_port **ret_port);
ci_must_check bool ci_port_load_name(struct ci_ctx *ctx, const char *name,
                                     struct ci_port **ret_port);
ci_must_check bool ci_port_load_address(struct ci_ctx *ctx, const char *address,
                                        struct ci_port **ret_port);

/* Those of a node, or of a port group, in the order of their ids. */
ci_must_check bool ci_port_load_of_node(struct ci_ctx *ctx, int64_t node_id, size_t *ret_count,
                                        struct ci_port ***ret_ports);
ci_must_check bool ci_port_load_of_portgroup(struct ci_ctx *ctx, int64_t portgroup_id,
                                             size_t *ret_count, struct ci_port ***ret_ports);

/* Inserts, with a new UUID when it has none; fails with MACAlreadyExists or PortAlreadyExists. */
ci_must_check bool ci_port_create(struct ci_ctx *ctx, struct ci_port *port);

/* Saves what changed; fails with PortNotFound, PortDuplicateName or MACAlreadyExists. */
ci_must_check bool ci_port_save(struct ci_ctx *ctx, struct ci_port *port);

/* Fails with PortNotFound. */
ci_must_check bool ci_port_destroy(struct ci_ctx *ctx, const struct ci_port *port);
