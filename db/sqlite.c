/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite: the only file that knows sqlite3.h.
 *
 * The journal is a WAL, so that readers never wait for the writer. Writers take turns within
 * the process before they ask SQLite, and wait for other processes in its busy handler: a
 * lock is not something a client hears of. Foreign keys are not enforced, as with Ironic.
 */
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "db/engine.h"

enum {
    BUSY_MS = 30000,        /* for another process that writes */
    TURN_S = 30,            /* for another thread that writes */
    STEPS_PER_LOOK = 20000, /* virtual machine steps between two looks at the clock */
    PARAMETERS_MAX = 1000,
};

/* Shared by the connections of a database. */
struct shared {
    pthread_mutex_t mutex;
    pthread_cond_t turn;
    bool writing;        /* guarded by mutex */
    _Atomic bool is_wal; /* set in a turn */
};

struct session {
    struct ci_session base;
    sqlite3 *sqlite;
    struct ci_prepared_set prepared;
    int64_t deadline_ns; /* of the statement under way; 0: none */
    bool has_turn;
};

/* A value of a result. */
struct cell {
    const char *text;
    size_t length;
};

struct table {
    struct cell **rows;
    size_t capacity;
};

static bool fail(struct ci_ctx *ctx, struct session *s, const char *doing)
{
    int code = sqlite3_extended_errcode(s->sqlite);
    const char *message = sqlite3_errmsg(s->sqlite), *unique = "UNIQUE constraint failed: ";

    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
        code == SQLITE_CONSTRAINT_ROWID) {
        size_t n = strlen(unique);

        return ci_db_fail_unique(ctx, strncmp(message, unique, n) == 0 ? message + n : message);
    }
    ci_debug(ctx, "SQLite refused", "doing=%.60s code=%d message=%s", doing, code, message);
    ci_pool_trouble(s->base.db->pool, message);
    switch (code & 0xff) {
    case SQLITE_INTERRUPT:
        return ci_fail(ctx, MustWait);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        if (s->deadline_ns)
            return ci_fail(ctx, MustWait);
        return ci_fail(ctx, DatabaseUnavailable);
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_READONLY:
        s->base.state = CI_SESSION_BROKEN;
        return ci_fail(ctx, DatabaseUnavailable);
    default:
        return ci_fail(ctx, DatabaseError);
    }
}

/* Waits until no other thread writes. */
static bool take_turn(struct ci_ctx *ctx, struct session *s)
{
    struct shared *shared = s->base.db->data;
    struct timespec until;
    int late = 0;

    if (s->has_turn)
        return true;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += TURN_S;
    pthread_mutex_lock(&shared->mutex);
    while (shared->writing && !late)
        late = pthread_cond_timedwait(&shared->turn, &shared->mutex, &until);
    if (!shared->writing)
        s->has_turn = shared->writing = true;
    pthread_mutex_unlock(&shared->mutex);
    return s->has_turn || ci_fail(ctx, DatabaseUnavailable);
}

static void end_turn(struct session *s)
{
    struct shared *shared = s->base.db->data;

    if (!s->has_turn)
        return;
    s->has_turn = false;
    pthread_mutex_lock(&shared->mutex);
    shared->writing = false;
    pthread_cond_signal(&shared->turn);
    pthread_mutex_unlock(&shared->mutex);
}

/* SQLite asks this while another process holds a lock: wait a little more? */
static int wait_for_lock(void *session, int tries)
{
    const struct session *s = session;
    const struct timespec pause = {.tv_nsec = tries < 10 ? 500000 : 5000000};

    if (s->deadline_ns ? ci_time_monotonic_ns() > s->deadline_ns : tries > BUSY_MS / 5)
        return 0;
    nanosleep(&pause, NULL);
    return 1;
}

static int is_late(void *session)
{
    const struct session *s = session;

    return s->deadline_ns && ci_time_monotonic_ns() > s->deadline_ns;
}

static void forget_statements(struct session *s)
{
    for (size_t i = 0; i < CI_PREPARED_BUCKETS; i++) {
        for (struct ci_prepared *p = s->prepared.buckets[i]; p; p = p->next)
            sqlite3_finalize(p->handle);
    }
    ci_prepared_clear(&s->prepared);
}

