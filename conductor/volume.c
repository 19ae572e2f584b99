/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volume connectors and targets: changing and deleting them while the node is off.
 */
#include "base/log.h"
#include "conductor/calls.h"
#include "objects/states.h"

/* The task of a node that is off; `purpose` names the action, too. */
static bool take_off(struct ci_call *call, int64_t node_id, const char *purpose,
                     struct ci_task **ret_task)
{
    struct ci_task *task;
    const char *state;

    if (!ci_task_take_id(call->conductor, call->ctx, node_id, CI_EXCLUSIVE, purpose, &task))
        return false;
    state = task->node->power_state;
    if (!ci_same(state, CI_POWER_OFF)) {
        ci_fail(call->ctx, InvalidStateRequested, purpose, task->node->uuid,
                state ? state : "None");
        ci_task_release(task);
        return false;
    }
    *ret_task = task;
    return true;
}

/* Ends what take_off() began. */
static bool end(struct ci_task *task, bool done, const char *what, const char *uuid)
{
    if (done)
        ci_info(task->ctx, what, "volume=%s node=%s", uuid, task->node->uuid);
    ci_task_release(task);
    return done;
}

bool ci_call_update_volume_connector(struct ci_call *call)
{
    struct ci_volume_connector *connector;
    struct ci_task *task;

    if (!ci_call_volume_connector(call, "connector", &connector))
        return false;
    ci_call_keep_unknown(connector);
    return take_off(call, connector->node_id, "volume connector update", &task) &&
           end(task,
               ci_volume_connector_save(call->ctx, connector) &&
                   ci_call_answer_object(call, connector),
               "Volume connector changed", connector->uuid);
}

bool ci_call_destroy_volume_connector(struct ci_call *call)
{
    struct ci_volume_connector *connector;
    struct ci_task *task;

    return ci_call_volume_connector(call, "connector", &connector) &&
           take_off(call, connector->node_id, "volume connector deletion", &task) &&
           end(task, ci_volume_connector_destroy(call->ctx, connector), "Volume connector deleted",
               connector->uuid);
}

bool ci_call_update_volume_target(struct ci_call *call)
{
    struct ci_volume_target *target;
    struct ci_task *task;

    if (!ci_call_volume_target(call, "target", &target))
        return false;
    ci_call_keep_unknown(target);
    return take_off(call, target->node_id, "volume target update", &task) &&
           end(task,
               ci_volume_target_save(call->ctx, target) && ci_call_answer_object(call, target),
               "Volume target changed", target->uuid);
}

bool ci_call_destroy_volume_target(struct ci_call *call)
{
    struct ci_volume_target *target;
    struct ci_task *task;

    return ci_call_volume_target(call, "target", &target) &&
           take_off(call, target->node_id, "volume target deletion", &task) &&
           end(task, ci_volume_target_destroy(call->ctx, target), "Volume target deleted",
               target->uuid);
}
