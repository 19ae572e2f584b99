/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the interfaces of a node think of its record.
 */
#include <string.h>

#include "base/log.h"
#include "conductor/calls.h"
#include "drivers/hardware.h"
#include "objects/info.h"
#include "objects/releases.h"

/* All but vendor, in the order in which Ironic answers. */
static const char *const validated[] = {"boot",   "deploy",  "management", "network", "power",
                                        "bios",   "console", "firmware",   "inspect", "raid",
                                        "rescue", "storage", NULL};

static bool traits_error(struct ci_task *task)
{
    return ci_fail_text(task->ctx, InvalidParameterValue,
                        "Error parsing traits from Node %s instance_info field. A list of strings "
                        "is expected.",
                        task->node->uuid);
}

static bool has_name(const json_t *names, const char *name)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        if (ci_same(json_string_value(json_array_get(names, i)), name))
            return true;
    }
    return false;
}

/* The traits an instance asks for are the node's. */
static bool check_traits(struct ci_task *task)
{
    struct ci_text *missing = ci_text_new(task->ctx->mem, 100000);
    const char *text;
    json_t *info, *asked, *traits;

    if (!ci_info_read(task->ctx, task->node->instance_info, &info))
        return false;
    asked = json_object_get(info, "traits");
    if (!asked || ci_json_kind(asked) == CI_JSON_NULL)
        return true;
    if (ci_json_kind(asked) != CI_JSON_ARRAY)
        return traits_error(task);
    if (!ci_node_load_traits(task->ctx, task->node))
        return false;
    text = task->node->traits ? task->node->traits : "[]";
    if (!ci_json_read(task->ctx, text, strlen(text), &ci_json_trusted, &traits))
        return false;
    for (size_t i = 0; i < json_array_size(asked); i++) {
        const json_t *name = json_array_get(asked, i);

        if (ci_json_kind(name) != CI_JSON_STRING)
            return traits_error(task);
        if (has_name(traits, json_string_value(name)))
            continue;
        ci_text_add(missing, missing->length > 0 ? ", " : "");
        ci_text_add(missing, json_string_value(name));
    }
    if (missing->length == 0)
        return true;
    return ci_fail_text(task->ctx, InvalidParameterValue,
                        "Cannot specify instance traits that are not also set on the node. Node "
                        "%s is missing traits %s",
                        task->node->uuid, missing->bytes);
}

static bool check(struct ci_task *task, const char *type)
{
    return ci_call_validate(task, ci_hardware_interface(task->hardware, type)) &&
           (!ci_same(type, "deploy") || check_traits(task));
}

/* {"result": true} or {"result": false, "reason": …}; the context's error is taken back. */
static json_t *result_of(struct ci_task *task, const char *type)
{
    struct ci_ctx *ctx = task->ctx;
    const char *reason;

    if (check(task, type))
        return json_pack("{s:b}", "result", 1);
    reason = ctx->error->message;
    if (!ci_failed_with(ctx, CI_ERR_InvalidParameterValue) &&
        !ci_failed_with(ctx, CI_ERR_UnsupportedDriverExtension)) {
        ci_error_log(ctx, "An interface could not be validated", "node=%s interface=%s error=%s",
                     task->node->uuid, type, reason);
        reason = ci_printf(ctx->mem,
                           "Unexpected exception, traceback saved into log by ironic conductor "
                           "service that is running on %s: %s",
                           ci_task_conductor(task)->host, reason);
    }
    ci_error_clear(ctx);
    return json_pack("{s:b, s:s}", "result", 0, "reason", reason);
}

/* A kind of interface that came after the pinned release is not known to whoever asks. */
static bool is_known(struct ci_ctx *ctx, const char *type)
{
    int field = ci_field_find(&ci_node_type, ci_printf(ctx->mem, "%s_interface", type));

    return ci_node_type.fields[field].since <=
           ci_release_minor(ci_release_pinned(ctx), &ci_node_type);
}

bool ci_call_validate_driver_interfaces(struct ci_call *call)
{
    json_t *results = ci_json(call->ctx, json_object());
    struct ci_task *task;

    if (!ci_call_take(call, CI_SHARED, "driver interface validation", &task))
        return false;
    for (size_t i = 0; validated[i]; i++) {
        if (is_known(call->ctx, validated[i]))
            json_object_set_new(results, validated[i], result_of(task, validated[i]));
    }
    return ci_call_answer(call, json_incref(results));
}