/* $1 is a name to SQLite, numbered by where it comes first: remember the index of each. */
static void find_parameters(struct session *s, struct ci_prepared *p)
{
    const int n = sqlite3_bind_parameter_count(p->handle);
    int64_t highest = 0, number;

    for (int i = 1; i <= n; i++) {
        const char *name = sqlite3_bind_parameter_name(p->handle, i);

        if (name && ci_parse_int(name + 1, 1, PARAMETERS_MAX, &number) && number > highest)
            highest = number;
    }
    p->n_parameters = (size_t)highest;
    p->parameters = ci_alloc_array(s->prepared.mem, p->n_parameters + 1, sizeof *p->parameters);
    for (int i = 1; i <= n; i++) {
        const char *name = sqlite3_bind_parameter_name(p->handle, i);

        if (name && ci_parse_int(name + 1, 1, PARAMETERS_MAX, &number))
            p->parameters[number] = i;
    }
}

/* The statement as prepared on this connection; NULL with ctx->error set. */
static struct ci_prepared *prepare(struct ci_ctx *ctx, struct session *s, const char *sql)
{
    struct ci_prepared *p = ci_prepared_find(&s->prepared, sql);
    sqlite3_stmt *handle;

    if (p)
        return p;
    if (s->prepared.count >= CI_PREPARED_MAX)
        forget_statements(s);
    if (sqlite3_prepare_v3(s->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL) !=
        SQLITE_OK) {
        fail(ctx, s, "prepare");
        return NULL;
    }
    p = ci_prepared_add(&s->prepared, sql);
    p->handle = handle;
    find_parameters(s, p);
    return p;
}

static bool bind(struct ci_ctx *ctx, struct session *s, const struct ci_prepared *p,
                 const struct ci_statement *statement)
{
    /* A value that the statement does not use is no mistake: PostgreSQL allows it too. */
    for (size_t i = 0; i < statement->n && i < p->n_parameters; i++) {
        const char *value = statement->values[i];
        int at = p->parameters[i + 1];

        if (at != 0 && value &&
            sqlite3_bind_text(p->handle, at, value, -1, SQLITE_STATIC) != SQLITE_OK)
            return fail(ctx, s, "bind");
    }
    return true;
}

static void finish(struct session *s, struct ci_prepared *p)
{
    sqlite3_reset(p->handle);
    sqlite3_clear_bindings(p->handle);
    s->deadline_ns = 0;
    if (!s->base.in_transaction)
        end_turn(s);
}

/*
 * The statement ready to be stepped through, a writer having its turn; NULL with ctx->error
 * set. Ended by finish().
 */
static struct ci_prepared *begin_statement(struct ci_ctx *ctx, struct session *s,
                                           const struct ci_statement *statement)
{
    struct ci_prepared *p;

    s->deadline_ns = statement->deadline_ns;
    p = prepare(ctx, s, statement->sql);
    if (p && (sqlite3_stmt_readonly(p->handle) || take_turn(ctx, s)) && bind(ctx, s, p, statement))
        return p;
    if (p)
        finish(s, p);
    s->deadline_ns = 0; /* what comes next on the connection has no deadline, or its own */
    return NULL;
}

/* The current row, copied in one piece. */
static struct cell *copy_row(struct ci_arena *mem, sqlite3_stmt *stmt, size_t columns)
{
    struct cell *cells = ci_alloc_array(mem, columns, sizeof *cells);
    size_t total = 0;
    char *to;

    for (size_t i = 0; i < columns; i++) {
        /* column_text first: it may convert, and the length is that of the converted. */
        cells[i].text = (const char *)sqlite3_column_text(stmt, (int)i);
        cells[i].length = (size_t)sqlite3_column_bytes(stmt, (int)i);
        total += cells[i].text ? cells[i].length + 1 : 0;
    }
    to = ci_alloc(mem, total);
    for (size_t i = 0; i < columns; i++) {
        if (!cells[i].text)
            continue;
        memcpy(to, cells[i].text, cells[i].length);
        to[cells[i].length] = '\0';
        cells[i].text = to;
        to += cells[i].length + 1;
    }
    return cells;
}

