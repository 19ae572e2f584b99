/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What conductors that are gone have left behind: locks, work half done, allocations, instances.
 *
 * The lock of such a node passes to this conductor in one statement and is let go only when the
 * node is in order, so that nothing can come in between.
 */
#include <inttypes.h>

#include "base/config.h"
#include "base/log.h"
#include "base/text.h"
#include "conductor/adopt.h"
#include "conductor/allocate.h"
#include "conductor/clean.h"
#include "conductor/history.h"
#include "conductor/machine.h"
#include "conductor/mapped.h"
#include "conductor/periodic.h"
#include "db/db.h"
#include "objects/conductor.h"
#include "objects/row.h"
#include "objects/states.h"

#define ABORTED "Operation was aborted due to conductor take over"

/* Does the age of heartbeats tell who is gone? With SQLite, where there are none, `online` does. */
static bool can_tell(const struct ci_conductor *conductor, const struct ci_ctx *ctx)
{
    return ci_db_is_sqlite(ctx->db) ||
           (ctx->config->conductor.heartbeat_timeout > 0 && ci_conductor_is_steady(conductor));
}

static bool oldest_beat(struct ci_ctx *ctx, const char **ret_oldest)
{
    return ci_conductor_oldest_beat(ctx, ctx->config->conductor.heartbeat_timeout, ret_oldest);
}

static bool abort_power(struct ci_task *task)
{
    struct ci_node *node = task->node;

    if (!node->target_power_state)
        return true;
    ci_warning(task->ctx, "A pending power operation is aborted", "node=%s target=\"%s\"",
               node->uuid, node->target_power_state);
    ci_node_set_target_power_state(node, NULL);
    ci_history_error(task, CI_HISTORY_TAKEOVER,
                     "Pending power operation was aborted due to conductor take over");
    return ci_node_save(task->ctx, node);
}

/* A worker's function: the node is in clean failed. */
static void clean_work(struct ci_task *task, void *arg)
{
    (void)arg;
    (void)!ci_clean_fail(task, ABORTED, CI_CLEAN_TEAR_DOWN);
}

/* Cleaning has something to be torn down, by a worker; when there is none, it is told only. */
static bool abort_cleaning(struct ci_task *task)
{
    if (ci_task_load_driver(task)) {
        ci_task_name_work(task, "abort_on_conductor_take_over");
        if (ci_machine_move(task, CI_EVENT_fail, NULL, clean_work, NULL))
            return true;
        if (!ci_failed_with(task->ctx, CI_ERR_NoFreeConductorWorker))
            return false;
    }
    ci_warning(task->ctx, "Cleaning is not torn down", "node=%s error=%s", task->node->uuid,
               ci_error_take(task->ctx));
    ci_history_error(task, CI_HISTORY_TAKEOVER, ABORTED);
    return ci_machine_move(task, CI_EVENT_fail, NULL, NULL, NULL);
}

static bool abort_work(struct ci_task *task)
{
    const char *state = task->node->provision_state;

    if (!ci_state_is(state, CI_STATE_IS_STUCK))
        return true;
    ci_warning(task->ctx, "Work of a conductor that is gone is aborted", "node=%s state=\"%s\"",
               task->node->uuid, state);
    if (ci_same(state, CI_STATE_CLEANING))
        return abort_cleaning(task);
    ci_history_error(task, CI_HISTORY_TAKEOVER, ABORTED);
    return ci_machine_move(task, CI_EVENT_fail, NULL, NULL, NULL);
}

/* In maintenance only the lock goes: whoever set it apart decides about the rest. */
static bool put_right(struct ci_task *task)
{
    return ci_is_true(task->node->maintenance) || (abort_power(task) && abort_work(task));
}

static void free_node(struct ci_conductor *conductor, const char *uuid, const char *gone)
{
    struct ci_ctx *ctx = ci_conductor_ctx_new(conductor, NULL);
    struct ci_task *task;

    if (ci_task_take_from(conductor, ctx, uuid, gone, "state clean up", &task)) {
        ci_warning(ctx, "The lock of a conductor that is gone is taken from it",
                   "node=%s conductor=%s", uuid, gone);
        if (!put_right(task)) {
            ci_warning(ctx, "A node could not be put right", "node=%s error=%s", uuid,
                       ci_error_take(ctx));
            ci_task_release(task);
        }
    } else {
        ci_info(ctx, "A node is no longer held by a conductor that is gone", "node=%s error=%s",
                uuid, ci_error_take(ctx));
    }
    ci_conductor_ctx_free(ctx); /* and the lock, unless a worker has it */
}

