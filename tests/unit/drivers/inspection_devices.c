/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/json.h"
#include "base/text.h"
#include "drivers/accelerators.h"
#include "drivers/inspection_hooks_private.h"
#include "objects/node.h"
#include "tests/unit/unit.h"

static void free_config(void *config)
{
    ci_config_free(config);
}

/* Without a database: what a hook changes is in the task's node and the plugin data. */
static struct ci_task *new_task(const char *properties)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_task *task = ci_new(ctx->mem, struct ci_task);

    ctx->config = ci_config_defaults();
    ci_defer(ctx->mem, free_config, (void *)(uintptr_t)ctx->config);
    task->ctx = ctx;
    task->node = ci_object_new(ctx->mem, &ci_node_type);
    ci_node_set_properties(task->node, properties);
    return task;
}

static struct ci_config *options(struct ci_task *task)
{
    return (struct ci_config *)(uintptr_t)task->ctx->config;
}

static json_t *read_json(struct ci_task *task, const char *text)
{
    json_t *value;

    ck_assert_msg(ci_json_read(task->ctx, text, strlen(text), &ci_json_trusted, &value), "%s",
                  text);
    return value;
}

/* The plugin data after the hook has run on it. */
static const char *run(struct ci_task *task, ci_inspection_hook *hook, const char *plugin_data)
{
    json_t *data = read_json(task, plugin_data);

    ck_assert_msg(hook(task, read_json(task, "{}"), data), "%s",
                  task->ctx->error ? task->ctx->error->message : "");
    return ci_json_text(task->ctx->mem, data);
}

START_TEST(named_pci_devices_are_counted_as_capabilities)
{
    static const char *const aliases[] = {
        "{\"vendor_id\": \"1234\", \"product_id\": \"5678\", \"name\": \"pci_dev1\"}",
        "{\"vendor_id\": \"9876\", \"product_id\": \"5432\", \"name\": \"pci_dev2\"}",
        "{\"vendor_id\": \"1\", \"product_id\": \"2\"}",
        "no JSON",
        "{\"vendor_id\": \"0\", \"product_id\": \"0\", \"name\": \"absent\"}",
        NULL};
    struct ci_task *task = new_task("{\"capabilities\": \"foo:bar,pci_dev1:9\"}");

    options(task)->inspector.pci_device_alias = aliases;
    run(task, ci_hook_pci_devices, "{}");
    ck_assert_str_eq(task->node->properties, "{\"capabilities\": \"foo:bar,pci_dev1:9\"}");
    run(task, ci_hook_pci_devices,
        "{\"pci_devices\": [{\"vendor_id\": \"1234\", \"product_id\": \"5678\"}, "
        "{\"vendor_id\": \"9876\", \"product_id\": \"5432\"}, 7, {\"vendor_id\": \"1234\"}, "
        "{\"vendor_id\": \"1234\", \"product_id\": \"5678\", \"bus\": \"0000:00:1\"}, "
        "{\"vendor_id\": \"1\", \"product_id\": \"2\"}]}");
    ck_assert_str_eq(task->node->properties,
                     "{\"capabilities\": \"foo:bar,pci_dev1:2,pci_dev2:1\"}");
}
END_TEST

