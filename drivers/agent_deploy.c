/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deploy interfaces that work through the agent: custom-agent, whose agent brings the steps that
 * write an image.
 *
 * Cleaning, servicing and deployment boot the ramdisk first, unless one runs that may be used
 * (fast track); its first heartbeat then leads on.
 */
#include <inttypes.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "db/db.h"
#include "drivers/agent.h"
#include "drivers/agent_boot.h"
#include "drivers/agent_client.h"
#include "drivers/agent_logs.h"
#include "objects/info.h"
#include "objects/states.h"

static bool is_in(const struct ci_task *task, const char *const *states)
{
    return ci_one_of(task->node->provision_state, states);
}

static bool validate(struct ci_task *task)
{
    return !ci_agent_manages_boot(task) || ci_optional(task->hardware->boot->base.validate, task);
}

/* Before the steps of a deployment. True in *ret_ready: an agent runs already, or none is needed.
 */
static bool prepare_networks(struct ci_task *task, bool *ret_ready)
{
    const struct ci_hardware *hardware = task->hardware;

    return ci_optional(hardware->network->base.validate, task) &&
           ci_agent_is_fast_track(task, ret_ready) && (*ret_ready || ci_agent_power_down(task)) &&
           ci_optional(hardware->network->unconfigure_tenant_networks, task) &&
           ci_optional(hardware->network->add_provisioning_network, task) &&
           ci_optional(hardware->storage->attach_volumes, task);
}

static bool prepare(struct ci_task *task)
{
    static const char *const with_instance[] = {CI_STATE_ACTIVE, CI_STATE_UNRESCUING,
                                                CI_STATE_ADOPTING, NULL};
    bool ready = false;

    if (ci_same(task->node->provision_state, CI_STATE_DEPLOYING) && !prepare_networks(task, &ready))
        return false;
    if (ready)
        return true;
    if (is_in(task, with_instance))
        return ci_optional(task->hardware->boot->prepare_instance, task);
    return ci_agent_prepare_boot(task);
}

static bool clean_up(struct ci_task *task)
{
    const struct ci_boot *boot = task->hardware->boot;

    return ci_agent_clean_boot(task) && ci_optional(boot->clean_up_instance, task) &&
           (!ci_is_true(task->node->disable_power_off) || task->set_power(task, CI_REBOOT, 0));
}

/* Volume targets are the instance's: they go with it. */
static bool forget_volumes(struct ci_task *task)
{
    static const char *const keys[] = {"boot_from_volume", "boot_from_volume_deploy", NULL};
    const char *values[] = {ci_printf(task->ctx->mem, "%" PRId64, task->node->id)};

    return ci_db_run(task->ctx, "DELETE FROM volume_targets WHERE node_id = $1", 1, values, NULL) &&
           ci_internal_info_drop(task->ctx, task->node, keys) &&
           ci_node_save(task->ctx, task->node);
}

static bool tear_down(struct ci_task *task, enum ci_outcome *ret_outcome)
{
    const struct ci_hardware *hardware = task->hardware;

    *ret_outcome = CI_DONE;
    return ci_agent_power_down(task) && ci_optional(hardware->storage->detach_volumes, task) &&
           forget_volumes(task) &&
           ci_optional(hardware->network->unconfigure_tenant_networks, task) &&
           ci_optional(hardware->network->remove_provisioning_network, task);
}

/* How the agent is to erase disks. */
static bool note_erasing(struct ci_task *task)
{
    const struct ci_config *config = task->ctx->config;
    json_t *how = ci_json(
        task->ctx,
        json_pack("{s:I, s:b, s:b, s:b, s:b, s:b, s:I, s:b}", "agent_erase_devices_iterations",
                  (json_int_t)config->deploy.shred_random_overwrite_iterations,
                  "agent_erase_devices_zeroize", config->deploy.shred_final_overwrite_with_zeros,
                  "agent_continue_if_secure_erase_failed",
                  config->deploy.continue_if_disk_secure_erase_fails,
                  "agent_continue_if_ata_erase_failed",
                  config->deploy.continue_if_disk_secure_erase_fails,
                  "agent_enable_nvme_secure_erase", config->deploy.enable_nvme_secure_erase,
                  "agent_enable_ata_secure_erase", config->deploy.enable_ata_secure_erase,
                  "disk_erasure_concurrency", (json_int_t)config->deploy.disk_erasure_concurrency,
                  "agent_erase_skip_read_only", config->deploy.erase_skip_read_only));

    return ci_internal_info_merge(task->ctx, task->node, how) &&
           ci_node_save(task->ctx, task->node);
}

