/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hardware types: which interfaces each allows, which are enabled, and which a node gets.
 *
 * Two quirks of Ironic are kept. fake-hardware takes any enabled interface, whatever its own
 * list says; and an enabled list that is unset is worked out: for each enabled type the first
 * interface of its order. A list left at its default may name interfaces that are not there yet;
 * they are passed over, while one that somebody wrote down stops the start.
 */
#include "drivers/hardware.h"

#include <stddef.h>
#include <string.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "drivers/fake.h"
#include "drivers/inspection_hooks.h"

enum { KINDS = 13, NAMES_MAX = 32 };

const char *const ci_interface_types[] = {"bios",    "boot",       "console", "deploy", "firmware",
                                          "inspect", "management", "network", "power",  "raid",
                                          "rescue",  "storage",    "vendor",  NULL};

/* Where each kind's options are, in the order of ci_interface_types. */
static const struct kind {
    const char *enabled_option;
    size_t enabled, fallback; /* in struct ci_config */
    size_t in_hardware;       /* in struct ci_hardware */
} kinds[KINDS] = {
#define KIND(type)                                                                                 \
    {                                                                                              \
        "enabled_" #type "_interfaces",                                                            \
            offsetof(struct ci_config, DEFAULT.enabled_##type##_interfaces),                       \
            offsetof(struct ci_config, DEFAULT.default_##type##_interface),                        \
            offsetof(struct ci_hardware, type)                                                     \
    }
    KIND(bios),    KIND(boot),       KIND(console), KIND(deploy), KIND(firmware),
    KIND(inspect), KIND(management), KIND(network), KIND(power),  KIND(raid),
    KIND(rescue),  KIND(storage),    KIND(vendor),
#undef KIND
};

/* What a type supports, best first, names space separated. */
static const struct hardware_type {
    const char *name;
    const char *supported[KINDS];
} types[] = {
    {"fake-hardware",
     {"fake no-bios", "fake ipxe pxe http-ipxe http", "fake no-console fake-graphical",
      "fake autodetect direct ansible ramdisk anaconda bootc custom-agent", "fake no-firmware",
      "fake agent no-inspect", "fake", "flat neutron ironic-networking noop", "fake",
      "fake no-raid agent", "fake no-rescue agent", "fake noop cinder external",
      "fake FakeVendorA no-vendor"}},
};

static const struct existing {
    const char *type, *name;
    const struct ci_interface *interface;
} existing[] = {
#define INTERFACE(type_, name_, structure_, table_) {#type_, name_, &table_.base},
#include "drivers/interfaces.def"
#undef INTERFACE
};

static const struct hardware_type *find_type(const char *name)
{
    for (size_t i = 0; name && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    }
    return NULL;
}

bool ci_hardware_exists(const char *type)
{
    return find_type(type) != NULL;
}

static size_t find_kind(const char *interface_type)
{
    size_t kind = 0;

    while (kind < KINDS && strcmp(ci_interface_types[kind], interface_type) != 0)
        kind++;
    return kind;
}

static const char *const *list_option(const struct ci_config *config, size_t offset)
{
    return *(const char *const *const *)((const char *)config + offset);
}

static const char *text_option(const struct ci_config *config, size_t offset)
{
    return *(const char *const *)((const char *)config + offset);
}

static void add_name(const char **names, size_t *n, const char *name)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp(names[i], name) == 0)
            return;
    }
    if (*n < NAMES_MAX)
        names[(*n)++] = name;
}

/* All enabled interfaces of a kind that exist, whoever supports them. */
static const char *const *enabled_of_kind(const struct ci_ctx *ctx, size_t kind)
{
    const char *const *wanted = list_option(ctx->config, kinds[kind].enabled);
    const char **names = ci_alloc_array(ctx->mem, NAMES_MAX + 1, sizeof *names);
    size_t n = 0;

    for (; wanted && *wanted; wanted++) {
        if (ci_interface_find(ci_interface_types[kind], *wanted))
            add_name(names, &n, *wanted);
    }
    if (n > 0)
        return names;
    for (const char *const *type = ci_hardware_enabled(ctx); *type; type++) {
        const char *const *order = ci_split(ctx->mem, find_type(*type)->supported[kind], ' ');

        for (; *order; order++) {
            if (ci_interface_find(ci_interface_types[kind], *order)) {
                add_name(names, &n, *order);
                break;
            }
        }
    }
    return names;
}

