/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects for peers that have no database, or do not know a version: methods of objects are run
 * here, and objects are told at the versions that are asked for.
 *
 * No service of the releases that are met calls these unless it is configured to. What a peer may
 * have run is a table; everything else has the error that Python gives for a method that is none.
 */
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "conductor/calls.h"
#include "objects/chassis.h"
#include "objects/row.h"
#include "objects/types.h"
#include "objects/wire.h"

/* What may be done to an object of a type. */
struct verbs {
    const struct ci_type *type;
    const char *title; /* "Volume target", as its NotFound says */
    enum ci_error_class missing;
    bool (*create)(struct ci_ctx *ctx, void *object);
    bool (*save)(struct ci_ctx *ctx, void *object);
    bool (*destroy)(struct ci_ctx *ctx, void *object);
};

#define VERBS(type)                                                                                \
    static bool create_##type(struct ci_ctx *ctx, void *object)                                    \
    {                                                                                              \
        return ci_##type##_create(ctx, object);                                                    \
    }                                                                                              \
    static bool save_##type(struct ci_ctx *ctx, void *object)                                      \
    {                                                                                              \
        return ci_##type##_save(ctx, object);                                                      \
    }                                                                                              \
    static bool destroy_##type(struct ci_ctx *ctx, void *object)                                   \
    {                                                                                              \
        return ci_##type##_destroy(ctx, object);                                                   \
    }
VERBS(chassis)
VERBS(node)
VERBS(port)
VERBS(portgroup)
VERBS(volume_connector)
VERBS(volume_target)

static const struct verbs all_verbs[] = {
#define ROW(type, title, class)                                                                    \
    {                                                                                              \
        &ci_##type##_type, title, CI_ERR_##class##NotFound, create_##type, save_##type,            \
            destroy_##type                                                                         \
    }
    ROW(chassis, "Chassis", Chassis),
    ROW(node, "Node", Node),
    ROW(port, "Port", Port),
    ROW(portgroup, "Portgroup", Portgroup),
    ROW(volume_connector, "Volume connector", VolumeConnector),
    ROW(volume_target, "Volume target", VolumeTarget),
#undef ROW
};

static const struct verbs *verbs_of(const struct ci_type *type)
{
    for (size_t i = 0; i < sizeof all_verbs / sizeof all_verbs[0]; i++) {
        if (all_verbs[i].type == type)
            return &all_verbs[i];
    }
    return NULL;
}

/* The version that the manifest names for a type, which is one of ours. */
static bool asked_version(struct ci_ctx *ctx, const json_t *versions, const struct ci_type *type,
                          int *ret_minor)
{
    const json_t *version = json_object_get(versions, type->name);

    if (ci_json_kind(versions) != CI_JSON_OBJECT || !version)
        return ci_fail_text(ctx, KeyError, "'%s'", type->name);
    if (ci_json_kind(version) != CI_JSON_STRING)
        return ci_fail_text(ctx, TypeError, "expected string or bytes-like object, got '%.40s'",
                            ci_json_repr(ctx->mem, version));
    if (ci_row_version(ctx, type, json_string_value(version), ret_minor))
        return true;
    ci_error_clear(ctx);
    return ci_fail(ctx, InvalidTargetVersion, json_string_value(version));
}

/* Objects within go at the versions that the manifest names, where it does. */
static bool fit_nested(struct ci_ctx *ctx, json_t *value, const json_t *versions)
{
    const char *name = json_string_value(json_object_get(value, "ironic_object.name"));
    const struct ci_type *type = name ? ci_type_find(name) : NULL;
    json_t *member;
    const char *key;
    size_t i;
    int minor;

    if (type && json_object_get(versions, name)) {
        if (!asked_version(ctx, versions, type, &minor))
            return false;
        json_object_set_new(value, "ironic_object.version",
                            json_string(ci_printf(ctx->mem, "%d.%d", type->major, minor)));
    }
    if (!type)
        return true;
    json_object_foreach(json_object_get(value, "ironic_object.data"), key, member)
    {
        if (ci_wire_is_object(member) && !fit_nested(ctx, member, versions))
            return false;
        json_t *element;

        json_array_foreach(member, i, element)
        {
            if (ci_wire_is_object(element) && !fit_nested(ctx, element, versions))
                return false;
        }
    }
    return true;
}

/* Answers with the object at the versions that are asked for. */
static bool answer_at(struct ci_call *call, const struct ci_object *object, const json_t *versions)
{
    int minor;

    return asked_version(call->ctx, versions, object->type, &minor) &&
           ci_wire_write_at(call->ctx, object, minor, call->ret_result) &&
           fit_nested(call->ctx, *call->ret_result, versions);
}

bool ci_call_object_backport_versions(struct ci_call *call)
{
    const json_t *message = ci_call_json(call, "objinst");
    struct ci_object *object;

    if (!message)
        return ci_fail_text(call->ctx, AttributeError,
                            "'NoneType' object has no attribute 'obj_name'");
    if (!ci_wire_read(call->ctx, message, CI_WIRE_SERVER, &object))
        return false;
    /* What reading filled in is no change of the sender's. */
    ci_call_keep_unknown(object);
    return answer_at(call, object, ci_call_json(call, "object_versions"));
}

static bool load_traits(struct ci_ctx *ctx, struct ci_object *object)
{
    return object->type != &ci_node_type || ci_node_load_traits(ctx, (struct ci_node *)object);
}

/* The one object whose column has the value, as get_by_uuid() and its like give it. */
static bool load(struct ci_ctx *ctx, const struct verbs *verbs, const char *column,
                 const char *value, struct ci_object **ret_object)
{
    struct ci_object *object;

    if (!ci_row_load(ctx, verbs->type, ci_printf(ctx->mem, "%s = $1", column), 1, &value, &object))
        return false;
    if (!object)
        return ci_error_set(ctx, verbs->missing, "%s %s could not be found.", verbs->title, value);
    *ret_object = object;
    return load_traits(ctx, object);
}

