/* SPDX-License-Identifier: Apache-2.0 */
/* The table of revisions and their names on a command line. */
#include "db/revision.h"
#include "tests/unit/db/database.h"

START_TEST(each_revision_follows_the_one_before)
{
    size_t n;
    const struct ci_revision *revisions = ci_revisions(&n);

    ck_assert_uint_eq(n, 23);
    for (size_t i = 1; i < n; i++)
        ck_assert_str_eq(revisions[i].parent, revisions[i - 1].id);
    ck_assert(ci_revision_is_older(revisions[0].parent));
    ck_assert(!ci_revision_is_older(revisions[0].id));
}
END_TEST

/* On PostgreSQL a killed run is run again: no statement may mind that its work is done. */
START_TEST(steps_may_be_repeated_and_say_what_they_lock)
{
    size_t n;
    const struct ci_revision *revisions = ci_revisions(&n);

    for (size_t i = 0; i < n; i++) {
        for (const struct ci_step *step = revisions[i].pg; step->sql; step++) {
            ck_assert_msg(strstr(step->sql, "IF NOT EXISTS") || strstr(step->sql, "IF EXISTS") ||
                              strstr(step->sql, "ALTER COLUMN"),
                          "%s: %s", revisions[i].id, step->sql);
            ck_assert_int_eq(step->work == CI_STEP_INDEX,
                             strstr(step->sql, "CONCURRENTLY") != NULL);
            ck_assert_int_gt((int)strlen(step->table), 0);
            ck_assert_int_gt((int)strlen(step->lock), 0);
        }
        ck_assert_int_eq(revisions[i].pg->sql != NULL, revisions[i].sqlite->sql != NULL);
    }
}
END_TEST

START_TEST(revisions_have_names)
{
    static const struct {
        const char *name;
        int current, place; /* -2: there is none */
    } cases[] = {
        {NULL, 3, 22},      {"head", 3, 22},
        {"heads", -1, 22},  {"base", 3, -1},
        {"+1", 3, 4},       {"-1", 3, 2},
        {"head-2", 3, 20},  {"fe222f476baf", 3, 1},
        {"fe22", 3, 1},     {"4dbec778866e+2", 3, 2},
        {"fe2", 3, -2},     {"nope", 3, -2},
        {"", 3, -2},        {"+1", 22, -2},
        {"-9", 3, -2},      {"+x", 3, -2},
        {"head-99", 3, -2}, {"base+1", 3, 0},
    };
    struct ci_ctx *ctx = unit_ctx();

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int place = -2;
        bool found = ci_revision_find(ctx, cases[i].name, cases[i].current, &place);

        ck_assert_msg(place == cases[i].place && found == (place != -2), "%s: %d", cases[i].name,
                      place);
        ci_error_clear(ctx);
    }
}
END_TEST

UNIT_MAIN("db/revision", each_revision_follows_the_one_before,
          steps_may_be_repeated_and_say_what_they_lock, revisions_have_names)
