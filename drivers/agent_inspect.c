/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inspection in band: a ramdisk boots, looks at the machine, and sends what it has found.
 *
 * Where the boot interface cannot boot it, the machine is booted from the network and somebody
 * else is expected to serve the ramdisk ([inspector]require_managed_boot says whether that will
 * do). A ramdisk that does not know its node is known by the addresses of its BMC, which are
 * noted before it boots.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "drivers/agent_boot.h"
#include "drivers/agent_logs.h"
#include "drivers/driver.h"
#include "drivers/inspection_hooks.h"
#include "objects/info.h"
#include "objects/states.h"

#define MANAGED "inspector_manage_boot"
#define ADDRESSES "lookup_bmc_addresses"

/* Can, and does, the boot interface boot the ramdisk? */
static bool find_manager(struct ci_task *task, bool *ret_managed)
{
    const struct ci_boot *boot = task->hardware->boot;
    bool required = task->ctx->config->inspector.require_managed_boot;

    *ret_managed = boot->validate_inspection != NULL;
    if (*ret_managed && !boot->validate_inspection(task)) {
        if (required || !ci_failed_with(task->ctx, CI_ERR_UnsupportedDriverExtension))
            return false;
        ci_error_clear(task->ctx);
        *ret_managed = false;
    }
    return *ret_managed || !required ||
           ci_fail(task->ctx, UnsupportedDriverExtension, task->node->driver,
                   "validate_inspection");
}

static bool validate(struct ci_task *task)
{
    bool ignored;

    return !task->ctx->config->inspector.require_managed_boot || find_manager(task, &ignored);
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
           strcmp(address, "localhost") == 0;
}

static void add_address(json_t *addresses, const char *address)
{
    json_t *one;
    size_t i;

    if (is_loopback(address))
        return;
    json_array_foreach(addresses, i, one)
    {
        if (strcmp(json_string_value(one), address) == 0)
            return;
    }
    json_array_append_new(addresses, json_string(address));
}

/* The host of a URL, or the text itself; brackets of IPv6 are cut off. */
static const char *host_of(struct ci_arena *mem, const char *address)
{
    const char *host = strstr(address, "//");
    char *cut;

    host = ci_strdup(mem, host ? host + 2 : address);
    if (host != address && strchr(host, '@') && strstr(address, "//"))
        host = strchr(host, '@') + 1;
    if (*host == '[') {
        cut = strchr(host, ']');
        return ci_strndup(mem, host + 1, cut ? (size_t)(cut - host - 1) : strlen(host + 1));
    }
    if (!strstr(address, "//"))
        return host;
    return ci_strndup(mem, host, strcspn(host, ":/?#"));
}

static void add_resolved(struct ci_task *task, const char *host, json_t *addresses)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    char text[INET6_ADDRSTRLEN];

    if (getaddrinfo(host, NULL, &hints, &found) != 0) {
        ci_warning(task->ctx, "A BMC's name cannot be resolved", "node=%s name=%s",
                   task->node->uuid, host);
        return;
    }
    for (const struct addrinfo *one = found; one; one = one->ai_next) {
        if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, NULL, 0,
                        NI_NUMERICHOST) == 0)
            add_address(addresses, text);
    }
    freeaddrinfo(found);
    add_address(addresses, host);
}

/* Notes by which addresses of a BMC the ramdisk will be known. */
static bool note_addresses(struct ci_task *task)
{
    static const char *const keys[] = {ADDRESSES, NULL};
    json_t *addresses = ci_json(task->ctx, json_array()), *info, *value;
    const char *key, *bridging;

    if (!ci_info_read(task->ctx, task->node->driver_info, &info))
        return false;
    bridging = json_string_value(json_object_get(info, "ipmi_bridging"));
    json_object_foreach(info, key, value)
    {
        size_t length = strlen(key);

        if (length < 8 || strcmp(key + length - 8, "_address") != 0 ||
            ci_json_kind(value) != CI_JSON_STRING)
            continue;
        /* Behind a bridge an address of IPMI is not the machine's own. */
        if (strncmp(key, "ipmi_", 5) == 0 && bridging && strcmp(bridging, "no") != 0)
            continue;
        add_resolved(task, host_of(task->ctx->mem, json_string_value(value)), addresses);
    }
    if (json_array_size(addresses) == 0)
        return ci_internal_info_drop(task->ctx, task->node, keys);
    return ci_internal_info_set(task->ctx, task->node, ADDRESSES, json_incref(addresses));
}

static bool start_managed(struct ci_task *task)
{
    const struct ci_hardware *hardware = task->hardware;

    return ci_agent_power_down(task) &&
           ci_optional(hardware->network->add_inspection_network, task) &&
           ci_optional(hardware->boot->prepare_ramdisk, task) && ci_agent_power_up(task);
}

