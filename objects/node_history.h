/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT node_history
#define FIELDS "objects/node_history.def"
#include "objects/declare.h"

extern const struct ci_type ci_node_history_type;
