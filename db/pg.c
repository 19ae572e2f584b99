/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL: the only file that knows libpq-fe.h.
 *
 * Every statement is sent without waiting and its answer waited for with poll(), so that a
 * deadline can be kept: the connection is then left as it is, and taken back when the
 * server has come to an end with it. Values travel as text.
 */
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "db/engine.h"

enum { CONNECT_TIMEOUT_S = 10, KEYWORDS_MAX = 64 };

/* A statement may take so long; a script takes what it needs. */
#define STATEMENT_TIMEOUT "SET statement_timeout = 30000; SET lock_timeout = 0"

static const char session_setup[] =
    "SET timezone = 'UTC'; SET datestyle = 'ISO'; SET standard_conforming_strings = on; "
    "SET jit = off; SET plan_cache_mode = force_generic_plan; " STATEMENT_TIMEOUT;

struct session {
    struct ci_session base;
    PGconn *pg;
    struct ci_prepared_set prepared;
    unsigned last_number; /* of a prepared statement; never used twice */
    int lock_ms;          /* of the script that is running; 0: it waits for locks */
};

/* SQLSTATEs, or classes of them, that mean: not now, perhaps later. */
static const char *const passing_states[] = {
    "08",    /* connection trouble */
    "40",    /* serialization failure, deadlock */
    "53",    /* out of connections, memory, disk */
    "55P03", /* lock not available */
    "57",    /* cancelled, shutting down, starting up */
    "58",    /* system error */
    "25006", /* read only: a standby */
};

static bool is_passing(const char *state)
{
    for (size_t i = 0; i < sizeof passing_states / sizeof passing_states[0]; i++) {
        if (strncmp(state, passing_states[i], strlen(passing_states[i])) == 0)
            return true;
    }
    return false;
}

/*
 * "Key (node_id, tag)=(1, a) already exists." becomes "node_tags.node_id, node_tags.tag", in
 * any language of the server. Where the detail is withheld, names like uniq_nodes0uuid tell.
 */
static const char *violated_columns(struct ci_ctx *ctx, const PGresult *result)
{
    const char *table = PQresultErrorField(result, PG_DIAG_TABLE_NAME);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    const char *from = detail ? strchr(detail, '(') : NULL, *to = from ? strstr(from, ")=(") : NULL;
    const char *const *names, *list = "";

    if (to) {
        names = ci_split(ctx->mem, ci_strndup(ctx->mem, from + 1, (size_t)(to - from - 1)), ',');
    } else {
        names = ci_split(ctx->mem, constraint ? constraint : "", '0');
        names += *names ? 1 : 0;
    }
    for (; *names; names++)
        list =
            ci_printf(ctx->mem, "%s%s%s.%s", list, *list ? ", " : "", table ? table : "", *names);
    return list;
}

/*
 * What the server said, without the details, which may show a whole row and the secrets in it.
 */
static const char *said(const struct session *s, const PGresult *result)
{
    const char *primary = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;

    return primary ? primary : PQerrorMessage(s->pg);
}

/* Puts what the server said into the context; gives false. */
static bool fail(struct ci_ctx *ctx, struct session *s, const PGresult *result)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;

    ci_debug(ctx, "PostgreSQL refused", "state=%s message=%s", state ? state : "none",
             said(s, result));
    ci_pool_trouble(s->base.db->pool, said(s, result));
    if (PQstatus(s->pg) != CONNECTION_OK) {
        s->base.state = CI_SESSION_BROKEN;
        return ci_fail(ctx, DatabaseUnavailable);
    }
    if (!state) {
        s->base.state = CI_SESSION_BROKEN;
        return ci_fail(ctx, DatabaseError);
    }
    /* A prepared statement that a change of the schema has overtaken, or that is gone. */
    if (strcmp(state, "0A000") == 0 || strcmp(state, "26000") == 0) {
        s->base.state = CI_SESSION_BROKEN;
        return ci_fail(ctx, DatabaseUnavailable);
    }
    if (strcmp(state, "23505") == 0)
        return ci_db_fail_unique(ctx, violated_columns(ctx, result));
    /* Only who asked for a limit is told so; a deadlock is the same to it. */
    if (s->lock_ms > 0 && (strcmp(state, "55P03") == 0 || strcmp(state, "40P01") == 0))
        return ci_fail(ctx, MustWait);
    if (is_passing(state))
        return ci_fail(ctx, DatabaseUnavailable);
    return ci_fail(ctx, DatabaseError);
}

