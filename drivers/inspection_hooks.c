/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hooks of an inspection in band.
 *
 * validate-interfaces leaves in the plugin data which interfaces there are, which of them count
 * ([inspector]add_ports) and their MAC addresses; ports works on that.
 */
#include "drivers/inspection_hooks_private.h"

#include <string.h>

#include "base/config.h"
#include "base/ident.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "objects/capabilities.h"

static const char *text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return ci_json_kind(value) == CI_JSON_STRING ? json_string_value(value) : "";
}

static bool invalid(struct ci_task *task, const char *reason)
{
    return ci_fail(task->ctx, InvalidNodeInventory, task->node->uuid, reason);
}

/* ramdisk-error */

static bool check_error(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    const json_t *error = json_object_get(plugin_data, "error");
    const char *text = ci_json_kind(error) == CI_JSON_STRING ? json_string_value(error)
                                                             : ci_json_repr(task->ctx->mem, error);

    (void)inventory;
    if (ci_json_kind(error) == CI_JSON_NULL || json_is_false(error) || !*text)
        return true;
    return ci_fail_text(task->ctx, HardwareInspectionFailure,
                        "Failed to inspect hardware. Reason: Ramdisk reported error: %s", text);
}

/* validate-interfaces */

/* The MAC address that booted, in lower case; pxelinux writes it 01-aa-bb-…; "" for none. */
static const char *pxe_mac(struct ci_task *task, const json_t *inventory)
{
    const char *mac = text_of(json_object_get(inventory, "boot"), "pxe_interface");
    char *copy;

    if (strchr(mac, '-')) {
        copy = ci_strdup(task->ctx->mem, strchr(mac, '-') + 1);
        for (char *c = copy; *c; c++)
            *c = *c == '-' ? ':' : *c;
        mac = copy;
    }
    return ci_mac_is_valid(mac) ? ci_mac_normal(task->ctx->mem, mac) : mac;
}

