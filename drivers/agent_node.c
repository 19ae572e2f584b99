/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node as its agent is told of it: every field that is loaded, secrets hidden.
 */
#include "drivers/agent_node.h"

#include <string.h>

#include "base/json.h"
#include "base/jsontext.h"
#include "objects/info.h"
#include "objects/wire.h"

#define MASKED_BYTES ((size_t)64 << 20)

/* A dictionary of the node without its secrets, as JSON. */
static bool masked(struct ci_task *task, const char *stored, bool configdrive, json_t **ret_value)
{
    static const char *const whole[] = {"configdrive", NULL};
    const struct ci_jsontext_mask mask = {.secrets = true, .whole = whole};
    struct ci_text *text = ci_text_new(task->ctx->mem, MASKED_BYTES);
    json_t *value, *info;

    ci_jsontext_masked(text, stored, stored ? strlen(stored) : 0, "{}", &mask);
    if (!ci_json_read(task->ctx, text->bytes, text->length, &ci_json_trusted, &value))
        return false;
    if (configdrive) {
        if (!ci_info_read(task->ctx, stored, &info))
            return false;
        if (json_object_get(info, "configdrive"))
            json_object_set(value, "configdrive", json_object_get(info, "configdrive"));
    }
    *ret_value = json_incref(value);
    return true;
}

static bool add_field(struct ci_task *task, const void *object, size_t n, bool configdrive,
                      json_t *fields)
{
    const struct ci_object *head = object;
    const struct ci_field *field = &head->type->fields[n];
    const char *text;
    json_t *value;

    if (!ci_fieldset_has(&head->set, n) || field->kind == CI_KIND_TRAITS)
        return true;
    if (head->type == &ci_node_type &&
        (n == ci_node_driver_info_n || n == ci_node_driver_internal_info_n ||
         n == ci_node_instance_info_n)) {
        text = *(const char *const *)((const char *)object + field->offset);
        if (!masked(task, text, configdrive && n == ci_node_instance_info_n, &value))
            return false;
    } else if (!ci_wire_field(task->ctx, object, n, &value)) {
        return false;
    }
    json_object_set_new(fields, field->name, value);
    return true;
}

static bool describe(struct ci_task *task, const void *object, bool configdrive,
                     json_t **ret_fields)
{
    const struct ci_object *head = object;
    json_t *fields = ci_json(task->ctx, json_object());

    for (size_t n = 0; n < head->type->count; n++) {
        if (!add_field(task, object, n, configdrive, fields))
            return false;
    }
    *ret_fields = json_incref(fields);
    return true;
}

bool ci_agent_node(struct ci_task *task, bool configdrive, json_t **ret_node, json_t **ret_ports)
{
    json_t *ports = ci_json(task->ctx, json_array()), *port;

    if (!ci_task_ports(task))
        return false;
    for (size_t i = 0; i < task->port_count; i++) {
        if (!describe(task, task->ports[i], false, &port))
            return false;
        json_array_append_new(ports, port);
    }
    if (!describe(task, task->node, configdrive, ret_node))
        return false;
    *ret_ports = json_incref(ports);
    return true;
}
