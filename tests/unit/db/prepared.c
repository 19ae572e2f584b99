/* SPDX-License-Identifier: Apache-2.0 */
/* The set of prepared statements. */
#include <stdio.h>

#include "db/engine.h"
#include "tests/unit/unit.h"

START_TEST(statements_are_found_by_their_text)
{
    struct ci_prepared_set set;
    char sql[32] = "SELECT 1", other[32] = "SELECT 1";
    struct ci_prepared *one;

    ci_prepared_init(&set);
    ck_assert_ptr_null(ci_prepared_find(&set, sql));
    one = ci_prepared_add(&set, sql);
    ck_assert_ptr_eq(ci_prepared_find(&set, other), one);
    sql[7] = '2';
    ck_assert_ptr_null(ci_prepared_find(&set, sql));
    ck_assert_ptr_eq(ci_prepared_find(&set, other), one);
    ck_assert_ptr_null(ci_prepared_find(&set, "SELECT 12"));
    ck_assert_ptr_null(ci_prepared_find(&set, "SELECT "));
    ci_prepared_done(&set);
}
END_TEST

START_TEST(many_statements_stay_apart_until_cleared)
{
    struct ci_prepared_set set;
    char sql[64];

    ci_prepared_init(&set);
    for (unsigned i = 0; i < CI_PREPARED_MAX; i++) {
        snprintf(sql, sizeof sql, "SELECT a, b FROM c WHERE d = %u", i);
        ci_prepared_add(&set, sql)->number = i;
    }
    for (unsigned i = 0; i < CI_PREPARED_MAX; i++) {
        snprintf(sql, sizeof sql, "SELECT a, b FROM c WHERE d = %u", i);
        ck_assert_uint_eq(ci_prepared_find(&set, sql)->number, i);
    }
    ci_prepared_clear(&set);
    ck_assert_uint_eq(set.count, 0);
    ck_assert_ptr_null(ci_prepared_find(&set, sql));
    ci_prepared_done(&set);
}
END_TEST

UNIT_MAIN("db/prepared", statements_are_found_by_their_text,
          many_statements_stay_apart_until_cleared)
