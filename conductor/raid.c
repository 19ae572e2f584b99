/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RAID: the configuration that a node is to get at its next cleaning.
 */
#include "base/json.h"
#include "conductor/calls.h"

static bool is_empty(const json_t *config)
{
    return !config || (ci_json_kind(config) == CI_JSON_OBJECT && json_object_size(config) == 0) ||
           (ci_json_kind(config) == CI_JSON_ARRAY && json_array_size(config) == 0);
}

static bool set(struct ci_task *task, const json_t *config)
{
    const struct ci_raid *raid = task->hardware->raid;

    /* To take the configuration back nobody is asked. */
    if (!is_empty(config) && !raid->validate_config(task, config))
        return false;
    ci_node_set_target_raid_config(task->node,
                                   is_empty(config) ? "{}" : ci_json_text(task->ctx->mem, config));
    return ci_node_save(task->ctx, task->node);
}

bool ci_call_set_target_raid_config(struct ci_call *call)
{
    struct ci_task *task;
    bool done;

    if (!ci_call_take(call, CI_EXCLUSIVE, "setting target RAID config", &task))
        return false;
    done = set(task, ci_call_json(call, "target_raid_config"));
    ci_task_release(task);
    return done;
}
