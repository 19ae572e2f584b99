/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an inspection in band has found: looked at by the inspect interface, then by the rules,
 * then kept.
 */
#include <inttypes.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "conductor/calls.h"
#include "conductor/inspect.h"
#include "conductor/inspection_rules.h"
#include "conductor/machine.h"
#include "db/db.h"
#include "objects/info.h"
#include "objects/node_inventory.h"
#include "objects/row.h"

/* What the ramdisk sent; lives in the task's arena. */
struct findings {
    json_t *inventory, *plugin_data;
};

/* Keeps the newest only. */
static bool replace(struct ci_task *task, const struct findings *findings)
{
    struct ci_node_inventory *row = ci_object_new(task->ctx->mem, &ci_node_inventory_type);
    const char *id = ci_printf(task->ctx->mem, "%" PRId64, task->node->id);

    ci_node_inventory_set_node_id(row, task->node->id);
    ci_node_inventory_set_inventory_data(row, ci_json_text(task->ctx->mem, findings->inventory));
    ci_node_inventory_set_plugin_data(row, ci_json_text(task->ctx->mem, findings->plugin_data));
    return ci_db_run(task->ctx, "DELETE FROM node_inventory WHERE node_id = $1", 1, &id, NULL) &&
           ci_row_insert(task->ctx, row);
}

static bool store(struct ci_task *task, const struct findings *findings)
{
    const char *where = task->ctx->config->inventory.data_backend;

    /* The ramdisk's logs are large, and kept elsewhere. */
    json_object_del(findings->plugin_data, "logs");
    if (ci_same(where, "none"))
        return true;
    if (!ci_same(where, "database"))
        return ci_fail_text(task->ctx, SwiftOperationError,
                            "The object store of [inventory]data_backend is not supported");
    return ci_db_begin(task->ctx) && ci_row_end(task->ctx, replace(task, findings));
}

static bool process(struct ci_task *task, const struct findings *findings,
                    enum ci_outcome *ret_outcome)
{
    const struct ci_inspect *driver = task->hardware->inspect;

    *ret_outcome = CI_DONE;
    if (!driver->continue_inspection)
        return ci_fail(task->ctx, UnsupportedDriverExtension, task->node->driver,
                       "continue_inspection");
    if (!driver->continue_inspection(task, findings->inventory, findings->plugin_data, ret_outcome))
        return false;
    return *ret_outcome == CI_WAIT ||
           (ci_inspection_rules_run(task, findings->inventory, findings->plugin_data) &&
            store(task, findings));
}

static bool finish(struct ci_task *task, const struct findings *findings)
{
    enum ci_outcome outcome;

    /* So that a machine whose ramdisk still runs is not taken for one without. */
    if (!ci_internal_info_timestamp(task->ctx, task->node, "agent_last_heartbeat") ||
        !ci_node_save(task->ctx, task->node))
        return false;
    if (!process(task, findings, &outcome))
        return ci_inspect_fail(task, "Failed to finish inspection: ");
    if (outcome == CI_WAIT)
        return !ci_same(task->node->provision_state, CI_STATE_INSPECTING) ||
               ci_machine_move(task, CI_EVENT_wait, NULL, NULL, NULL);
    if (ci_same(task->node->provision_state, CI_STATE_ENROLL)) {
        ci_info(task->ctx, "Discovered", "node=%s", task->node->uuid);
        return true;
    }
    ci_info(task->ctx, "Inspected", "node=%s", task->node->uuid);
    return ci_machine_move(task, CI_EVENT_done, NULL, NULL, NULL);
}

static void continue_work(struct ci_task *task, void *arg)
{
    if (!finish(task, arg) && ci_same(task->node->provision_state, CI_STATE_INSPECTING))
        (void)!ci_inspect_fail(task, "Failed to finish inspection: ");
}

static bool read_findings(struct ci_call *call, struct findings **ret_findings)
{
    struct findings *findings = ci_new(call->ctx->mem, struct findings);
    const json_t *plugin_data = ci_call_json(call, "plugin_data");
    const json_t *inventory = ci_call_json(call, "inventory");

    if (!json_is_object(inventory) || (plugin_data && !json_is_object(plugin_data)))
        return ci_fail_text(call->ctx, Invalid,
                            "The inventory and plugin_data of an inspection are objects.");
    findings->inventory = ci_json(call->ctx, json_deep_copy(inventory));
    findings->plugin_data =
        ci_json(call->ctx, plugin_data ? json_deep_copy(plugin_data) : json_object());
    *ret_findings = findings;
    return true;
}

bool ci_call_continue_inspection(struct ci_call *call)
{
    struct findings *findings;
    struct ci_task *task;
    const char *state;

    if (!read_findings(call, &findings) ||
        !ci_call_take(call, CI_EXCLUSIVE, "continue inspection", &task))
        return false;
    state = task->node->provision_state;
    ci_task_name_work(task, "continue_inspection");
    if (ci_same(state, CI_STATE_INSPECTWAIT))
        return ci_machine_move(task, CI_EVENT_resume, NULL, continue_work, findings);
    if (call->ctx->config->auto_discovery.enabled && ci_same(state, CI_STATE_ENROLL))
        return ci_task_spawn(task, continue_work, findings);
    ci_error_log(call->ctx, "Inspection data of a node that is not inspected",
                 "node=%s state=\"%s\"", task->node->uuid, state);
    return ci_fail(call->ctx, NotFound);
}
