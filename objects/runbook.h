/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT runbook
#define FIELDS "objects/runbook.def"
#include "objects/declare.h"

extern const struct ci_type ci_runbook_type;
