/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT allocation
#define FIELDS "objects/allocation.def"
#include "objects/declare.h"

extern const struct ci_type ci_allocation_type;
