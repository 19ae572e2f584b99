/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/text.h"

START_TEST(text_grows_and_stays_ended)
{
    struct ci_text text;

    ci_text_init(&text, 100000);
    for (int i = 0; i < 1000; i++) {
        ci_text_printf(&text, "%03d", i);
        ck_assert_uint_eq(strlen(text.bytes), text.length);
    }
    ck_assert_uint_eq(text.length, 3000);
    ck_assert(!text.overflow);
    ci_text_done(&text);
}
END_TEST

START_TEST(the_limit_is_kept)
{
    struct ci_text text;

    ci_text_init(&text, 10);
    ci_text_add(&text, "0123456789");
    ck_assert(!text.overflow);
    ci_text_add(&text, "x");
    ck_assert(text.overflow);
    ck_assert_str_eq(text.bytes, "0123456789");
    ci_text_done(&text);
}
END_TEST

START_TEST(integers_print_at_their_extremes)
{
    static const struct {
        int64_t value;
        const char *text;
    } cases[] = {{0, "0"},
                 {-1, "-1"},
                 {INT64_MAX, "9223372036854775807"},
                 {INT64_MIN, "-9223372036854775808"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_text *text = ci_text_new(unit_ctx()->mem, 100);

        ci_text_int(text, cases[i].value);
        ck_assert_str_eq(text->bytes, cases[i].text);
    }
}
END_TEST

START_TEST(only_whole_numbers_in_range_are_parsed)
{
    static const char *const bad[] = {"",   "-",    " 1",  "1 ", "+1",
                                      "1x", "0x10", "101", "-1", "99999999999999999999"};
    int64_t value = 7;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!ci_parse_int(bad[i], 0, 100, &value), "%s", bad[i]);
    ck_assert_int_eq(value, 7);
    ck_assert(ci_parse_int("100", 0, 100, &value));
    ck_assert_int_eq(value, 100);
}
END_TEST

START_TEST(splitting_trims_and_drops_empty_words)
{
    const char *const *words = ci_split(unit_ctx()->mem, " a, ,b ,, c d", ',');

    ck_assert_str_eq(words[0], "a");
    ck_assert_str_eq(words[1], "b");
    ck_assert_str_eq(words[2], "c d");
    ck_assert_ptr_null(words[3]);
}
END_TEST

UNIT_MAIN("base/text", text_grows_and_stays_ended, the_limit_is_kept,
          integers_print_at_their_extremes, only_whole_numbers_in_range_are_parsed,
          splitting_trims_and_drops_empty_words)
