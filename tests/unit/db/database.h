/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Opening a database in a test, calls that must or must not succeed, and a table to play with. */
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "db/db.h"
#include "tests/unit/unit.h"

#define VALUES(...)                                                                                \
    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), (const char *const[])       \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static inline const char *why(const struct ci_ctx *ctx)
{
    return ctx->error ? ctx->error->message : "no error";
}

#define must(ctx, call) ck_assert_msg((call), "%s: %s", #call, why(ctx))
#define must_fail(ctx, class, call)                                                                \
    do {                                                                                           \
        ck_assert_msg(!(call), "%s did not fail", #call);                                          \
        ck_assert_msg(ci_failed_with((ctx), CI_ERR_##class), "%s: %s", #call, why(ctx));           \
        ci_error_clear(ctx);                                                                       \
    } while (0)

static inline void db_open(struct ci_ctx *ctx, const char *url, int connections)
{
    const struct ci_db_options options = {.url = url, .max_connections = connections};

    must(ctx, ci_db_open(ctx, &options, &ctx->db));
}

/* Closes the database after ending what the arena still holds of it. */
static inline void db_close(struct ci_ctx *ctx)
{
    struct ci_db *db = ctx->db;

    ci_arena_reset(ctx->mem);
    ctx->tx = NULL;
    ci_db_close(db);
}

static inline void things_new(struct ci_ctx *ctx)
{
    must(ctx, ci_db_script(ctx, ci_db_is_sqlite(ctx->db)
                                    ? "DROP TABLE IF EXISTS things; CREATE TABLE things ("
                                      "id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(255), "
                                      "n INTEGER, live BOOLEAN, at DATETIME, UNIQUE (name))"
                                    : "DROP TABLE IF EXISTS things; CREATE TABLE things ("
                                      "id SERIAL NOT NULL, name VARCHAR(255), "
                                      "n INTEGER, live BOOLEAN, at TIMESTAMP, PRIMARY KEY (id), "
                                      "CONSTRAINT uniq_things0name UNIQUE (name))"));
}

static inline int64_t count_things(struct ci_ctx *ctx)
{
    struct ci_rows *rows;

    must(ctx, ci_db_query(ctx, "SELECT count(*) FROM things", 0, NULL, &rows));
    return ci_row_int(rows, 0, 0, -1);
}

static inline void thing_add(struct ci_ctx *ctx, const char *name, const char *n)
{
    must(ctx,
         ci_db_run(ctx, "INSERT INTO things (name, n) VALUES ($1, $2)", VALUES(name, n), NULL));
}
