/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inspection rules: what is done with what an inspection has found.
 */
#include "objects/inspection_rule.h"

#include "base/ident.h"
#include "objects/row.h"

static const struct ci_default inspection_rule_defaults[] = {
    {"priority", "0"},
    {"sensitive", "0"},
    {"phase", "main"},
    {.field = NULL},
};

#define OBJECT inspection_rule
#define FIELDS "objects/inspection_rule.def"
#define TYPE                                                                                       \
    .name = "InspectionRule", .table = "inspection_rules", .key = "id", .major = 1, .minor = 1,    \
    .defaults = inspection_rule_defaults
#include "objects/define.h"

bool ci_inspection_rule_load(struct ci_ctx *ctx, const char *uuid,
                             struct ci_inspection_rule **ret_rule)
{
    struct ci_inspection_rule *rule;

    if (!ci_row_load(ctx, &ci_inspection_rule_type, "uuid = $1", 1, &uuid, &rule))
        return false;
    if (!rule)
        return ci_fail(ctx, InspectionRuleNotFound, uuid);
    *ret_rule = rule;
    return true;
}

bool ci_inspection_rule_create(struct ci_ctx *ctx, struct ci_inspection_rule *rule)
{
    if (!rule->uuid)
        ci_inspection_rule_set_uuid(rule, ci_uuid_new(ctx->mem));
    if (ci_row_insert(ctx, rule))
        return true;
    return ci_failed_with(ctx, CI_ERR_UniqueViolation) &&
           ci_fail(ctx, InspectionRuleAlreadyExists, rule->uuid);
}

bool ci_inspection_rule_save(struct ci_ctx *ctx, struct ci_inspection_rule *rule)
{
    bool found;

    if (ci_fieldset_has(&rule->object.changed, ci_inspection_rule_uuid_n))
        return ci_fail_text(ctx, InvalidParameterValue,
                            "Cannot overwrite UUID for an existing inspection rule.");
    if (!ci_row_save(ctx, rule, &found))
        return false;
    return found || ci_fail(ctx, InspectionRuleNotFound, rule->uuid);
}

bool ci_inspection_rule_destroy(struct ci_ctx *ctx, const struct ci_inspection_rule *rule)
{
    bool found;

    if (!ci_row_delete(ctx, rule, &found))
        return false;
    return found || ci_fail(ctx, InspectionRuleNotFound, rule->uuid);
}
