/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/json.h"

static json_t *read_json(struct ci_ctx *ctx, const char *text)
{
    json_t *value = NULL;

    ck_assert_msg(ci_json_read(ctx, text, strlen(text), &ci_json_trusted, &value), "%s", text);
    return value;
}

START_TEST(what_python_stores_comes_back_as_it_went_in)
{
    static const char *const documents[] = {"null",
                                            "true",
                                            "false",
                                            "0",
                                            "-1",
                                            "9223372036854775807",
                                            "-9223372036854775808",
                                            "9223372036854775808",
                                            "-123456789012345678901234567890",
                                            "NaN",
                                            "Infinity",
                                            "-Infinity",
                                            "0.1",
                                            "1.0",
                                            "-0.0",
                                            "1e+20",
                                            "1e-07",
                                            "5e-324",
                                            "1.7976931348623157e+308",
                                            "1e+16",
                                            "1234567890123456.8",
                                            "0.0001",
                                            "9007199254740993.0",
                                            "\"\"",
                                            "\"a\\u0000b\"",
                                            "\"\\ud83d\\ude00 \\ud83d \\ude00\"",
                                            "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u001f\\u007f\\u00e9\"",
                                            "[]",
                                            "{}",
                                            "[[], {}, [1, [2]]]",
                                            "{\"b\": 1, \"a\": {\"\": null}, \"\\u0000\": 2}"};

    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        struct ci_ctx *ctx = unit_ctx();

        /* 2**53 + 1 is no double: Python rounds it too. */
        ck_assert_str_eq(ci_json_text(ctx->mem, read_json(ctx, documents[i])),
                         strcmp(documents[i], "9007199254740993.0") == 0 ? "9007199254740992.0"
                                                                         : documents[i]);
    }
}
END_TEST

START_TEST(kinds_tell_raw_numbers_from_strings)
{
    struct ci_ctx *ctx = unit_ctx();
    static const enum ci_json_kind kinds[] = {
        CI_JSON_NULL, CI_JSON_FALSE, CI_JSON_TRUE,   CI_JSON_INT,   CI_JSON_REAL,
        CI_JSON_RAW,  CI_JSON_RAW,   CI_JSON_STRING, CI_JSON_ARRAY, CI_JSON_OBJECT};
    json_t *list =
        read_json(ctx, "[null, false, true, 1, 1.5, NaN, 18446744073709551616, \"NaN\", [], {}]");

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        ck_assert_int_eq(ci_json_kind(json_array_get(list, i)), kinds[i]);
    ck_assert_str_eq(ci_json_raw_text(json_array_get(list, 6)), "18446744073709551616");
    ck_assert_int_eq(ci_json_kind(NULL), CI_JSON_NULL);
}
END_TEST

START_TEST(a_repeated_key_keeps_its_place_and_takes_the_last_value)
{
    struct ci_ctx *ctx = unit_ctx();
    json_t *value = read_json(ctx, "{\"a\": {\"x\": 1}, \"b\": 2, \"a\": [3]}");

    ck_assert_str_eq(ci_json_text(ctx->mem, value), "{\"a\": [3], \"b\": 2}");
}
END_TEST

START_TEST(errors_are_python_s)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "Expecting value: line 1 column 1 (char 0)"},
        {"[1,\n\"\xc3\xa9\", x]", "Expecting value: line 2 column 6 (char 9)"},
        {"{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"},
        {"{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)"},
        {"[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"},
        {"1 2", "Extra data: line 1 column 3 (char 2)"},
        {"\"\n\"", "Invalid control character at: line 1 column 2 (char 1)"},
        {"\"\\x\"", "Invalid \\escape: line 1 column 2 (char 1)"},
        {"\"\\u12g4\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"},
        {"\"abc", "Unterminated string starting at: line 1 column 1 (char 0)"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_ctx *ctx = unit_ctx();
        json_t *value;

        ck_assert(
            !ci_json_read(ctx, cases[i].text, strlen(cases[i].text), &ci_json_trusted, &value));
        ck_assert(ci_failed_with(ctx, CI_ERR_Invalid));
        ck_assert_str_eq(ctx->error->message, cases[i].message);
    }
}
END_TEST

static bool reads(const char *text, size_t length, size_t depth, size_t bytes)
{
    struct ci_ctx *ctx = unit_ctx();
    json_t *value;
    bool well = ci_json_read(ctx, text, length, &(struct ci_json_limits){depth, bytes}, &value);

    ck_assert(well || ci_failed_with(ctx, CI_ERR_Invalid));
    return well;
}

