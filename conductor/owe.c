/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks that are owed: the database went away while a node was held, or just as it was taken.
 *
 * Whoever held it has given up and says so to his caller. A worker goes on until the database
 * has answered, so that a restart of it leaves no node reserved.
 */
#include <time.h>

#include "base/log.h"
#include "base/workers.h"
#include "conductor/service.h"
#include "conductor/task_private.h"
#include "objects/node.h"

#define PAUSE_NS 250000000L

struct owed {
    struct ci_arena *mem; /* of itself */
    struct ci_conductor *conductor;
    const char *ident;
    int64_t at_us;
};

/* True when there is nothing more to do. */
static bool pay(const struct owed *owed)
{
    struct ci_ctx *ctx = ci_conductor_ctx_new(owed->conductor, NULL);
    bool done = ci_node_free_lost(ctx, owed->ident, owed->conductor->host, owed->at_us);

    if (done) {
        ci_info(ctx, "The database is back, and a node's lock is given back", "node=%s",
                owed->ident);
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
