/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT trait
#define FIELDS "objects/trait.def"
#include "objects/declare.h"

extern const struct ci_type ci_trait_type;
