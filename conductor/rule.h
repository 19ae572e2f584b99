/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/task.h"
#include "objects/rule_ops.h"

/*
 * An inspection rule at work: what its conditions and actions see and change. Inside this folder
 * only; conductor/inspection_rules.h is how a rule is run.
 */
struct ci_rule_run {
    struct ci_task *task;
    const json_t *inventory;
    json_t *plugin_data; /* changed by actions */
    bool masked;         /* what is secret in both is shown as asterisks */
    const json_t *item;  /* of a loop; NULL outside of one */
};

/*
 * A value in which {inventory[cpu][count]}, {plugin_data[…]}, {node.name} and, in a loop, {item}
 * are replaced, as Python's str.format() does without format specifications; what cannot be
 * replaced stays as it is written, but for an `op` is-empty, to which what is missing is null.
 * Belongs to the arena.
 */
json_t *ci_rule_write(const struct ci_rule_run *run, const struct ci_rule_op *op,
                      const json_t *value);

/* Python's str() of a value. */
const char *ci_rule_text(const struct ci_rule_run *run, const json_t *value);

/*
 * The arguments of an operation by their names, written out where the operator wants that: an
 * object of the arena.
 */
ci_must_check bool ci_rule_arguments(const struct ci_rule_run *run, const struct ci_rule_op *op,
                                     const json_t *operation, json_t **ret_args);

/* Does a condition hold for these arguments? */
ci_must_check bool ci_rule_ask(const struct ci_rule_run *run, const struct ci_rule_op *op,
                               const json_t *args, bool *ret_holds);

/* Does what an action says. */
ci_must_check bool ci_rule_act(const struct ci_rule_run *run, const struct ci_rule_op *op,
                               const json_t *args);

/* How long a request is waited for before it is tried again, the n-th time from 0 on. */
int64_t ci_rule_backoff_s(double factor, int n);