/* Waits until the server's next answer can be taken without waiting. */
static bool await(struct ci_ctx *ctx, struct session *s, int64_t deadline_ns)
{
    struct pollfd readable = {.fd = PQsocket(s->pg), .events = POLLIN};

    while (PQisBusy(s->pg)) {
        struct timespec left;
        int64_t left_ns = 0;

        if (deadline_ns) {
            left_ns = deadline_ns - ci_time_monotonic_ns();
            if (left_ns < 0)
                left_ns = 0;
            left.tv_sec = left_ns / 1000000000;
            left.tv_nsec = left_ns % 1000000000;
        }
        if (ppoll(&readable, 1, deadline_ns ? &left : NULL, NULL) == 0 && left_ns == 0) {
            s->base.state = CI_SESSION_BUSY;
            return ci_fail(ctx, MustWait);
        }
        if (PQconsumeInput(s->pg) == 0)
            return fail(ctx, s, NULL);
    }
    return true;
}

/* The whole answer to what was sent; the last result when there are several. */
static bool answer(struct ci_ctx *ctx, struct session *s, int64_t deadline_ns,
                   PGresult **ret_result)
{
    PGresult *result = NULL, *next;

    for (;;) {
        if (!await(ctx, s, deadline_ns)) {
            PQclear(result);
            return false;
        }
        next = PQgetResult(s->pg);
        if (!next)
            break;
        PQclear(result);
        result = next;
    }
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
        *ret_result = result;
        return true;
    default:
        fail(ctx, s, result);
        PQclear(result);
        return false;
    }
}

/* Runs one statement without values and forgets its answer. */
static bool execute(struct ci_ctx *ctx, struct session *s, const char *sql)
{
    PGresult *result;

    if (PQsendQuery(s->pg, sql) == 0)
        return fail(ctx, s, NULL);
    if (!answer(ctx, s, 0, &result))
        return false;
    PQclear(result);
    return true;
}

/* Notes that the connection has seen the statement; NULL with ctx->error set. */
static struct ci_prepared *note(struct ci_ctx *ctx, struct session *s, const char *sql)
{
    if (s->prepared.count >= CI_PREPARED_MAX) {
        ci_prepared_clear(&s->prepared);
        if (!execute(ctx, s, "DEALLOCATE ALL"))
            return NULL;
    }
    return ci_prepared_add(&s->prepared, sql);
}

static bool prepare(struct ci_ctx *ctx, struct session *s, const struct ci_statement *statement,
                    struct ci_prepared *p)
{
    const unsigned number = ++s->last_number;
    PGresult *result;
    char name[16];

    snprintf(name, sizeof name, "s%u", number);
    if (PQsendPrepare(s->pg, name, statement->sql, 0, NULL) == 0)
        return fail(ctx, s, NULL);
    if (!answer(ctx, s, statement->deadline_ns, &result))
        return false;
    PQclear(result);
    p->number = number;
    return true;
}

/*
 * Prepares what comes a second time: many a statement comes once, and preparing it would cost
 * one more way to the server and back, and the server's memory.
 */
static bool send(struct ci_ctx *ctx, struct session *s, const struct ci_statement *statement)
{
    struct ci_prepared *p = ci_prepared_find(&s->prepared, statement->sql);
    const int n = (int)statement->n;
    char name[16];

    if (!p)
        return note(ctx, s, statement->sql) &&
               (PQsendQueryParams(s->pg, statement->sql, n, NULL, statement->values, NULL, NULL,
                                  0) ||
                fail(ctx, s, NULL));
    if (p->number == 0 && !prepare(ctx, s, statement, p))
        return false;
    snprintf(name, sizeof name, "s%u", p->number);
    return PQsendQueryPrepared(s->pg, name, n, statement->values, NULL, NULL, 0) ||
           fail(ctx, s, NULL);
}

