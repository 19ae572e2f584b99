/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections lent to threads.
 *
 * The one given back last is lent first, so that few stay warm. A connection that was given
 * up at a deadline goes to a list of its own until the server has finished with it; such
 * ones may take only part of the pool, so that a locked table leaves connections to those
 * who can wait.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/metrics.h"
#include "base/time.h"
#include "db/engine.h"

enum { WAIT_S = 10 };

struct list {
    struct ci_session *first;
    _Atomic int count; /* read without the mutex too */
};

struct ci_pool {
    struct ci_db *db;
    int max_sessions, max_busy;
    pthread_mutex_t mutex;
    pthread_cond_t returned;
    /* Guarded by mutex: */
    struct list idle, busy;
    int open;                /* sessions that exist or are being made */
    int waiting;             /* threads in `returned` */
    ci_counter made, failed; /* connections, so far; not guarded */
    char trouble[512];       /* the server's words when it last refused, one line */
};

static void push(struct list *list, struct ci_session *session)
{
    session->next = list->first;
    list->first = session;
    list->count++;
}

static void append(struct list *list, struct ci_session *session)
{
    struct ci_session **at = &list->first;

    while (*at)
        at = &(*at)->next;
    session->next = NULL;
    *at = session;
    list->count++;
}

static struct ci_session *pop(struct list *list)
{
    struct ci_session *session = list->first;

    if (session) {
        list->first = session->next;
        list->count--;
    }
    return session;
}

static void lock(struct ci_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
}

static void unlock(struct ci_pool *pool)
{
    pthread_mutex_unlock(&pool->mutex);
}

static void session_free(struct ci_session *session)
{
    struct ci_arena *mem = session->mem;

    session->db->engine->disconnect(session);
    ci_arena_free(mem);
}

/* Closes a session that nobody else sees, making room for another. */
static void discard(struct ci_pool *pool, struct ci_session *session)
{
    session_free(session);
    lock(pool);
    pool->open--;
    pthread_cond_signal(&pool->returned);
    unlock(pool);
}

static bool is_old(const struct ci_pool *pool, const struct ci_session *session)
{
    const int64_t limit = pool->db->options.recycle_s;

    return limit > 0 && ci_time_monotonic_ns() - session->born_ns > limit * 1000000000;
}

/* Looks once at the connection that has been busy longest; the server may be done with it. */
static void recover_one(struct ci_pool *pool)
{
    struct ci_session *session;

    lock(pool);
    session = pop(&pool->busy);
    unlock(pool);
    if (!session)
        return;
    pool->db->engine->drain(session, false);
    if (session->state != CI_SESSION_BUSY) {
        ci_pool_return(session);
        return;
    }
    lock(pool);
    append(&pool->busy, session);
    unlock(pool);
}

/* What a thread got from the pool: a session, or the right to make one, or neither. */
struct grant {
    struct ci_session *session;
    bool may_connect;
};

static struct grant grant_at_once(struct ci_pool *pool, bool may_wait)
{
    struct grant grant = {.session = pop(&pool->idle)};

    if (!grant.session && may_wait && pool->open < pool->max_sessions) {
        pool->open++;
        grant.may_connect = true;
    }
    if (!grant.session && !grant.may_connect && may_wait)
        grant.session = pop(&pool->busy);
    return grant;
}

static struct grant grant_in_time(struct ci_pool *pool)
{
    struct grant grant;
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += pool->db->options.wait_s > 0 ? pool->db->options.wait_s : WAIT_S;
    lock(pool);
    grant = grant_at_once(pool, true);
    while (!grant.session && !grant.may_connect) {
        int late;

        pool->waiting++;
        late = pthread_cond_timedwait(&pool->returned, &pool->mutex, &until);
        pool->waiting--;
        grant = grant_at_once(pool, true);
        if (late)
            break;
    }
    unlock(pool);
    return grant;
}

static bool connect_new(struct ci_ctx *ctx, struct ci_pool *pool, struct ci_session **ret_session)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_session *session;

    if (!pool->db->engine->connect(ctx, pool->db, mem, &session)) {
        ci_arena_free(mem);
        ci_counter_add(&pool->failed);
        lock(pool);
        pool->open--;
        pthread_cond_signal(&pool->returned);
        unlock(pool);
        return false;
    }
    session->db = pool->db;
    session->mem = mem;
    session->born_ns = ci_time_monotonic_ns();
    ci_counter_add(&pool->made);
    *ret_session = session;
    return true;
}

