/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes whose work died with the process that did it.
 */
#include "conductor/stuck.h"

#include "base/config.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "conductor/history.h"
#include "conductor/machine.h"
#include "conductor/mapped.h"
#include "conductor/periodic.h"
#include "conductor/task.h"
#include "objects/states.h"

#define US_PER_S INT64_C(1000000)
#define ANY_TIME INT64_MAX

static const char *const states[] = {
#define STATE(name, text, target, flags) text,
#include "objects/states.def"
};

static bool fail(struct ci_task *task, const char *state, int64_t before_us)
{
    /* It may have moved on between the query and the lock. */
    if (!ci_same(task->node->provision_state, state) ||
        task->node->provision_updated_at >= before_us)
        return true;
    ci_history_error(task, CI_HISTORY_TRANSITION,
                     ci_printf(task->ctx->mem,
                               "The %s state can't be resumed by conductor %s. Moving to fail "
                               "state.",
                               state, ci_task_conductor(task)->host));
    return ci_machine_move(task, CI_EVENT_fail, NULL, NULL, NULL);
}

static bool take_and_fail(struct ci_conductor *conductor, struct ci_ctx *ctx, const char *uuid,
                          const char *state, int64_t before_us)
{
    struct ci_task *task;
    bool done;

    if (!ci_task_take_bare(conductor, ctx, uuid, CI_EXCLUSIVE_ONCE, "node state check", &task))
        return false;
    done = fail(task, state, before_us);
    ci_task_release(task);
    return done;
}

/* Each node is work of its own: one that cannot be moved does not keep the others. */
static void fail_one(struct ci_conductor *conductor, const char *uuid, const char *state,
                     int64_t before_us)
{
    struct ci_ctx *ctx = ci_conductor_ctx_new(conductor, NULL);

    if (!take_and_fail(conductor, ctx, uuid, state, before_us))
        ci_warning(ctx, "A node could not be moved on", "node=%s state=\"%s\" error=%s", uuid,
                   state, ctx->error->message);
    ci_conductor_ctx_free(ctx);
}

/* Those that have stood in the state since before then; ANY_TIME for all. */
static bool fail_state(struct ci_conductor *conductor, struct ci_ctx *ctx, const char *state,
                       int64_t before_us)
{
    const char *values[] = {state, before_us == ANY_TIME ? NULL : ci_time_db(ctx->mem, before_us)};
    const struct ci_mapped_query query = {
        .columns = "",
        .where = before_us == ANY_TIME
                     ? "reservation IS NULL AND provision_state = $1 ORDER BY provision_updated_at"
                     : "reservation IS NULL AND NOT maintenance AND provision_state = $1 AND "
                       "provision_updated_at < $2 ORDER BY provision_updated_at",
        .n = before_us == ANY_TIME ? 1 : 2,
        .values = values};
    struct ci_mapped mapped;

    if (!ci_mapped_find(conductor, ctx, &query, &mapped))
        return false;
    for (size_t i = 0; i < mapped.count; i++)
        fail_one(conductor, ci_mapped_uuid(&mapped, i), state, before_us);
    return true;
}

static bool fail_states(struct ci_conductor *conductor, struct ci_ctx *ctx, int64_t before_us)
{
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (ci_state_is(states[i], CI_STATE_IS_STUCK) &&
            !fail_state(conductor, ctx, states[i], before_us))
            return false;
    }
    return true;
}

bool ci_stuck_fail(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    return fail_states(conductor, ctx, ANY_TIME);
}

bool ci_stuck_sweep(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    return fail_states(conductor, ctx,
                       ci_time_now_us() - ctx->config->conductor.heartbeat_timeout * US_PER_S);
}

static bool fail_left(struct ci_conductor *conductor, struct ci_ctx *ctx, const char *uuid)
{
    struct ci_node *node;

    return ci_node_load(ctx, uuid, &node) &&
           (node->reservation || !ci_state_is(node->provision_state, CI_STATE_IS_STUCK) ||
            take_and_fail(conductor, ctx, uuid, node->provision_state, ANY_TIME));
}

void ci_stuck_fail_left(struct ci_conductor *conductor, const char *uuid)
{
    struct ci_ctx *ctx = ci_conductor_ctx_new(conductor, NULL);

    if (!fail_left(conductor, ctx, uuid) && !ci_failed_with(ctx, CI_ERR_NodeLocked) &&
        !ci_failed_with(ctx, CI_ERR_NodeNotFound))
        ci_warning(ctx, "A node could not be moved on", "node=%s error=%s", uuid,
                   ctx->error->message);
    ci_conductor_ctx_free(ctx);
}
