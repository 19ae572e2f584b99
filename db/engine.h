/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "db/db.h"

/*
 * What an engine (pg.c, sqlite.c) gives to the pool, and what the pool keeps of it.
 * Inside this folder only; everybody else uses db.h.
 */

/* Where the database is: [database]connection taken apart. Absent parts are NULL. */
struct ci_db_address {
    const char *scheme; /* "postgresql", "sqlite": without the "+driver" */
    const char *user, *password, *host, *port;
    const char *name;          /* the database's name; SQLite: the path, NULL for memory */
    const char *const *keys;   /* of the query part, ends with NULL */
    const char *const *values; /* the same length */
};

/* Takes a URL apart; fails with ConfigInvalid, never naming the password. */
ci_must_check bool ci_db_address_parse(struct ci_ctx *ctx, struct ci_arena *mem, const char *url,
                                       struct ci_db_address *ret_address);

struct ci_statement {
    const char *sql;
    size_t n;
    const char *const *values;
    int64_t deadline_ns; /* 0: may block */
};

typedef bool ci_db_each(struct ci_ctx *ctx, const struct ci_rows *rows, void *arg);

enum ci_session_state {
    CI_SESSION_IDLE,   /* ready for a statement */
    CI_SESSION_BUSY,   /* given up at a deadline; the server still works on it */
    CI_SESSION_BROKEN, /* to be closed */
};

/* One connection. Engines put it first in a struct of their own. */
struct ci_session {
    struct ci_session *next; /* in the pool's lists */
    struct ci_db *db;
    struct ci_arena *mem; /* holds the session itself; the pool ends it */
    enum ci_session_state state;
    int64_t born_ns;
    bool in_transaction;
};

struct ci_engine {
    const char *scheme;
    /* Looks at the address and sets db->data, in db->mem; connects nowhere. */
    bool (*open)(struct ci_ctx *ctx, struct ci_db *db);
    /* Waits for the server. The session lives in `mem`. */
    bool (*connect)(struct ci_ctx *ctx, struct ci_db *db, struct ci_arena *mem,
                    struct ci_session **ret_session);
    void (*disconnect)(struct ci_session *session);
    /* Does an idle connection still look usable? Never waits. */
    bool (*is_alive)(struct ci_session *session);
    /* Goes on with a BUSY connection, setting its state; with `wait` until it is not BUSY. */
    void (*drain)(struct ci_session *session, bool wait);
    bool (*query)(struct ci_ctx *ctx, struct ci_session *session, const struct ci_statement *s,
                  struct ci_rows **ret_rows);
    bool (*chunks)(struct ci_ctx *ctx, struct ci_session *session, const struct ci_statement *s,
                   size_t chunk_rows, ci_db_each *each, void *arg);
    bool (*run)(struct ci_ctx *ctx, struct ci_session *session, const struct ci_statement *s,
                int64_t *ret_changed);
    bool (*begin)(struct ci_ctx *ctx, struct ci_session *session);
    bool (*commit)(struct ci_ctx *ctx, struct ci_session *session);
    void (*rollback)(struct ci_session *session); /* no error: a failure breaks the session */
    /* lock_ms: of ci_db_change(); 0 waits as long as it takes. */
    bool (*script)(struct ci_ctx *ctx, struct ci_session *session, const char *sql, int lock_ms);
};

extern const struct ci_engine ci_engine_pg, ci_engine_sqlite;

/* A database, shared by all threads. The members of the pool belong to pool.c. */
struct ci_pool;
struct ci_db {
    struct ci_arena *mem;
    const struct ci_engine *engine;
    struct ci_db_address address;
    struct ci_db_options options;
    struct ci_pool *pool;
    void *data; /* the engine's */
};

/* The pool of at most so many connections; it lives in db->mem. */
struct ci_pool *ci_pool_new(struct ci_db *db, int max_sessions);
void ci_pool_free(struct ci_pool *pool);

/*
 * Lends a connection. Without a deadline it may connect and wait for others to give theirs
 * back; with one it fails with MustWait unless an idle connection is at hand.
 */
ci_must_check bool ci_pool_borrow(struct ci_ctx *ctx, struct ci_db *db, int64_t deadline_ns,
                                  struct ci_session **ret_session);
void ci_pool_return(struct ci_session *session);

/* Remembers the server's words for ci_db_trouble(). */
void ci_pool_trouble(struct ci_pool *pool, const char *why);

/*
 * The statements a connection has prepared, found by their text. Bounded: when it is full,
 * the engine forgets them all.
 */
struct ci_prepared {
    struct ci_prepared *next;
    uint64_t hash;
    const char *sql;
    size_t length;
    unsigned number; /* PostgreSQL's name is "s<number>"; 0: seen once, not prepared */
    void *handle;    /* SQLite's */
    int *parameters; /* SQLite: index of $1, $2, … */
    size_t n_parameters;
};
enum { CI_PREPARED_MAX = 256, CI_PREPARED_BUCKETS = 256 };
struct ci_prepared_set {
    struct ci_arena *mem;
    struct ci_prepared *buckets[CI_PREPARED_BUCKETS];
    size_t count;
};

void ci_prepared_init(struct ci_prepared_set *set);
void ci_prepared_done(struct ci_prepared_set *set);
struct ci_prepared *ci_prepared_find(const struct ci_prepared_set *set, const char *sql);
struct ci_prepared *ci_prepared_add(struct ci_prepared_set *set, const char *sql);
void ci_prepared_clear(struct ci_prepared_set *set);

/* Fails with UniqueViolation, naming columns as "nodes.name" or "table.a, table.b". */
bool ci_db_fail_unique(struct ci_ctx *ctx, const char *columns);
