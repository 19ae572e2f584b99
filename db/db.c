/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface of db.h: which connection a statement runs on, and transactions.
 *
 * Outside a transaction each statement borrows a connection for itself. A transaction keeps
 * one; after an error in it nothing more is run, on either engine, since PostgreSQL would
 * refuse anyway.
 */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "db/engine.h"

/* The open transaction of a context; lives in its arena. */
struct ci_db_tx {
    struct ci_session *session; /* NULL once it has ended or failed */
    int depth;
};

static const struct ci_engine *const engines[] = {&ci_engine_pg, &ci_engine_sqlite};

/* Ends the work on the session, without a word about the context, which may be gone. */
static void end_failed(struct ci_db_tx *tx)
{
    struct ci_session *session = tx->session;

    if (!session)
        return;
    tx->session = NULL;
    session->db->engine->rollback(session);
    session->in_transaction = false;
    ci_pool_return(session);
}

static void end_with_arena(void *tx)
{
    end_failed(tx);
}

static bool borrow(struct ci_ctx *ctx, int64_t deadline_ns, struct ci_session **ret_session)
{
    if (!ctx->tx)
        return ci_pool_borrow(ctx, ctx->db, deadline_ns, ret_session);
    if (!ctx->tx->session)
        return ci_fail_text(ctx, DatabaseError,
                            "The transaction has failed and takes no more statements.");
    *ret_session = ctx->tx->session;
    return true;
}

static void give_back(struct ci_ctx *ctx, struct ci_session *session, bool done)
{
    if (!ctx->tx)
        ci_pool_return(session);
    else if (!done)
        end_failed(ctx->tx);
}

/* May the statement be given up and run again elsewhere? */
static bool is_read(const char *sql)
{
    while (isspace((unsigned char)*sql) || *sql == '(')
        sql++;
    return strncasecmp(sql, "SELECT", 6) == 0;
}

static bool start(struct ci_ctx *ctx, const char *sql, size_t n, const char *const values[],
                  struct ci_statement *ret_statement, struct ci_session **ret_session)
{
    const int64_t deadline_ns = ctx->tx ? 0 : ctx->deadline_ns;

    if (deadline_ns && !is_read(sql))
        return ci_fail(ctx, MustWait);
    *ret_statement =
        (struct ci_statement){.sql = sql, .n = n, .values = values, .deadline_ns = deadline_ns};
    return borrow(ctx, deadline_ns, ret_session);
}

bool ci_db_query(struct ci_ctx *ctx, const char *sql, size_t n, const char *const values[],
                 struct ci_rows **ret_rows)
{
    struct ci_statement statement;
    struct ci_session *session;
    bool done;

    if (!start(ctx, sql, n, values, &statement, &session))
        return false;
    done = ctx->db->engine->query(ctx, session, &statement, ret_rows);
    give_back(ctx, session, done);
    return done;
}

bool ci_db_query_chunks(struct ci_ctx *ctx, const char *sql, size_t n, const char *const values[],
                        size_t chunk_rows, ci_db_each *each, void *arg)
{
    struct ci_statement statement;
    struct ci_session *session;
    bool done;

    if (!start(ctx, sql, n, values, &statement, &session))
        return false;
    done =
        ctx->db->engine->chunks(ctx, session, &statement, chunk_rows ? chunk_rows : 1, each, arg);
    give_back(ctx, session, done);
    return done;
}

bool ci_db_run(struct ci_ctx *ctx, const char *sql, size_t n, const char *const values[],
               int64_t *ret_changed)
{
    struct ci_statement statement;
    struct ci_session *session;
    int64_t changed = 0;
    bool done;

    if (!start(ctx, sql, n, values, &statement, &session))
        return false;
    done = ctx->db->engine->run(ctx, session, &statement, &changed);
    give_back(ctx, session, done);
    if (done && ret_changed)
        *ret_changed = changed;
    return done;
}

bool ci_db_update(struct ci_ctx *ctx, const char *sql, const char *columns, size_t n,
                  const char *const values[], struct ci_rows **ret_rows)
{
    return ci_db_query(ctx, ci_printf(ctx->mem, "%s RETURNING %s", sql, columns), n, values,
                       ret_rows);
}

bool ci_db_insert(struct ci_ctx *ctx, const char *sql, size_t n, const char *const values[],
                  const char *key, int64_t *ret_key)
{
    struct ci_rows *rows;

    if (!ci_db_update(ctx, sql, key, n, values, &rows))
        return false;
    if (rows->count != 1)
        return ci_fail(ctx, DatabaseError);
    *ret_key = ci_row_int(rows, 0, 0, 0);
    return true;
}