static bool prepare_cleaning(struct ci_task *task, enum ci_outcome *ret_outcome)
{
    bool fast_track;

    *ret_outcome = CI_DONE;
    if (!ci_optional(task->hardware->network->add_cleaning_network, task) || !note_erasing(task) ||
        !ci_agent_prepare_boot(task) || !ci_agent_is_fast_track(task, &fast_track))
        return false;
    if (fast_track)
        return ci_agent_refresh_steps(task, CI_FLOW_CLEAN);
    *ret_outcome = CI_WAIT;
    return task->set_power(task, CI_REBOOT, 0);
}

static bool tear_down_cleaning(struct ci_task *task)
{
    const struct ci_hardware *hardware = task->hardware;
    bool failed = ci_same(task->node->fault, "clean failure"), fast_track;

    if (!ci_agent_is_fast_track(task, &fast_track))
        return false;
    if (!fast_track && !failed && !ci_agent_power_down(task))
        return false;
    return ci_agent_clean_boot(task) &&
           ci_optional(hardware->network->remove_cleaning_network, task) &&
           (fast_track || failed || !ci_is_true(task->node->disable_power_off) ||
            task->set_power(task, CI_REBOOT, 0));
}

static bool prepare_service(struct ci_task *task, enum ci_outcome *ret_outcome)
{
    const struct ci_hardware *hardware = task->hardware;

    *ret_outcome = CI_WAIT;
    return ci_agent_power_down_unseen(task) &&
           ci_optional(hardware->boot->clean_up_instance, task) &&
           ci_optional(hardware->network->unconfigure_tenant_networks, task) &&
           ci_optional(hardware->network->add_servicing_network, task) &&
           ci_agent_prepare_boot(task) && ci_agent_power_up(task);
}

static bool tear_down_service(struct ci_task *task)
{
    const struct ci_hardware *hardware = task->hardware;
    bool failed = ci_same(task->node->fault, "service failure");
    bool stays_on = ci_is_true(task->node->disable_power_off);

    if ((stays_on && !ci_agent_lock_down(task, false)) ||
        (!failed && !stays_on && !task->set_power(task, CI_POWER_OFF, 0)) ||
        !ci_optional(hardware->boot->clean_up_ramdisk, task))
        return false;
    return failed ||
           (ci_optional(hardware->network->remove_servicing_network, task) &&
            ci_optional(hardware->network->configure_tenant_networks, task) &&
            ci_optional(hardware->boot->prepare_instance, task) && ci_agent_power_up(task));
}

/* The steps of a deployment that need no agent, highest priority first. */

static bool deploy(struct ci_task *task, const json_t *args, enum ci_outcome *ret_outcome)
{
    static const char *const keys[] = {"deployment_reboot", NULL};
    bool fast_track;
    json_t *info;

    (void)args;
    *ret_outcome = CI_DONE;
    if (!ci_agent_is_fast_track(task, &fast_track))
        return false;
    task->steps_changed = fast_track;
    if (fast_track)
        return ci_agent_refresh_steps(task, CI_FLOW_DEPLOY);
    *ret_outcome = CI_WAIT;
    return ci_info_read(task->ctx, task->node->driver_internal_info, &info) &&
           ci_internal_info_drop(task->ctx, task->node, keys) &&
           ci_node_save(task->ctx, task->node) &&
           (json_is_true(json_object_get(info, "deployment_reboot")) ||
            task->set_power(task, CI_REBOOT, 0));
}

static bool prepare_instance_boot(struct ci_task *task, const json_t *args,
                                  enum ci_outcome *ret_outcome)
{
    (void)args;
    *ret_outcome = CI_DONE;
    return ci_optional(task->hardware->boot->prepare_instance, task) ||
           ci_fail_text(task->ctx, InstanceDeployFailure,
                        "Failed to prepare instance for booting: %s", ci_error_take(task->ctx));
}

static bool can_power_on(const struct ci_task *task)
{
    const char *const *states = task->hardware->power->supported_states;

    return !states || ci_one_of(CI_POWER_ON, states);
}

/* An agent that cannot write its disks out is old, or gone: the power goes all the same. */
static bool sync_and(struct ci_task *task, const char *power)
{
    json_t *command;

    if (!ci_agent_command(task, "standby.sync", json_object(), CI_AGENT_END, &command))
        return false;
    return task->set_power(task, power, 0);
}