static bool borrow_waiting(struct ci_ctx *ctx, struct ci_pool *pool,
                           struct ci_session **ret_session)
{
    for (;;) {
        struct grant grant = grant_in_time(pool);
        struct ci_session *session = grant.session;

        if (grant.may_connect)
            return connect_new(ctx, pool, ret_session);
        if (!session)
            return ci_fail(ctx, DatabaseUnavailable);
        if (session->state == CI_SESSION_BUSY)
            pool->db->engine->drain(session, true);
        if (session->state == CI_SESSION_IDLE && pool->db->engine->is_alive(session)) {
            *ret_session = session;
            return true;
        }
        discard(pool, session);
    }
}

static bool borrow_now(struct ci_ctx *ctx, struct ci_pool *pool, struct ci_session **ret_session)
{
    for (;;) {
        struct ci_session *session = NULL;

        lock(pool);
        if (pool->busy.count < pool->max_busy)
            session = grant_at_once(pool, false).session;
        unlock(pool);
        if (!session)
            return ci_fail(ctx, MustWait);
        if (pool->db->engine->is_alive(session)) {
            *ret_session = session;
            return true;
        }
        discard(pool, session);
    }
}

bool ci_pool_borrow(struct ci_ctx *ctx, struct ci_db *db, int64_t deadline_ns,
                    struct ci_session **ret_session)
{
    struct ci_pool *pool = db->pool;

    if (pool->busy.count > 0)
        recover_one(pool);
    return deadline_ns ? borrow_now(ctx, pool, ret_session)
                       : borrow_waiting(ctx, pool, ret_session);
}

void ci_pool_return(struct ci_session *session)
{
    struct ci_pool *pool = session->db->pool;

    if (session->state == CI_SESSION_BROKEN || is_old(pool, session)) {
        discard(pool, session);
        return;
    }
    lock(pool);
    if (session->state == CI_SESSION_BUSY)
        append(&pool->busy, session);
    else
        push(&pool->idle, session);
    if (pool->waiting > 0)
        pthread_cond_signal(&pool->returned);
    unlock(pool);
}

void ci_pool_trouble(struct ci_pool *pool, const char *why)
{
    lock(pool);
    snprintf(pool->trouble, sizeof pool->trouble, "%.*s", (int)strcspn(why, "\n"), why);
    unlock(pool);
}

const char *ci_db_trouble(struct ci_arena *mem, struct ci_db *db)
{
    const char *why;

    lock(db->pool);
    why = db->pool->trouble[0] ? ci_strdup(mem, db->pool->trouble) : NULL;
    unlock(db->pool);
    return why;
}

struct ci_db_use ci_db_use(const struct ci_db *db)
{
    const struct ci_pool *pool = db->pool;

    return (struct ci_db_use){.busy = pool->busy.count,
                              .idle = pool->idle.count,
                              .max = pool->max_sessions,
                              .made = pool->made,
                              .failed = pool->failed};
}

void ci_db_write_metrics(const struct ci_db *db, struct ci_metrics *to)
{
    const struct ci_db_use use = ci_db_use(db);

    ci_metrics_family(to, "castiron_db_connections", "gauge", "Connections to the database.");
    ci_metrics_sample(to, "castiron_db_connections", "state=\"busy\"", (uint64_t)use.busy);
    ci_metrics_sample(to, "castiron_db_connections", "state=\"idle\"", (uint64_t)use.idle);
    ci_metrics_one(to, "castiron_db_connections_max", "gauge", "How many there may be.",
                   (uint64_t)use.max);
    ci_metrics_one(to, "castiron_db_connects_total", "counter",
                   "Connections to the database that were made.", use.made);
    ci_metrics_one(to, "castiron_db_connect_failures_total", "counter",
                   "Attempts at such a connection that failed.", use.failed);
}

struct ci_pool *ci_pool_new(struct ci_db *db, int max_sessions)
{
    struct ci_pool *pool = ci_new(db->mem, struct ci_pool);
    pthread_condattr_t monotonic;

    pool->db = db;
    pool->max_sessions = max_sessions > 0 ? max_sessions : 1;
    pool->max_busy = pool->max_sessions / 4 > 0 ? pool->max_sessions / 4 : 1;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->returned, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return pool;
}

void ci_pool_free(struct ci_pool *pool)
{
    struct ci_session *session;

    if (!pool)
        return;
    for (session = pop(&pool->idle); session; session = pop(&pool->idle))
        session_free(session);
    for (session = pop(&pool->busy); session; session = pop(&pool->busy))
        session_free(session);
    pthread_cond_destroy(&pool->returned);
    pthread_mutex_destroy(&pool->mutex);
}
