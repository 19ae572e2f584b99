/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/httpd.h"

struct escape {
    const char *text;
    size_t n;
    const char *segment, *query; /* NULL: refused */
};

#define ESCAPE(text, segment, query)                                                               \
    {                                                                                              \
        text, sizeof(text) - 1, segment, query                                                     \
    }

static const struct escape escapes[] = {
    ESCAPE("", "", ""),
    ESCAPE("node-1", "node-1", "node-1"),
    ESCAPE("a%20b", "a b", "a b"),
    ESCAPE("a+b%2B", "a+b+", "a b+"),
    ESCAPE("a%2Fb%2fc", "a/b/c", "a/b/c"),
    ESCAPE("%41%42%zz", NULL, NULL),
    ESCAPE("%", NULL, NULL),
    ESCAPE("%4", NULL, NULL),
    ESCAPE("a%4", NULL, NULL),
    ESCAPE("%%41", NULL, NULL),
    ESCAPE("%00", NULL, NULL),
    ESCAPE("a%00b", NULL, NULL),
    ESCAPE("a\0b", NULL, NULL),
    ESCAPE("%ff%fe", NULL, NULL),
    ESCAPE("\xff", NULL, NULL),
    ESCAPE("%c3%a9", "\xc3\xa9", "\xc3\xa9"),
    ESCAPE("%c0%80", NULL, NULL),
    ESCAPE("%ed%a0%80", NULL, NULL),
    ESCAPE("%2541", "%41", "%41"),
};

START_TEST(escapes_are_undone_once_or_refused)
{
    struct ci_ctx *ctx = unit_ctx();

    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
        const struct escape *e = &escapes[i];
        char *segment = NULL, *query = NULL;

        ck_assert_msg(ci_httpd_unescape(ctx->mem, e->text, e->n, &segment) == !!e->segment,
                      "segment of %s", e->text);
        ck_assert_msg(ci_httpd_unescape_query(ctx->mem, e->text, e->n, &query) == !!e->query,
                      "query of %s", e->text);
        ck_assert_pstr_eq(segment, e->segment);
        ck_assert_pstr_eq(query, e->query);
    }
}
END_TEST

START_TEST(nothing_behind_the_given_length_is_read)
{
    struct ci_ctx *ctx = unit_ctx();
    char *text = NULL;

    ck_assert(ci_httpd_unescape(ctx->mem, "ab%zz", 2, &text));
    ck_assert_str_eq(text, "ab");
    ck_assert(!ci_httpd_unescape(ctx->mem, "%41", 2, &text));
}
END_TEST

UNIT_MAIN("base/httpescape", escapes_are_undone_once_or_refused,
          nothing_behind_the_given_length_is_read)
