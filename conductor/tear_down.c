/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of an instance: the node is torn down, forgets its instance, and is cleaned.
 *
 * Whatever went wrong while tearing down, the node forgets its instance: the instance is gone for
 * whoever asked, and the node in "error" can be torn down again.
 */
#include <inttypes.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "conductor/calls.h"
#include "conductor/clean.h"
#include "conductor/console.h"
#include "conductor/deploy.h"
#include "conductor/flow.h"
#include "conductor/history.h"
#include "conductor/limits.h"
#include "conductor/machine.h"
#include "db/db.h"
#include "objects/info.h"
#include "objects/row.h"

static bool was_rescued(const char *state)
{
    static const char *const rescued[] = {CI_STATE_RESCUEWAIT, CI_STATE_RESCUE,
                                          CI_STATE_UNRESCUEFAIL, CI_STATE_RESCUEFAIL, NULL};

    return ci_one_of(state, rescued);
}

/* The driver's part. */
static bool tear_down_hardware(struct ci_task *task, const char *initial_state)
{
    const struct ci_hardware *hardware = task->hardware;
    enum ci_outcome ignored;

    if (was_rescued(initial_state) && hardware->rescue->clean_up &&
        !hardware->rescue->clean_up(task))
        return false;
    if (!ci_console_stop(task))
        return false;
    if (hardware->deploy->clean_up && !hardware->deploy->clean_up(task))
        return false;
    return !hardware->deploy->tear_down || hardware->deploy->tear_down(task, &ignored);
}

/* Every VIF is detached: its network belongs to whoever had the instance. */
static bool remove_vifs(struct ci_task *task)
{
    const struct ci_network *network = task->hardware->network;
    json_t *vifs, *vif;
    size_t i;

    if (!network->vif_list || !network->vif_detach)
        return true;
    if (!network->vif_list(task, &vifs))
        return false;
    json_array_foreach(vifs, i, vif)
    {
        const char *id;

        if (!ci_json_get_string(task->ctx, vif, "id", &id) || !network->vif_detach(task, id))
            return false;
    }
    return true;
}

/* The fields; not saved. */
static bool forget_instance(struct ci_task *task)
{
    static const char *const keys[] = {
        "instance",         "root_uuid_or_disk_id", "is_whole_disk_image",
        "is_source_a_path", "deploy_boot_mode",     NULL};
    static const char *const lessee[] = {"automatic_lessee", NULL};
    struct ci_node *node = task->node;
    json_t *info;

    if (!ci_flow_wipe(task, CI_FLOW_DEPLOY) || !ci_internal_info_drop(task->ctx, node, keys) ||
        !ci_info_read(task->ctx, node->driver_internal_info, &info))
        return false;
    if (json_is_true(json_object_get(info, "automatic_lessee"))) {
        ci_node_set_lessee(node, NULL);
        if (!ci_internal_info_drop(task->ctx, node, lessee))
            return false;
    }
    ci_node_set_instance_info(node, "{}");
    ci_node_set_instance_uuid(node, NULL);
    ci_node_set_instance_name(node, NULL);
    return true;
}

static bool end_allocation(struct ci_task *task, const char *id)
{
    return ci_node_save(task->ctx, task->node) &&
           ci_db_run(task->ctx,
                     "UPDATE nodes SET allocation_id = NULL, instance_uuid = NULL "
                     "WHERE allocation_id = $1",
                     1, &id, NULL) &&
           ci_db_run(task->ctx, "DELETE FROM allocations WHERE id = $1", 1, &id, NULL);
}

/* Saves, and ends the allocation that gave the node away: both or neither. */
static bool save_free(struct ci_task *task)
{
    struct ci_node *node = task->node;
    const char *id;

    if (node->allocation_id == CI_NULL_INT)
        return ci_node_save(task->ctx, node);
    id = ci_printf(task->ctx->mem, "%" PRId64, node->allocation_id);
    ci_node_set_allocation_id(node, CI_NULL_INT);
    return ci_db_begin(task->ctx) && ci_row_end(task->ctx, end_allocation(task, id));
}

/* Deals with what went wrong: the node is in error. */
static bool fail(struct ci_task *task)
{
    const char *reason = ci_error_take(task->ctx);

    ci_error_log(task->ctx, "Tear down failed", "node=%s error=%s", task->node->uuid, reason);
    ci_history_error(task, CI_HISTORY_UNPROVISION,
                     ci_printf(task->ctx->mem, "Failed to tear down: %s", reason));
    return ci_machine_move(task, CI_EVENT_fail, NULL, NULL, NULL);
}

static bool tear_down(struct ci_task *task, const char *initial_state)
{
    bool torn_down = tear_down_hardware(task, initial_state);

    if (!torn_down && !fail(task))
        return false;
    if (!forget_instance(task))
        return false;
    if (!remove_vifs(task)) {
        if (torn_down && !fail(task))
            return false;
        ci_error_clear(task->ctx); /* the first failure is told already */
        torn_down = false;
    }
    if (!save_free(task))
        return false;
    if (!torn_down)
        return true; /* it stays in error */
    ci_info(task->ctx, "Unprovisioned", "node=%s", task->node->uuid);
    if (!ci_machine_move(task, CI_EVENT_clean, NULL, NULL, NULL))
        return false;
    ci_clean_automatically(task);
    return true;
}

void ci_tear_down_work(struct ci_task *task, void *initial_state)
{
    if (tear_down(task, initial_state))
        return;
    ci_error_log(task->ctx, "Tear down ended early", "node=%s", task->node->uuid);
    if (ci_same(task->node->provision_state, CI_STATE_DELETING))
        (void)!fail(task);
}

bool ci_call_do_node_tear_down(struct ci_call *call)
{
    static const char *const agent_url[] = {"agent_url", NULL};
    const struct ci_interface *power;
    struct ci_task *task;

    if (!ci_limit_cleaning(call->ctx, "unprovisioning") ||
        !ci_call_take(call, CI_EXCLUSIVE, "node tear down", &task) ||
        !ci_internal_info_drop(call->ctx, task->node, agent_url))
        return false;
    if (ci_is_true(task->node->protected))
        return ci_fail(call->ctx, NodeProtected, task->node->uuid);
    power = &task->hardware->power->base;
    if (power->validate && !power->validate(task)) {
        if (!ci_failed_with(call->ctx, CI_ERR_InvalidParameterValue))
            return false;
        return ci_fail_text(call->ctx, InstanceDeployFailure,
                            "Failed to validate power driver interface. Can not delete instance. "
                            "Error: %s",
                            ci_error_take(call->ctx));
    }
    ci_task_name_work(task, "_do_node_tear_down");
    return ci_machine_ask(task, "delete", CI_EVENT_delete, NULL, ci_tear_down_work,
                          ci_strdup(call->ctx->mem, task->node->provision_state));
}
