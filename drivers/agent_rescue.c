/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rescue through the agent: its ramdisk is booted and, at its first heartbeat, becomes the rescue
 * system.
 */
#include <ctype.h>

#include "base/config.h"
#include "base/json.h"
#include "drivers/agent_boot.h"
#include "drivers/agent_client.h"
#include "objects/info.h"
#include "objects/states.h"

static bool validate(struct ci_task *task)
{
    const json_t *password;
    const char *text;
    json_t *info;

    if ((ci_agent_manages_boot(task) && !ci_optional(task->hardware->boot->base.validate, task)) ||
        !ci_info_read(task->ctx, task->node->instance_info, &info))
        return false;
    password = json_object_get(info, "rescue_password");
    if (!password || ci_json_kind(password) == CI_JSON_NULL)
        return ci_fail_text(task->ctx, MissingParameterValue,
                            "Node %s is missing 'instance_info/rescue_password'. It is required "
                            "for rescuing node.",
                            task->node->uuid);
    for (text = ci_agent_text(info, "rescue_password"); isspace((unsigned char)*text); text++)
        ;
    return *text || ci_fail_text(task->ctx, InvalidParameterValue,
                                 "The 'instance_info/rescue_password' is an empty string for node "
                                 "%s. The 'rescue_password' must be a non-empty string value.",
                                 task->node->uuid);
}

static bool rescue(struct ci_task *task, enum ci_outcome *ret_outcome)
{
    const struct ci_hardware *hardware = task->hardware;

    *ret_outcome = CI_WAIT;
    return ci_agent_power_down_unseen(task) &&
           ci_optional(hardware->boot->clean_up_instance, task) &&
           ci_optional(hardware->network->unconfigure_tenant_networks, task) &&
           ci_optional(hardware->network->add_rescuing_network, task) &&
           ci_agent_prepare_boot(task) && ci_agent_power_up(task);
}

static bool forget_password(struct ci_task *task)
{
    bool changed;
    json_t *info;

    if (!ci_info_read(task->ctx, task->node->instance_info, &info))
        return false;
    changed = json_object_del(info, "rescue_password") == 0;
    changed = json_object_del(info, "hashed_rescue_password") == 0 || changed;
    if (!changed)
        return true;
    ci_node_set_instance_info(task->node, ci_json_text(task->ctx->mem, info));
    return ci_node_save(task->ctx, task->node);
}

static bool clean_up(struct ci_task *task)
{
    const struct ci_hardware *hardware = task->hardware;

    return forget_password(task) && ci_agent_clean_boot(task) &&
           ci_optional(hardware->network->remove_rescuing_network, task);
}

static bool unrescue(struct ci_task *task, enum ci_outcome *ret_outcome)
{
    const struct ci_hardware *hardware = task->hardware;

    *ret_outcome = CI_DONE;
    return ci_agent_power_down_unseen(task) && clean_up(task) &&
           ci_optional(hardware->network->configure_tenant_networks, task) &&
           ci_optional(hardware->boot->prepare_instance, task) && ci_agent_power_up(task);
}

const struct ci_rescue ci_agent_rescue = {
    .base = {.type = "rescue", .name = "agent", .validate = validate},
    .rescue = rescue,
    .unrescue = unrescue,
    .clean_up = clean_up};
