/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"

#include "tests/unit/unit.h"

/* One instant in all spellings: its microseconds, database, REST and messages. */
static const struct {
    int64_t us;
    const char *db, *rest, *wire;
} spellings[] = {
    {0, "1970-01-01 00:00:00.000000", "1970-01-01T00:00:00+00:00", "1970-01-01T00:00:00Z"},
    {1795414680123456, "2026-11-23 06:18:00.123456", "2026-11-23T06:18:00.123456+00:00",
     "2026-11-23T06:18:00Z"},
    {951782399000001, "2000-02-28 23:59:59.000001", "2000-02-28T23:59:59.000001+00:00",
     "2000-02-28T23:59:59Z"},
    {951782400000000, "2000-02-29 00:00:00.000000", "2000-02-29T00:00:00+00:00",
     "2000-02-29T00:00:00Z"},
    {-1, "1969-12-31 23:59:59.999999", "1969-12-31T23:59:59.999999+00:00", "1969-12-31T23:59:59Z"},
    {-62135596800000000, "0001-01-01 00:00:00.000000", "0001-01-01T00:00:00+00:00",
     "0001-01-01T00:00:00Z"},
    {253402300799000000, "9999-12-31 23:59:59.000000", "9999-12-31T23:59:59+00:00",
     "9999-12-31T23:59:59Z"},
};

START_TEST(every_spelling_is_printed)
{
    struct ci_ctx *ctx = unit_ctx();

    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        ck_assert_str_eq(ci_time_db(ctx->mem, spellings[i].us), spellings[i].db);
        ck_assert_str_eq(ci_time_rest(ctx->mem, spellings[i].us), spellings[i].rest);
        ck_assert_str_eq(ci_time_wire(ctx->mem, spellings[i].us), spellings[i].wire);
    }
}
END_TEST

START_TEST(no_time_has_no_text)
{
    struct ci_ctx *ctx = unit_ctx();

    ck_assert_ptr_null(ci_time_db(ctx->mem, CI_NULL_TIME));
    ck_assert_ptr_null(ci_time_rest(ctx->mem, CI_NULL_TIME));
    ck_assert_ptr_null(ci_time_wire(ctx->mem, CI_NULL_TIME));
}
END_TEST

START_TEST(what_is_printed_is_read_back)
{
    int64_t us;

    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        ck_assert_msg(ci_time_parse(spellings[i].db, &us), "%s", spellings[i].db);
        ck_assert_int_eq(us, spellings[i].us);
        ck_assert(ci_time_parse(spellings[i].rest, &us));
        ck_assert_int_eq(us, spellings[i].us);
        ck_assert(ci_time_parse(spellings[i].wire, &us));
        ck_assert_int_eq(us, spellings[i].us - ((spellings[i].us % 1000000) + 1000000) % 1000000);
    }
}
END_TEST

START_TEST(other_iso_forms_are_read)
{
    static const struct {
        const char *text;
        int64_t us;
    } cases[] = {
        {"2026-11-23", 1795392000000000},
        {"2026-11-23T06:18", 1795414680000000},
        {"2026-11-23T06:18:00", 1795414680000000},
        {"2026-11-23T06:18:00.1", 1795414680100000},
        {"2026-11-23T06:18:00,123456789", 1795414680123456},
        {"2026-11-23T08:18:00+02:00", 1795414680000000},
        {"2026-11-23T08:18:00+0200", 1795414680000000},
        {"2026-11-23T01:18:00-05", 1795414680000000},
        {"2026-11-23 06:18:00Z", 1795414680000000},
    };
    int64_t us;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(ci_time_parse(cases[i].text, &us), "%s", cases[i].text);
        ck_assert_msg(us == cases[i].us, "%s: %lld", cases[i].text, (long long)us);
    }
}
END_TEST

START_TEST(nonsense_is_refused)
{
    static const char *const cases[] = {
        "",
        "now",
        "2026",
        "2026-11",
        "2026-13-01",
        "2026-00-01",
        "2026-02-29",
        "2026-04-31",
        "0000-01-01",
        "26-11-23",
        "2026-11-23T",
        "2026-11-23T24:00:00",
        "2026-11-23T06",
        "2026-11-23T06:60",
        "2026-11-23T06:18:60",
        "2026-11-23T06:18:00.",
        "2026-11-23T06:18:00 ",
        "2026-11-23T06:18:00+",
        "2026-11-23T06:18:00+24",
        "2026-11-23T06:18:00+2",
        "2026-11-23T06:18:00+02:",
        "2026-11-23T06:18:00ZZ",
        "2026-11-23x06:18:00",
        " 2026-11-23",
    };
    int64_t us = 42;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(!ci_time_parse(cases[i], &us), "%s", cases[i]);
    ck_assert(!ci_time_parse(NULL, &us));
    ck_assert_int_eq(us, 42);
}
END_TEST

START_TEST(every_day_of_four_centuries_comes_back)
{
    struct ci_ctx *ctx = unit_ctx();
    const int64_t day_us = INT64_C(86400) * 1000000;

    for (int64_t day = -73000; day < 73500; day++) {
        int64_t us;

        ck_assert(ci_time_parse(ci_time_wire(ctx->mem, day * day_us), &us));
        ck_assert_int_eq(us, day * day_us);
        if (day % 1000 == 0)
            ci_arena_reset(ctx->mem);
    }
}
END_TEST

START_TEST(limits_in_seconds_fit_into_an_int)
{
    ck_assert_int_eq(ci_time_limit_ms(60), 60000);
    ck_assert_int_eq(ci_time_limit_ms(0), 0);
    ck_assert_int_eq(ci_time_limit_ms(-1), 0);
    ck_assert_int_eq(ci_time_limit_ms(INT64_MAX), INT32_MAX);
}
END_TEST

START_TEST(clocks_move_on)
{
    int64_t now = ci_time_now_us(), steady = ci_time_monotonic_ns();

    ck_assert_int_gt(now, 1700000000000000);
    ck_assert_int_ge(ci_time_monotonic_ns(), steady);
}
END_TEST

UNIT_MAIN("base/time", every_spelling_is_printed, no_time_has_no_text, what_is_printed_is_read_back,
          other_iso_forms_are_read, nonsense_is_refused, every_day_of_four_centuries_comes_back,
          limits_in_seconds_fit_into_an_int, clocks_move_on)
