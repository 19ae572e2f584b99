/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT portgroup
#define FIELDS "objects/portgroup.def"
#include "objects/declare.h"

extern const struct ci_type ci_portgroup_type;

/* Loads by UUID, or by name when the text is not a UUID. Fails with PortgroupNotFound. */
ci_must_check bool ci_portgroup_load(struct ci_ctx *ctx, const char *ident,
                                     struct ci_portgroup **ret_portgroup);
ci_must_check bool ci_portgroup_load_id(struct ci_ctx *ctx, int64_t id,
                                        struct ci_portgroup **ret_portgroup);

/* Those of a node, in the order of their ids. */
ci_must_check bool ci_portgroup_load_of_node(struct ci_ctx *ctx, int64_t node_id, size_t *ret_count,
                                             struct ci_portgroup ***ret_portgroups);

/*
 * Inserts, with a new UUID when it has none; the mode is the caller's to choose. Fails with
 * PortgroupDuplicateName, PortgroupMACAlreadyExists or PortgroupAlreadyExists.
 */
ci_must_check bool ci_portgroup_create(struct ci_ctx *ctx, struct ci_portgroup *portgroup);

/* Saves what changed; the first two failures, and PortgroupNotFound. */
ci_must_check bool ci_portgroup_save(struct ci_ctx *ctx, struct ci_portgroup *portgroup);

/* Fails with PortgroupNotEmpty (it names the number) while ports are in it, and with
 * PortgroupNotFound. */
ci_must_check bool ci_portgroup_destroy(struct ci_ctx *ctx, const struct ci_portgroup *portgroup);
