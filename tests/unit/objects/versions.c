/* SPDX-License-Identifier: Apache-2.0 */
/* What a release finds in a database that is not its own, on SQLite. */
#include "objects/versions.h"

#include "db/migrate.h"
#include "tests/unit/db/database.h"

static struct ci_ctx *with_schema(void)
{
    struct ci_ctx *ctx = unit_ctx();

    db_open(ctx, "sqlite://", 1);
    must(ctx, ci_migrate_create_schema(ctx));
    must(ctx, ci_versions_check_schema(ctx));
    return ctx;
}

/* Changes the schema; gives what the check says, "" when nothing lacks. */
static const char *said_after(struct ci_ctx *ctx, const char *sql)
{
    must(ctx, ci_db_script(ctx, sql));
    if (ci_versions_check_schema(ctx))
        return "";
    ck_assert(ci_failed_with(ctx, CI_ERR_DatabaseVersionTooOld));
    return why(ctx);
}

START_TEST(a_later_schema_may_have_more)
{
    struct ci_ctx *ctx = with_schema();

    ck_assert_str_eq("", said_after(ctx, "UPDATE alembic_version SET version_num = 'ffffffffffff';"
                                         "ALTER TABLE nodes ADD COLUMN next_thing VARCHAR(255);"
                                         "CREATE TABLE next_things (id INTEGER);"));
    must(ctx, ci_versions_check(ctx));
    db_close(ctx);
}
END_TEST

START_TEST(a_schema_that_lacks_a_column_is_refused_by_its_name)
{
    static const char *const renamed[][2] = {
        {"ALTER TABLE nodes RENAME COLUMN shard TO shards;", "nodes.shard,"},
        {"ALTER TABLE ports RENAME COLUMN address TO mac;", "ports.address,"},
        {"ALTER TABLE runbooks RENAME TO books;", "runbooks.uuid,"},
    };

    for (size_t i = 0; i < sizeof renamed / sizeof renamed[0]; i++) {
        struct ci_ctx *ctx = with_schema();
        const char *said = said_after(ctx, renamed[i][0]);

        ck_assert_msg(strstr(said, renamed[i][1]) != NULL, "%s: %s", renamed[i][0], said);
        db_close(ctx);
    }
}
END_TEST

START_TEST(rows_of_unknown_versions_are_refused)
{
    static const struct {
        const char *version, *said;
    } cases[] = {
        {"'1.99'", "Use the release that wrote them"},
        {"'1.2'", "online_data_migrations"},
        {"NULL", "online_data_migrations"},
    };
    struct ci_ctx *ctx = with_schema();

    must(ctx,
         ci_db_run(ctx, "INSERT INTO chassis (uuid, version) VALUES ('a', '1.3')", 0, NULL, NULL));
    must(ctx, ci_versions_check(ctx));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        must(ctx, ci_db_script(ctx, ci_printf(ctx->mem, "UPDATE chassis SET version = %s",
                                              cases[i].version)));
        ck_assert(!ci_versions_check(ctx));
        ck_assert_msg(strstr(why(ctx), cases[i].said) != NULL, "%s: %s", cases[i].version,
                      why(ctx));
        ci_error_clear(ctx);
    }
    db_close(ctx);
}
END_TEST

UNIT_MAIN("objects/versions", a_later_schema_may_have_more,
          a_schema_that_lacks_a_column_is_refused_by_its_name, rows_of_unknown_versions_are_refused)
