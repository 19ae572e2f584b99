/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/json.h"
#include "objects/node.h"

/*
 * The dictionaries of a node (driver_internal_info, instance_info, …) are JSON text; these
 * read one and change driver_internal_info, marking it changed for the next save.
 */

/* The dictionary as a tree of its own, {} for NULL. Fails with Invalid on text that is none. */
ci_must_check bool ci_info_read(struct ci_ctx *ctx, const char *text, json_t **ret_info);

/* Sets a key; the reference to `value` is stolen. */
ci_must_check bool ci_internal_info_set(struct ci_ctx *ctx, struct ci_node *node, const char *key,
                                        json_t *value);

/* Drops keys, a list that ends with NULL. Nothing is marked when none is there. */
ci_must_check bool ci_internal_info_drop(struct ci_ctx *ctx, struct ci_node *node,
                                         const char *const *keys);

/* Notes the time under a key, as text in ISO 8601 (Ironic's timestamp_driver_internal_info). */
ci_must_check bool ci_internal_info_timestamp(struct ci_ctx *ctx, struct ci_node *node,
                                              const char *key);
