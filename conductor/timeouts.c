/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes that wait for a ramdisk too long: moved to the failed state, and what they waited for is
 * cleaned up by a worker.
 */
#include "conductor/timeouts.h"

#include <stddef.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "conductor/clean.h"
#include "conductor/deploy.h"
#include "conductor/flow.h"
#include "conductor/inspect.h"
#include "conductor/machine.h"
#include "conductor/mapped.h"
#include "conductor/periodic.h"
#include "conductor/rescue.h"
#include "conductor/servicing.h"

#define US_PER_S INT64_C(1000000)
#define OVERDUE(column)                                                                            \
    "reservation IS NULL AND NOT maintenance AND provision_state = $1 AND " column                 \
    " < $2 ORDER BY " column

/* One state that does not last, and how it ends. */
struct timeout {
    const char *state;
    const char *option;
    size_t limit;      /* offset of the option with its seconds */
    size_t since;      /* offset of the node's time from which they count */
    const char *where; /* nodes that are over it */
    bool keep_target;  /* the node stays on its way to where it was going */
    /* After the move to the failed state. False means that the database failed. */
    bool (*fail)(struct ci_task *task);
};

static bool fail_deploy(struct ci_task *task)
{
    return ci_deploy_fail(task,
                          ci_printf(task->ctx->mem,
                                    "Timeout reached while waiting for callback for node %s",
                                    task->node->uuid),
                          true);
}

/* "…while cleaning the node. … Failed on step {…}." */
static bool step_text(struct ci_task *task, enum ci_flow flow, const char *doing,
                      const char **ret_text)
{
    json_t *step;

    if (!ci_flow_step(task, flow, &step))
        return false;
    *ret_text = ci_printf(task->ctx->mem,
                          "Timeout reached while %s the node. Please check if the ramdisk "
                          "responsible for the %s is running on the node. Failed on step %s.",
                          doing, doing, step ? ci_step_repr(task->ctx, step) : "{}");
    return true;
}

static bool fail_clean(struct ci_task *task)
{
    const char *message;

    return step_text(task, CI_FLOW_CLEAN, "cleaning", &message) &&
           ci_clean_fail(task, message, CI_CLEAN_TEAR_DOWN);
}

static bool fail_service(struct ci_task *task)
{
    const char *message;

    return step_text(task, CI_FLOW_SERVICE, "servicing", &message) &&
           ci_service_course.fail(task, message);
}

static bool fail_rescue(struct ci_task *task)
{
    return ci_rescue_fail(task,
                          "Timeout reached while waiting for rescue ramdisk callback for node");
}

static bool fail_inspect(struct ci_task *task)
{
    return ci_inspect_time_out(
        task, "Timeout reached while inspecting the node. Please check if the ramdisk "
              "responsible for the inspection is running on the node.");
}