const char *const *ci_hardware_enabled(const struct ci_ctx *ctx)
{
    const char *const *wanted = ctx->config->DEFAULT.enabled_hardware_types;
    const char **names = ci_alloc_array(ctx->mem, NAMES_MAX + 1, sizeof *names);
    size_t n = 0;

    for (; wanted && *wanted; wanted++) {
        if (find_type(*wanted))
            add_name(names, &n, *wanted);
    }
    return names;
}

static bool check_types(struct ci_ctx *ctx)
{
    const char *const *wanted = ctx->config->DEFAULT.enabled_hardware_types;

    for (size_t i = 0; wanted && wanted[i]; i++) {
        if (!find_type(wanted[i]))
            return ci_fail_text(ctx, DriverNotFoundInEntrypoint,
                                "Could not find the following items in the "
                                "'ironic.hardware.types' entrypoint: %s. It is named by "
                                "[DEFAULT]enabled_hardware_types; the hardware types that exist "
                                "are: fake-hardware.",
                                wanted[i]);
    }
    if (!ci_hardware_enabled(ctx)[0])
        return ci_fail(ctx, NoDriversLoaded,
                       ctx->config->DEFAULT.host ? ctx->config->DEFAULT.host : "");
    return true;
}

static bool same_list(const char *const *a, const char *const *b)
{
    if (!a || !b)
        return a == b;
    while (*a && *b && strcmp(*a, *b) == 0) {
        a++;
        b++;
    }
    return !*a && !*b;
}

static bool check_kind(struct ci_ctx *ctx, const struct ci_config *defaults, size_t kind)
{
    const char *const *wanted = list_option(ctx->config, kinds[kind].enabled);
    bool untouched = same_list(wanted, list_option(defaults, kinds[kind].enabled));

    for (; wanted && *wanted; wanted++) {
        if (ci_interface_find(ci_interface_types[kind], *wanted))
            continue;
        if (!untouched)
            return ci_fail_text(ctx, DriverNotFoundInEntrypoint,
                                "Could not find the following items in the "
                                "'ironic.hardware.interfaces.%s' entrypoint: %s. It is named by "
                                "[DEFAULT]%s.",
                                ci_interface_types[kind], *wanted, kinds[kind].enabled_option);
        ci_debug(ctx, "An interface enabled by default is not there yet", "option=%s interface=%s",
                 kinds[kind].enabled_option, *wanted);
    }
    return true;
}

/* Each enabled type must have an interface of every kind, else its nodes could not be loaded. */
static bool check_defaults(struct ci_ctx *ctx)
{
    for (const char *const *type = ci_hardware_enabled(ctx); *type; type++) {
        for (size_t kind = 0; kind < KINDS; kind++) {
            const char *name;

            if (!ci_hardware_default(ctx, *type, ci_interface_types[kind], &name))
                return false;
        }
    }
    return true;
}

bool ci_hardware_check(struct ci_ctx *ctx)
{
    struct ci_config *defaults;
    bool fine = true;

    if (!check_types(ctx) || !ci_fake_check(ctx))
        return false;
    defaults = ci_config_defaults();
    for (size_t kind = 0; fine && kind < KINDS; kind++)
        fine = check_kind(ctx, defaults, kind);
    ci_config_free(defaults);
    if (fine && ci_one_of("agent", enabled_of_kind(ctx, find_kind("inspect"))))
        fine = ci_inspection_hooks_check(ctx);
    return fine && check_defaults(ctx);
}

