/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pattern.h"

#include <string.h>

#include "tests/unit/unit.h"

static const struct match {
    const char *expression, *text;
    bool anywhere, whole;
} matches[] = {
    {"ab", "xaby", true, false},
    {"ab", "ab", true, true},
    {"ab", "ab\n", true, true},
    {"ab$", "ab", true, true},
    {"^ab", "xab", false, false},
    {"a|bc", "bc", true, true},
    {"\\d+", "x12", true, false},
    {"\\d{2,3}", "123", true, true},
    {"\\D", "1", false, false},
    {"\\w+-\\w+", "ab_1-c", true, true},
    {"\\s", "a b", true, false},
    {"a.b", "a\tb", true, true},
    {"a\\.b", "axb", false, false},
    {"(?:a|b)+?", "abab", true, true},
    {"(?P<name>x)y", "xy", true, true},
    {"(?i)dell", "DELL Inc", true, false},
    {"[\\w\\-.]+", "a-b.c", true, true},
    {"[^\\d]", "1", false, false},
    {"[\\\\x]", "x", true, true},
    {"[]a]", "]", true, true},
    {"", "x", true, false},
    {"x{0,2}", "", true, true},
};

START_TEST(expressions_match_as_in_python)
{
    struct ci_ctx *ctx = unit_ctx();
    bool found;

    for (size_t i = 0; i < sizeof matches / sizeof matches[0]; i++) {
        const struct match *m = &matches[i];

        ck_assert_msg(ci_pattern_matches(ctx, m->expression, m->text, CI_PATTERN_ANYWHERE, &found),
                      "%s", m->expression);
        ck_assert_msg(found == m->anywhere, "search %s in %s", m->expression, m->text);
        ck_assert(ci_pattern_matches(ctx, m->expression, m->text, CI_PATTERN_WHOLE, &found));
        ck_assert_msg(found == m->whole, "match %s with %s", m->expression, m->text);
    }
}
END_TEST

START_TEST(what_is_no_expression_or_too_much_is_refused)
{
    static const char *const wrong[] = {"(",     ")",     "[a",      "a{300}", "a{2,1}",
                                        "a{x}",  "(?=a)", "\\1",     "a\\",    "(?<=a)b",
                                        "[\\]]", "a{",    "[[:x:]]", "*a)(",   "(?P<x>a)\\b"};
    struct ci_ctx *ctx = unit_ctx();
    char *longest = ci_alloc(ctx->mem, 1002), *deep = ci_alloc(ctx->mem, 60);
    bool found;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_msg(!ci_pattern_matches(ctx, wrong[i], "a", CI_PATTERN_ANYWHERE, &found), "%s",
                      wrong[i]);
        ck_assert(ci_failed_with(ctx, CI_ERR_InvalidParameterValue));
        ci_error_clear(ctx);
    }
    memset(longest, 'a', 1001);
    ck_assert(!ci_pattern_matches(ctx, longest, "a", CI_PATTERN_ANYWHERE, &found));
    memset(deep, '(', 21);
    ck_assert(!ci_pattern_matches(ctx, deep, "a", CI_PATTERN_ANYWHERE, &found));
}
END_TEST

UNIT_MAIN("base/pattern", expressions_match_as_in_python,
          what_is_no_expression_or_too_much_is_refused)
