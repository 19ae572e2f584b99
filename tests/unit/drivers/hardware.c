/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/hardware.h"

#include <string.h>

#include "base/config.h"
#include "base/text.h"
#include "objects/node.h"
#include "tests/unit/unit.h"

static struct ci_config *config;
static const char *const fake_type[] = {"fake-hardware", NULL};

static struct ci_ctx *begin(void)
{
    struct ci_ctx *ctx = unit_ctx();

    config = ci_config_defaults();
    config->DEFAULT.enabled_hardware_types = fake_type;
    ctx->config = config;
    return ctx;
}

static void end(void)
{
    ci_config_free(config);
}

#define fails(class_, text, call)                                                                  \
    do {                                                                                           \
        ck_assert_msg(!(call), "%s did not fail", #call);                                          \
        ck_assert_int_eq(ctx->error->class, CI_ERR_##class_);                                      \
        ck_assert_msg(strstr(ctx->error->message, (text)), "%s", ctx->error->message);             \
        ci_error_clear(ctx);                                                                       \
    } while (0)

static struct ci_node *new_node(struct ci_ctx *ctx)
{
    struct ci_node *node = ci_object_new(ctx->mem, &ci_node_type);

    ci_node_set_uuid(node, "11111111-2222-4333-8444-555555555555");
    ci_node_set_driver(node, "fake-hardware");
    return node;
}

START_TEST(an_unset_list_enables_the_first_of_each_types_order)
{
    struct ci_ctx *ctx = begin();
    const char *const *names = ci_hardware_interfaces(ctx, "fake-hardware", "power");

    ck_assert_str_eq(names[0], "fake");
    ck_assert_ptr_null(names[1]);
    ck_assert(ci_hardware_check(ctx));
    end();
}
END_TEST

START_TEST(the_first_enabled_one_of_the_order_is_the_default)
{
    static const char *const both[] = {"no-inspect", "fake", NULL};
    static const char *const one[] = {"no-inspect", NULL};
    struct ci_ctx *ctx = begin();
    const char *name;

    config->DEFAULT.enabled_inspect_interfaces = both;
    ck_assert(ci_hardware_default(ctx, "fake-hardware", "inspect", &name));
    ck_assert_str_eq(name, "fake");
    config->DEFAULT.enabled_inspect_interfaces = one;
    ck_assert(ci_hardware_default(ctx, "fake-hardware", "inspect", &name));
    ck_assert_str_eq(name, "no-inspect");
    config->DEFAULT.enabled_inspect_interfaces = both;
    config->DEFAULT.default_inspect_interface = "no-inspect";
    ck_assert(ci_hardware_default(ctx, "fake-hardware", "inspect", &name));
    ck_assert_str_eq(name, "no-inspect");
    ck_assert(ci_hardware_default(ctx, "fake-hardware", "storage", &name));
    ck_assert_str_eq(name, "noop");
    end();
}
END_TEST

START_TEST(a_default_that_is_not_enabled_is_refused)
{
    static const char *const one[] = {"fake", NULL};
    struct ci_ctx *ctx = begin();
    const char *name;

    config->DEFAULT.enabled_inspect_interfaces = one;
    config->DEFAULT.default_inspect_interface = "no-inspect";
    fails(InterfaceNotFoundInEntrypoint,
          "Could not find the following interface in the 'ironic.hardware.interfaces.inspect' "
          "entrypoint: no-inspect. Valid interfaces are ['fake'].",
          ci_hardware_default(ctx, "fake-hardware", "inspect", &name));
    ck_assert(!ci_hardware_check(ctx));
    end();
}
END_TEST

START_TEST(an_enabled_list_without_any_for_the_type_has_no_default)
{
    static const char *const noop[] = {"noop", NULL};
    struct ci_ctx *ctx = begin();
    struct ci_node *node = new_node(ctx);
    bool changed;

    config->DEFAULT.enabled_management_interfaces = noop;
    fails(NoValidDefaultForInterface,
          "For node 11111111-2222-4333-8444-555555555555 with hardware type 'fake-hardware', no "
          "default value found for management interface could be determined.",
          ci_hardware_fill(ctx, node, &changed));
    ci_node_set_management_interface(node, "noop");
    ck_assert(ci_hardware_fill(ctx, node, &changed));
    end();
}
END_TEST

START_TEST(what_a_node_leaves_open_is_filled)
{
    struct ci_ctx *ctx = begin();
    struct ci_node *node = new_node(ctx);
    bool changed;

    ck_assert(ci_hardware_fill(ctx, node, &changed));
    ck_assert(changed);
    ck_assert_str_eq(node->power_interface, "fake");
    ck_assert_str_eq(node->network_interface, "noop");
    ck_assert_str_eq(node->rescue_interface, "no-rescue");
    ck_assert_str_eq(node->storage_interface, "noop");
    ck_assert(ci_fieldset_has(&node->object.changed, ci_node_power_interface_n));
    ck_assert(ci_hardware_fill(ctx, node, &changed));
    ck_assert(!changed);
    end();
}
END_TEST

START_TEST(unknown_drivers_and_interfaces_are_named)
{
    struct ci_ctx *ctx = begin();
    struct ci_node *node = new_node(ctx);
    const struct ci_hardware *hardware;
    bool changed;

    ci_node_set_power_interface(node, "ipmitool");
    fails(InterfaceNotFoundInEntrypoint,
          "Could not find the following interface in the 'ironic.hardware.interfaces.power' "
          "entrypoint: ipmitool. Valid interfaces are ['fake'].",
          ci_hardware_fill(ctx, node, &changed));
    fails(InterfaceNotFoundInEntrypoint, "ipmitool", ci_hardware_of(ctx, node, &hardware));
    ci_node_set_driver(node, "redfish");
    fails(DriverNotFound, "Could not find the following driver(s) or hardware type(s): redfish.",
          ci_hardware_fill(ctx, node, &changed));
    ci_node_set_driver(node, NULL);
    fails(DriverNotFound, "None", ci_hardware_of(ctx, node, &hardware));
    end();
}
END_TEST

START_TEST(the_tables_of_a_node_are_those_it_names)
{
    struct ci_ctx *ctx = begin();
    struct ci_node *node = new_node(ctx);
    const struct ci_hardware *hardware;

    ck_assert(ci_hardware_of(ctx, node, &hardware));
    for (const char *const *type = ci_interface_types; *type; type++) {
        const struct ci_interface *interface = ci_hardware_interface(hardware, *type);

        ck_assert_msg(interface != NULL, "%s", *type);
        ck_assert_str_eq(interface->type, *type);
        ck_assert_ptr_eq(ci_interface_find(*type, interface->name), interface);
    }
    ck_assert_ptr_eq(&hardware->power->base, ci_interface_find("power", "fake"));
    ck_assert_ptr_null(ci_hardware_interface(hardware, "wings"));
    ck_assert_ptr_null(ci_interface_find("power", "steam"));
    end();
}
END_TEST

START_TEST(an_instance_may_choose_another_interface)
{
    static const char *const both[] = {"no-inspect", "fake", NULL};
    struct ci_ctx *ctx = begin();
    struct ci_node *node = new_node(ctx);
    const struct ci_hardware *hardware;

    config->DEFAULT.enabled_inspect_interfaces = both;
    ci_node_set_inspect_interface(node, "fake");
    ci_node_set_instance_info(node, "{\"inspect_interface\": \"no-inspect\"}");
    ck_assert(ci_hardware_of(ctx, node, &hardware));
    ck_assert_str_eq(hardware->inspect->base.name, "no-inspect");
    ci_node_set_instance_info(node, "{\"inspect_interface\": \"nose\"}");
    fails(InterfaceNotFoundInEntrypoint, "nose", ci_hardware_of(ctx, node, &hardware));
    end();
}
END_TEST

START_TEST(what_is_not_there_stops_the_start_naming_its_option)
{
    static const char *const ipmi[] = {"fake-hardware", "ipmi", NULL};
    static const char *const ipmitool[] = {"fake", "ipmitool", NULL};
    static const char *const none[] = {NULL};
    struct ci_ctx *ctx = begin();

    config->DEFAULT.enabled_hardware_types = ipmi;
    fails(DriverNotFoundInEntrypoint,
          "'ironic.hardware.types' entrypoint: ipmi. It is named by "
          "[DEFAULT]enabled_hardware_types",
          ci_hardware_check(ctx));
    config->DEFAULT.enabled_hardware_types = none;
    fails(NoDriversLoaded, "no hardware types were loaded", ci_hardware_check(ctx));
    config->DEFAULT.enabled_hardware_types = fake_type;
    config->DEFAULT.enabled_power_interfaces = ipmitool;
    fails(DriverNotFoundInEntrypoint,
          "'ironic.hardware.interfaces.power' entrypoint: ipmitool. It is named by "
          "[DEFAULT]enabled_power_interfaces.",
          ci_hardware_check(ctx));
    end();
}
END_TEST

UNIT_MAIN("drivers/hardware", an_unset_list_enables_the_first_of_each_types_order,
          the_first_enabled_one_of_the_order_is_the_default,
          a_default_that_is_not_enabled_is_refused,
          an_enabled_list_without_any_for_the_type_has_no_default,
          what_a_node_leaves_open_is_filled, unknown_drivers_and_interfaces_are_named,
          the_tables_of_a_node_are_those_it_names, an_instance_may_choose_another_interface,
          what_is_not_there_stops_the_start_naming_its_option)
