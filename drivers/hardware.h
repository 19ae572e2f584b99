/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/driver.h"

/*
 * Hardware types: which interfaces each allows, which are enabled ([DEFAULT]enabled_…), and
 * which one a node gets by default (Ironic's rules, in this order: [DEFAULT]default_X_interface if
 * the type supports it, else the first of the type's own order that is enabled).
 */

/* The names of all interface types, in Ironic's order ("bios", "boot", …); ends with NULL. */
extern const char *const ci_interface_types[];

/* Enabled hardware types; ends with NULL. */
const char *const *ci_hardware_enabled(const struct ci_ctx *ctx);

/* Is there a hardware type of that name, enabled or not? */
bool ci_hardware_exists(const char *type);

/* Checks the configuration at start; fails naming the option. */
ci_must_check bool ci_hardware_check(struct ci_ctx *ctx);

/* Interfaces of a kind that are both enabled and supported by the type; ends with NULL. */
const char *const *ci_hardware_interfaces(struct ci_ctx *ctx, const char *type,
                                          const char *interface_type);

/* The default one; fails with NoValidDefaultForInterface. */
ci_must_check bool ci_hardware_default(struct ci_ctx *ctx, const char *type,
                                       const char *interface_type, const char **ret_name);

/*
 * Fills the node's empty *_interface fields and checks the given ones. Fails with
 * DriverNotFound, InterfaceNotFoundInEntrypoint or IncompatibleInterface. Tells whether
 * something was changed.
 */
ci_must_check bool ci_hardware_fill(struct ci_ctx *ctx, struct ci_node *node, bool *ret_changed);

/* The tables for the node's interfaces. */
ci_must_check bool ci_hardware_of(struct ci_ctx *ctx, const struct ci_node *node,
                                  const struct ci_hardware **ret_hardware);

/* The interface table by kind and name among all that exist, enabled or not; NULL if none. */
const struct ci_interface *ci_interface_find(const char *interface_type, const char *name);

/* The base of one interface of a node by its kind ("power"). */
const struct ci_interface *ci_hardware_interface(const struct ci_hardware *hardware,
                                                 const char *interface_type);
