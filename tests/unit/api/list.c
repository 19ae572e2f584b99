/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/view.h"
#include "tests/unit/unit.h"

static struct ci_filter fresh(void)
{
    struct ci_filter filter;

    ci_filter_init(&filter, unit_ctx()->mem);
    return filter;
}

START_TEST(conditions_are_joined_and_their_values_bound_in_order)
{
    static const char *const shards[] = {"s1", "s2", "s3", NULL};
    struct ci_filter filter = fresh();

    ci_filter_add(&filter, "driver = ?", "ipmi");
    ci_filter_add(&filter, "maintenance", NULL);
    ci_filter_any(&filter, "shard IN (", shards, ")");
    ci_filter_add(&filter, "owner = ?", "me");
    ck_assert_str_eq(filter.sql->bytes, "driver = $1 AND maintenance AND shard IN ($2, $3, $4) "
                                        "AND owner = $5");
    ck_assert_uint_eq(filter.n, 5);
    ck_assert_str_eq(filter.values[0], "ipmi");
    ck_assert_str_eq(filter.values[3], "s3");
    ck_assert_str_eq(filter.values[4], "me");
}
END_TEST

START_TEST(what_like_takes_specially_is_escaped)
{
    struct ci_filter filter = fresh();

    ci_filter_contains(&filter, unit_ctx()->mem, "description", "50%_\\x");
    ck_assert_str_eq(filter.sql->bytes, "description LIKE $1 ESCAPE '\\'");
    ck_assert_str_eq(filter.values[0], "%50\\%\\_\\\\x%");
}
END_TEST

START_TEST(more_values_than_there_is_room_for_mark_the_filter)
{
    const char *values[CI_FILTER_VALUES_MAX + 1];
    struct ci_filter filter = fresh();

    for (size_t i = 0; i < CI_FILTER_VALUES_MAX; i++)
        values[i] = "s";
    values[CI_FILTER_VALUES_MAX] = NULL;
    ci_filter_any(&filter, "shard IN (", values, ")");
    ck_assert(filter.sql->overflow);
    ck_assert_uint_lt(filter.n, CI_FILTER_VALUES_MAX);

    filter = fresh();
    for (size_t i = 0; i <= CI_FILTER_VALUES_MAX; i++)
        ci_filter_add(&filter, "a = ?", "v");
    ck_assert(filter.sql->overflow);
    ck_assert_uint_eq(filter.n, CI_FILTER_VALUES_MAX);
}
END_TEST

UNIT_MAIN("api/list", conditions_are_joined_and_their_values_bound_in_order,
          what_like_takes_specially_is_escaped, more_values_than_there_is_room_for_mark_the_filter)
