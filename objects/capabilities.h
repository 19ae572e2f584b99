/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/json.h"
#include "objects/node.h"

/*
 * The capabilities of a node: properties.capabilities, a text "name:value,name:value". None of
 * these save the node.
 */

/* The value of a capability; NULL where there is none. What is not "name:value" is passed over. */
ci_must_check bool ci_capability_get(struct ci_ctx *ctx, const struct ci_node *node,
                                     const char *name, const char **ret_value);

/* Gives a capability its value, in its place or at the end. */
ci_must_check bool ci_capability_set(struct ci_ctx *ctx, struct ci_node *node, const char *name,
                                     const char *value);

/* Adds one at the end, whatever is there already (Ironic's add_node_capability). */
ci_must_check bool ci_capability_append(struct ci_ctx *ctx, struct ci_node *node, const char *name,
                                        const char *value);

/* Drops all of that name. */
ci_must_check bool ci_capability_remove(struct ci_ctx *ctx, struct ci_node *node, const char *name);

/* Sets a key of properties; the reference to `value` is stolen. */
ci_must_check bool ci_property_set(struct ci_ctx *ctx, struct ci_node *node, const char *key,
                                   json_t *value);