START_TEST(limits_hold_exactly)
{
    ck_assert(reads("[{\"a\": []}]", 11, 3, 11));
    ck_assert(!reads("[{\"a\": []}]", 11, 2, 11));
    ck_assert(!reads("[{\"a\": []}]", 11, 3, 10));
    ck_assert(reads("1", 1, 0, 1));
    ck_assert(!reads("[]", 2, 0, 2));
    ck_assert(reads("[[], [], {}]", 12, 2, 12));
}
END_TEST

START_TEST(values_are_counted_where_a_stranger_sent_them)
{
    struct ci_ctx *ctx = unit_ctx();
    const struct ci_json_limits limits = {.depth = 4, .bytes = 100, .values = 4};
    json_t *value;

    ck_assert(ci_json_read(ctx, "[1, {\"a\": []}]", 14, &limits, &value));
    ck_assert(!ci_json_read(ctx, "[1, {\"a\": []}, 2]", 17, &limits, &value));
    ck_assert_str_eq(ctx->error->message, "The JSON document has too many values.");
    ck_assert_int_eq(ctx->error->status, 400);
    ci_error_clear(ctx);
    ck_assert(!ci_json_read(ctx, "[1, 2, 3, []]", 13, &limits, &value));
    ci_error_clear(ctx);
    /* A dense document of the usual size passes, one that is made to fill the memory does not. */
    ck_assert_uint_gt(ci_json_values_of_stranger(512 * 1024), 512 * 1024 / 8);
    ck_assert_uint_lt(ci_json_values_of_stranger((size_t)16 << 20), ((size_t)16 << 20) / 32);
}
END_TEST

START_TEST(a_million_brackets_are_refused_without_recursion)
{
    size_t n = 1000000;
    char *text = malloc(n);

    memset(text, '[', n);
    ck_assert(!reads(text, n, ci_json_trusted.depth, n));
    free(text);
}
END_TEST

START_TEST(what_is_not_utf8_is_refused)
{
    static const char *const texts[] = {"\"\xff\"",
                                        "\"\xc0\x80\"",
                                        "\"\xed\xa0\x80\"",
                                        "\"\xf4\x90\x80\x80\"",
                                        "\"\xe2\x82\"",
                                        "\xef\xbb\xbf[]",
                                        "[\x80]"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(!reads(texts[i], strlen(texts[i]), 9, 99), "case %zu", i);
}
END_TEST

START_TEST(numbers_compare_by_value)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"1", "1.0", true},
        {"true", "1", true},
        {"false", "0.0", true},
        {"1", "2", false},
        {"9007199254740993", "9007199254740992.0", false},
        {"9223372036854775807", "9223372036854775808.0", false},
        {"100000000000000000000", "1e20", true},
        {"100000000000000000001", "1e20", false},
        {"-100000000000000000000", "100000000000000000000", false},
        {"NaN", "NaN", true},
        {"NaN", "Infinity", false},
        {"NaN", "\"NaN\"", false},
        {"Infinity", "1.5", false},
        {"1", "\"1\"", false},
        {"null", "false", false},
        {"null", "null", true},
        {"0.0", "-0.0", true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_ctx *ctx = unit_ctx();
        json_t *a = read_json(ctx, cases[i].a), *b = read_json(ctx, cases[i].b);

        ck_assert_msg(ci_json_equal(a, b) == cases[i].equal, "%s, %s", cases[i].a, cases[i].b);
        ck_assert_msg(ci_json_equal(b, a) == cases[i].equal, "%s, %s", cases[i].b, cases[i].a);
    }
}
END_TEST

START_TEST(containers_compare_deeply)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"{\"a\": 1, \"b\": [1, {}]}", "{\"b\": [true, {}], \"a\": 1.0}", true},
        {"{\"a\": 1}", "{\"b\": 1}", false},
        {"{\"a\": 1}", "{\"a\": 1, \"b\": 1}", false},
        {"{\"a\\u0000x\": 1}", "{\"a\\u0000y\": 1}", false},
        {"{\"a\\u0000x\": 1}", "{\"a\\u0000x\": 1}", true},
        {"{\"a\": null}", "{\"b\": null}", false},
        {"[1, 2]", "[2, 1]", false},
        {"[[]]", "[{}]", false},
        {"[]", "{}", false},
        {"[]", "0", false},
        {"\"a\\u0000b\"", "\"a\\u0000c\"", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_ctx *ctx = unit_ctx();
        json_t *a = read_json(ctx, cases[i].a), *b = read_json(ctx, cases[i].b);

        ck_assert_msg(ci_json_equal(a, b) == cases[i].equal, "%s, %s", cases[i].a, cases[i].b);
        ck_assert_msg(ci_json_equal(b, a) == cases[i].equal, "%s, %s", cases[i].b, cases[i].a);
        ck_assert(ci_json_equal(a, read_json(ctx, cases[i].a)));
    }
}
END_TEST

