/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What deploy_differential.py talks to: a line of JSON in, {"ask": …, "node": {field: value}, …},
 * and one out, {"value": …} or {"class": …, "message": …}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/json.h"
#include "drivers/capabilities.h"
#include "drivers/configdrive.h"
#include "drivers/driver.h"
#include "drivers/image.h"
#include "drivers/image_layout.h"
#include "drivers/raid_result.h"
#include "objects/info.h"
#include "objects/node.h"

static const char *text_of(struct ci_arena *mem, const json_t *node, const char *field)
{
    const json_t *value = json_object_get(node, field);

    if (!value || json_is_null(value))
        return NULL;
    return json_is_string(value) ? json_string_value(value) : ci_json_text(mem, value);
}

static struct ci_node *read_node(struct ci_arena *mem, const json_t *fields)
{
    struct ci_node *node = ci_object_new(mem, &ci_node_type);

    ci_node_set_uuid(node, text_of(mem, fields, "uuid"));
    ci_node_set_name(node, text_of(mem, fields, "name"));
    ci_node_set_instance_info(node, text_of(mem, fields, "instance_info"));
    ci_node_set_driver_info(node, text_of(mem, fields, "driver_info"));
    ci_node_set_driver_internal_info(node, text_of(mem, fields, "driver_internal_info"));
    ci_node_set_properties(node, text_of(mem, fields, "properties"));
    ci_node_set_target_raid_config(node, text_of(mem, fields, "target_raid_config"));
    return node;
}

static bool answer_mode(struct ci_task *task, json_t **ret_value)
{
    const char *mode, *label;

    if (!ci_boot_mode(task, &mode) || !ci_disk_label(task, &label))
        return false;
    *ret_value = ci_json(task->ctx, json_pack("[s, s?]", mode, label));
    return true;
}

static bool answer_layout(struct ci_task *task, json_t **ret_value)
{
    json_t *info, *internal;

    if (!ci_info_read(task->ctx, task->node->instance_info, &info) ||
        !ci_info_read(task->ctx, task->node->driver_internal_info, &internal) ||
        !ci_image_layout(task, json_is_true(json_object_get(internal, "is_whole_disk_image")),
                         info))
        return false;
    *ret_value = info;
    return true;
}

static bool answer(struct ci_task *task, const char *ask, json_t **ret_value)
{
    if (strcmp(ask, "configdrive") == 0)
        return ci_configdrive_image(task, ret_value);
    if (strncmp(ask, "raid ", 5) == 0) /* with root volumes, others, both or none */
        return ci_raid_target(task, strchr(ask, 'r') != strrchr(ask, 'r'), strchr(ask, 'o'),
                              ret_value);
    if (strcmp(ask, "validate") == 0)
        return ci_direct_deploy.base.validate(task);
    if (strcmp(ask, "boot mode") == 0)
        return answer_mode(task, ret_value);
    if (strcmp(ask, "layout") == 0)
        return answer_layout(task, ret_value);
    if (strcmp(ask, "image") == 0)
        return ci_image_describe(task, ret_value);
    return ci_fail_text(task->ctx, Invalid, "What is %s?", ask);
}

static void serve(struct ci_arena *mem, const struct ci_config *config, const char *line)
{
    struct ci_ctx ctx = {.mem = mem, .config = config};
    struct ci_task task = {.ctx = &ctx};
    json_t *asked, *value = NULL, *said;

    if (!ci_json_read(&ctx, line, strlen(line), &ci_json_trusted, &asked))
        exit(EXIT_FAILURE);
    task.node = read_node(mem, json_object_get(asked, "node"));
    if (answer(&task, json_string_value(json_object_get(asked, "ask")), &value))
        said = json_pack("{s:O?}", "value", value);
    else
        said = json_pack("{s:s, s:s}", "class", ci_error_kind(ctx.error->class)->name, "message",
                         ctx.error->message);
    puts(ci_json_text(mem, ci_json(&ctx, said)));
    fflush(stdout);
}

int main(void)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_config *config = ci_config_defaults();
    char *line = NULL;
    size_t size = 0;

    config->agent.manage_agent_boot = false; /* there is no boot interface to ask */
    while (getline(&line, &size, stdin) > 0) {
        serve(mem, config, line);
        ci_arena_reset(mem);
    }
    free(line);
    ci_config_free(config);
    ci_arena_free(mem);
    return EXIT_SUCCESS;
}