/* Methods of a class, by the column that they look at. */
static const char *column_of(const struct ci_type *type, const char *method)
{
    static const char *const columns[][2] = {
        {"get_by_address", "address"},
        {"get_by_id", "id"},
        {"get_by_name", "name"},
        {"get_by_uuid", "uuid"},
    };

    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        if (strcmp(columns[i][0], method) == 0 && ci_field_find(type, columns[i][1]) >= 0)
            return columns[i][1];
    }
    return NULL;
}

/* The only argument, a text or a number, as database text. */
static bool read_key(struct ci_call *call, const char *method, const char *column,
                     const char **ret_value)
{
    const json_t *args = ci_call_json(call, "args"), *value = json_array_get(args, 0);
    int64_t number;

    if (json_array_size(args) != 1 || json_object_size(ci_call_json(call, "kwargs")) > 0)
        return ci_fail_text(call->ctx, TypeError, "%s() takes one argument, the %s", method,
                            column);
    if (ci_json_kind(value) == CI_JSON_INT)
        *ret_value = ci_printf(call->ctx->mem, "%" PRId64, (int64_t)json_integer_value(value));
    else if (ci_json_kind(value) == CI_JSON_STRING)
        *ret_value = json_string_value(value);
    else
        return ci_fail_text(call->ctx, TypeError, "%s() takes text or a number", method);
    /* Databases do not compare a number with other text. */
    return strcmp(column, "id") != 0 || ci_parse_int(*ret_value, 0, INT32_MAX, &number) ||
           ci_fail_text(call->ctx, TypeError, "%s() takes a number", method);
}

bool ci_call_object_class_action_versions(struct ci_call *call)
{
    const json_t *versions = ci_call_json(call, "object_versions");
    const char *name, *method, *column, *value;
    const struct verbs *verbs;
    const struct ci_type *type;
    struct ci_object *object;
    int minor;

    if (!ci_call_need(call, "objname", &name) || !ci_call_need(call, "objmethod", &method))
        return false;
    type = ci_type_find(name);
    if (!type)
        return ci_fail(call->ctx, UnsupportedObjectError, name);
    if (!asked_version(call->ctx, versions, type, &minor))
        return false;
    verbs = verbs_of(type);
    column = verbs ? column_of(type, method) : NULL;
    if (!column)
        return ci_fail_text(call->ctx, AttributeError, "type object '%s' has no attribute '%s'",
                            name, method);
    return read_key(call, method, column, &value) &&
           load(call->ctx, verbs, column, value, &object) && answer_at(call, object, versions);
}

/* The object as its row is now. */
static bool refresh(struct ci_ctx *ctx, const struct verbs *verbs, struct ci_object **object)
{
    int uuid = ci_field_find(verbs->type, "uuid");
    const char *value = ci_field_to_db(ctx->mem, *object, (size_t)uuid);

    return load(ctx, verbs, "uuid", value ? value : "None", object);
}

static bool act(struct ci_ctx *ctx, const struct verbs *verbs, const char *method,
                struct ci_object **object)
{
    if (verbs && strcmp(method, "create") == 0)
        return verbs->create(ctx, *object) && load_traits(ctx, *object);
    if (verbs && strcmp(method, "save") == 0)
        return verbs->save(ctx, *object);
    if (verbs && strcmp(method, "destroy") == 0)
        return verbs->destroy(ctx, *object);
    if (verbs && strcmp(method, "refresh") == 0)
        return refresh(ctx, verbs, object);
    return ci_fail_text(ctx, AttributeError, "'%s' object has no attribute '%s'",
                        (*object)->type->name, method);
}

/* The fields that are others than before, and the names of those that are not saved. */
static bool updates(struct ci_ctx *ctx, const json_t *before, const struct ci_object *after,
                    int minor, json_t **ret_updates)
{
    json_t *now, *found = ci_json(ctx, json_object()), *value, *changes;
    const char *key;

    if (!ci_wire_write_at(ctx, after, minor, &now))
        return false;
    json_object_foreach(json_object_get(now, "ironic_object.data"), key, value)
    {
        if (!json_equal(json_object_get(json_object_get(before, "ironic_object.data"), key), value))
            json_object_set(found, key, value);
    }
    changes = json_object_get(now, "ironic_object.changes");
    json_object_set_new(found, "obj_what_changed", changes ? json_incref(changes) : json_array());
    *ret_updates = found;
    return true;
}

bool ci_call_object_action(struct ci_call *call)
{
    const json_t *message = ci_call_json(call, "objinst");
    struct ci_object *object;
    json_t *before, *found;
    const char *method;
    int minor;

    if (!message || !ci_call_need(call, "objmethod", &method))
        return message ? false
                       : ci_fail_text(call->ctx, AttributeError,
                                      "'NoneType' object has no attribute 'obj_clone'");
    if (!ci_wire_read(call->ctx, message, CI_WIRE_SERVER, &object))
        return false;
    ci_call_keep_unknown(object);
    minor = object->row_minor;
    if (json_array_size(ci_call_json(call, "args")) > 0 ||
        json_object_size(ci_call_json(call, "kwargs")) > 0)
        return ci_fail_text(call->ctx, TypeError, "%s.%s() takes no arguments", object->type->name,
                            method);
    return ci_wire_write_at(call->ctx, object, minor, &before) &&
           act(call->ctx, verbs_of(object->type), method, &object) &&
           updates(call->ctx, before, object, minor, &found) &&
           ci_call_answer(call, json_pack("[O, n]", found));
}
