/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/config.h"

/*
 * The table of options.def at run time, and its kinds: text to value and back.
 * For config.c and the tools; everybody else reads members of struct ci_config.
 */
enum ci_option_kind {
    CI_KIND_STR,
    CI_KIND_SECRET,
    CI_KIND_CHOICE,
    CI_KIND_ADDRESS,
    CI_KIND_URL,
    CI_KIND_INT,
    CI_KIND_SECONDS,
    CI_KIND_OCTAL,
    CI_KIND_FLOAT,
    CI_KIND_BOOL,
    CI_KIND_LIST,
    CI_KIND_MULTI,
    CI_KIND_DICT,
};

struct ci_option {
    const char *section, *name;
    enum ci_option_kind kind;
    const char *fallback;                       /* the default as one would write it, or NULL */
    const char *(*found)(struct ci_arena *mem); /* finds the default out at start, or NULL */
    int64_t min, max;                           /* of numbers, both allowed */
    const char *const *choices;                 /* of a CHOICE, ends with NULL */
    bool any_case;                              /* how a choice is spelled does not matter */
    bool is_mutable;
    const char *meaning;
    size_t offset; /* of its member in struct ci_config */
};

/* An old name that still works. */
struct ci_option_alias {
    const char *old_section, *old_name;
    const char *section, *name;
};

const struct ci_option *ci_options(size_t *ret_n);
const struct ci_option_alias *ci_option_aliases(size_t *ret_n);

/* The row of that name, or NULL. */
const struct ci_option *ci_option_find(const char *section, const char *name);

/*
 * Sets the option's member from text, in the arena `mem`. NULL is: unset. False when the text
 * is not one of its values; ci_option_allowed() says which would be. Not for MULTI.
 */
ci_must_check bool ci_option_set(const struct ci_option *option, struct ci_config *config,
                                 struct ci_arena *mem, const char *text);

/* Sets a MULTI from its texts, which are not copied. */
void ci_option_set_multi(const struct ci_option *option, struct ci_config *config,
                         const char *const *texts);

/* "an integer from 1 to 3600", "one of noauth, keystone, http_basic" */
const char *ci_option_allowed(const struct ci_option *option, struct ci_arena *mem);

/*
 * The value as Python's str() shows it, which is what a reference to the option becomes:
 * True, 10, ['a', 'b']; NULL when unset.
 */
const char *ci_option_text(const struct ci_option *option, const struct ci_config *config,
                           struct ci_arena *mem);

/* Copies the member from one configuration to another, text and all. */
void ci_option_copy(const struct ci_option *option, struct ci_config *to, struct ci_arena *mem,
                    const struct ci_config *from);
