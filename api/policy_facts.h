/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/policy_rule.h"

/*
 * What rules can ask for: the attributes of a caller and of a record, and the text behind the
 * colon of a check in which they stand.
 */
struct ci_fact {
    const char *name;
    bool of_caller; /* may stand left of a colon, too */
    bool is_list;
    size_t offset; /* of its text in struct ci_identity, or of its list */
    /* Its value where it is none of the identity's texts; false: there is none. */
    bool (*get)(const struct ci_rule_facts *facts, const char **ret_value);
};

/* The attribute of that name, or NULL. */
const struct ci_fact *ci_fact_find(const char *name);

/* Its value as Python prints it ("None", "True"); false when the attribute is not there. */
bool ci_fact_value(const struct ci_fact *fact, const struct ci_rule_facts *facts,
                   const char **ret_value);

/* The values of a list; may be NULL. */
const char *const *ci_fact_values(const struct ci_fact *fact, const struct ci_rule_facts *facts);

/* A text with attributes in it, cut into pieces once. */
struct ci_piece {
    const char *text; /* literal, or NULL */
    size_t length;
    const char *key;            /* %(key)s */
    const struct ci_fact *fact; /* NULL: nobody has it, so that nothing matches */
};
struct ci_match {
    struct ci_piece *pieces;
    size_t n;
};

/* False when the text has a format other than %(name)s and %%. */
ci_must_check bool ci_match_compile(struct ci_arena *mem, const char *text,
                                    struct ci_match *ret_match);

/* Is the text, with its attributes filled in, the value? */
bool ci_match_is(const struct ci_match *match, const struct ci_rule_facts *facts,
                 const char *value);
/* The same whatever the case of ASCII letters. */
bool ci_match_folded(const struct ci_match *match, const struct ci_rule_facts *facts,
                     const char *value);

bool ci_match_same(const struct ci_match *one, const struct ci_match *other);