const char *const *ci_hardware_interfaces(struct ci_ctx *ctx, const char *type,
                                          const char *interface_type)
{
    const char **names = ci_alloc_array(ctx->mem, NAMES_MAX + 1, sizeof *names);
    const struct hardware_type *row = find_type(type);
    size_t kind = find_kind(interface_type), n = 0;
    const char *const *supported, *const *enabled;

    if (!row || kind == KINDS)
        return names;
    supported = ci_split(ctx->mem, row->supported[kind], ' ');
    for (enabled = enabled_of_kind(ctx, kind); *enabled; enabled++) {
        if (ci_one_of(*enabled, supported))
            add_name(names, &n, *enabled);
    }
    return names;
}

/* "['agent', 'fake']", as Python prints a list. */
static const char *list_text(struct ci_ctx *ctx, const char *const *names)
{
    const char *text = "";

    for (; *names; names++)
        text = ci_printf(ctx->mem, "%s%s'%s'", text, *text ? ", " : "", *names);
    return ci_printf(ctx->mem, "[%s]", text);
}

/* May a node of the type have the interface? */
static bool check_interface(struct ci_ctx *ctx, const struct hardware_type *type, size_t kind,
                            const char *name)
{
    const char *const *enabled = enabled_of_kind(ctx, kind);

    if (!ci_one_of(name, enabled))
        return ci_fail(
            ctx, InterfaceNotFoundInEntrypoint,
            ci_printf(ctx->mem, "ironic.hardware.interfaces.%s", ci_interface_types[kind]), name,
            list_text(ctx, enabled));
    if (strcmp(type->name, "fake-hardware") == 0 ||
        ci_one_of(name, ci_split(ctx->mem, type->supported[kind], ' ')))
        return true;
    return ci_fail(ctx, IncompatibleInterface, ci_interface_types[kind], name, type->name);
}

static bool default_of(struct ci_ctx *ctx, const struct hardware_type *type, size_t kind,
                       const char *node_uuid, const char **ret_name)
{
    const char *fallback = text_option(ctx->config, kinds[kind].fallback);
    const char *const *enabled, *const *order;

    if (fallback && fallback[0]) {
        if (check_interface(ctx, type, kind, fallback)) {
            *ret_name = fallback;
            return true;
        }
        if (!ci_failed_with(ctx, CI_ERR_IncompatibleInterface))
            return false;
        ci_error_clear(ctx);
    } else {
        enabled = enabled_of_kind(ctx, kind);
        order = ci_split(ctx->mem, type->supported[kind], ' ');
        for (; *order; order++) {
            if (ci_one_of(*order, enabled)) {
                *ret_name = *order;
                return true;
            }
        }
    }
    return ci_fail(ctx, NoValidDefaultForInterface,
                   node_uuid ? ci_printf(ctx->mem, " node %s with", node_uuid) : "", type->name,
                   ci_interface_types[kind]);
}

bool ci_hardware_default(struct ci_ctx *ctx, const char *type, const char *interface_type,
                         const char **ret_name)
{
    const struct hardware_type *row = find_type(type);
    size_t kind = find_kind(interface_type);

    if (!row || !ci_one_of(type, ci_hardware_enabled(ctx)))
        return ci_fail(ctx, DriverNotFound, type);
    if (kind == KINDS)
        return ci_fail(ctx, NoValidDefaultForInterface, "", type, interface_type);
    return default_of(ctx, row, kind, NULL, ret_name);
}

/* The node's field of that kind. */
static size_t field_of(size_t kind)
{
    static const size_t numbers[KINDS] = {
        ci_node_bios_interface_n,       ci_node_boot_interface_n,     ci_node_console_interface_n,
        ci_node_deploy_interface_n,     ci_node_firmware_interface_n, ci_node_inspect_interface_n,
        ci_node_management_interface_n, ci_node_network_interface_n,  ci_node_power_interface_n,
        ci_node_raid_interface_n,       ci_node_rescue_interface_n,   ci_node_storage_interface_n,
        ci_node_vendor_interface_n};

    return numbers[kind];
}