/* One more interface of the inventory, unless it has no name or no address that is one. */
static void add_interface(struct ci_task *task, const json_t *interface, const char *booted,
                          json_t *all)
{
    const char *name = text_of(interface, "name"), *mac = text_of(interface, "mac_address");
    const char *ipv6 = text_of(interface, "ipv6_address");
    json_t *kept;

    if (!*name || !*mac || !ci_mac_is_valid(mac)) {
        ci_warning(task->ctx, "An interface of an inventory is passed over", "node=%s interface=%s",
                   task->node->uuid, ci_json_repr(task->ctx->mem, interface));
        return;
    }
    kept = json_copy((json_t *)(uintptr_t)interface);
    json_object_set_new(kept, "pxe_enabled",
                        json_boolean(strcmp(ci_mac_normal(task->ctx->mem, mac), booted) == 0));
    /* The scope of a link-local address is the ramdisk's own. */
    json_object_set_new(kept, "ipv6_address",
                        json_object_get(interface, "ipv6_address")
                            ? json_stringn(ipv6, strcspn(ipv6, "%"))
                            : json_null());
    json_object_set_new(all, name, kept);
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static bool is_wanted(struct ci_task *task, const char *name, const json_t *interface,
                      const char *booted)
{
    const char *which = task->ctx->config->inspector.add_ports;
    const char *ip = text_of(interface, "ipv4_address");

    if (!*ip)
        ip = text_of(interface, "ipv6_address");
    if (strcmp(name, "lo") == 0 || is_loopback(ip))
        return false;
    if (ci_same(which, "pxe") && *booted)
        return json_is_true(json_object_get(interface, "pxe_enabled"));
    return !ci_same(which, "active") || *ip;
}

static bool check_interfaces(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    const char *booted = pxe_mac(task, inventory), *name;
    json_t *all = json_object(), *valid = json_object(), *macs = json_array(), *one;
    json_t *interfaces = json_object_get(inventory, "interfaces");
    size_t i;

    json_object_set_new(plugin_data, "all_interfaces", all);
    json_object_set_new(plugin_data, "valid_interfaces", valid);
    json_object_set_new(plugin_data, "macs", macs);
    if (!interfaces)
        return invalid(task, "no interfaces present in inventory");
    json_array_foreach(interfaces, i, one)
    {
        if (json_is_object(one))
            add_interface(task, one, booted, all);
    }
    if (json_object_size(all) == 0)
        return invalid(task, "no valid network interfaces");
    json_object_foreach(all, name, one)
    {
        if (!is_wanted(task, name, one, booted))
            continue;
        json_object_set(valid, name, one);
        json_array_append(macs, json_object_get(one, "mac_address"));
    }
    if (json_object_size(valid) > 0)
        return true;
    return invalid(task, ci_printf(task->ctx->mem,
                                   "no network interfaces match the configuration (add_ports set "
                                   "to \"%s\")",
                                   task->ctx->config->inspector.add_ports));
}

/* ports */

static bool create_port(struct ci_task *task, const json_t *interface)
{
    struct ci_port *port = ci_object_new(task->ctx->mem, &ci_port_type);
    const char *client = text_of(interface, "client_id");

    ci_port_set_address(port, ci_mac_normal(task->ctx->mem, text_of(interface, "mac_address")));
    ci_port_set_node_id(port, task->node->id);
    ci_port_set_pxe_enabled(port, json_is_true(json_object_get(interface, "pxe_enabled")));
    ci_port_set_extra(
        port, *client ? ci_json_text(task->ctx->mem,
                                     ci_json(task->ctx, json_pack("{s:s}", "client-id", client)))
                      : "{}");
    if (ci_port_create(task->ctx, port)) {
        ci_info(task->ctx, "Port created by an inspection", "node=%s address=%s", task->node->uuid,
                port->address);
        return true;
    }
    if (!ci_failed_with(task->ctx, CI_ERR_MACAlreadyExists))
        return false;
    ci_error_clear(task->ctx); /* it is there, perhaps at another node, whose it stays */
    return true;
}

/* The interface of an address, NULL when the inventory has none. */
static const json_t *find_interface(struct ci_task *task, json_t *all, const char *address)
{
    const char *name;
    json_t *one;

    json_object_foreach(all, name, one)
    {
        if (strcmp(ci_mac_normal(task->ctx->mem, text_of(one, "mac_address")), address) == 0)
            return one;
    }
    return NULL;
}

static bool is_kept(struct ci_task *task, const struct ci_port *port, const json_t *interface,
                    const json_t *plugin_data)
{
    const char *which = task->ctx->config->inspector.keep_ports;
    const json_t *macs = json_object_get(plugin_data, "macs"), *mac;
    size_t i;

    if (ci_same(which, "all"))
        return true;
    if (ci_same(which, "present"))
        return interface != NULL;
    json_array_foreach((json_t *)(uintptr_t)macs, i, mac)
    {
        if (strcmp(ci_mac_normal(task->ctx->mem, json_string_value(mac)), port->address) == 0)
            return true;
    }
    return json_array_size(macs) == 0;
}

static bool update_port(struct ci_task *task, struct ci_port *port, const json_t *interface)
{
    bool booted = json_is_true(json_object_get(interface, "pxe_enabled"));
    const char *client = text_of(interface, "client_id");
    json_t *extra;

    if (task->ctx->config->inspector.update_pxe_enabled && booted != ci_is_true(port->pxe_enabled))
        ci_port_set_pxe_enabled(port, booted);
    if (*client) {
        const char *text = port->extra ? port->extra : "{}";

        if (!ci_json_read(task->ctx, text, strlen(text), &ci_json_trusted, &extra))
            return false;
        if (strcmp(text_of(extra, "client-id"), client) != 0) {
            json_object_set_new(extra, "client-id", json_string(client));
            ci_port_set_extra(port, ci_json_text(task->ctx->mem, extra));
        }
    }
    return ci_port_save(task->ctx, port);
}

static bool take_ports(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    json_t *all = json_object_get(plugin_data, "all_interfaces"), *one;
    struct ci_port **ports;
    const char *name;
    size_t n;

    (void)inventory;
    if (!ci_same(task->ctx->config->inspector.add_ports, "disabled"))
        json_object_foreach(json_object_get(plugin_data, "valid_interfaces"), name, one)
        {
            if (!create_port(task, one))
                return false;
        }
    if (!ci_port_load_of_node(task->ctx, task->node->id, &n, &ports))
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *interface = find_interface(task, all, ports[i]->address);

        if (!is_kept(task, ports[i], interface, plugin_data)
                ? !ci_port_destroy(task->ctx, ports[i])
                : !update_port(task, ports[i], interface))
            return false;
    }
    task->ports = NULL; /* to be loaded again */
    task->port_count = 0;
    return true;
}

/* architecture, memory, cpus, boot-mode, cpu-capabilities */

static bool take_architecture(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    json_t *cpu = json_object_get(inventory, "cpu"), *value = json_object_get(cpu, "architecture");

    (void)plugin_data;
    if (!value)
        return invalid(task, ci_printf(task->ctx->mem,
                                       "Inventory has malformed or missing CPU architecture "
                                       "information: %s for node %s.",
                                       cpu ? ci_json_repr(task->ctx->mem, cpu) : "None",
                                       task->node->uuid));
    return ci_property_set(task->ctx, task->node, "cpu_arch", json_incref(value));
}

static bool take_memory(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    json_t *memory = json_object_get(inventory, "memory"),
           *value = json_object_get(memory, "physical_mb");

    (void)plugin_data;
    if (!value)
        return invalid(task, ci_printf(task->ctx->mem,
                                       "Inventory has missing memory information: %s for node %s.",
                                       memory ? ci_json_repr(task->ctx->mem, memory) : "None",
                                       task->node->uuid));
    return ci_property_set(task->ctx, task->node, "memory_mb", json_incref(value));
}

static bool take_cpus(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    const json_t *value = json_object_get(json_object_get(inventory, "cpu"), "count");
    int64_t count = 0;

    (void)plugin_data;
    if (ci_json_kind(value) == CI_JSON_INT)
        count = json_integer_value(value);
    else if (ci_json_kind(value) == CI_JSON_STRING &&
             !ci_parse_int(json_string_value(value), 0, INT32_MAX, &count))
        count = 0;
    return count == 0 || ci_property_set(task->ctx, task->node, "cpus", json_integer(count));
}