static bool start_unmanaged(struct ci_task *task)
{
    const struct ci_management *management = task->hardware->management;

    if (!ci_agent_power_down(task))
        return false;
    if (!management->set_boot_device)
        return ci_fail(task->ctx, UnsupportedDriverExtension, task->node->driver,
                       "set_boot_device");
    return management->set_boot_device(task, "pxe", false) && ci_agent_power_up(task);
}

/* What is left to do after an inspection, however it ended; what goes wrong is one text. */
static const char *tear_down(struct ci_task *task, bool always_power_off)
{
    const struct ci_hardware *hardware = task->hardware;
    static const char *const keys[] = {MANAGED, NULL};
    bool managed, fast_track = false;
    const char *wrong = "";
    json_t *info;

    if (!ci_info_read(task->ctx, task->node->driver_internal_info, &info))
        return ci_error_take(task->ctx);
    managed = json_is_true(json_object_get(info, MANAGED));
    if (!ci_internal_info_drop(task->ctx, task->node, keys))
        return ci_error_take(task->ctx);
    if (managed && !ci_optional(hardware->boot->clean_up_ramdisk, task))
        wrong = ci_printf(task->ctx->mem, "unable to clean up ramdisk boot: %s",
                          ci_error_take(task->ctx));
    if (managed && !ci_optional(hardware->network->remove_inspection_network, task))
        wrong = ci_printf(task->ctx->mem, "%s%sunable to remove inspection ports: %s", wrong,
                          *wrong ? ", " : "", ci_error_take(task->ctx));
    if (!ci_info_fast_track(task->ctx, task->node, &fast_track))
        ci_error_clear(task->ctx); /* then there is none */
    if ((managed || always_power_off) && task->ctx->config->inspector.power_off && !fast_track &&
        !task->set_power(task, ci_is_true(task->node->disable_power_off) ? CI_REBOOT : CI_POWER_OFF,
                         0))
        wrong = ci_printf(task->ctx->mem, "%s%sunable to power off the node: %s", wrong,
                          *wrong ? ", " : "", ci_error_take(task->ctx));
    return wrong;
}

/* Fails with ctx->error's reason, once what was prepared is torn down. */
static bool fail(struct ci_task *task, const char *words, bool clean_up)
{
    const char *reason = ci_error_take(task->ctx);

    if (clean_up)
        (void)tear_down(task, false);
    return ci_fail_text(task->ctx, HardwareInspectionFailure,
                        "Failed to inspect hardware. Reason: %s: %s", words, reason);
}

static bool inspect_hardware(struct ci_task *task, enum ci_outcome *ret_outcome)
{
    bool managed;

    *ret_outcome = CI_WAIT;
    if (!find_manager(task, &managed) ||
        !ci_internal_info_set(task->ctx, task->node, MANAGED, json_boolean(managed)) ||
        !note_addresses(task) || !ci_node_save(task->ctx, task->node))
        return false;
    return (managed ? start_managed(task) : start_unmanaged(task)) ||
           fail(task, "unable to start inspection", managed);
}

static bool clean_up(struct ci_task *task)
{
    const char *wrong = tear_down(task, true);

    return !*wrong || ci_fail_text(task->ctx, HardwareInspectionFailure,
                                   "Inspection clean up failed: %s", wrong);
}

static bool abort_inspection(struct ci_task *task)
{
    static const char *const keys[] = {ADDRESSES, NULL};

    return ci_internal_info_drop(task->ctx, task->node, keys) &&
           ci_node_save(task->ctx, task->node) && clean_up(task);
}

static void store_logs(struct ci_task *task, const json_t *plugin_data)
{
    const char *logs = json_string_value(json_object_get(plugin_data, "logs"));

    if (logs)
        ci_agent_store_logs(task, logs, "inspect");
    else
        ci_warning(task->ctx, "The ramdisk sent no logs", "node=%s", task->node->uuid);
}

static bool continue_inspection(struct ci_task *task, json_t *inventory, json_t *plugin_data,
                                enum ci_outcome *ret_outcome)
{
    *ret_outcome = CI_DONE;
    if (!ci_inspection_hooks_run(task, inventory, plugin_data)) {
        store_logs(task, plugin_data);
        return fail(task, "failed to run inspection hooks", true);
    }
    if (ci_same(task->ctx->config->agent.deploy_logs_collect, "always"))
        store_logs(task, plugin_data);
    return clean_up(task);
}

const struct ci_inspect ci_agent_inspect = {
    .base = {.type = "inspect", .name = "agent", .validate = validate},
    .inspect_hardware = inspect_hardware,
    .abort = abort_inspection,
    .continue_inspection = continue_inspection};