START_TEST(extra_hardware_data_becomes_dictionaries)
{
    static const struct {
        bool strict;
        const char *given, *wanted;
    } cases[] = {
        {false, "{\"a\": 1}", "{\"a\": 1}"},
        {false, "{\"data\": []}", "{\"extra\": {}}"},
        {false,
         "{\"data\": [[\"cpu\", \"logical\", \"number\", \"4\"], "
         "[\"cpu\", \"physical\", \"mhz\", 2.5], [\"disk\", \"sda\", \"size\", 10], "
         "[\"disk\", \"sda\", \"rev\", \"1.0\"], [\"disk\", \"sda\", \"none\", null], "
         "[\"disk\", \"sda\", \"hot\", true]]}",
         "{\"extra\": {\"cpu\": {\"logical\": {\"number\": 4}, \"physical\": {\"mhz\": 2}}, "
         "\"disk\": {\"sda\": {\"size\": 10, \"rev\": \"1.0\", \"none\": null, \"hot\": 1}}}}"},
        {false, "{\"data\": [[], [\"a\"], [\"b\", \"c\"], [1, 2, 3, 4], [\"d\", \"e\", \"f\"]]}",
         "{\"extra\": {\"a\": {}, \"b\": {\"c\": {}}, \"d\": {\"e\": {}}}}"},
        {false, "{\"data\": [[\"a\", \"b\", \"c\", \"d\"], 1]}",
         "{\"data\": [[\"a\", \"b\", \"c\", \"d\"], 1]}"},
        {false, "{\"data\": {\"a\": 1}}", "{\"data\": {\"a\": 1}}"},
        {true, "{\"data\": [[\"a\", \"b\", \"c\"]], \"kept\": 1}", "{\"kept\": 1}"},
        {true, "{\"data\": [[\"a\", \"b\", \"c\", \"d\"]]}",
         "{\"extra\": {\"a\": {\"b\": {\"c\": \"d\"}}}}"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_task *task = new_task("{}");
        const char *data;

        options(task)->inspector.extra_hardware_strict = cases[i].strict;
        data = run(task, ci_hook_extra_hardware, cases[i].given);
        ck_assert_msg(json_equal(read_json(task, data), read_json(task, cases[i].wanted)), "%s: %s",
                      cases[i].given, data);
    }
}
END_TEST

/* The path of a file with the text. */
static const char *new_file(struct ci_task *task, const char *text)
{
    const char *path = ci_printf(task->ctx->mem, "/tmp/castiron-unit-%d.yaml", (int)getpid());
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    fclose(file);
    return path;
}

START_TEST(known_accelerators_are_found_among_pci_devices)
{
    struct ci_task *task = new_task("{\"accelerators\": 1}");
    const char *path = new_file(task, "# A comment.\n---\npci_devices:\n"
                                      "  - vendor_id: \"10de\"  # a comment\n"
                                      "    device_id: '1eb8'\n\n"
                                      "    type: GPU\n"
                                      "    device_info: NVIDIA Corporation Tesla T4 # another\n"
                                      "  - device_id: 1df6\n"
                                      "    vendor_id: 10de\n");

    options(task)->inspector.known_accelerators = path;
    ck_assert(ci_hook_accelerators_check(task->ctx));
    run(task, ci_hook_accelerators, "{}");
    ck_assert_str_eq(task->node->properties, "{\"accelerators\": 1}");
    run(task, ci_hook_accelerators,
        "{\"pci_devices\": [{\"vendor_id\": \"10de\", \"product_id\": \"1eb8\", "
        "\"bus\": \"0000:88:00.0\"}, {\"vendor_id\": \"10de\", \"product_id\": \"0000\"}]}");
    ck_assert_str_eq(task->node->properties,
                     "{\"accelerators\": [{\"vendor_id\": \"10de\", \"device_id\": \"1eb8\", "
                     "\"type\": \"GPU\", \"device_info\": \"NVIDIA Corporation Tesla T4\", "
                     "\"pci_address\": \"0000:88:00.0\"}]}");
    run(task, ci_hook_accelerators, "{\"pci_devices\": [1]}");
    ck_assert_str_eq(task->node->properties, "{\"accelerators\": []}");
    unlink(path);
}
END_TEST

START_TEST(a_file_of_accelerators_in_another_form_is_refused)
{
    static const struct {
        const char *text, *fault;
    } cases[] = {
        {"", "it has no pci_devices."},
        {"devices:\n", "line 1 is not"},
        {"pci_devices:\n  vendor_id: 1\n", "line 2 is not"},
        {"pci_devices:\n  - vendor_id: \"1\n", "line 2 is not"},
        {"pci_devices:\n  - vendor_id: {a: 1}\n", "line 2 is not"},
        {"pci_devices:\n  - vendor_id: \"1\" 2\n", "line 2 is not"},
        {"pci_devices:\n  - vendor_id:\n", "line 2 is not"},
        {"pci_devices:\n  - vendor_id: 1\n  - device_id: 2\n", "a device lacks its vendor_id"},
        {"pci_devices:\n  - vendor_id: 1", "line 2 is not"},
    };
    struct ci_task *task = new_task("{}");
    json_t *devices;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *path = new_file(task, cases[i].text);

        ck_assert_msg(!ci_accelerators_read(task->ctx, path, &devices), "%s", cases[i].text);
        ck_assert_msg(strstr(task->ctx->error->message, cases[i].fault), "%s: %s", cases[i].text,
                      task->ctx->error->message);
        ci_error_clear(task->ctx);
        unlink(path);
    }
    ck_assert(!ci_accelerators_read(task->ctx, "/no/such/file", &devices));
    ck_assert_ptr_nonnull(strstr(task->ctx->error->message, "No such file"));
}
END_TEST

START_TEST(networks_and_their_names_are_checked)
{
    static const struct {
        const char *entry;
        bool sound;
    } cases[] = {
        {"192.0.2.0/24:a", true},    {"2001:db8::/64:b", true}, {"0.0.0.0/0:c", true},
        {"192.0.2.7:d", true},       {"::1:e", true},           {"192.0.2.1/24:a", false},
        {"192.0.2.0/33:a", false},   {"192.0.2.0/24", false},   {"192.0.2.0/24:", false},
        {"2001:db8::1/64:b", false}, {"x/8:a", false},          {"", false},
        {"2001:db8::/129:b", false}, {"192.0.2.0/:a", false},   {"fe80::%1/64:b", false},
    };
    struct ci_task *task = new_task("{}");

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const map[] = {"198.51.100.0/24:x", cases[i].entry, NULL};

        options(task)->inspector.physical_network_cidr_map = map;
        ck_assert_msg(ci_hook_physical_network_check(task->ctx) == cases[i].sound, "%s",
                      cases[i].entry);
        ci_error_clear(task->ctx);
    }
}
END_TEST

UNIT_MAIN("drivers/inspection_devices", named_pci_devices_are_counted_as_capabilities,
          extra_hardware_data_becomes_dictionaries, known_accelerators_are_found_among_pci_devices,
          a_file_of_accelerators_in_another_form_is_refused, networks_and_their_names_are_checked)