bool ci_db_change(struct ci_ctx *ctx, const char *sql, int lock_ms)
{
    struct ci_session *session;
    bool done;

    if (ctx->deadline_ns && !ctx->tx)
        return ci_fail(ctx, MustWait);
    if (!borrow(ctx, 0, &session))
        return false;
    done = ctx->db->engine->script(ctx, session, sql, lock_ms);
    give_back(ctx, session, done);
    return done;
}

bool ci_db_script(struct ci_ctx *ctx, const char *sql)
{
    return ci_db_change(ctx, sql, 0);
}

bool ci_db_begin(struct ci_ctx *ctx)
{
    struct ci_session *session;
    struct ci_db_tx *tx;

    if (ctx->tx) {
        ctx->tx->depth++;
        return true;
    }
    if (ctx->deadline_ns)
        return ci_fail(ctx, MustWait);
    if (!borrow(ctx, 0, &session))
        return false;
    if (!ctx->db->engine->begin(ctx, session)) {
        ci_pool_return(session);
        return false;
    }
    session->in_transaction = true;
    tx = ci_new(ctx->mem, struct ci_db_tx);
    tx->session = session;
    tx->depth = 1;
    ci_defer(ctx->mem, end_with_arena, tx);
    ctx->tx = tx;
    return true;
}

bool ci_db_commit(struct ci_ctx *ctx)
{
    struct ci_db_tx *tx = ctx->tx;
    struct ci_session *session;
    bool done;

    if (!tx)
        return ci_fail_text(ctx, DatabaseError, "There is no transaction to commit.");
    if (--tx->depth > 0)
        return true;
    ctx->tx = NULL;
    session = tx->session;
    if (!session)
        return ci_fail_text(ctx, DatabaseError, "The transaction has failed.");
    done = ctx->db->engine->commit(ctx, session);
    if (!done) {
        end_failed(tx);
        return false;
    }
    tx->session = NULL;
    session->in_transaction = false;
    ci_pool_return(session);
    return true;
}

void ci_db_rollback(struct ci_ctx *ctx)
{
    if (!ctx->tx)
        return;
    end_failed(ctx->tx);
    ctx->tx = NULL;
}

bool ci_db_ping(struct ci_ctx *ctx)
{
    struct ci_rows *rows;

    return ci_db_query(ctx, "SELECT 1", 0, NULL, &rows);
}

bool ci_db_open(struct ci_ctx *ctx, const struct ci_db_options *options, struct ci_db **ret_db)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_db *db = ci_new(mem, struct ci_db);

    db->mem = mem;
    db->options = *options;
    db->options.url = NULL;
    if (!ci_db_address_parse(ctx, mem, options->url, &db->address)) {
        ci_arena_free(mem);
        return false;
    }
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        if (strcmp(engines[i]->scheme, db->address.scheme) == 0)
            db->engine = engines[i];
    }
    if (!db->engine) {
        ci_fail_text(ctx, ConfigInvalid,
                     "[database]connection: there is no engine for %s databases; PostgreSQL "
                     "(postgresql+psycopg2://…) and SQLite (sqlite:///…) are known.",
                     db->address.scheme);
        ci_arena_free(mem);
        return false;
    }
    if (!db->engine->open(ctx, db)) {
        ci_arena_free(mem);
        return false;
    }
    db->pool = ci_pool_new(db, db->options.max_connections);
    *ret_db = db;
    return true;
}

void ci_db_close(struct ci_db *db)
{
    if (!db)
        return;
    ci_pool_free(db->pool);
    ci_arena_free(db->mem);
}

bool ci_db_is_sqlite(const struct ci_db *db)
{
    return db->engine == &ci_engine_sqlite;
}

int64_t ci_row_int(const struct ci_rows *rows, size_t row, size_t column, int64_t if_null)
{
    const char *text = ci_row_text(rows, row, column);
    int64_t value;

    return text && ci_parse_int(text, INT64_MIN, INT64_MAX, &value) ? value : if_null;
}

int ci_row_bool(const struct ci_rows *rows, size_t row, size_t column, int if_null)
{
    const char *text = ci_row_text(rows, row, column);

    if (!text || !*text)
        return if_null;
    return *text == 't' || *text == 'T' || (*text >= '1' && *text <= '9');
}

bool ci_db_fail_unique(struct ci_ctx *ctx, const char *columns)
{
    return ci_fail(ctx, UniqueViolation, columns);
}

bool ci_db_violated(const struct ci_ctx *ctx, const char *table, const char *column)
{
    size_t tables = strlen(table), columns = strlen(column);

    if (!ci_failed_with(ctx, CI_ERR_UniqueViolation))
        return false;
    for (const char *at = ctx->error->message; (at = strstr(at, table)); at += tables) {
        const char *name = at + tables + 1, *end = name + columns;

        if ((at == ctx->error->message || at[-1] == ' ') && at[tables] == '.' &&
            strncmp(name, column, columns) == 0 && (*end == ',' || *end == '\0'))
            return true;
    }
    return false;
}