static bool ask(struct ci_ctx *ctx, struct session *s, const struct ci_statement *statement,
                PGresult **ret_result)
{
    return send(ctx, s, statement) && answer(ctx, s, statement->deadline_ns, ret_result);
}

static const char *value_of(const PGresult *result, size_t row, size_t column, size_t *ret_length)
{
    const char *value = PQgetvalue(result, (int)row, (int)column);

    *ret_length = (size_t)PQgetlength(result, (int)row, (int)column);
    return *ret_length == 0 && PQgetisnull(result, (int)row, (int)column) ? NULL : value;
}

static const char *get(const struct ci_rows *rows, size_t row, size_t column, size_t *ret_length)
{
    return value_of(rows->engine, row, column, ret_length);
}

static void clear(void *result)
{
    PQclear(result);
}

static bool query(struct ci_ctx *ctx, struct ci_session *session,
                  const struct ci_statement *statement, struct ci_rows **ret_rows)
{
    struct ci_rows *rows;
    PGresult *result;

    if (!ask(ctx, (struct session *)session, statement, &result))
        return false;
    ci_defer(ctx->mem, clear, result);
    rows = ci_new(ctx->mem, struct ci_rows);
    rows->count = (size_t)PQntuples(result);
    rows->columns = (size_t)PQnfields(result);
    rows->engine = result;
    rows->get = get;
    *ret_rows = rows;
    return true;
}

static bool run(struct ci_ctx *ctx, struct ci_session *session,
                const struct ci_statement *statement, int64_t *ret_changed)
{
    PGresult *result;

    if (!ask(ctx, (struct session *)session, statement, &result))
        return false;
    if (!ci_parse_int(PQcmdTuples(result), 0, INT64_MAX, ret_changed))
        *ret_changed = 0;
    PQclear(result);
    return true;
}

/* A chunk: one result a row, as libpq gives them in its single row mode. */
struct chunk {
    PGresult **results;
    size_t count;
};

static const char *chunk_get(const struct ci_rows *rows, size_t row, size_t column,
                             size_t *ret_length)
{
    const struct chunk *chunk = rows->engine;

    return value_of(chunk->results[row], 0, column, ret_length);
}

static void chunk_clear(struct chunk *chunk)
{
    for (size_t i = 0; i < chunk->count; i++)
        PQclear(chunk->results[i]);
    chunk->count = 0;
}

/* Hands the chunk over and empties it. */
static bool chunk_give(struct ci_ctx *ctx, struct chunk *chunk, ci_db_each *each, void *arg)
{
    struct ci_rows rows = {.count = chunk->count, .engine = chunk, .get = chunk_get};
    bool wanted = true;

    if (chunk->count > 0) {
        rows.columns = (size_t)PQnfields(chunk->results[0]);
        wanted = each(ctx, &rows, arg);
    }
    chunk_clear(chunk);
    return wanted;
}

/* A chunk that is a stretch of a whole result. */
struct stretch {
    const PGresult *result;
    size_t first;
};

static const char *stretch_get(const struct ci_rows *rows, size_t row, size_t column,
                               size_t *ret_length)
{
    const struct stretch *stretch = rows->engine;

    return value_of(stretch->result, stretch->first + row, column, ret_length);
}

static bool give_whole(struct ci_ctx *ctx, const PGresult *result, size_t chunk_rows,
                       ci_db_each *each, void *arg)
{
    const size_t count = (size_t)PQntuples(result);
    struct stretch stretch = {.result = result};
    struct ci_rows rows = {
        .columns = (size_t)PQnfields(result), .engine = &stretch, .get = stretch_get};
    bool wanted = true;

    for (; wanted && stretch.first < count; stretch.first += rows.count) {
        rows.count = count - stretch.first < chunk_rows ? count - stretch.first : chunk_rows;
        wanted = each(ctx, &rows, arg);
    }
    return wanted;
}

