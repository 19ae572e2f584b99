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

/* Sets all members of an object at once; the object is borrowed. */
ci_must_check bool ci_internal_info_merge(struct ci_ctx *ctx, struct ci_node *node,
                                          const json_t *members);

/* Drops keys, a list that ends with NULL. Nothing is marked when none is there. */
ci_must_check bool ci_internal_info_drop(struct ci_ctx *ctx, struct ci_node *node,
                                         const char *const *keys);

/* The time as such dictionaries hold it, a new reference: "2026-11-23T06:18:00.123456". */
json_t *ci_info_time(int64_t time_us);

/* Notes the time under a key (Ironic's timestamp_driver_internal_info). */
ci_must_check bool ci_internal_info_timestamp(struct ci_ctx *ctx, struct ci_node *node,
                                              const char *key);

/*
 * A truth value of a dictionary, which may be written "yes", 1, "off" and so on, in any case;
 * absent or null gives the default. Fails with InvalidParameterValue, naming the key.
 */
ci_must_check bool ci_info_bool(struct ci_ctx *ctx, const json_t *info, const char *key,
                                bool if_absent, bool *ret_value);

/* May a ramdisk that runs already be used? driver_info.fast_track, else [deploy]fast_track. */
ci_must_check bool ci_info_fast_track(struct ci_ctx *ctx, const struct ci_node *node,
                                      bool *ret_enabled);
