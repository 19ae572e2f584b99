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
#include "drivers/configdrive.h"
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
    return node;
}

static bool answer(struct ci_task *task, const char *ask, json_t **ret_value)
{
    if (strcmp(ask, "configdrive") == 0)
        return ci_configdrive_image(task, ret_value);
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

    while (getline(&line, &size, stdin) > 0) {
        serve(mem, config, line);
        ci_arena_reset(mem);
    }
    free(line);
    ci_config_free(config);
    ci_arena_free(mem);
    return EXIT_SUCCESS;
}
