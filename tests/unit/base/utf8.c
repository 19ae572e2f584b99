/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

#include "tests/unit/unit.h"

START_TEST(characters_of_all_lengths_are_text)
{
    const char *text =
        "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80";

    ck_assert(ci_utf8_is_text(text, strlen(text)));
    ck_assert(ci_utf8_is_text("", 0));
}
END_TEST

START_TEST(what_is_no_character_is_no_text)
{
    static const char *const cases[] = {
        "\x80",
        "\xc3",
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xe2\x82",
        "\xe2\x28\xa1",
        "\xff",
        "a\xf0\x9f\x98",
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(!ci_utf8_is_text(cases[i], strlen(cases[i])), "case %zu", i);
    ck_assert(!ci_utf8_is_text("a\0b", 3));
}
END_TEST

UNIT_MAIN("base/utf8", characters_of_all_lengths_are_text, what_is_no_character_is_no_text)
