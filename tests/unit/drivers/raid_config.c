/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/raid_config.h"

#include <string.h>

#include "base/json.h"
#include "tests/unit/unit.h"

/* What Ironic 21.4 says of each; NULL: nothing. */
static const struct {
    const char *config, *fault;
} cases[] = {
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100}]}", NULL},
    {"{\"logical_disks\": [{\"size_gb\": \"x\"}]}",
     "RAID config validation error: 'raid_level' is a required property"},
    {"{}", "RAID config validation error: 'logical_disks' is a required property"},
    {"[]", "RAID config validation error: [] is not of type 'object'"},
    {"{\"logical_disks\": []}", "RAID config validation error: [] is too short"},
    {"{\"logical_disks\": {}}", "RAID config validation error: {} is not of type 'array'"},
    {"{\"logical_disks\": [1]}", "RAID config validation error: 1 is not of type 'object'"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100}], \"x\": 1}",
     "RAID config validation error: Additional properties are not allowed ('x' was unexpected)"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100}], \"x\": 1, \"y\": 2}",
     "RAID config validation error: Additional properties are not allowed ('x', 'y' were "
     "unexpected)"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"x\": 1}]}",
     "RAID config validation error: Additional properties are not allowed ('x' was unexpected)"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": \"MAX\"}]}", NULL},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": \"x\"}]}",
     "RAID config validation error: 'x' is not one of ['MAX']"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": -1}]}",
     "RAID config validation error: -1 is less than the minimum of 0"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 1.5}]}",
     "RAID config validation error: 1.5 is not valid under any of the given schemas"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": null}]}",
     "RAID config validation error: None is not valid under any of the given schemas"},
    {"{\"logical_disks\": [{\"raid_level\": 1, \"size_gb\": 100}]}",
     "RAID config validation error: 1 is not of type 'string'"},
    {"{\"logical_disks\": [{\"raid_level\": \"7\", \"size_gb\": 100}]}",
     "RAID config validation error: '7' is not one of ['JBOD', '0', '1', '2', '5', '6', '1+0', "
     "'5+0', '6+0']"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"is_root_volume\": "
     "\"yes\"}]}",
     "RAID config validation error: 'yes' is not of type 'boolean'"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"number_of_physical_disks\": "
     "0}]}",
     "RAID config validation error: 0 is less than or equal to the minimum of 0"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"number_of_physical_disks\": "
     "\"2\"}]}",
     "RAID config validation error: '2' is not of type 'integer'"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"disk_type\": \"tape\"}]}",
     "RAID config validation error: 'tape' is not one of ['hdd', 'ssd']"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"interface_type\": \"x\"}]}",
     "RAID config validation error: 'x' is not one of ['sata', 'scsi', 'sas']"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"controller\": 5}]}",
     "RAID config validation error: 5 is not of type 'string'"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"physical_disks\": "
     "[\"a\"]}]}",
     "RAID config validation error: 'controller' is a dependency of 'physical_disks'"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"physical_disks\": [\"a\"], "
     "\"controller\": \"c\"}]}",
     NULL},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"physical_disks\": [{}], "
     "\"controller\": \"c\"}]}",
     "RAID config validation error: {} is not of type 'string'"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"physical_disks\": [{}, {}], "
     "\"controller\": \"c\"}]}",
     NULL},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"physical_disks\": [], "
     "\"controller\": \"c\"}]}",
     NULL},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"physical_disks\": [\"a\", "
     "{}], \"controller\": \"c\"}]}",
     "RAID config validation error: ['a', {}] is not valid under any of the given schemas"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"physical_disks\": 5, "
     "\"controller\": \"c\"}]}",
     "RAID config validation error: 5 is not valid under any of the given schemas"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"is_root_volume\": true}, "
     "{\"raid_level\": \"1\", \"size_gb\": 100, \"is_root_volume\": true}]}",
     "Raid config cannot have more than one root volume. 2 root volumes were specified"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"disk_type\": \"q\"}, "
     "{\"raid_level\": \"1\"}]}",
     "RAID config validation error: 'size_gb' is a required property"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"volume_name\": null}]}",
     "RAID config validation error: None is not of type 'string'"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": 100, \"physical_disks\": [1, 2], "
     "\"controller\": \"c\"}]}",
     "RAID config validation error: [1, 2] is not valid under any of the given schemas"},
    {"{\"logical_disks\": [{\"raid_level\": true, \"size_gb\": 100}]}",
     "RAID config validation error: True is not of type 'string'"},
    {"{\"logical_disks\": [{\"raid_level\": \"1\", \"size_gb\": true}]}",
     "RAID config validation error: True is not valid under any of the given schemas"},
};

static struct ci_task task_in(struct ci_ctx *ctx)
{
    return (struct ci_task){.ctx = ctx, .node = ci_object_new(ctx->mem, &ci_node_type)};
}

START_TEST(faults_are_told_as_ironic_tells_them)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = cases[i].config;
        struct ci_ctx *ctx = unit_ctx();
        struct ci_task task = task_in(ctx);
        json_t *config;

        ck_assert(ci_json_read(ctx, text, strlen(text), &ci_json_trusted, &config));
        if (ci_raid_config_check(&task, config)) {
            ck_assert_msg(!cases[i].fault, "%s is accepted", text);
            continue;
        }
        ck_assert_int_eq(ctx->error->class, CI_ERR_InvalidParameterValue);
        ck_assert_msg(cases[i].fault && strcmp(ctx->error->message, cases[i].fault) == 0,
                      "%s: %s, not %s", text, ctx->error->message,
                      cases[i].fault ? cases[i].fault : "accepted");
    }
}
END_TEST

START_TEST(a_node_without_a_wanted_configuration_is_sound)
{
    struct ci_ctx *ctx = unit_ctx();
    struct ci_task task = task_in(ctx);

    ck_assert(ci_raid_config_check_node(&task));
    ci_node_set_target_raid_config(task.node, "{}");
    ck_assert(ci_raid_config_check_node(&task));
    ci_node_set_target_raid_config(task.node, "{\"logical_disks\": []}");
    ck_assert(!ci_raid_config_check_node(&task));
}
END_TEST

UNIT_MAIN("drivers/raid_config", faults_are_told_as_ironic_tells_them,
          a_node_without_a_wanted_configuration_is_sound)