bool ci_orphans_nodes(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    const bool aged = !ci_db_is_sqlite(ctx->db);
    const char *values[] = {conductor->host, NULL};
    const struct ci_mapped_query query = {
        .columns = ", reservation",
        .where = aged ? "reservation IN (SELECT hostname FROM conductors WHERE hostname <> $1 AND "
                        "updated_at < $2) ORDER BY id"
                      : "reservation IN (SELECT hostname FROM conductors WHERE hostname <> $1 AND "
                        "NOT online) ORDER BY id",
        .n = aged ? 2 : 1,
        .values = values};
    struct ci_mapped mapped;

    if (!can_tell(conductor, ctx))
        return true;
    if (!oldest_beat(ctx, &values[1]) || !ci_mapped_find(conductor, ctx, &query, &mapped))
        return false;
    for (size_t i = 0; i < mapped.count && ci_conductor_is_staying(conductor); i++)
        free_node(conductor, ci_mapped_uuid(&mapped, i), ci_mapped_text(&mapped, i, 0));
    return true;
}

bool ci_orphans_allocations(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    const bool aged = !ci_db_is_sqlite(ctx->db);
    const char *values[] = {CI_ALLOCATION_ALLOCATING,
                            ci_printf(ctx->mem, "%" PRId64, conductor->id), NULL};
    struct ci_allocation **allocations;
    size_t count;

    if (!can_tell(conductor, ctx))
        return true;
    if (!oldest_beat(ctx, &values[2]) ||
        !ci_row_load_all(
            ctx, &ci_allocation_type,
            aged ? "state = $1 AND conductor_affinity IN (SELECT id FROM conductors WHERE "
                   "id <> $2 AND updated_at < $3)"
                 : "state = $1 AND conductor_affinity IN (SELECT id FROM conductors WHERE "
                   "id <> $2 AND NOT online)",
            NULL, aged ? 3 : 2, values, &count, &allocations))
        return false;
    for (size_t i = 0; i < count && ci_conductor_is_staying(conductor); i++) {
        if (!ci_allocate_take_over(conductor, ctx, allocations[i]))
            return false;
    }
    return true;
}

/* A worker's function. */
static void take_over_work(struct ci_task *task, void *arg)
{
    (void)arg;
    if (ci_take_over(task)) /* else the end of the work tells why not */
        ci_info(task->ctx, "Node taken over", "node=%s", task->node->uuid);
}

static bool is_to_be_taken(const struct ci_task *task)
{
    const struct ci_node *node = task->node;

    return !ci_is_true(node->maintenance) && ci_same(node->provision_state, CI_STATE_ACTIVE) &&
           node->conductor_affinity != ci_task_conductor(task)->id;
}

enum taken { TAKEN, PASSED, NO_WORKER };

static enum taken take_over(struct ci_conductor *conductor, const char *uuid)
{
    struct ci_ctx *ctx = ci_conductor_ctx_new(conductor, NULL);
    enum taken taken = PASSED;
    struct ci_task *task;

    if (ci_task_take(conductor, ctx, uuid, CI_EXCLUSIVE, "node take over", &task) &&
        is_to_be_taken(task)) {
        ci_task_name_work(task, "_do_takeover");
        taken = ci_task_spawn(task, take_over_work, NULL) ? TAKEN : NO_WORKER;
    }
    if (ctx->error)
        ci_info(ctx, "A node is not taken over yet", "node=%s error=%s", uuid, ctx->error->message);
    ci_conductor_ctx_free(ctx); /* and the lock, unless a worker has it */
    return taken;
}

/* At most [conductor]periodic_max_workers nodes a run: the others come next time. */
bool ci_orphans_take_over(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    const char *values[] = {CI_STATE_ACTIVE, ci_printf(ctx->mem, "%" PRId64, conductor->id)};
    const struct ci_mapped_query query = {
        .columns = "",
        .where = "reservation IS NULL AND NOT maintenance AND provision_state = $1 AND "
                 "(conductor_affinity IS NULL OR conductor_affinity <> $2) ORDER BY id",
        .n = 2,
        .values = values};
    int64_t left = ctx->config->conductor.periodic_max_workers;
    struct ci_mapped mapped;

    if (!ci_mapped_find(conductor, ctx, &query, &mapped))
        return false;
    for (size_t i = 0; i < mapped.count && left > 0 && ci_conductor_is_staying(conductor); i++) {
        enum taken taken = take_over(conductor, ci_mapped_uuid(&mapped, i));

        if (taken == NO_WORKER)
            return true;
        left -= taken == TAKEN;
    }
    return true;
}
