/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/jsontext.h"

/* The text so far, and the text emptied for the next case. */
static const char *shown(struct ci_text *text)
{
    static char copy[4096];

    ck_assert_uint_lt(text->length, sizeof copy);
    memcpy(copy, text->bytes, text->length + 1);
    ci_text_clear(text);
    return copy;
}

START_TEST(strings_are_escaped_as_python_escapes_them)
{
    static const struct {
        const char *value, *json;
    } cases[] = {
        {"", "\"\""},
        {"plain text, longer than eight bytes", "\"plain text, longer than eight bytes\""},
        {"say \"hi\\\"", "\"say \\\"hi\\\\\\\"\""},
        {"\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\""},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\\u00e9\\u20ac\\ud83d\\ude00\""},
        {"\xed\xa0\xbd!", "\"\\ud83d!\""},
        {"bad \xff\xc3 end", "\"bad \\ufffd\\ufffd end\""},
    };
    struct ci_text *text = ci_text_new(unit_ctx()->mem, 10000);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ci_jsontext_string(text, cases[i].value);
        ck_assert_str_eq(shown(text), cases[i].json);
    }
    ci_jsontext_string(text, NULL);
    ck_assert_str_eq(shown(text), "null");
    ci_jsontext_stringn(text, "a\0b", 3);
    ck_assert_str_eq(shown(text), "\"a\\u0000b\"");
}
END_TEST

START_TEST(keys_bring_their_comma)
{
    struct ci_text *text = ci_text_new(unit_ctx()->mem, 10000);

    ci_text_add(text, "{");
    ci_jsontext_key(text, "a");
    ci_jsontext_raw(text, NULL, 0, "{}");
    ci_jsontext_key(text, "b");
    ci_jsontext_raw(text, "", 0, "null");
    ci_jsontext_key(text, "c");
    ci_jsontext_raw(text, "[1,2]xx", 5, "null");
    ck_assert_str_eq(shown(text), "{\"a\": {}, \"b\": null, \"c\": [1,2]");
}
END_TEST

START_TEST(times_have_six_digits_or_none)
{
    static const struct {
        const char *db, *json;
    } cases[] = {
        {"2026-11-23 04:17:05", "\"2026-11-23T04:17:05+00:00\""},
        {"2026-11-23 04:17:05.1", "\"2026-11-23T04:17:05.100000+00:00\""},
        {"2026-11-23 04:17:05.123456", "\"2026-11-23T04:17:05.123456+00:00\""},
        {"2026-11-23 04:17:05.000001", "\"2026-11-23T04:17:05.000001+00:00\""},
        {"2026-11-23 04:17:05.000000", "\"2026-11-23T04:17:05+00:00\""},
        {"2026-11-23 04:17:05.12345678", "\"2026-11-23T04:17:05.123456+00:00\""},
        {"2026-11-23 04:17:05.", "\"2026-11-23T04:17:05+00:00\""},
        {"infinity", "\"infinity\""},
        {NULL, "null"},
    };
    struct ci_text *text = ci_text_new(unit_ctx()->mem, 10000);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ci_jsontext_time(text, cases[i].db);
        ck_assert_str_eq(shown(text), cases[i].json);
    }
}
END_TEST

static const char *masked(struct ci_text *text, const char *json,
                          const struct ci_jsontext_mask *mask)
{
    /* Without a NUL behind it, so that a sanitizer sees a step too far. */
    size_t length = strlen(json);
    char *exact = malloc(length > 0 ? length : 1);

    memcpy(exact, json, length);
    ci_jsontext_masked(text, exact, length, "{}", mask);
    free(exact);
    return shown(text);
}

