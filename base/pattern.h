/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * Regular expressions as Python writes them, as far as POSIX extended ones go: \d, \w, \s and
 * their opposites, (?:…), (?P<name>…), lazy repetition (which matters to nobody who only asks
 * whether there is a match) and a (?i) at the beginning. What looks ahead or behind, refers back or
 * repeats more than 255 times is refused, as is what is longer than 1000 bytes.
 */
enum ci_pattern_how {
    CI_PATTERN_ANYWHERE, /* re.search() */
    CI_PATTERN_WHOLE     /* re.match() of the expression and $: a line end may follow */
};

/* Fails with InvalidParameterValue for what is no expression, or not one of these. */
ci_must_check bool ci_pattern_matches(struct ci_ctx *ctx, const char *expression, const char *text,
                                      enum ci_pattern_how how, bool *ret_matches);
