/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT node_inventory
#define FIELDS "objects/node_inventory.def"
#include "objects/declare.h"

extern const struct ci_type ci_node_inventory_type;