static const char *node_interface(const struct ci_node *node, size_t kind)
{
    size_t offset = ci_node_type.fields[field_of(kind)].offset;

    return *(const char *const *)((const char *)node + offset);
}

/* What instance_info chooses for the time of a deployment: {"deploy_interface": …}. */
static bool instance_interfaces(struct ci_ctx *ctx, const struct ci_node *node,
                                const char *ret_names[KINDS])
{
    json_t *info;

    memset(ret_names, 0, KINDS * sizeof *ret_names);
    if (!node->instance_info || !strstr(node->instance_info, "_interface\""))
        return true;
    if (!ci_json_read(ctx, node->instance_info, strlen(node->instance_info), &ci_json_trusted,
                      &info))
        return false;
    for (size_t kind = 0; kind < KINDS; kind++) {
        const char *key = ci_printf(ctx->mem, "%s_interface", ci_interface_types[kind]);

        if (ci_json_kind(info) == CI_JSON_OBJECT &&
            !ci_json_opt_string(ctx, info, key, NULL, &ret_names[kind]))
            return false;
    }
    return true;
}

/* The enabled type of the node. */
static bool type_of(struct ci_ctx *ctx, const struct ci_node *node,
                    const struct hardware_type **ret_type)
{
    *ret_type = find_type(node->driver);
    if (!*ret_type || !ci_one_of(node->driver, ci_hardware_enabled(ctx)))
        return ci_fail(ctx, DriverNotFound, node->driver ? node->driver : "None");
    return true;
}

bool ci_hardware_fill(struct ci_ctx *ctx, struct ci_node *node, bool *ret_changed)
{
    const struct hardware_type *type;
    const char *instance[KINDS];

    *ret_changed = false;
    if (!type_of(ctx, node, &type) || !instance_interfaces(ctx, node, instance))
        return false;
    for (size_t kind = 0; kind < KINDS; kind++) {
        const char *name = node_interface(node, kind);

        if (instance[kind] && !check_interface(ctx, type, kind, instance[kind]))
            return false;
        if (name && !check_interface(ctx, type, kind, name))
            return false;
        if (name || instance[kind])
            continue;
        if (!default_of(ctx, type, kind, node->uuid, &name))
            return false;
        *(const char **)ci_field_at(node, &ci_node_type.fields[field_of(kind)]) = name;
        ci_object_mark(node, field_of(kind));
        *ret_changed = true;
    }
    return true;
}

bool ci_hardware_of(struct ci_ctx *ctx, const struct ci_node *node,
                    const struct ci_hardware **ret_hardware)
{
    const struct hardware_type *type;
    const char *instance[KINDS];
    struct ci_hardware *hardware;

    if (!type_of(ctx, node, &type) || !instance_interfaces(ctx, node, instance))
        return false;
    hardware = ci_new(ctx->mem, struct ci_hardware);
    hardware->type_name = type->name;
    for (size_t kind = 0; kind < KINDS; kind++) {
        const char *name = instance[kind] ? instance[kind] : node_interface(node, kind);

        if (name ? !check_interface(ctx, type, kind, name)
                 : !default_of(ctx, type, kind, node->uuid, &name))
            return false;
        /* Every table begins with its struct ci_interface. */
        *(const struct ci_interface **)((char *)hardware + kinds[kind].in_hardware) =
            ci_interface_find(ci_interface_types[kind], name);
    }
    *ret_hardware = hardware;
    return true;
}

const struct ci_interface *ci_interface_find(const char *interface_type, const char *name)
{
    for (size_t i = 0; i < sizeof existing / sizeof existing[0]; i++) {
        if (strcmp(existing[i].type, interface_type) == 0 && strcmp(existing[i].name, name) == 0)
            return existing[i].interface;
    }
    return NULL;
}

const struct ci_interface *ci_hardware_interface(const struct ci_hardware *hardware,
                                                 const char *interface_type)
{
    size_t kind = find_kind(interface_type);

    if (kind == KINDS)
        return NULL;
    return *(const struct ci_interface *const *)((const char *)hardware + kinds[kind].in_hardware);
}
