/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks that are owed: the database went away while a node was held, or just as it was taken.
 *
 * Whoever held it has given up and says so to his caller. A worker goes on until the database
 * has answered, so that a restart of it leaves no node reserved. A release that was done without
 * being answered looks the same from here; the next task of this process may have the lock by
 * then, under the same name. Hence the book of holds, which is closed to takers for the one
 * statement that gives a lock back.
 */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/workers.h"
#include "conductor/service.h"
#include "conductor/stuck.h"
#include "conductor/task_private.h"
#include "db/db.h"
#include "objects/node.h"

#define PAUSE_NS 250000000L

struct owed {
    struct ci_arena *mem; /* of itself */
    struct ci_conductor *conductor;
    const char *ident;
    int64_t at_us;
};

struct ci_holds {
    struct ci_arena *mem;    /* of itself */
    pthread_rwlock_t taking; /* read while a lock is taken, written while one is paid back */
    pthread_mutex_t lock;    /* guards what follows, and all that is linked */
    struct hold *first;
};

struct ci_holds *ci_holds_new(void)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_holds *holds = ci_new(mem, struct ci_holds);
    pthread_rwlockattr_t writer_first;

    holds->mem = mem;
    pthread_rwlockattr_init(&writer_first);
    pthread_rwlockattr_setkind_np(&writer_first, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&holds->taking, &writer_first);
    pthread_rwlockattr_destroy(&writer_first);
    pthread_mutex_init(&holds->lock, NULL);
    return holds;
}

void ci_holds_free(struct ci_holds *holds)
{
    pthread_rwlock_destroy(&holds->taking);
    pthread_mutex_destroy(&holds->lock);
    ci_arena_free(holds->mem);
}

void ci_holds_open(struct ci_holds *holds)
{
    pthread_rwlock_rdlock(&holds->taking);
}

void ci_holds_close(struct ci_holds *holds, struct hold *hold, const char *uuid)
{
    if (uuid) {
        pthread_mutex_lock(&holds->lock);
        *hold = (struct hold){.uuid = uuid, .next = holds->first, .link = &holds->first};
        if (hold->next)
            hold->next->link = &hold->next;
        holds->first = hold;
        pthread_mutex_unlock(&holds->lock);
    }
    pthread_rwlock_unlock(&holds->taking);
}

void ci_holds_drop(struct ci_holds *holds, struct hold *hold)
{
    pthread_mutex_lock(&holds->lock);
    if (hold->uuid) {
        *hold->link = hold->next;
        if (hold->next)
            hold->next->link = hold->link;
        hold->uuid = NULL;
    }
    pthread_mutex_unlock(&holds->lock);
}

static bool is_held(struct ci_holds *holds, const char *uuid)
{
    const struct hold *hold;

    pthread_mutex_lock(&holds->lock);
    for (hold = holds->first; hold && strcmp(hold->uuid, uuid) != 0; hold = hold->next)
        ;
    pthread_mutex_unlock(&holds->lock);
    return hold;
}

/* The statement, unless a task of ours has the lock anew; nobody takes one meanwhile. */
static bool free_unless_held(struct ci_ctx *ctx, const struct owed *owed)
{
    struct ci_holds *holds = owed->conductor->holds;
    bool done;

    if (!ci_db_ping(ctx)) /* as long as the database is away nobody is to wait for this */
        return false;
    pthread_rwlock_wrlock(&holds->taking);
    done = is_held(holds, owed->ident) ||
           ci_node_free_lost(ctx, owed->ident, owed->conductor->host, owed->at_us);
    pthread_rwlock_unlock(&holds->taking);
    return done;
}

/* True when there is nothing more to do. */
static bool pay(const struct owed *owed)
{
    struct ci_ctx *ctx = ci_conductor_ctx_new(owed->conductor, NULL);
    bool done = free_unless_held(ctx, owed);

    if (done) {
        ci_info(ctx, "The database is back, and no lock is left behind", "node=%s", owed->ident);
    } else if (!ci_failed_with(ctx, CI_ERR_DatabaseUnavailable) ||
               ci_conductor_cancelled(owed->conductor)) {
        ci_warning(ctx, "The lock of a node is left behind", "node=%s error=%s", owed->ident,
                   ctx->error->message);
        done = true;
    }
    ci_conductor_ctx_free(ctx);
    return done;
}

/* A ci_job. */
static void run(void *arg)
{
    struct owed *owed = arg;

    while (!pay(owed))
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    /* Work that ended without the database could not write what became of it. */
    if (owed->at_us == CI_NULL_TIME && !ci_conductor_cancelled(owed->conductor))
        ci_stuck_fail_left(owed->conductor, owed->ident);
    ci_arena_free(owed->mem);
}

void ci_task_owe(struct ci_conductor *conductor, const char *ident, int64_t at_us)
{
    struct ci_arena *mem = ci_arena_new();
    struct owed *owed = ci_new(mem, struct owed);

    *owed = (struct owed){
        .mem = mem, .conductor = conductor, .ident = ci_strdup(mem, ident), .at_us = at_us};
    if (ci_workers_submit(conductor->workers, run, owed))
        return;
    ci_warning(NULL, "The lock of a node is left behind, since all workers are busy", "node=%s",
               ident);
    ci_arena_free(mem);
}
