/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT node_history
#define FIELDS "objects/node_history.def"
#include "objects/declare.h"

extern const struct ci_type ci_node_history_type;

/*
 * Inserts, with a new UUID when it has none. An event of more than 65535 bytes keeps its head
 * and its tail.
 */
ci_must_check bool ci_node_history_create(struct ci_ctx *ctx, struct ci_node_history *entry);