START_TEST(getters_check_kinds_and_name_the_key)
{
    static const char text[] =
        "{\"s\": \"x\", \"i\": 5, \"b\": true, \"n\": null, \"z\": \"a\\u0000b\", \"r\": NaN}";
    struct ci_ctx *ctx = unit_ctx();
    json_t *object = read_json(ctx, text);
    const char *string = "untouched";
    int64_t number = 0;
    bool flag = false;

    ck_assert(ci_json_get_string(ctx, object, "s", &string));
    ck_assert_str_eq(string, "x");
    ck_assert(ci_json_opt_string(ctx, object, "absent", "default", &string));
    ck_assert_str_eq(string, "default");
    ck_assert(ci_json_opt_string(ctx, object, "n", NULL, &string));
    ck_assert_ptr_null(string);
    ck_assert(ci_json_opt_int(ctx, object, "i", 1, &number));
    ck_assert_int_eq(number, 5);
    ck_assert(ci_json_opt_int(ctx, object, "n", 7, &number));
    ck_assert_int_eq(number, 7);
    ck_assert(ci_json_opt_bool(ctx, object, "b", false, &flag));
    ck_assert(flag);
}
END_TEST

START_TEST(getters_refuse_other_kinds)
{
    struct ci_ctx *ctx = unit_ctx();
    json_t *object = read_json(ctx, "{\"i\": 5, \"b\": [true], \"z\": \"a\\u0000b\", \"r\": NaN}");
    const char *string;
    int64_t number;
    bool flag;

    ck_assert(!ci_json_get_string(ctx, object, "absent", &string));
    ck_assert_str_eq(ctx->error->message, "Missing mandatory parameter: absent");
    ci_error_clear(ctx);
    ck_assert(!ci_json_get_string(ctx, object, "r", &string));
    ck_assert_str_eq(ctx->error->message, "Expected string for r: nan");
    ci_error_clear(ctx);
    ck_assert(!ci_json_get_string(ctx, object, "z", &string));
    ci_error_clear(ctx);
    ck_assert(!ci_json_opt_int(ctx, object, "b", 1, &number));
    ck_assert_str_eq(ctx->error->message, "Expected an integer for b: [True]");
    ci_error_clear(ctx);
    ck_assert(!ci_json_opt_bool(ctx, object, "i", false, &flag));
    ck_assert_str_eq(ctx->error->message, "Expected boolean for i: 5");
}
END_TEST

START_TEST(other_forms_of_printing)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_text *text = ci_text_new(ctx->mem, 1000);
    json_t *value = read_json(ctx, "{\"a\": [true, null, NaN, -Infinity, 1e20], \"b'\": "
                                   "\"\\\"\\n\\u00e9\\u00ad\\ud800\\\\\", \"\": \"'\\\"\"}");

    ck_assert_str_eq(ci_json_repr(ctx->mem, value),
                     "{'a': [True, None, nan, -inf, 1e+20], \"b'\": "
                     "'\"\\n\xc3\xa9\\xad\\ud800\\\\', '': '\\'\"'}");
    ci_json_print_compact(text, json_object_get(value, "a"));
    ck_assert_str_eq(text->bytes, "[true,null,NaN,-Infinity,1e+20]");
    ck_assert_uint_eq(ci_json_depth(value), 2);
    ck_assert_uint_eq(ci_json_depth(json_object_get(value, "")), 0);
}
END_TEST

START_TEST(truth_is_python_s)
{
    static const char *const truths[] = {"true",  "1",   "-0.5",          "NaN",         "1e999",
                                         "\"0\"", "[0]", "{\"a\": null}", "\"\\u0000\"", NULL};
    static const char *const lies[] = {"null", "false", "0", "-0.0", "\"\"", "[]", "{}", NULL};

    for (size_t i = 0; truths[i]; i++)
        ck_assert_msg(ci_json_truth(read_json(unit_ctx(), truths[i])), "%s", truths[i]);
    for (size_t i = 0; lies[i]; i++)
        ck_assert_msg(!ci_json_truth(read_json(unit_ctx(), lies[i])), "%s", lies[i]);
    ck_assert(!ci_json_truth(NULL));
}
END_TEST

UNIT_MAIN("base/json", what_python_stores_comes_back_as_it_went_in,
          kinds_tell_raw_numbers_from_strings,
          a_repeated_key_keeps_its_place_and_takes_the_last_value, errors_are_python_s,
          limits_hold_exactly, values_are_counted_where_a_stranger_sent_them,
          a_million_brackets_are_refused_without_recursion, what_is_not_utf8_is_refused,
          numbers_compare_by_value, containers_compare_deeply, getters_check_kinds_and_name_the_key,
          getters_refuse_other_kinds, other_forms_of_printing, truth_is_python_s)
