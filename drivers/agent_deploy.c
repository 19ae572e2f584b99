/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deploy interfaces that work through the agent: custom-agent, whose agent brings the steps that
 * write an image, and direct, which has it write the one of instance_info.
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
#include "drivers/agent_direct.h"
#include "drivers/agent_logs.h"
#include "drivers/capabilities.h"
#include "drivers/image.h"
#include "drivers/root_device.h"
#include "objects/info.h"
#include "objects/states.h"

static bool is_in(const struct ci_task *task, const char *const *states)
{
    return ci_one_of(task->node->provision_state, states);
}

static bool validate(struct ci_task *task)
{
    return (!ci_agent_manages_boot(task) ||
            ci_optional(task->hardware->boot->base.validate, task)) &&
           ci_capabilities_check(task) && ci_root_device_check(task);
}

static bool validate_direct(struct ci_task *task)
{
    return validate(task) && ci_image_check(task);
}

/* What an interface adds to instance_info before the agent runs; NULL: nothing. */
typedef bool update_info(struct ci_task *task);

/* Before the steps of a deployment. True in *ret_ready: an agent runs already, or none is needed.
 */
static bool prepare_networks(struct ci_task *task, update_info *update, bool *ret_ready)
{
    const struct ci_hardware *hardware = task->hardware;

    return ci_optional(hardware->network->base.validate, task) &&
           ci_agent_is_fast_track(task, ret_ready) && (*ret_ready || ci_agent_power_down(task)) &&
           ci_optional(hardware->network->unconfigure_tenant_networks, task) &&
           ci_optional(hardware->network->add_provisioning_network, task) &&
           (!*ret_ready || ci_optional(update, task)) &&
           ci_optional(hardware->storage->attach_volumes, task);
}

static bool prepare_with(struct ci_task *task, update_info *update)
{
    static const char *const with_instance[] = {CI_STATE_ACTIVE, CI_STATE_UNRESCUING,
                                                CI_STATE_ADOPTING, NULL};
    static const char *const rescued[] = {CI_STATE_RESCUING, CI_STATE_RESCUEWAIT, CI_STATE_RESCUE,
                                          CI_STATE_RESCUEFAIL, NULL};
    bool ready = false;

    if (ci_same(task->node->provision_state, CI_STATE_DEPLOYING) &&
        !prepare_networks(task, update, &ready))
        return false;
    if (ready)
        return true;
    if (is_in(task, with_instance))
        return ci_optional(task->hardware->boot->prepare_instance, task);
    return (is_in(task, rescued) || ci_optional(update, task)) && ci_agent_prepare_boot(task);
}

static bool prepare(struct ci_task *task)
{
    return prepare_with(task, NULL);
}

static bool prepare_direct(struct ci_task *task)
{
    return prepare_with(task, ci_image_prepare);
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
    return ci_agent_prepare_instance(task);
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

/* The steps of both, but for what stands in between: what writes, and what makes bootable. */
#define STEP(name_, priority_, run_)                                                               \
    {                                                                                              \
        .name = name_, .priority = priority_, .abortable = true, .run = run_                       \
    }
#define BOOT_AGENT STEP("deploy", 100, deploy)
#define END_AGENT                                                                                  \
    STEP("tear_down_agent", 40, tear_down_agent),                                                  \
        STEP("switch_to_tenant_network", 30, switch_network),                                      \
        STEP("boot_instance", 20, boot_instance)

static const struct ci_step_offer deploy_steps[] = {
    BOOT_AGENT, STEP("prepare_instance_boot", 60, prepare_instance_boot), END_AGENT, {0}};

static const struct ci_step_offer direct_steps[] = {
    BOOT_AGENT,
    STEP("write_image", 80, ci_agent_write_image),
    STEP("prepare_instance_boot", 60, ci_agent_boot_image),
    END_AGENT,
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

static const char *const properties[] = {
    "deploy_kernel",
    "UUID (from Glance) of the deployment kernel. Required.",
    "deploy_ramdisk",
    "UUID (from Glance) of the ramdisk with agent that is used at deploy time. Required.",
    "image_http_proxy",
    "URL of a proxy server for HTTP connections. Optional.",
    "image_https_proxy",
    "URL of a proxy server for HTTPS connections. Optional.",
    "image_no_proxy",
    "A comma-separated list of host names, IP addresses and domain names (with optional :port) "
    "that will be excluded from proxying. To denote a domain name, use a dot to prefix the domain "
    "name. This value will be ignored if ``image_http_proxy`` and ``image_https_proxy`` are not "
    "specified. Optional.",
    "image_download_source",
    "Specifies whether direct deploy interface should try to use the image source directly or if "
    "ironic should cache the image on the conductor and serve it from ironic's own HTTP server. "
    "Accepted values are \"swift\", \"http\" and \"local\". Optional.",
    "deploy_forces_oob_reboot",
    "Whether Ironic should force a reboot of the Node via the out-of-band channel after deployment "
    "is complete. Provides compatibility with older deploy ramdisks. Defaults to False. Optional.",
    "agent_verify_ca",
    "Either a Boolean value, a path to a CA_BUNDLE file or directory with certificates of trusted "
    "CAs. If set to True ironic will verify the agent's certificate; if False the driver will "
    "ignore verifying the SSL certificate. If it's a path the driver will use the specified "
    "certificate or one of the certificates in the directory. Defaults to True. Optional",
    NULL};

/* A table of those that work through the agent; they differ in these four. */
#define THROUGH_AGENT(name_, validate_, steps_, prepare_)                                          \
    {                                                                                              \
        .base = {.type = "deploy",                                                                 \
                 .name = name_,                                                                    \
                 .properties = properties,                                                         \
                 .validate = validate_,                                                            \
                 .deploy_steps = steps_,                                                           \
                 .add_steps = add_steps,                                                           \
                 .run_step = ci_agent_run_step},                                                   \
        .has_agent = true, .prepare = prepare_, .clean_up = clean_up, .tear_down = tear_down,      \
        .prepare_cleaning = prepare_cleaning, .tear_down_cleaning = tear_down_cleaning,            \
        .prepare_service = prepare_service, .tear_down_service = tear_down_service                 \
    }

const struct ci_deploy ci_custom_agent_deploy =
    THROUGH_AGENT("custom-agent", validate, deploy_steps, prepare);
const struct ci_deploy ci_direct_deploy =
    THROUGH_AGENT("direct", validate_direct, direct_steps, prepare_direct);
