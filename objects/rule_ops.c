/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operators of inspection rules.
 */
#include "objects/rule_ops.h"

#include <string.h>

const struct ci_rule_op ci_rule_ops[CI_RULE_OP_COUNT] = {
#define RULE_OP(part, name, op, required, optional, plugin_data, written)                          \
    [CI_RULE_OP_##name] = {CI_RULE_##part, op, required, optional, plugin_data, written},
#include "objects/rule_ops.def"
#undef RULE_OP
};

const struct ci_rule_op *ci_rule_op_find(enum ci_rule_part part, const char *op)
{
    for (size_t i = 0; op && i < CI_RULE_OP_COUNT; i++) {
        if (ci_rule_ops[i].part == part && strcmp(ci_rule_ops[i].op, op) == 0)
            return &ci_rule_ops[i];
    }
    return NULL;
}
