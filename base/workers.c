/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that wait for work form a stack and each has a condition of its own, so that the
 * thread that was busy last gets the next job: its memory is warm, and those below it are left
 * alone long enough to end. Jobs are handed to a thread directly; the queue is used only when
 * every thread is busy.
 */
#include "base/workers.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"

#define DEFAULT_IDLE_S 30
#define DEFAULT_STACK_BYTES ((size_t)256 * 1024)
#define NAME_ROOM 16

struct job {
    struct job *next;
    ci_job *run;
    void *arg;
};

/* A thread; freed by itself. */
struct worker {
    struct ci_workers *pool;
    struct worker *below; /* the next one that waits */
    struct job job;       /* what it was handed; run is NULL while there is none */
    pthread_cond_t wake;
};

struct ci_workers {
    int threads, reserved, queue_limit, idle_s;
    size_t stack_bytes;
    char name[NAME_ROOM];

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t ended; /* a thread has ended */
    struct worker *idle;  /* the stack of those that wait */
    struct job *first, **last;
    int alive, busy, waiting;
    uint64_t refused;
    bool draining;
};

static void *must(void *p)
{
    if (!p) {
        fputs("castiron: out of memory\n", stderr);
        abort();
    }
    return p;
}

static void cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

static struct timespec in_ms(int64_t ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += ms % 1000 * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

static void leave_stack(struct ci_workers *pool, const struct worker *me)
{
    struct worker **at = &pool->idle;

    while (*at != me)
        at = &(*at)->below;
    *at = me->below;
}

static bool take_queued(struct ci_workers *pool, struct worker *me)
{
    struct job *job = pool->first;

    if (!job)
        return false;
    pool->first = job->next;
    if (!pool->first)
        pool->last = &pool->first;
    pool->waiting--;
    pool->busy++;
    me->job = *job;
    free(job);
    return true;
}

/* Waits for a job with the lock held; false when the thread is to end. */
static bool await_job(struct ci_workers *pool, struct worker *me)
{
    struct timespec until = in_ms((int64_t)pool->idle_s * 1000);
    int rc = 0;

    me->job.run = NULL;
    if (take_queued(pool, me))
        return true;
    if (pool->draining)
        return false;
    me->below = pool->idle;
    pool->idle = me;
    while (!me->job.run && !pool->draining && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&me->wake, &pool->lock, &until);
    if (me->job.run)
        return true;
    leave_stack(pool, me);
    return false;
}

static void *work(void *arg)
{
    struct worker *me = arg;
    struct ci_workers *pool = me->pool;

    pthread_setname_np(pthread_self(), pool->name);
    pthread_mutex_lock(&pool->lock);
    do {
        pthread_mutex_unlock(&pool->lock);
        me->job.run(me->job.arg);
        pthread_mutex_lock(&pool->lock);
        pool->busy--;
    } while (await_job(pool, me));
    pthread_cond_destroy(&me->wake);
    free(me);
    ci_digest_thread_end();
    pool->alive--;
    pthread_cond_broadcast(&pool->ended);
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Signals are the main thread's: a new thread starts with all of them blocked. */
static bool start_detached(const struct ci_workers *pool, struct worker *worker)
{
    pthread_attr_t attr;
    pthread_t id;
    sigset_t all, before;
    int rc;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, pool->stack_bytes);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&id, &attr, work, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return rc == 0;
}

static bool start_thread(struct ci_workers *pool, ci_job *job, void *arg)
{
    struct worker *worker;

    if (pool->alive == pool->threads)
        return false;
    worker = must(calloc(1, sizeof *worker));
    worker->pool = pool;
    worker->job = (struct job){.run = job, .arg = arg};
    cond_init(&worker->wake);
    if (!start_detached(pool, worker)) {
        pthread_cond_destroy(&worker->wake);
        free(worker);
        return false;
    }
    pool->alive++;
    pool->busy++;
    return true;
}

static bool wake_thread(struct ci_workers *pool, ci_job *job, void *arg)
{
    struct worker *worker = pool->idle;

    if (!worker)
        return false;
    pool->idle = worker->below;
    worker->job = (struct job){.run = job, .arg = arg};
    pool->busy++;
    pthread_cond_signal(&worker->wake);
    return true;
}

static bool enqueue(struct ci_workers *pool, ci_job *job, void *arg)
{
    struct job *queued;

    /* Without any thread nobody would ever come back for the queue. */
    if (pool->waiting >= pool->queue_limit || pool->alive == 0)
        return false;
    queued = must(malloc(sizeof *queued));
    *queued = (struct job){.run = job, .arg = arg};
    *pool->last = queued;
    pool->last = &queued->next;
    pool->waiting++;
    return true;
}

struct ci_workers *ci_workers_new(const struct ci_workers_options *options)
{
    struct ci_workers *pool = must(calloc(1, sizeof *pool));

    assert(options->threads > 0 && options->queue_limit >= 0);
    assert(options->reserved >= 0 && options->reserved < options->threads);
    pool->reserved = options->reserved;
    pool->threads = options->threads;
    pool->queue_limit = options->queue_limit;
    pool->idle_s = options->idle_s ? options->idle_s : DEFAULT_IDLE_S;
    pool->stack_bytes = options->stack_bytes ? options->stack_bytes : DEFAULT_STACK_BYTES;
    if (pool->stack_bytes < (size_t)PTHREAD_STACK_MIN)
        pool->stack_bytes = (size_t)PTHREAD_STACK_MIN;
    snprintf(pool->name, sizeof pool->name, "%s", options->name ? options->name : "worker");
    pool->last = &pool->first;
    pthread_mutex_init(&pool->lock, NULL);
    cond_init(&pool->ended);
    return pool;
}

/* `most`: how many jobs may run already. */
static bool submit(struct ci_workers *pool, int most, ci_job *job, void *arg)
{
    bool taken;

    pthread_mutex_lock(&pool->lock);
    taken =
        !pool->draining && pool->busy < most &&
        (wake_thread(pool, job, arg) || start_thread(pool, job, arg) || enqueue(pool, job, arg));
    pool->refused += !taken;
    pthread_mutex_unlock(&pool->lock);
    return taken;
}

bool ci_workers_submit(struct ci_workers *pool, ci_job *job, void *arg)
{
    return submit(pool, INT_MAX, job, arg);
}

bool ci_workers_submit_ordinary(struct ci_workers *pool, ci_job *job, void *arg)
{
    return submit(pool, pool->threads - pool->reserved, job, arg);
}

static int read_number(struct ci_workers *pool, const int *number)
{
    int n;

    pthread_mutex_lock(&pool->lock);
    n = *number;
    pthread_mutex_unlock(&pool->lock);
    return n;
}

int ci_workers_busy(struct ci_workers *pool)
{
    return read_number(pool, &pool->busy);
}

int ci_workers_waiting(struct ci_workers *pool)
{
    return read_number(pool, &pool->waiting);
}

int ci_workers_threads(struct ci_workers *pool)
{
    return read_number(pool, &pool->alive);
}

uint64_t ci_workers_refused(struct ci_workers *pool)
{
    uint64_t refused;

    pthread_mutex_lock(&pool->lock);
    refused = pool->refused;
    pthread_mutex_unlock(&pool->lock);
    return refused;
}

bool ci_workers_drain(struct ci_workers *pool, int limit_ms)
{
    struct timespec until = in_ms(limit_ms);
    bool ended;
    int rc = 0;

    pthread_mutex_lock(&pool->lock);
    pool->draining = true;
    for (struct worker *worker = pool->idle; worker; worker = worker->below)
        pthread_cond_signal(&worker->wake);
    while (pool->alive > 0 && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&pool->ended, &pool->lock, &until);
    ended = pool->alive == 0;
    pthread_mutex_unlock(&pool->lock);
    return ended;
}

void ci_workers_free(struct ci_workers *pool)
{
    if (!pool)
        return;
    while (!ci_workers_drain(pool, INT_MAX))
        ;
    pthread_cond_destroy(&pool->ended);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
