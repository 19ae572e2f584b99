/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"
#include "base/json.h"

/*
 * The language of policies, oslo.policy's: checks joined by and, or, not and parentheses; `@`
 * allows, `!` refuses, an empty rule allows.
 *
 *     rule:NAME               what another rule says; an unknown one is what `default` says, or no
 *     role:NAME               the caller has the role; case does not matter
 *     project_id:TEXT         an attribute of the caller is TEXT, in which %(KEY)s is replaced by
 *                             an attribute of the caller or of the record (node.owner)
 *     'text':%(KEY)s          the same for a literal: a text in quotes, a number, True, False, None
 *
 * A check whose attribute does not exist refuses. What Python's evaluation would fail on (http:
 * checks, formats other than %(KEY)s) is refused when compiled, so that no negation of it allows.
 */
struct ci_rule;

/* The most characters a rule may have, and how deep it may be nested. */
#define CI_RULE_LENGTH_MAX ((size_t)16 * 1024)
#define CI_RULE_DEPTH_MAX 100

/* What a rule is asked about: the caller, and the record if there is one. */
struct ci_rule_facts {
    const struct ci_identity *who;
    const char *service_project; /* config.service_project_name; NULL: there is none */
    const char *kind;            /* "node", "allocation", "runbook"; NULL: no record */
    const char *owner, *lessee;  /* of the record; NULL: it has none */
};

/* Gives the rule of that name, NULL when there is none; asked while linking. */
typedef struct ci_rule *ci_rule_finder(void *arg, const char *name);

/*
 * Compiles a rule's text, or the list of lists of old files, into `mem`. On false *ret_why says
 * what is wrong with it.
 */
ci_must_check bool ci_rule_compile(struct ci_arena *mem, const char *text,
                                   struct ci_rule **ret_rule, const char **ret_why);
ci_must_check bool ci_rule_compile_list(struct ci_arena *mem, const json_t *list,
                                        struct ci_rule **ret_rule, const char **ret_why);

/* A rule that allows what one of the two allows. */
struct ci_rule *ci_rule_either(struct ci_arena *mem, struct ci_rule *one, struct ci_rule *other);

/*
 * Puts what the finder gives behind each `rule:`. Fails with *ret_why when rules lead back to
 * themselves or too deep. A compiled rule is evaluated only after it is linked, and never changes
 * from then on: any thread may ask it.
 */
ci_must_check bool ci_rule_link(struct ci_arena *mem, struct ci_rule *rule, ci_rule_finder *find,
                                void *arg, const char **ret_why);

/* Do the two say the same in the same words? */
bool ci_rule_same(const struct ci_rule *one, const struct ci_rule *other);

/* Is it the one check rule:name? */
bool ci_rule_is_reference(const struct ci_rule *rule, const char *name);

/* Does it refuse everybody, whoever asks? */
bool ci_rule_is_never(const struct ci_rule *rule);

/*
 * May the record decide? False: whatever the record is, the caller gets one answer. Where
 * attributes are filled in it is true, even if they are the caller's. To be asked after linking.
 */
bool ci_rule_reads_record(const struct ci_rule *rule);

/* Evaluates it. Allocates nothing. */
bool ci_rule_allows(const struct ci_rule *rule, const struct ci_rule_facts *facts);
