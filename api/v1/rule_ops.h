/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/request.h"
#include "base/json.h"
#include "objects/rule_ops.h"

/* What a client may write as conditions and actions of inspection rules (objects/rule_ops.h). */

/* JSON Schema of conditions or of actions, as text in `mem`. */
const char *ci_rule_schema(struct ci_arena *mem, enum ci_rule_part part);

/*
 * Checks the arguments of all that a list, which fits the schema, holds; to those that work on
 * plugin data it adds the empty plugin_data that Ironic keeps with them. Fails with
 * InspectionRuleValidationFailure (400).
 */
ci_must_check bool ci_rule_check(struct ci_request *req, enum ci_rule_part part,
                                 const json_t *list);
