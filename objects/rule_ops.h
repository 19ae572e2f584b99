/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The operators of inspection rules, one for each row of rule_ops.def. */
enum ci_rule_part { CI_RULE_CONDITION, CI_RULE_ACTION };

enum ci_rule_op_id {
#define RULE_OP(part, name, op, required, optional, plugin_data, written) CI_RULE_OP_##name,
#include "objects/rule_ops.def"
#undef RULE_OP
    CI_RULE_OP_COUNT
};

struct ci_rule_op {
    enum ci_rule_part part;
    const char *op;
    const char *required, *optional; /* names, space separated; given as a list in this order */
    bool plugin_data;                /* is handed the data of inspection hooks, too */
    const char *written;             /* arguments in which {…} is replaced */
};

/* In the order of enum ci_rule_op_id. */
extern const struct ci_rule_op ci_rule_ops[CI_RULE_OP_COUNT];

/* The operator of that name; NULL when there is none. */
const struct ci_rule_op *ci_rule_op_find(enum ci_rule_part part, const char *op);