static bool take_boot_mode(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    const char *mode = text_of(json_object_get(inventory, "boot"), "current_boot_mode");

    (void)plugin_data;
    return !*mode || ci_capability_set(task->ctx, task->node, "boot_mode", mode);
}

static bool take_cpu_capabilities(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    const json_t *flags = json_object_get(json_object_get(inventory, "cpu"), "flags"), *flag;
    const char *const *pair = task->ctx->config->inspector.cpu_capabilities;
    size_t i;

    (void)plugin_data;
    for (; pair && *pair; pair += 2) {
        json_array_foreach((json_t *)(uintptr_t)flags, i, flag)
        {
            if (ci_json_kind(flag) != CI_JSON_STRING ||
                strcmp(json_string_value(flag), pair[0]) != 0)
                continue;
            if (!ci_capability_set(task->ctx, task->node, pair[1], "true"))
                return false;
            break;
        }
    }
    return true;
}

static const struct hook {
    const char *name;
    ci_inspection_hook *check, *take;          /* either may be NULL */
    const char *needs;                         /* a hook that must come before; NULL: none */
    bool (*check_options)(struct ci_ctx *ctx); /* those that it reads; NULL: any will do */
} hooks[] = {
    {"ramdisk-error", .check = check_error},
    {"validate-interfaces", .check = check_interfaces},
    {"ports", .take = take_ports, .needs = "validate-interfaces"},
    {"accelerators", .take = ci_hook_accelerators, .check_options = ci_hook_accelerators_check},
    {"architecture", .take = take_architecture},
    {"boot-mode", .take = take_boot_mode},
    {"cpu-capabilities", .take = take_cpu_capabilities},
    {"cpus", .take = take_cpus},
    {"extra-hardware", .take = ci_hook_extra_hardware},
    {"local-link-connection", .take = ci_hook_local_link, .needs = "validate-interfaces"},
    {"memory", .take = take_memory},
    {"parse-lldp", .take = ci_hook_parse_lldp},
    {"pci-devices", .take = ci_hook_pci_devices},
    {"physical-network", .take = ci_hook_physical_network, .needs = "validate-interfaces",
     .check_options = ci_hook_physical_network_check},
    {"raid-device", .take = ci_hook_raid_device},
    {"root-device", .take = ci_hook_root_device},
};

static const struct hook *find_hook(const char *name)
{
    for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
        if (strcmp(hooks[i].name, name) == 0)
            return &hooks[i];
    }
    return NULL;
}

static const char *const *enabled(const struct ci_ctx *ctx)
{
    const char *names = ctx->config->inspector.hooks;

    return ci_split(ctx->mem, names ? names : "", ',');
}

bool ci_inspection_hooks_check(struct ci_ctx *ctx)
{
    const char *const *names = enabled(ctx), *missing = "";

    for (size_t i = 0; names[i]; i++) {
        const struct hook *hook = find_hook(names[i]);
        bool found = false;

        if (!hook) {
            missing = ci_printf(ctx->mem, "%s%s%s", missing, *missing ? ", " : "", names[i]);
            continue;
        }
        for (size_t j = 0; hook->needs && j < i; j++)
            found |= strcmp(names[j], hook->needs) == 0;
        if (hook->needs && !found)
            return ci_fail_text(ctx, HardwareInspectionFailure,
                                "Some hooks failed to load due to dependency problems: Hook %s "
                                "requires these missing hooks to be enabled before it: %s. They "
                                "are named by [inspector]hooks.",
                                hook->name, hook->needs);
        if (hook->check_options && !hook->check_options(ctx))
            return false;
    }
    return !*missing || ci_fail_text(ctx, HardwareInspectionFailure,
                                     "The following hook(s) are missing or failed to load: %s. "
                                     "They are named by [inspector]hooks.",
                                     missing);
}

/* All that is wrong is told at once. */
static bool run_checks(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    const char *failures = "";

    for (const char *const *name = enabled(task->ctx); *name; name++) {
        const struct hook *hook = find_hook(*name);

        if (!hook || !hook->check || hook->check(task, inventory, plugin_data))
            continue;
        failures = ci_printf(task->ctx->mem, "%s\nError in preprocess hook %s: %s", failures,
                             hook->name, ci_error_take(task->ctx));
    }
    return !*failures ||
           ci_fail_text(task->ctx, HardwareInspectionFailure,
                        "Failed to inspect hardware. Reason: The following failures happened while "
                        "running preprocess hooks for node %s:%s",
                        task->node->uuid, failures);
}

bool ci_inspection_hooks_run(struct ci_task *task, json_t *inventory, json_t *plugin_data)
{
    if (!run_checks(task, inventory, plugin_data))
        return false;
    for (const char *const *name = enabled(task->ctx); *name; name++) {
        const struct hook *hook = find_hook(*name);

        if (hook && hook->take && !hook->take(task, inventory, plugin_data))
            return false;
    }
    return ci_node_save(task->ctx, task->node);
}
