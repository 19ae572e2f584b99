/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT runbook_trait
#define FIELDS "objects/runbook_trait.def"
#include "objects/declare.h"

extern const struct ci_type ci_runbook_trait_type;
