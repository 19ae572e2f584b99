/* SPDX-License-Identifier: Apache-2.0 */
/* The schema's revision, on SQLite; tests/integration/test_schema.py looks at the tables. */
#include "db/migrate.h"
#include "db/revision.h"
#include "tests/unit/db/database.h"

#define DB_URL "sqlite://"

START_TEST(an_empty_database_has_no_revision)
{
    struct ci_ctx *ctx = unit_ctx();
    const char *revision = "unset";

    db_open(ctx, DB_URL, 1);
    must(ctx, ci_migrate_version(ctx, &revision));
    ck_assert_ptr_null(revision);
    must_fail(ctx, DatabaseVersionTooOld, ci_migrate_check(ctx));
    db_close(ctx);
}
END_TEST

START_TEST(a_made_schema_is_the_newest)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_rows *rows;
    const char *revision;

    db_open(ctx, DB_URL, 1);
    must(ctx, ci_migrate_create_schema(ctx));
    must(ctx, ci_migrate_version(ctx, &revision));
    ck_assert_str_eq(revision, ci_revision_newest());
    must(ctx, ci_migrate_check(ctx));
    must(ctx, ci_migrate_upgrade(ctx, NULL));
    must(ctx, ci_db_query(ctx, "SELECT id, protected, conductor_group FROM nodes", 0, NULL, &rows));
    ck_assert_uint_eq(rows->count, 0);
    db_close(ctx);
}
END_TEST

START_TEST(a_schema_is_made_once)
{
    struct ci_ctx *ctx = unit_ctx();
    bool created = false;

    db_open(ctx, DB_URL, 1);
    must(ctx, ci_migrate_create_if_empty(ctx, &created));
    ck_assert(created);
    must(ctx, ci_migrate_create_if_empty(ctx, &created));
    ck_assert(!created);
    must_fail(ctx, DatabaseVersionTooOld, ci_migrate_create_schema(ctx));
    must(ctx, ci_migrate_check(ctx));
    db_close(ctx);
}
END_TEST

START_TEST(an_upgrade_makes_the_schema_of_an_empty_database)
{
    struct ci_ctx *ctx = unit_ctx();

    db_open(ctx, DB_URL, 1);
    must(ctx, ci_migrate_upgrade(ctx, NULL));
    must(ctx, ci_migrate_check(ctx));
    db_close(ctx);
}
END_TEST

START_TEST(tables_without_a_revision_are_left_alone)
{
    struct ci_ctx *ctx = unit_ctx();
    const char *revision;
    bool created = true;

    db_open(ctx, DB_URL, 1);
    must(ctx, ci_db_script(ctx, "CREATE TABLE nodes (id INTEGER)"));
    must_fail(ctx, Conflict, ci_migrate_create_schema(ctx));
    must(ctx, ci_migrate_create_if_empty(ctx, &created));
    ck_assert(!created);
    must(ctx, ci_migrate_version(ctx, &revision));
    ck_assert_ptr_null(revision);
    db_close(ctx);
}
END_TEST

START_TEST(other_revisions_are_not_upgraded_from)
{
    static const struct {
        const char *revision, *upgrade;
    } cases[] = {
        {"0ac0f39bc5aa", "ironic-dbsync upgrade"},
        {"ffffffffffff", "Can't locate revision"},
    };
    struct ci_ctx *ctx = unit_ctx();

    db_open(ctx, DB_URL, 1);
    must(ctx, ci_migrate_create_schema(ctx));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        must(ctx, ci_db_run(ctx, "UPDATE alembic_version SET version_num = $1",
                            VALUES(cases[i].revision), NULL));
        ck_assert(!ci_migrate_upgrade(ctx, NULL));
        ck_assert_ptr_nonnull(strstr(why(ctx), cases[i].upgrade));
        ci_error_clear(ctx);
        must_fail(ctx, DatabaseVersionTooOld, ci_migrate_upgrade(ctx, NULL));
    }
    db_close(ctx);
}
END_TEST

/* S38: the schema goes first; what is restarted after it has gone must come up. */
START_TEST(a_later_schema_is_worked_on_and_an_older_one_is_not)
{
    struct ci_ctx *ctx = unit_ctx();

    db_open(ctx, DB_URL, 1);
    must(ctx, ci_migrate_create_schema(ctx));
    must(ctx,
         ci_db_run(ctx, "UPDATE alembic_version SET version_num = 'ffffffffffff'", 0, NULL, NULL));
    must(ctx, ci_migrate_check(ctx));
    must(ctx,
         ci_db_run(ctx, "UPDATE alembic_version SET version_num = '0ac0f39bc5aa'", 0, NULL, NULL));
    ck_assert(!ci_migrate_check(ctx));
    ck_assert_ptr_nonnull(strstr(why(ctx), "castiron-dbsync upgrade"));
    ck_assert_ptr_nonnull(strstr(why(ctx), "0ac0f39bc5aa"));
    ci_error_clear(ctx);
    must_fail(ctx, DatabaseVersionTooOld, ci_migrate_check(ctx));
    db_close(ctx);
}
END_TEST

START_TEST(an_older_database_is_not_worked_on)
{
    struct ci_ctx *ctx = unit_ctx();

    db_open(ctx, DB_URL, 1);
    must(ctx, ci_migrate_create_schema(ctx));
    must(ctx, ci_migrate_stamp(ctx, "4dbec"));
    ck_assert(!ci_migrate_check(ctx));
    ck_assert_ptr_nonnull(strstr(why(ctx), "castiron-dbsync upgrade"));
    db_close(ctx);
}
END_TEST

START_TEST(a_stamp_is_written_and_taken_away)
{
    struct ci_ctx *ctx = unit_ctx();
    const char *revision;

    db_open(ctx, DB_URL, 1);
    must(ctx, ci_migrate_stamp(ctx, "head"));
    must(ctx, ci_migrate_version(ctx, &revision));
    ck_assert_str_eq(revision, ci_revision_newest());
    must(ctx, ci_migrate_stamp(ctx, "-1"));
    must(ctx, ci_migrate_version(ctx, &revision));
    ck_assert_str_ne(revision, ci_revision_newest());
    must_fail(ctx, InvalidParameterValue, ci_migrate_stamp(ctx, "nope"));
    must(ctx, ci_migrate_stamp(ctx, NULL));
    must(ctx, ci_migrate_version(ctx, &revision));
    ck_assert_ptr_null(revision);
    db_close(ctx);
}
END_TEST

START_TEST(a_plan_of_an_empty_database_is_one_line)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_text *plan = ci_text_new(ctx->mem, 10000);

    db_open(ctx, DB_URL, 1);
    must(ctx, ci_migrate_plan(ctx, NULL, plan));
    ck_assert_ptr_nonnull(strstr(plan->bytes, ci_revision_newest()));
    must_fail(ctx, DatabaseVersionTooOld, ci_migrate_check(ctx));
    db_close(ctx);
}
END_TEST

UNIT_MAIN("db/migrate", an_empty_database_has_no_revision, a_made_schema_is_the_newest,
          a_schema_is_made_once, an_upgrade_makes_the_schema_of_an_empty_database,
          tables_without_a_revision_are_left_alone, other_revisions_are_not_upgraded_from,
          a_later_schema_is_worked_on_and_an_older_one_is_not, an_older_database_is_not_worked_on,
          a_stamp_is_written_and_taken_away, a_plan_of_an_empty_database_is_one_line)