#define TIMEOUT(state, option, since, keep_target, fail)                                           \
    {                                                                                              \
        state, #option, offsetof(struct ci_config, conductor.option),                              \
            offsetof(struct ci_node, since), OVERDUE(#since), keep_target, fail                    \
    }
enum { DEPLOY, CLEAN, RESCUE, SERVICE, INSPECT, TIMEOUTS };
static const struct timeout timeouts[] = {
    [DEPLOY] = TIMEOUT(CI_STATE_DEPLOYWAIT, deploy_callback_timeout, provision_updated_at, false,
                       fail_deploy),
    [CLEAN] =
        TIMEOUT(CI_STATE_CLEANWAIT, clean_callback_timeout, provision_updated_at, true, fail_clean),
    [RESCUE] = TIMEOUT(CI_STATE_RESCUEWAIT, rescue_callback_timeout, provision_updated_at, true,
                       fail_rescue),
    [SERVICE] = TIMEOUT(CI_STATE_SERVICEWAIT, service_callback_timeout, provision_updated_at, true,
                        fail_service),
    [INSPECT] = TIMEOUT(CI_STATE_INSPECTWAIT, inspect_wait_timeout, inspection_started_at, false,
                        fail_inspect),
};

static int64_t limit_s(const struct ci_config *config, const struct timeout *timeout)
{
    return *(const int64_t *)((const char *)config + timeout->limit);
}

bool ci_timeout_of(const struct ci_config *config, const struct ci_node *node,
                   struct ci_timeout *ret_timeout)
{
    for (size_t i = 0; i < TIMEOUTS; i++) {
        const struct timeout *timeout = &timeouts[i];
        int64_t since_us = *(const int64_t *)((const char *)node + timeout->since);

        if (!ci_same(timeout->state, node->provision_state))
            continue;
        *ret_timeout = (struct ci_timeout){timeout->option, limit_s(config, timeout), since_us};
        return ret_timeout->limit_s > 0 && since_us != CI_NULL_TIME &&
               !ci_is_true(node->maintenance);
    }
    return false;
}

/* A worker's function. */
static void fail_work(struct ci_task *task, void *arg)
{
    const struct timeout *const *timeout = arg;

    ci_warning(task->ctx, "A node waited for its ramdisk too long", "node=%s state=\"%s\"",
               task->node->uuid, (*timeout)->state);
    /* What it fails with stays in the context: the end of the work sees to it. */
    (void)!(*timeout)->fail(task);
}

/* With the lock: is it as it was found? */
static bool move(struct ci_task *task, const struct timeout *timeout)
{
    const struct timeout **arg = ci_new(task->ctx->mem, const struct timeout *);
    const struct ci_node *node = task->node;

    if (ci_is_true(node->maintenance) || !ci_same(node->provision_state, timeout->state))
        return true;
    *arg = timeout;
    ci_task_name_work(task, "cleanup_timeout");
    return ci_machine_move(task, CI_EVENT_fail,
                           timeout->keep_target ? node->target_provision_state : NULL, fail_work,
                           arg);
}

/* False when there is no worker for this and the others. */
static bool fail_one(struct ci_conductor *conductor, const char *uuid,
                     const struct timeout *timeout)
{
    struct ci_ctx *ctx = ci_conductor_ctx_new(conductor, NULL);
    bool free_workers = true;
    struct ci_task *task;

    if (ci_task_take(conductor, ctx, uuid, CI_EXCLUSIVE, "node state check", &task) &&
        !move(task, timeout)) {
        free_workers = !ci_failed_with(ctx, CI_ERR_NoFreeConductorWorker);
        ci_task_release(task);
    }
    if (ctx->error && !ci_failed_with(ctx, CI_ERR_NodeLocked) &&
        !ci_failed_with(ctx, CI_ERR_NodeNotFound))
        ci_warning(ctx, "A node that waits too long could not be failed", "node=%s error=%s", uuid,
                   ctx->error->message);
    ci_conductor_ctx_free(ctx);
    return free_workers;
}

/* At most [conductor]periodic_max_workers nodes a run: the others come next time. */
static bool check(struct ci_conductor *conductor, struct ci_ctx *ctx, const struct timeout *timeout)
{
    const size_t most = (size_t)ctx->config->conductor.periodic_max_workers;
    const char *values[] = {
        timeout->state,
        ci_time_db(ctx->mem, ci_time_now_us() - limit_s(ctx->config, timeout) * US_PER_S)};
    const struct ci_mapped_query query = {
        .columns = "", .where = timeout->where, .n = 2, .values = values};
    struct ci_mapped mapped;

    if (!ci_mapped_find(conductor, ctx, &query, &mapped))
        return false;
    for (size_t i = 0; i < mapped.count && i < most && ci_conductor_is_staying(conductor); i++) {
        if (!fail_one(conductor, ci_mapped_uuid(&mapped, i), timeout))
            return true;
    }
    return true;
}

bool ci_timeouts_deploy(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    return check(conductor, ctx, &timeouts[DEPLOY]);
}

bool ci_timeouts_clean(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    return check(conductor, ctx, &timeouts[CLEAN]);
}

bool ci_timeouts_rescue(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    return check(conductor, ctx, &timeouts[RESCUE]);
}

bool ci_timeouts_service(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    return check(conductor, ctx, &timeouts[SERVICE]);
}

bool ci_timeouts_inspect(struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    return check(conductor, ctx, &timeouts[INSPECT]);
}
