/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/object.h"

#define OBJECT inspection_rule
#define FIELDS "objects/inspection_rule.def"
#include "objects/declare.h"

extern const struct ci_type ci_inspection_rule_type;

/* Fails with InspectionRuleNotFound. */
ci_must_check bool ci_inspection_rule_load(struct ci_ctx *ctx, const char *uuid,
                                           struct ci_inspection_rule **ret_rule);

/* Inserts, with a new UUID when it has none; fails with InspectionRuleAlreadyExists. */
ci_must_check bool ci_inspection_rule_create(struct ci_ctx *ctx, struct ci_inspection_rule *rule);

/* Saves what changed; fails with InspectionRuleNotFound. The UUID is for ever. */
ci_must_check bool ci_inspection_rule_save(struct ci_ctx *ctx, struct ci_inspection_rule *rule);

/* Fails with InspectionRuleNotFound. */
ci_must_check bool ci_inspection_rule_destroy(struct ci_ctx *ctx,
                                              const struct ci_inspection_rule *rule);
