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

UNIT_MAIN("base/base64", text_is_decoded, what_is_no_base64_is_refused)