static bool end_agent(struct ci_task *task)
{
    json_t *info;
    bool hard;

    if (!ci_info_read(task->ctx, task->node->driver_info, &info) ||
        !ci_info_bool(task->ctx, info, "deploy_forces_oob_reboot", false, &hard))
        return false;
    if (ci_is_true(task->node->disable_power_off))
        return ci_agent_lock_down(task, true);
    if (!can_power_on(task))
        return sync_and(task, CI_REBOOT);
    return hard ? sync_and(task, CI_POWER_OFF) : ci_agent_power_off(task);
}

/* Why a step of the end failed, with the class, as Ironic words it. */
static bool step_failed(struct ci_task *task, const char *doing)
{
    const char *class = ci_error_kind(task->ctx->error->class)->name;

    return ci_fail_text(task->ctx, InstanceDeployFailure, "Error %s node %s after deploy. %s: %s",
                        doing, task->node->uuid, class, ci_error_take(task->ctx));
}

static bool tear_down_agent(struct ci_task *task, const json_t *args, enum ci_outcome *ret_outcome)
{
    (void)args;
    *ret_outcome = CI_DONE;
    if (ci_same(task->ctx->config->agent.deploy_logs_collect, "always"))
        ci_agent_collect_logs(task, NULL);
    return end_agent(task) || step_failed(task, "rebooting");
}

static bool switch_network(struct ci_task *task, const json_t *args, enum ci_outcome *ret_outcome)
{
    const struct ci_network *network = task->hardware->network;
    const char *class;

    (void)args;
    *ret_outcome = CI_DONE;
    if (ci_optional(network->remove_provisioning_network, task) &&
        ci_optional(network->configure_tenant_networks, task))
        return true;
    class = ci_error_kind(task->ctx->error->class)->name;
    return ci_fail_text(task->ctx, InstanceDeployFailure,
                        "Error changing node %s to tenant networks after deploy. %s: %s",
                        task->node->uuid, class, ci_error_take(task->ctx));
}

static bool boot_instance(struct ci_task *task, const json_t *args, enum ci_outcome *ret_outcome)
{
    bool stays_on = ci_is_true(task->node->disable_power_off);

    (void)args;
    *ret_outcome = CI_DONE;
    if (!stays_on && !can_power_on(task))
        return true; /* it was rebooted before */
    return ci_agent_power_up(task) || step_failed(task, "booting");
}

static const struct ci_step_offer deploy_steps[] = {
    {.name = "deploy", .priority = 100, .abortable = true, .run = deploy},
    {.name = "prepare_instance_boot",
     .priority = 60,
     .abortable = true,
     .run = prepare_instance_boot},
    {.name = "tear_down_agent", .priority = 40, .abortable = true, .run = tear_down_agent},
    {.name = "switch_to_tenant_network", .priority = 30, .abortable = true, .run = switch_network},
    {.name = "boot_instance", .priority = 20, .abortable = true, .run = boot_instance},
    {0}};

/* In-band steps; what the interface offers itself goes before those of the same name. */
static bool add_steps(struct ci_task *task, enum ci_flow flow, json_t *steps)
{
    const struct ci_config *config = task->ctx->config;
    const struct ci_agent_priority priorities[] = {
        {"erase_devices", config->deploy.erase_devices_priority},
        {"erase_devices_metadata", config->deploy.erase_devices_metadata_priority},
        {NULL, 0}};

    return ci_agent_add_steps(task, flow, flow == CI_FLOW_SERVICE ? NULL : "deploy",
                              flow == CI_FLOW_CLEAN ? priorities : NULL, steps);
}

const struct ci_deploy ci_custom_agent_deploy = {.base = {.type = "deploy",
                                                          .name = "custom-agent",
                                                          .validate = validate,
                                                          .deploy_steps = deploy_steps,
                                                          .add_steps = add_steps,
                                                          .run_step = ci_agent_run_step},
                                                 .has_agent = true,
                                                 .prepare = prepare,
                                                 .clean_up = clean_up,
                                                 .tear_down = tear_down,
                                                 .prepare_cleaning = prepare_cleaning,
                                                 .tear_down_cleaning = tear_down_cleaning,
                                                 .prepare_service = prepare_service,
                                                 .tear_down_service = tear_down_service};