START_TEST(secrets_are_masked_by_the_rule_of_oslo)
{
    static const struct {
        const char *json, *shown;
    } cases[] = {
        {"", "{}"},
        {"{}", "{}"},
        {" { } ", " { } "},
        {"{\"ipmi_password\": \"x\", \"a\": 1}", "{\"ipmi_password\": \"******\", \"a\": 1}"},
        {"{\"a\":1,\"Token\":null}", "{\"a\":1,\"Token\":\"******\"}"},
        {"{\"tokens\": [1, {\"b\": \"]}\"}], \"c\": 2}", "{\"tokens\": \"******\", \"c\": 2}"},
        {"{\"secret\": {\"a\": 1, \"password\": 2}}",
         "{\"secret\": {\"a\": 1, \"password\": \"******\"}}"},
        {"{\"list\": [{\"password\": \"seen\"}]}", "{\"list\": [{\"password\": \"seen\"}]}"},
        {"{\"a\": {\"b\": {\"token\": -1.5e3}}, \"d\": []}",
         "{\"a\": {\"b\": {\"token\": \"******\"}}, \"d\": []}"},
        {"{\"pass\\u0077ord\": \"x\"}", "{\"pass\\u0077ord\": \"******\"}"},
        {"{\"a\\\"password\": \"x\\\\\"}", "{\"a\\\"password\": \"******\"}"},
        {"{\"cmd\": \"--password x y\"}", "{\"cmd\": \"--password ****** y\"}"},
        {"{\"cmd\": \"\\u0074oken=x\\n\\u00e9\"}", "{\"cmd\": \"token=******\\n\\u00e9\"}"},
        {"{\"a\": \"token\"}", "{\"a\": \"token\"}"},
        {"[{\"password\": 1}]", "[{\"password\": 1}]"},
        {"null", "null"},
        {"{\"password\": \"open", "null"},
        {"{\"password\": 1} x", "null"},
        {"{\"a\": 1 \"password\": 2}", "null"},
        {"{\"a\":", "null"},
        {"{\"a\": \"token\\ud8\"}", "null"},
    };
    static const struct ci_jsontext_mask mask = {.secrets = true};
    struct ci_text *text = ci_text_new(unit_ctx()->mem, 10000);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_str_eq(masked(text, cases[i].json, &mask), cases[i].shown);
}
END_TEST

START_TEST(named_keys_of_the_outermost_object_are_masked_whole)
{
    static const struct {
        const char *json, *shown;
    } cases[] = {
        {"{\"url\": {\"a\": 1}}", "{\"url\": \"******\"}"},
        {"{\"url\": [1]}", "{\"url\": \"******\"}"},
        {"{\"url\": \"x\", \"password\": 1}", "{\"url\": \"******\", \"password\": 1}"},
        {"{\"url\": true}", "{\"url\": \"******\"}"},
        {"{\"url\": 0.01}", "{\"url\": \"******\"}"},
        {"{\"url\": NaN}", "{\"url\": \"******\"}"},
        {"{\"url\": \"\"}", "{\"url\": \"\"}"},
        {"{\"url\": -0.0e5}", "{\"url\": -0.0e5}"},
        {"{\"url\": false}", "{\"url\": false}"},
        {"{\"url\": null}", "{\"url\": null}"},
        {"{\"url\": [ ]}", "{\"url\": [ ]}"},
        {"{\"url\": {}}", "{\"url\": {}}"},
        {"{\"a\": {\"url\": \"x\"}}", "{\"a\": {\"url\": \"x\"}}"},
        {"{\"a\": {}, \"url\": \"x\"}", "{\"a\": {}, \"url\": \"******\"}"},
    };
    static const char *const whole[] = {"other", "url", NULL};
    static const struct ci_jsontext_mask mask = {.whole = whole};
    struct ci_text *text = ci_text_new(unit_ctx()->mem, 10000);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_str_eq(masked(text, cases[i].json, &mask), cases[i].shown);
}
END_TEST

START_TEST(masking_keeps_what_was_there_before)
{
    static const struct ci_jsontext_mask mask = {.secrets = true};
    struct ci_text *text = ci_text_new(unit_ctx()->mem, 10000);

    ci_text_add(text, "before ");
    ci_jsontext_masked(text, "{\"token\": 1, broken", 19, "{}", &mask);
    ck_assert_str_eq(shown(text), "before null");
}
END_TEST

UNIT_MAIN("base/jsontext", strings_are_escaped_as_python_escapes_them, keys_bring_their_comma,
          times_have_six_digits_or_none, secrets_are_masked_by_the_rule_of_oslo,
          named_keys_of_the_outermost_object_are_masked_whole, masking_keeps_what_was_there_before)
