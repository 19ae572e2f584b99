/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/base64.h"

START_TEST(text_is_decoded)
{
    static const struct {
        const char *text, *bytes;
    } cases[] = {{"", ""},
                 {"Zg==", "f"},
                 {"Zm8=", "fo"},
                 {"Zm9v", "foo"},
                 {"Zm9vYg==", "foob"},
                 {"Zm9vYmE=", "fooba"},
                 {"Zm9vYmFy", "foobar"},
                 {"+/+/", "\xfb\xff\xbf"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *bytes;
        size_t n;

        ck_assert_msg(
            ci_base64_decode(unit_ctx()->mem, cases[i].text, strlen(cases[i].text), &bytes, &n),
            "%s", cases[i].text);
        ck_assert_uint_eq(n, strlen(cases[i].bytes));
        ck_assert_str_eq(bytes, cases[i].bytes);
    }
}
END_TEST

START_TEST(what_is_no_base64_is_refused)
{
    static const char *const cases[] = {"Z",    "Zg",     "Zg=",  "Zg=a", "=",        "====",
                                        "Z===", "Zm9v\n", "Zm 9", "Zm-_", "Zg==Zg==", "Zm9\xc3"};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *bytes;
        size_t n;

        ck_assert_msg(!ci_base64_decode(unit_ctx()->mem, cases[i], strlen(cases[i]), &bytes, &n),
                      "%s", cases[i]);
    }
}
END_TEST

START_TEST(bytes_become_text_that_gives_them_back)
{
    static const char bytes[] = "\x00\xff\xbf\x01 any \x80 \n carnal pleasure";

    for (size_t n = 0; n < sizeof bytes; n++) {
        struct ci_text *text = ci_text_new(unit_ctx()->mem, 256);
        char *back;
        size_t length;

        ci_base64_encode(text, bytes, n);
        ck_assert_uint_eq(text->length, (n + 2) / 3 * 4);
        ck_assert(ci_base64_decode(unit_ctx()->mem, text->bytes, text->length, &back, &length));
        ck_assert_uint_eq(length, n);
        ck_assert_mem_eq(back, bytes, n);
    }
}
END_TEST

UNIT_MAIN("base/base64", text_is_decoded, what_is_no_base64_is_refused,
          bytes_become_text_that_gives_them_back)
