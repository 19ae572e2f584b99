/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT inspection_rule
#define FIELDS "objects/inspection_rule.def"
#include "objects/declare.h"

extern const struct ci_type ci_inspection_rule_type;
