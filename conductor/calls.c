/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the functions of calls share: reading arguments and answering.
 */
#include "conductor/calls.h"

#include "objects/wire.h"

bool ci_call_text(struct ci_call *call, const char *name, const char **ret_text)
{
    return ci_json_opt_string(call->ctx, call->args, name, NULL, ret_text);
}

bool ci_call_need(struct ci_call *call, const char *name, const char **ret_text)
{
    return ci_json_get_string(call->ctx, call->args, name, ret_text);
}

bool ci_call_int(struct ci_call *call, const char *name, int64_t if_absent, int64_t *ret_value)
{
    return ci_json_opt_int(call->ctx, call->args, name, if_absent, ret_value);
}

bool ci_call_bool(struct ci_call *call, const char *name, bool if_absent, bool *ret_value)
{
    return ci_json_opt_bool(call->ctx, call->args, name, if_absent, ret_value);
}

const json_t *ci_call_json(const struct ci_call *call, const char *name)
{
    const json_t *value = json_object_get(call->args, name);

    return !value || ci_json_kind(value) == CI_JSON_NULL ? NULL : value;
}

static bool read_object(struct ci_call *call, const char *name, const struct ci_type *type,
                        struct ci_object **ret_object)
{
    const json_t *value = ci_call_json(call, name);

    if (!value)
        return ci_fail_text(call->ctx, Invalid, "The argument %s is missing.", name);
    if (!ci_wire_read(call->ctx, value, CI_WIRE_SERVER, ret_object))
        return false;
    if ((*ret_object)->type != type)
        return ci_fail_text(call->ctx, Invalid, "The argument %s is a %s, not a %s.", name,
                            (*ret_object)->type->name, type->name);
    return true;
}

/* One reader a type, which is what its argument is held against. */
#define READER(type)                                                                               \
    bool ci_call_##type(struct ci_call *call, const char *name, struct ci_##type **ret_object)     \
    {                                                                                              \
        struct ci_object *object;                                                                  \
                                                                                                   \
        if (!read_object(call, name, &ci_##type##_type, &object))                                  \
            return false;                                                                          \
        *ret_object = (struct ci_##type *)object;                                                  \
        return true;                                                                               \
    }
READER(allocation)
READER(node)
READER(port)
READER(portgroup)
READER(volume_connector)
READER(volume_target)

void ci_call_keep_unknown(void *of)
{
    struct ci_object *object = of;

    for (size_t i = 0; i < object->type->count; i++) {
        if (object->type->fields[i].since > object->row_minor)
            ci_fieldset_remove(&object->changed, i);
    }
}

bool ci_call_answer(struct ci_call *call, json_t *value)
{
    *call->ret_result = ci_json(call->ctx, value);
    return true;
}

bool ci_call_answer_text(struct ci_call *call, const char *text)
{
    return ci_call_answer(call, text ? json_string(text) : json_null());
}

bool ci_call_answer_object(struct ci_call *call, const void *object)
{
    return ci_wire_write(call->ctx, object, call->ret_result);
}

bool ci_call_take(struct ci_call *call, enum ci_lock lock, const char *purpose,
                  struct ci_task **ret_task)
{
    const json_t *number = json_object_get(call->args, "node_id");
    const char *node_id;

    if (ci_json_kind(number) == CI_JSON_INT)
        return ci_task_take_id(call->conductor, call->ctx, json_integer_value(number), lock,
                               purpose, ret_task);
    return ci_call_need(call, "node_id", &node_id) &&
           ci_task_take(call->conductor, call->ctx, node_id, lock, purpose, ret_task);
}
