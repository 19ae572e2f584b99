/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The raid interface agent: the agent makes and deletes RAIDs by steps of its own; what has become
 * of the disks is written down here once it is done.
 *
 * Only what the agent offers can be asked for: there is nothing here that it cannot do.
 */
#include <string.h>

#include "base/config.h"
#include "base/json.h"
#include "base/text.h"
#include "drivers/agent.h"
#include "drivers/agent_client.h"
#include "drivers/driver.h"
#include "drivers/raid_config.h"
#include "drivers/raid_result.h"
#include "objects/info.h"

static bool is_step(const json_t *step, const char *name)
{
    return strcmp(ci_agent_text(step, "step"), name) == 0;
}

/* Absent is true. */
static bool is_wanted(const json_t *args, const char *key)
{
    const json_t *value = json_object_get(args, key);

    return !value || ci_json_truth(value);
}

/* The agent finds what it is to make in the node that it is sent. */
static bool note_target(struct ci_task *task, const json_t *args)
{
    json_t *target;

    return ci_raid_target(task, is_wanted(args, "create_root_volume"),
                          is_wanted(args, "create_nonroot_volumes"), &target) &&
           ci_internal_info_set(task->ctx, task->node, "target_raid_config", json_incref(target));
}

static bool run_step(struct ci_task *task, enum ci_flow flow, const json_t *step,
                     enum ci_outcome *ret_outcome)
{
    const json_t *args = json_object_get(step, "args");

    if (flow == CI_FLOW_CLEAN && is_step(step, "create_configuration") && !note_target(task, args))
        return false;
    if (flow != CI_FLOW_CLEAN && is_step(step, "apply_configuration") &&
        !ci_raid_config_check(task, json_object_get(args, "raid_config")))
        return false;
    return ci_agent_run_step(task, flow, step, ret_outcome);
}

static bool keep_result(struct ci_task *task, enum ci_flow flow, const json_t *command)
{
    const json_t *result =
        json_object_get(json_object_get(command, "command_result"),
                        ci_printf(task->ctx->mem, "%s_result", ci_agent_flow(flow)));

    if (!ci_json_truth(result))
        return ci_fail_text(
            task->ctx, IronicException,
            "Agent ramdisk didn't return a proper command result while building "
            "RAID on %s. It returned '%s' after command execution.",
            task->node->uuid,
            ci_json_repr(task->ctx->mem, json_object_get(command, "command_result")));
    return ci_raid_keep(task, result);
}

static bool step_ended(struct ci_task *task, enum ci_flow flow, const json_t *step,
                       const json_t *command)
{
    if (is_step(step, flow == CI_FLOW_CLEAN ? "create_configuration" : "apply_configuration"))
        return keep_result(task, flow, command);
    if (flow == CI_FLOW_CLEAN && is_step(step, "delete_configuration"))
        return ci_raid_forget(task);
    return true;
}

/* Steps of a service are all added by the deploy interface. */
static bool add_steps(struct ci_task *task, enum ci_flow flow, json_t *steps)
{
    const struct ci_config *config = task->ctx->config;
    const struct ci_agent_priority priorities[] = {
        {"delete_configuration", config->deploy.delete_configuration_priority},
        {"create_configuration", config->deploy.create_configuration_priority},
        {NULL, 0}};

    return flow == CI_FLOW_SERVICE ||
           ci_agent_add_steps(task, flow, "raid", flow == CI_FLOW_CLEAN ? priorities : NULL, steps);
}

const struct ci_raid ci_agent_raid = {.base = {.type = "raid",
                                               .name = "agent",
                                               .validate = ci_raid_config_check_node,
                                               .add_steps = add_steps,
                                               .run_step = run_step,
                                               .step_ended = step_ended},
                                      .validate_config = ci_raid_config_check};
