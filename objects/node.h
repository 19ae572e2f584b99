/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT node
#define FIELDS "objects/node.def"
#include "objects/declare.h"

extern const struct ci_type ci_node_type;

/* Loads by UUID, or by name when the text is not a UUID. Fails with NodeNotFound. */
ci_must_check bool ci_node_load(struct ci_ctx *ctx, const char *ident, struct ci_node **ret_node);
ci_must_check bool ci_node_load_id(struct ci_ctx *ctx, int64_t id, struct ci_node **ret_node);

/*
 * Loads the one node that has a port with one of these addresses (ends with NULL; as they are
 * stored). Fails with NodeNotFound, or with DuplicateNodeOnLookup when there are several.
 */
ci_must_check bool ci_node_load_addresses(struct ci_ctx *ctx, const char *const *addresses,
                                          struct ci_node **ret_node);

/* Loads node->traits (a VIRTUAL field) from node_traits. */
ci_must_check bool ci_node_load_traits(struct ci_ctx *ctx, struct ci_node *node);

/*
 * Takes the lock for `host`: one UPDATE that checks as it acts. Fails with NodeLocked (naming
 * the holder) or NodeNotFound; gives the node as it is after the lock.
 * `at_us` is the time that is written: after DatabaseUnavailable, when it is unknown whether the
 * node was taken, ci_node_free_lost() knows this lock by it.
 */
ci_must_check bool ci_node_reserve_at(struct ci_ctx *ctx, const char *ident, const char *host,
                                      int64_t at_us, struct ci_node **ret_node);
/* The same, now. */
ci_must_check bool ci_node_reserve(struct ci_ctx *ctx, const char *ident, const char *host,
                                   struct ci_node **ret_node);

/*
 * Takes the lock from a host that is gone. Fails with NodeLocked (or NodeNotLocked, NodeNotFound)
 * when that has it no more.
 */
ci_must_check bool ci_node_take_from(struct ci_ctx *ctx, const char *uuid, const char *gone,
                                     const char *host, struct ci_node **ret_node);

/*
 * Gives a lock of `host` back that a lost database has left behind; at_us is the time of the
 * lock, or CI_NULL_TIME for any. That there is none is no failure.
 */
ci_must_check bool ci_node_free_lost(struct ci_ctx *ctx, const char *ident, const char *host,
                                     int64_t at_us);

/* Gives the lock back. Fails with NodeNotLocked or NodeLocked when it was not ours. */
ci_must_check bool ci_node_release(struct ci_ctx *ctx, int64_t node_id, const char *host);

/* Replaces, adds, removes. The names are checked by the caller; NodeTraitNotFound from _remove. */
ci_must_check bool ci_node_set_traits_rows(struct ci_ctx *ctx, const struct ci_node *node,
                                           const char *const *traits);
ci_must_check bool ci_node_add_trait(struct ci_ctx *ctx, const struct ci_node *node,
                                     const char *trait);
ci_must_check bool ci_node_remove_trait(struct ci_ctx *ctx, const struct ci_node *node,
                                        const char *trait);

/* Inserts; fails with NodeAlreadyExists, DuplicateName or InstanceAssociated as Ironic does. */
ci_must_check bool ci_node_create(struct ci_ctx *ctx, struct ci_node *node);

/* Saves what changed; the same failures, and NodeNotFound. */
ci_must_check bool ci_node_save(struct ci_ctx *ctx, struct ci_node *node);

/*
 * The same, and gives the lock of `host` back in one statement. *ret_released is false, and
 * nothing is saved, when the node is not locked by it any more.
 */
ci_must_check bool ci_node_save_and_release(struct ci_ctx *ctx, struct ci_node *node,
                                            const char *host, bool *ret_released);

/* Deletes the node and everything that hangs on it, in one transaction. */
ci_must_check bool ci_node_destroy(struct ci_ctx *ctx, const struct ci_node *node);
