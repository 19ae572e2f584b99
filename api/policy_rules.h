/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/policy_rule.h"

/* Who asks a rule; the words of policies.def. */
enum ci_policy_asks { CI_ASKS_BASE, CI_ASKS_ROUTE, CI_ASKS_RECORD, CI_ASKS_LIST, CI_ASKS_PART };

enum ci_policy_scope { CI_SCOPE_SYSTEM = 1, CI_SCOPE_PROJECT = 2, CI_SCOPE_DOMAIN = 4 };
#define CI_SCOPE_ANY (CI_SCOPE_SYSTEM | CI_SCOPE_PROJECT | CI_SCOPE_DOMAIN)

/* One row of policies.def. */
struct ci_policy {
    const char *name;
    enum ci_policy_asks asks;
    unsigned scopes;
    const char *old_name, *old_rule; /* or NULL */
    const char *rule;
};

/* All of them, sorted by name; `n` rows. */
extern const struct ci_policy ci_policies[];
extern const size_t ci_policies_n;

/* The row of that name; NULL when there is none. */
const struct ci_policy *ci_policy_find(const char *name);

/*
 * The rules in force: the table, and over it [oslo_policy]policy_file and then the files of
 * policy_dirs, by name. Made once, never changed, shared by all who hold it; files that change
 * make new ones.
 */
struct ci_policy_rules;

/*
 * Reads and compiles them from the current state of the files. Fails with ConfigInvalid, naming
 * file and line. Held once, by the caller.
 */
ci_must_check bool ci_policy_rules_new(struct ci_ctx *ctx, struct ci_policy_rules **ret_rules);

/* The same from entries in place of files; for tests. */
struct ci_policy_entries;
ci_must_check bool ci_policy_rules_of(struct ci_ctx *ctx, const struct ci_policy_entries *entries,
                                      struct ci_policy_rules **ret_rules);
void ci_policy_rules_free(struct ci_policy_rules *rules);

/* Changes when a file that they are made of changes, comes or goes. */
uint64_t ci_policy_rules_state(struct ci_ctx *ctx);

/* A rule that only files have; NULL when none has it. */
const struct ci_rule *ci_policy_rules_written(const struct ci_policy_rules *rules,
                                              const char *name);

/* ci_rule_reads_record() of the rule in force of that row. */
bool ci_policy_rules_read_record(const struct ci_policy_rules *rules,
                                 const struct ci_policy *policy);

/* The rule in force of that row. */
const struct ci_rule *ci_policy_rules_get(const struct ci_policy_rules *rules,
                                          const struct ci_policy *policy);
