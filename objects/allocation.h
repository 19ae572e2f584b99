/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/node.h"
#include "objects/object.h"

#define OBJECT allocation
#define FIELDS "objects/allocation.def"
#include "objects/declare.h"

extern const struct ci_type ci_allocation_type;

/* What an allocation's state says. */
#define CI_ALLOCATION_ALLOCATING "allocating"
#define CI_ALLOCATION_ACTIVE "active"
#define CI_ALLOCATION_ERROR "error"

/* By UUID or name; fails with AllocationNotFound. */
ci_must_check bool ci_allocation_load(struct ci_ctx *ctx, const char *ident,
                                      struct ci_allocation **ret_allocation);

/* The one that has the node; NULL when none has. */
ci_must_check bool ci_allocation_load_of_node(struct ci_ctx *ctx, int64_t node_id,
                                              struct ci_allocation **ret_allocation);

/*
 * Inserts, allocating unless it says otherwise; fails with AllocationDuplicateName and
 * AllocationAlreadyExists.
 */
ci_must_check bool ci_allocation_create(struct ci_ctx *ctx, struct ci_allocation *allocation);

/* Saves what changed; fails with AllocationDuplicateName and AllocationNotFound. */
ci_must_check bool ci_allocation_save(struct ci_ctx *ctx, struct ci_allocation *allocation);

/*
 * Gives it the node, and the node its UUID as the instance and its traits: one transaction. Fails
 * with NodeAssociated when the node has another instance, InstanceAssociated when another node has
 * the UUID, and AllocationNotFound. The caller holds the node's lock.
 */
ci_must_check bool ci_allocation_assign(struct ci_ctx *ctx, struct ci_allocation *allocation,
                                        struct ci_node *node);

/* Deletes it and takes it from its node; fails with AllocationNotFound. */
ci_must_check bool ci_allocation_destroy(struct ci_ctx *ctx,
                                         const struct ci_allocation *allocation);
