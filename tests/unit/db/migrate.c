/* SPDX-License-Identifier: Apache-2.0 */
/* The schema's revision, on SQLite; tests/integration/test_schema.py looks at the tables. */
#include "db/migrate.h"
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
    ck_assert_str_eq(revision, ci_migrate_newest());
    must(ctx, ci_migrate_check(ctx));
    must(ctx, ci_migrate_upgrade(ctx));
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
    must(ctx, ci_migrate_upgrade(ctx));
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

START_TEST(other_revisions_are_refused_by_name)
{
    struct ci_ctx *ctx = unit_ctx();

    db_open(ctx, DB_URL, 1);
    must(ctx, ci_migrate_create_schema(ctx));
    must(ctx, ci_db_run(ctx, "UPDATE alembic_version SET version_num = $1", VALUES("4dbec778866e"),
                        NULL));
    ck_assert(!ci_migrate_upgrade(ctx));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "4dbec778866e, 22 before 9fb44677ef15"));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "fe222f476baf"));
    ci_error_clear(ctx);
    ck_assert(!ci_migrate_check(ctx));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "castiron-dbsync upgrade"));
    ci_error_clear(ctx);
    must(ctx, ci_db_run(ctx, "UPDATE alembic_version SET version_num = $1", VALUES("ffff"), NULL));
    must_fail(ctx, DatabaseVersionTooOld, ci_migrate_upgrade(ctx));
    must_fail(ctx, DatabaseVersionTooOld, ci_migrate_check(ctx));
    db_close(ctx);
}
END_TEST

START_TEST(each_revision_follows_the_one_before)
{
    size_t n;
    const struct ci_revision *revisions = ci_migrate_revisions(&n);

    ck_assert_uint_eq(n, 23);
    for (size_t i = 1; i < n; i++)
        ck_assert_str_eq(revisions[i].parent, revisions[i - 1].id);
}
END_TEST

UNIT_MAIN("db/migrate", an_empty_database_has_no_revision, a_made_schema_is_the_newest,
          a_schema_is_made_once, an_upgrade_makes_the_schema_of_an_empty_database,
          tables_without_a_revision_are_left_alone, other_revisions_are_refused_by_name,
          each_revision_follows_the_one_before)