static bool chunks_row_by_row(struct ci_ctx *ctx, struct session *s,
                              const struct ci_statement *statement, size_t chunk_rows,
                              ci_db_each *each, void *arg)
{
    struct chunk chunk = {.results = ci_alloc_array(ctx->mem, chunk_rows, sizeof(PGresult *))};
    bool done = true;

    if (!send(ctx, s, statement))
        return false;
    PQsetSingleRowMode(s->pg);
    for (;;) {
        PGresult *result;

        if (!await(ctx, s, statement->deadline_ns)) {
            done = false;
            break;
        }
        result = PQgetResult(s->pg);
        if (!result)
            break;
        if (done && PQresultStatus(result) == PGRES_SINGLE_TUPLE) {
            chunk.results[chunk.count++] = result;
            if (chunk.count == chunk_rows)
                done = chunk_give(ctx, &chunk, each, arg);
            continue;
        }
        if (done && PQresultStatus(result) != PGRES_TUPLES_OK)
            done = fail(ctx, s, result);
        PQclear(result);
    }
    done = done && chunk_give(ctx, &chunk, each, arg);
    chunk_clear(&chunk);
    return done;
}

/*
 * A statement with a LIMIT is taken whole, since that costs libpq a quarter of what single rows
 * do (1000 rows of 6 columns: 0.24 ms against 1.2); its length is bounded anyway.
 */
static bool chunks(struct ci_ctx *ctx, struct ci_session *session,
                   const struct ci_statement *statement, size_t chunk_rows, ci_db_each *each,
                   void *arg)
{
    struct session *s = (struct session *)session;
    PGresult *result;
    bool done;

    if (!strcasestr(statement->sql, " LIMIT "))
        return chunks_row_by_row(ctx, s, statement, chunk_rows, each, arg);
    if (!ask(ctx, s, statement, &result))
        return false;
    done = give_whole(ctx, result, chunk_rows, each, arg);
    PQclear(result);
    return done;
}

/* Gives the session back the limits of ordinary statements, whatever has happened. */
static void limit_again(struct ci_ctx *ctx, struct session *s)
{
    struct ci_error *error = ctx->error;

    if (s->base.state != CI_SESSION_IDLE || PQtransactionStatus(s->pg) == PQTRANS_INERROR)
        return; /* closed soon, or rolled back and the limits with it */
    if (!execute(ctx, s, STATEMENT_TIMEOUT))
        s->base.state = CI_SESSION_BROKEN;
    ctx->error = error;
}

static bool script(struct ci_ctx *ctx, struct ci_session *session, const char *sql, int lock_ms)
{
    struct session *s = (struct session *)session;
    const char *limits =
        ci_printf(ctx->mem, "SET statement_timeout = 0; SET lock_timeout = %d", lock_ms);
    bool done;

    s->lock_ms = lock_ms;
    done = execute(ctx, s, limits) && execute(ctx, s, sql);
    s->lock_ms = 0;
    limit_again(ctx, s);
    return done;
}

static bool begin(struct ci_ctx *ctx, struct ci_session *session)
{
    return execute(ctx, (struct session *)session, "BEGIN");
}

static bool commit(struct ci_ctx *ctx, struct ci_session *session)
{
    return execute(ctx, (struct session *)session, "COMMIT");
}

static void rollback(struct ci_session *session)
{
    struct session *s = (struct session *)session;
    PGresult *result;

    if (session->state == CI_SESSION_BROKEN)
        return;
    result = PQexec(s->pg, "ROLLBACK");
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        session->state = CI_SESSION_BROKEN;
    PQclear(result);
}

static bool is_alive(struct ci_session *session)
{
    struct session *s = (struct session *)session;
    struct pollfd readable = {.fd = PQsocket(s->pg), .events = POLLIN};

    if (PQstatus(s->pg) != CONNECTION_OK)
        return false;
    /* Nothing is expected from the server now, unless it says good-bye and hangs up. */
    while (poll(&readable, 1, 0) != 0) {
        if (PQconsumeInput(s->pg) == 0 || PQisBusy(s->pg))
            return false;
    }
    return true;
}

static void cancel(struct session *s)
{
    PGcancel *request = PQgetCancel(s->pg);
    char why[256];

    /* When it cannot be cancelled, the answer is waited for all the same. */
    if (request)
        (void)PQcancel(request, why, sizeof why);
    PQfreeCancel(request);
}