static const char *get(const struct ci_rows *rows, size_t row, size_t column, size_t *ret_length)
{
    const struct table *table = rows->engine;
    const struct cell *cell = &table->rows[row][column];

    *ret_length = cell->text ? cell->length : 0;
    return cell->text;
}

static struct ci_rows *rows_new(struct ci_arena *mem, size_t columns)
{
    struct ci_rows *rows = ci_new(mem, struct ci_rows);

    rows->columns = columns;
    rows->get = get;
    rows->engine = ci_new(mem, struct table);
    return rows;
}

static void rows_add(struct ci_arena *mem, struct ci_rows *rows, sqlite3_stmt *stmt)
{
    struct table *table = rows->engine;

    if (rows->count == table->capacity) {
        size_t wider = table->capacity ? table->capacity * 4 : 4;
        struct cell **copy = ci_alloc_array(mem, wider, sizeof(struct cell *));

        if (rows->count > 0)
            memcpy(copy, table->rows, rows->count * sizeof(struct cell *));
        table->rows = copy;
        table->capacity = wider;
    }
    table->rows[rows->count++] = copy_row(mem, stmt, rows->columns);
}

/* Steps on until `limit` rows are there or the end is reached (*ret_end). */
static bool fetch(struct ci_ctx *ctx, struct session *s, sqlite3_stmt *stmt, struct ci_arena *mem,
                  size_t limit, struct ci_rows *rows, bool *ret_end)
{
    int code = SQLITE_ROW;

    while (rows->count < limit) {
        code = sqlite3_step(stmt);
        if (code != SQLITE_ROW)
            break;
        rows_add(mem, rows, stmt);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return fail(ctx, s, "step");
    *ret_end = code == SQLITE_DONE;
    return true;
}

static bool query(struct ci_ctx *ctx, struct ci_session *session,
                  const struct ci_statement *statement, struct ci_rows **ret_rows)
{
    struct session *s = (struct session *)session;
    struct ci_prepared *p = begin_statement(ctx, s, statement);
    struct ci_rows *rows;
    bool end, done;

    if (!p)
        return false;
    rows = rows_new(ctx->mem, (size_t)sqlite3_column_count(p->handle));
    done = fetch(ctx, s, p->handle, ctx->mem, SIZE_MAX, rows, &end);
    finish(s, p);
    if (done)
        *ret_rows = rows;
    return done;
}

static bool chunks(struct ci_ctx *ctx, struct ci_session *session,
                   const struct ci_statement *statement, size_t chunk_rows, ci_db_each *each,
                   void *arg)
{
    struct session *s = (struct session *)session;
    struct ci_prepared *p = begin_statement(ctx, s, statement);
    struct ci_arena *mem;
    bool end = false, done = true;

    if (!p)
        return false;
    mem = ci_arena_new();
    while (done && !end) {
        struct ci_rows *rows;

        ci_arena_reset(mem);
        rows = rows_new(mem, (size_t)sqlite3_column_count(p->handle));
        done = fetch(ctx, s, p->handle, mem, chunk_rows, rows, &end) &&
               (rows->count == 0 || each(ctx, rows, arg));
    }
    ci_arena_free(mem);
    finish(s, p);
    return done;
}

static bool run(struct ci_ctx *ctx, struct ci_session *session,
                const struct ci_statement *statement, int64_t *ret_changed)
{
    struct session *s = (struct session *)session;
    struct ci_prepared *p = begin_statement(ctx, s, statement);
    int code;
    bool done;

    if (!p)
        return false;
    code = sqlite3_step(p->handle);
    while (code == SQLITE_ROW)
        code = sqlite3_step(p->handle);
    done = code == SQLITE_DONE || fail(ctx, s, "step");
    if (done)
        *ret_changed = sqlite3_stmt_readonly(p->handle) ? 0 : sqlite3_changes64(s->sqlite);
    finish(s, p);
    return done;
}

static bool execute(struct ci_ctx *ctx, struct session *s, const char *sql)
{
    return sqlite3_exec(s->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK || fail(ctx, s, sql);
}

static bool script(struct ci_ctx *ctx, struct ci_session *session, const char *sql, int lock_ms)
{
    struct session *s = (struct session *)session;
    bool done = take_turn(ctx, s) && execute(ctx, s, sql);

    (void)lock_ms; /* one writer at a time: all wait their turn */
    if (!session->in_transaction)
        end_turn(s);
    return done;
}

static bool begin(struct ci_ctx *ctx, struct ci_session *session)
{
    struct session *s = (struct session *)session;

    if (!take_turn(ctx, s))
        return false;
    if (execute(ctx, s, "BEGIN IMMEDIATE"))
        return true;
    end_turn(s);
    return false;
}

static bool commit(struct ci_ctx *ctx, struct ci_session *session)
{
    struct session *s = (struct session *)session;

    if (!execute(ctx, s, "COMMIT"))
        return false;
    end_turn(s);
    return true;
}

static void rollback(struct ci_session *session)
{
    struct session *s = (struct session *)session;

    /* SQLite ends a transaction by itself after some errors; then there is nothing to do. */
    if (!sqlite3_get_autocommit(s->sqlite) &&
        sqlite3_exec(s->sqlite, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
        session->state = CI_SESSION_BROKEN;
    end_turn(s);
}

/*
 * The journal is a property of the file: set by the first connection, in its turn, since
 * changing a new file does not wait for others who do the same.
 */
static bool set_journal(struct ci_ctx *ctx, struct session *s)
{
    struct shared *shared = s->base.db->data;
    bool done;

    if (shared->is_wal)
        return true;
    if (!take_turn(ctx, s))
        return false;
    done = shared->is_wal || execute(ctx, s, "PRAGMA journal_mode = WAL");
    shared->is_wal = done;
    end_turn(s);
    return done;
}

static bool connect(struct ci_ctx *ctx, struct ci_db *db, struct ci_arena *mem,
                    struct ci_session **ret_session)
{
    struct session *s = ci_new(mem, struct session);
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const char *path = db->address.name ? db->address.name : ":memory:";

    s->base.db = db;
    ci_prepared_init(&s->prepared);
    if (sqlite3_open_v2(path, &s->sqlite, flags, NULL) == SQLITE_OK) {
        sqlite3_busy_handler(s->sqlite, wait_for_lock, s);
        sqlite3_progress_handler(s->sqlite, STEPS_PER_LOOK, is_late, s);
        if (set_journal(ctx, s) &&
            execute(ctx, s,
                    db->options.sqlite_unsafe ? "PRAGMA synchronous = OFF"
                                              : "PRAGMA synchronous = FULL")) {
            *ret_session = &s->base;
            return true;
        }
    } else {
        fail(ctx, s, "open");
    }
    ci_pool_trouble(db->pool, ci_printf(ctx->mem, "%s: %s", path, sqlite3_errmsg(s->sqlite)));
    sqlite3_close(s->sqlite);
    ci_prepared_done(&s->prepared);
    return false;
}

static void disconnect(struct ci_session *session)
{
    struct session *s = (struct session *)session;

    forget_statements(s);
    sqlite3_close(s->sqlite);
    ci_prepared_done(&s->prepared);
}

static bool is_alive(struct ci_session *session)
{
    (void)session;
    return true;
}

/* No statement is ever left under way. */
static void drain(struct ci_session *session, bool wait)
{
    (void)wait;
    session->state = CI_SESSION_IDLE;
}

static void done_shared(void *shared)
{
    struct shared *s = shared;

    pthread_cond_destroy(&s->turn);
    pthread_mutex_destroy(&s->mutex);
}

static bool open_database(struct ci_ctx *ctx, struct ci_db *db)
{
    struct shared *shared = ci_new(db->mem, struct shared);
    pthread_condattr_t monotonic;

    (void)ctx;
    pthread_mutex_init(&shared->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&shared->turn, &monotonic);
    pthread_condattr_destroy(&monotonic);
    ci_defer(db->mem, done_shared, shared);
    db->data = shared;
    /* A database in memory is its connection's own. */
    if (!db->address.name)
        db->options.max_connections = 1;
    return true;
}

const struct ci_engine ci_engine_sqlite = {
    .scheme = "sqlite",
    .open = open_database,
    .connect = connect,
    .disconnect = disconnect,
    .is_alive = is_alive,
    .drain = drain,
    .query = query,
    .chunks = chunks,
    .run = run,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .script = script,
};
