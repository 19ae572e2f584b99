/* SPDX-License-Identifier: Apache-2.0 */
/* What [database] means for the pool. */
#include "base/config.h"
#include "tests/unit/db/database.h"

#include <unistd.h>

START_TEST(parameters_join_the_url)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_config *config = ci_config_defaults();

    config->database.connection = "postgresql://h/i?sslmode=disable";
    config->database.connection_parameters = "first_unknown=1";
    ck_assert(!ci_db_open_configured(ctx, config, &ctx->db));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "first_unknown"));
    ci_error_clear(ctx);
    config->database.connection = "postgresql://h/i";
    ck_assert(!ci_db_open_configured(ctx, config, &ctx->db));
    ck_assert_ptr_nonnull(strstr(ctx->error->message, "first_unknown"));
    ci_config_free(config);
}
END_TEST

START_TEST(the_pool_is_as_large_as_configured)
{
    struct ci_ctx *ctx = unit_ctx(), others[2];
    struct ci_config *config = ci_config_defaults();
    char path[] = "/tmp/castiron-configured-XXXXXX";

    ck_assert_int_ge(mkstemp(path), 0);
    config->database.connection = ci_printf(ctx->mem, "sqlite:///%s", path);
    config->database.max_pool_size = 1;
    config->database.max_overflow = 1;
    config->database.pool_timeout = 1;
    must(ctx, ci_db_open_configured(ctx, config, &ctx->db));
    must(ctx, ci_db_begin(ctx));
    others[0] = (struct ci_ctx){.mem = ctx->mem, .db = ctx->db};
    must(&others[0], ci_db_ping(&others[0]));
    must(ctx, ci_db_commit(ctx));
    config->database.max_overflow = 0;
    ci_db_close(ctx->db);
    ctx->db = NULL;
    must(ctx, ci_db_open_configured(ctx, config, &ctx->db));
    must(ctx, ci_db_begin(ctx));
    others[1] = (struct ci_ctx){.mem = ctx->mem, .db = ctx->db};
    must_fail(&others[1], DatabaseUnavailable, ci_db_ping(&others[1]));
    db_close(ctx);
    unlink(path);
    unlink(ci_printf(ctx->mem, "%s-wal", path));
    unlink(ci_printf(ctx->mem, "%s-shm", path));
    ci_config_free(config);
}
END_TEST

START_TEST(waiting_for_the_database_ends)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_config *config = ci_config_defaults();

    config->database.connection = "postgresql://castiron@127.0.0.1:1/i";
    config->database.max_retries = 2;
    config->database.retry_interval = 0;
    must(ctx, ci_db_open_configured(ctx, config, &ctx->db));
    must_fail(ctx, DatabaseUnavailable, ci_db_wait(ctx, config));
    db_close(ctx);
    config->database.connection = "sqlite://";
    must(ctx, ci_db_open_configured(ctx, config, &ctx->db));
    must(ctx, ci_db_wait(ctx, config));
    db_close(ctx);
    ci_config_free(config);
}
END_TEST

UNIT_MAIN("db/configured", parameters_join_the_url, the_pool_is_as_large_as_configured,
          waiting_for_the_database_ends)