static void drain(struct ci_session *session, bool wait)
{
    struct session *s = (struct session *)session;

    if (wait)
        cancel(s);
    else if (PQconsumeInput(s->pg) == 0)
        session->state = CI_SESSION_BROKEN;
    while (session->state == CI_SESSION_BUSY && (wait || !PQisBusy(s->pg))) {
        PGresult *result = PQgetResult(s->pg);

        if (!result)
            session->state = PQstatus(s->pg) == CONNECTION_OK ? CI_SESSION_IDLE : CI_SESSION_BROKEN;
        PQclear(result);
    }
}

static void be_quiet(void *arg, const PGresult *result)
{
    (void)arg;
    ci_debug(NULL, "PostgreSQL remarked", "message=%s", PQresultErrorMessage(result));
}

/* What libpq connects with: its own words for the parts of the address. */
struct keywords {
    const char *keys[KEYWORDS_MAX + 1], *values[KEYWORDS_MAX + 1];
    size_t n;
};

static void keyword(struct keywords *k, const char *key, const char *value)
{
    if (!value || k->n == KEYWORDS_MAX)
        return;
    k->keys[k->n] = key;
    k->values[k->n++] = value;
}

static bool open_database(struct ci_ctx *ctx, struct ci_db *db)
{
    const struct ci_db_address *address = &db->address;
    struct keywords *k = ci_new(db->mem, struct keywords);
    const int timeout_s = db->options.connect_timeout_s;
    PQconninfoOption *known = PQconndefaults();

    for (size_t i = 0; address->keys[i]; i++) {
        PQconninfoOption *o = known;

        while (o && o->keyword && strcmp(o->keyword, address->keys[i]) != 0)
            o++;
        if (!o || !o->keyword) {
            PQconninfoFree(known);
            return ci_fail_text(ctx, ConfigInvalid,
                                "[database]connection: PostgreSQL knows no parameter %s.",
                                address->keys[i]);
        }
    }
    PQconninfoFree(known);
    keyword(k, "application_name", "castiron");
    keyword(k, "keepalives_idle", "30");
    keyword(k, "keepalives_interval", "10");
    keyword(k, "keepalives_count", "3");
    keyword(k, "tcp_user_timeout", "45000");
    keyword(k, "connect_timeout",
            ci_printf(db->mem, "%d", timeout_s > 0 ? timeout_s : CONNECT_TIMEOUT_S));
    keyword(k, "host", address->host);
    keyword(k, "port", address->port);
    keyword(k, "user", address->user);
    keyword(k, "password", address->password);
    keyword(k, "dbname", address->name);
    for (size_t i = 0; address->keys[i]; i++)
        keyword(k, address->keys[i], address->values[i]);
    keyword(k, "client_encoding", "UTF8");
    db->data = k;
    return true;
}

static bool connect(struct ci_ctx *ctx, struct ci_db *db, struct ci_arena *mem,
                    struct ci_session **ret_session)
{
    struct session *s = ci_new(mem, struct session);
    const struct keywords *k = db->data;

    s->base.db = db;
    s->pg = PQconnectdbParams(k->keys, k->values, 0);
    if (!s->pg || PQstatus(s->pg) != CONNECTION_OK) {
        ci_debug(ctx, "PostgreSQL cannot be reached", "message=%s", PQerrorMessage(s->pg));
        ci_pool_trouble(db->pool, PQerrorMessage(s->pg));
        PQfinish(s->pg);
        return ci_fail(ctx, DatabaseUnavailable);
    }
    PQsetNoticeReceiver(s->pg, be_quiet, NULL);
    if (!execute(ctx, s, session_setup)) {
        PQfinish(s->pg);
        return false;
    }
    ci_prepared_init(&s->prepared);
    *ret_session = &s->base;
    return true;
}

static void disconnect(struct ci_session *session)
{
    struct session *s = (struct session *)session;

    PQfinish(s->pg);
    ci_prepared_done(&s->prepared);
}

const struct ci_engine ci_engine_pg = {
    .scheme = "postgresql",
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
