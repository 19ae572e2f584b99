/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

/*
 * SQL on PostgreSQL or SQLite: the whole interface of this floor.
 *
 * A struct ci_db is one database and its pool of connections; it is shared by all threads.
 * Statements are plain SQL with $1, $2, …, prepared once per connection; the text of a
 * statement must therefore be one of few (built from tables, never from input). Values are
 * passed as text, NULL for SQL NULL: numbers in decimal, booleans as "1" and "0", times as
 * "YYYY-MM-DD HH:MM:SS.ffffff" in UTC. Results come back as text the same way, but for
 * booleans, which ci_row_bool() reads.
 *
 * Errors: DatabaseUnavailable (503) when the server is away (the pool reconnects by itself),
 * UniqueViolation (ask ci_db_violated() of what), MustWait when ctx->deadline_ns passed,
 * DatabaseError for the rest.
 *
 * With ctx->deadline_ns set nothing here waits longer: no connection is made, and whatever is
 * not a SELECT, begins a transaction or finds no idle connection fails with MustWait at once.
 * Run it again without the deadline, in a thread that may wait.
 *
 * SQLite compares a value with a column by the column's type; an expression has none, so that
 * coalesce(id, 0) = $1 compares a number with a text and is never true. Write CAST($1 AS INTEGER).
 */

struct ci_db_options {
    const char *url;       /* SQLAlchemy's form: postgresql+psycopg2://…, sqlite:///… */
    int max_connections;   /* [database]max_pool_size + max_overflow */
    int connect_timeout_s; /* 0: 10 seconds */
    int wait_s;            /* [database]pool_timeout: for a free connection; 0: 10 seconds */
    int recycle_s;         /* [database]connection_recycle_time; 0: connections are kept */
    bool sqlite_unsafe;    /* [database]sqlite_synchronous = False: may lose writes with power */
};

/*
 * Does not connect yet; fails with ConfigInvalid on a URL that no engine takes (mysql…). The
 * options are copied. Close it when no context uses it any more.
 */
ci_must_check bool ci_db_open(struct ci_ctx *ctx, const struct ci_db_options *options,
                              struct ci_db **ret_db);
void ci_db_close(struct ci_db *db);

/* The same with what [database] says. */
ci_must_check bool ci_db_open_configured(struct ci_ctx *ctx, const struct ci_config *config,
                                         struct ci_db **ret_db);

/* Connects once and asks the server for a row: for start-up and health checks. */
ci_must_check bool ci_db_ping(struct ci_ctx *ctx);

/*
 * For the start of a program: pings until there is an answer, as often and as far apart as
 * [database]max_retries and retry_interval say, with a warning for each try in vain. A signal
 * that is handled ends the waiting.
 */
ci_must_check bool ci_db_wait(struct ci_ctx *ctx, const struct ci_config *config);

/*
 * What the server said when it last refused a statement or a connection, in its own words: for
 * the log of a program that ends, not for clients. NULL: it never did.
 */
const char *ci_db_trouble(struct ci_arena *mem, struct ci_db *db);

/* A fact or two about the engine. */
bool ci_db_is_sqlite(const struct ci_db *db);

/* Rows of a result; they live as long as the arena of the context. */
struct ci_rows {
    size_t count, columns;
    void *engine; /* what the engine keeps */
    const char *(*get)(const struct ci_rows *rows, size_t row, size_t column, size_t *ret_length);
};

/* A value, NULL for SQL NULL; not copied: valid as long as the rows. */
static inline const char *ci_row_text(const struct ci_rows *rows, size_t row, size_t column)
{
    size_t ignored;
    return rows->get(rows, row, column, &ignored);
}
int64_t ci_row_int(const struct ci_rows *rows, size_t row, size_t column, int64_t if_null);
/* 1, 0, or if_null. */
int ci_row_bool(const struct ci_rows *rows, size_t row, size_t column, int if_null);

/* Runs a statement that gives rows. */
ci_must_check bool ci_db_query(struct ci_ctx *ctx, const char *sql, size_t n,
                               const char *const values[], struct ci_rows **ret_rows);

/*
 * The same for long results: `each` is called with chunks of at most chunk_rows rows, one
 * after the other, all of one snapshot; a chunk is gone when `each` returns. Stops when
 * `each` gives false (with ctx->error set). `each` runs no statements of its own.
 */
ci_must_check bool ci_db_query_chunks(
    struct ci_ctx *ctx, const char *sql, size_t n, const char *const values[], size_t chunk_rows,
    bool (*each)(struct ci_ctx *ctx, const struct ci_rows *rows, void *arg), void *arg);

/* Runs a statement for its effect; ret_changed (may be NULL) counts the rows it changed. */
ci_must_check bool ci_db_run(struct ci_ctx *ctx, const char *sql, size_t n,
                             const char *const values[], int64_t *ret_changed);

/* Runs an UPDATE and gives these columns of the rows that it changed, as they are now. */
ci_must_check bool ci_db_update(struct ci_ctx *ctx, const char *sql, const char *columns, size_t n,
                                const char *const values[], struct ci_rows **ret_rows);

/*
 * Runs an INSERT of one row and gives the value that the database chose for its column `key`
 * ("id").
 */
ci_must_check bool ci_db_insert(struct ci_ctx *ctx, const char *sql, size_t n,
                                const char *const values[], const char *key, int64_t *ret_key);

/* Connections of the pool at this moment, and how many were made, and not made, so far. */
struct ci_db_use {
    int busy, idle, max;
    uint64_t made, failed;
};
struct ci_db_use ci_db_use(const struct ci_db *db);

/* Tells that to whoever reads figures. */
struct ci_metrics;
void ci_db_write_metrics(const struct ci_db *db, struct ci_metrics *to);

/*
 * Transactions. Everything run with this context between begin and commit belongs to it;
 * leaving early (the arena's end, or an error) rolls back. Begin inside an open transaction
 * counts levels: only the outermost commit commits. A statement that fails ends it at once;
 * until ci_db_rollback(), which ends all levels, further statements and the commit fail.
 * The context must not be used after its arena's end with the transaction still open.
 *
 * SQLite: begins as a writer (BEGIN IMMEDIATE), so that it never has to be upgraded.
 */
ci_must_check bool ci_db_begin(struct ci_ctx *ctx);
ci_must_check bool ci_db_commit(struct ci_ctx *ctx);
void ci_db_rollback(struct ci_ctx *ctx);

/*
 * Was the last error a violation of uniqueness of this column of this table ("nodes", "name")?
 * Also true when the column is one of several that are unique together.
 */
bool ci_db_violated(const struct ci_ctx *ctx, const char *table, const char *column);

/* Runs statements separated by ';' without values (schema work); not prepared, no time limit. */
ci_must_check bool ci_db_script(struct ci_ctx *ctx, const char *sql);

/*
 * The same, but fails with MustWait where PostgreSQL would wait longer than lock_ms for a lock:
 * who waits for a table keeps everybody after it waiting, too. Run it again after a while.
 */
ci_must_check bool ci_db_change(struct ci_ctx *ctx, const char *sql, int lock_ms);
