/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Going through many nodes.
 *
 * Each slice has a context of its own, so that memory is that of a few slices however many nodes
 * there are.
 */
#include "conductor/sweep.h"

#include <inttypes.h>
#include <pthread.h>

#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "objects/row.h"

#define NS_PER_S INT64_C(1000000000)

enum { SLICE = 50 };

struct run {
    struct ci_conductor *conductor;
    const struct ci_sweep *sweep;
    const int64_t *ids;
    size_t size;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t ended;
    size_t next;     /* the first that nobody has taken */
    int64_t helpers; /* workers beside the caller */
    size_t done;     /* nodes that were begun, or are not there any more */
};

/* The slice's rows. A short slice asks for its last node again: the statement is one for all. */
static bool load(struct ci_ctx *ctx, const int64_t *ids, size_t n, size_t *ret_count,
                 struct ci_node ***ret_nodes)
{
    struct ci_text *where = ci_text_new(ctx->mem, (size_t)8 * SLICE);
    const char *values[SLICE];

    ci_text_add(where, "id IN (");
    for (size_t i = 0; i < SLICE; i++) {
        ci_text_printf(where, i > 0 ? ", $%zu" : "$%zu", i + 1);
        values[i] = ci_printf(ctx->mem, "%" PRId64, ids[i < n ? i : n - 1]);
    }
    ci_text_add(where, ")");
    return ci_row_load_all(ctx, &ci_node_type, where->bytes, NULL, SLICE, values, ret_count,
                           ret_nodes);
}

static void tell(struct ci_ctx *ctx, const char *uuid, const char *doing)
{
    if (ci_failed_with(ctx, CI_ERR_NodeLocked))
        ci_info(ctx, "The node is locked and left alone", "node=%s doing=\"%s\"", uuid, doing);
    else if (ci_failed_with(ctx, CI_ERR_NodeNotFound))
        ci_info(ctx, "The node is gone", "node=%s doing=\"%s\"", uuid, doing);
    else
        ci_warning(ctx, "Periodic work on a node failed", "node=%s doing=\"%s\" error=%s", uuid,
                   doing, ctx->error->message);
    ci_error_clear(ctx);
}

static void act(const struct run *run, struct ci_ctx *ctx, struct ci_node *node)
{
    struct ci_task *task = ci_task_on(run->conductor, ctx, node, run->sweep->purpose);

    if (!run->sweep->act(task))
        tell(ctx, node->uuid, run->sweep->purpose);
    ci_task_release(task);
}

static bool is_over(const struct run *run)
{
    const int64_t until_ns = run->sweep->until_ns;

    return !ci_conductor_is_staying(run->conductor) ||
           (until_ns > 0 && ci_time_monotonic_ns() >= until_ns);
}

static void do_slice(struct run *run, const int64_t *ids, size_t n)
{
    struct ci_ctx *ctx = ci_conductor_ctx_new(run->conductor, NULL);
    struct ci_node **nodes;
    size_t count = 0, left;

    if (!load(ctx, ids, n, &count, &nodes))
        ci_warning(ctx, "Nodes are left out", "doing=\"%s\" nodes=%zu error=%s",
                   run->sweep->purpose, n, ci_error_take(ctx));
    for (left = count; left > 0 && !is_over(run); left--)
        act(run, ctx, nodes[count - left]);
    ci_conductor_ctx_free(ctx);
    pthread_mutex_lock(&run->lock);
    run->done += n - left;
    pthread_mutex_unlock(&run->lock);
}

/* Takes slices until there are none. */
static void do_slices(struct run *run)
{
    while (!is_over(run)) {
        size_t first, n;

        pthread_mutex_lock(&run->lock);
        first = run->next;
        n = run->size - first < SLICE ? run->size - first : SLICE;
        run->next += n;
        pthread_mutex_unlock(&run->lock);
        if (n == 0)
            return;
        do_slice(run, run->ids + first, n);
    }
}

static void count_helper(struct run *run, int more)
{
    pthread_mutex_lock(&run->lock);
    run->helpers += more;
    pthread_cond_signal(&run->ended);
    pthread_mutex_unlock(&run->lock);
}

/* A ci_job. */
static void help(void *arg)
{
    do_slices(arg);
    count_helper(arg, -1);
}

static void call_helpers(struct ci_ctx *ctx, struct run *run)
{
    size_t slices = (run->size + SLICE - 1) / SLICE;

    for (int64_t i = 1; i < run->sweep->workers && (size_t)i < slices; i++) {
        count_helper(run, 1);
        if (ci_workers_submit(run->conductor->workers, help, run))
            continue;
        count_helper(run, -1);
        ci_warning(ctx, "There are no more free workers", "doing=\"%s\" workers=%" PRId64,
                   run->sweep->purpose, i);
        return;
    }
}

static void wait_for_helpers(struct run *run)
{
    pthread_mutex_lock(&run->lock);
    while (run->helpers > 0)
        pthread_cond_wait(&run->ended, &run->lock);
    pthread_mutex_unlock(&run->lock);
}

static void tell_time(struct ci_ctx *ctx, const struct ci_sweep *sweep, size_t nodes)
{
    const int64_t ns = ci_time_monotonic_ns() - sweep->begun_ns;

    ci_debug(ctx, "Periodic work on nodes is done", "doing=\"%s\" nodes=%zu ms=%" PRId64,
             sweep->purpose, nodes, ns / (NS_PER_S / 1000));
    if (sweep->interval_s > 0 && ns > 3 * sweep->interval_s * NS_PER_S)
        ci_warning(ctx,
                   "Periodic work on nodes takes three times its interval: more workers, or more "
                   "conductors, are needed",
                   "doing=\"%s\" seconds=%" PRId64 " interval=%" PRId64, sweep->purpose,
                   ns / NS_PER_S, sweep->interval_s);
}

void ci_sweep_nodes(struct ci_conductor *conductor, struct ci_ctx *ctx,
                    const struct ci_sweep *sweep, size_t n, const int64_t *ids)
{
    struct run run = {.conductor = conductor, .sweep = sweep, .ids = ids, .size = n};

    pthread_mutex_init(&run.lock, NULL);
    pthread_cond_init(&run.ended, NULL);
    call_helpers(ctx, &run);
    do_slices(&run);
    wait_for_helpers(&run);
    if (run.done < n && ci_conductor_is_staying(conductor))
        ci_warning(ctx, "Nodes are left out, the time for them is over",
                   "doing=\"%s\" nodes=%zu of=%zu", sweep->purpose, n - run.done, n);
    if (sweep->begun_ns > 0)
        tell_time(ctx, sweep, n);
    pthread_cond_destroy(&run.ended);
    pthread_mutex_destroy(&run.lock);
}
