/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects <-> the JSON of messages, at any version.
 *
 * Ironic's own backports forget a few fields (parent_node, service_step, …) and send nested
 * traits in a version that old peers refuse; here every field that came later is left out and
 * traits go as the old release had them, which old and new peers take.
 */
#include "objects/wire.h"

#include "base/text.h"
#include "objects/releases.h"
#include "objects/row.h"
#include "objects/trait.h"
#include "objects/types.h"

#include <string.h>

#define NAME "ironic_object.name"
#define NAMESPACE "ironic_object.namespace"
#define VERSION "ironic_object.version"
#define DATA "ironic_object.data"
#define CHANGES "ironic_object.changes"

/* Text as it is: what Python peers may have stored need not be valid UTF-8 to jansson. */
static json_t *text_value(const char *text)
{
    return text ? json_string_nocheck(text) : json_null();
}

json_t *ci_wire_envelope(struct ci_ctx *ctx, const char *name, int major, int minor, json_t *data)
{
    json_t *value = json_object();

    json_object_set_new(value, NAME, json_string(name));
    json_object_set_new(value, NAMESPACE, json_string("ironic"));
    json_object_set_new(value, VERSION, json_string(ci_printf(ctx->mem, "%d.%d", major, minor)));
    json_object_set_new(value, DATA, data);
    return value;
}

/* The frame around the data, which is stolen. */
static json_t *envelope(struct ci_ctx *ctx, const struct ci_type *type, int minor, json_t *data)
{
    return ci_wire_envelope(ctx, type->name, type->major, minor, data);
}

/* A JSON text as a value, a new reference. */
static bool tree_value(struct ci_ctx *ctx, const char *text, json_t **ret_value)
{
    json_t *tree;

    if (!ci_json_read(ctx, text, strlen(text), &ci_json_trusted, &tree))
        return false;
    *ret_value = json_incref(tree);
    return true;
}

/* Names of traits as a TraitList, both at the version that speaks with such a node. */
static bool traits_value(struct ci_ctx *ctx, const struct ci_type *type, int minor,
                         const char *names_text, json_t **ret_value)
{
    int list_minor = ci_release_nested_minor(type, minor, &ci_trait_list_type);
    int trait_minor = ci_release_nested_minor(type, minor, &ci_trait_type);
    json_t *names, *name, *objects;
    size_t i;

    if (!names_text) {
        *ret_value = json_null();
        return true;
    }
    if (!ci_json_read(ctx, names_text, strlen(names_text), &ci_json_trusted, &names))
        return false;
    objects = json_array();
    json_array_foreach(names, i, name) json_array_append_new(
        objects, envelope(ctx, &ci_trait_type, trait_minor, json_pack("{s:O}", "trait", name)));
    *ret_value =
        envelope(ctx, &ci_trait_list_type, list_minor, json_pack("{s:o}", "objects", objects));
    return true;
}

/* One field as a new reference. */
static bool field_value(struct ci_ctx *ctx, const struct ci_object *object,
                        const struct ci_field *field, int minor, json_t **ret_value)
{
    const void *at = (const char *)object + field->offset;

    if (ci_field_is_null(object, field) && !ci_field_is_json(field)) {
        *ret_value = json_null();
        return true;
    }
    switch (field->kind) {
    case CI_KIND_INT:
        *ret_value = json_integer(*(const int64_t *)at);
        return true;
    case CI_KIND_BOOL:
        *ret_value = json_boolean(*(const int8_t *)at);
        return true;
    case CI_KIND_TIME:
        *ret_value = text_value(ci_time_wire(ctx->mem, *(const int64_t *)at));
        return true;
    case CI_KIND_STR:
    case CI_KIND_UUID:
    case CI_KIND_MAC:
        *ret_value = text_value(*(const char *const *)at);
        return true;
    case CI_KIND_DICT:
    case CI_KIND_LIST:
    case CI_KIND_DICTS:
        at = *(const char *const *)at;
        return tree_value(ctx, at ? at : ci_field_empty(field), ret_value);
    case CI_KIND_TRAITS:
        return traits_value(ctx, object->type, minor, *(const char *const *)at, ret_value);
    }
    __builtin_unreachable();
}

bool ci_wire_field(struct ci_ctx *ctx, const void *of, size_t n, json_t **ret_value)
{
    const struct ci_object *object = of;

    return field_value(ctx, object, &object->type->fields[n], object->type->minor, ret_value);
}

/* The object as it is told at an older version, where the table alone cannot say it. */
static bool converted(struct ci_ctx *ctx, const struct ci_object **object, int minor)
{
    struct ci_object *copy;

    if (minor == (*object)->type->minor || !(*object)->type->convert)
        return true;
    copy = ci_object_copy(ctx->mem, *object);
    *object = copy;
    return copy->type->convert(ctx, copy, minor);
}

bool ci_wire_write_at(struct ci_ctx *ctx, const void *of, int minor, json_t **ret_value)
{
    const struct ci_object *object = of;
    const struct ci_type *type = object->type;
    json_t *value, *data, *changes;

    if (minor > type->minor)
        return ci_fail(ctx, IncompatibleObjectVersion,
                       ci_printf(ctx->mem, "%d.%d", type->major, minor), type->name,
                       ci_printf(ctx->mem, "%d.%d", type->major, type->minor));
    if (!converted(ctx, &object, minor))
        return false;
    data = json_object();
    changes = ci_json(ctx, json_array());
    value = ci_json(ctx, envelope(ctx, type, minor, data));
    for (size_t i = 0; i < type->count; i++) {
        const struct ci_field *field = &type->fields[i];
        json_t *member;

        if (field->since > minor || !ci_fieldset_has(&object->set, i))
            continue;
        if (!field_value(ctx, object, field, minor, &member))
            return false;
        json_object_set_new(data, field->name, member);
        if (ci_fieldset_has(&object->changed, i))
            json_array_append_new(changes, json_string(field->name));
    }
    if (json_array_size(changes) > 0)
        json_object_set(value, CHANGES, changes);
    *ret_value = value;
    return true;
}

bool ci_wire_write(struct ci_ctx *ctx, const void *object, json_t **ret_value)
{
    const struct ci_type *type = ((const struct ci_object *)object)->type;

    return ci_wire_write_at(ctx, object, ci_release_minor(ci_release_pinned(ctx), type), ret_value);
}

bool ci_wire_is_object(const json_t *value)
{
    return ci_json_kind(value) == CI_JSON_OBJECT && json_object_get(value, NAME);
}

/* Opens the frame: which type, which version, what data. */
static bool open_envelope(struct ci_ctx *ctx, const json_t *value, const struct ci_type **ret_type,
                          int *ret_minor, const json_t **ret_data)
{
    const char *name, *space, *version;
    const struct ci_type *type;
    const json_t *data;

    if (ci_json_kind(value) != CI_JSON_OBJECT)
        return ci_fail_text(ctx, Invalid, "An object is expected.");
    if (!ci_json_get_string(ctx, value, NAME, &name) ||
        !ci_json_get_string(ctx, value, NAMESPACE, &space) ||
        !ci_json_get_string(ctx, value, VERSION, &version))
        return false;
    if (strcmp(space, "ironic") != 0)
        return ci_fail(ctx, UnsupportedObjectError, ci_printf(ctx->mem, "%s.%s", space, name));
    type = ci_type_find(name);
    if (!type)
        return ci_fail(ctx, UnsupportedObjectError, name);
    if (!ci_row_version(ctx, type, version, ret_minor))
        return false;
    data = json_object_get(value, DATA);
    if (!data || ci_json_kind(data) != CI_JSON_OBJECT)
        return ci_fail_text(ctx, Invalid, "'%s' must be an object.", DATA);
    *ret_type = type;
    *ret_data = data;
    return true;
}

/* The frame of an object of a certain type. */
static bool open_of(struct ci_ctx *ctx, const json_t *value, const struct ci_type *wanted,
                    const json_t **ret_data)
{
    const struct ci_type *type;
    int minor;

    if (!open_envelope(ctx, value, &type, &minor, ret_data))
        return false;
    return type == wanted ||
           ci_fail_text(ctx, Invalid, "A %s is expected, not a %s.", wanted->name, type->name);
}

/* A TraitList as an array of names, in the arena. */
static bool read_traits(struct ci_ctx *ctx, const json_t *value, json_t **ret_names)
{
    const json_t *list, *objects;
    json_t *names = ci_json(ctx, json_array()), *member;
    size_t i;

    if (!open_of(ctx, value, &ci_trait_list_type, &list))
        return false;
    objects = json_object_get(list, "objects");
    if (!objects || ci_json_kind(objects) != CI_JSON_ARRAY)
        return ci_fail_text(ctx, Invalid, "A list of objects is expected.");
    json_array_foreach(objects, i, member)
    {
        const json_t *trait;
        const char *name;

        if (!open_of(ctx, member, &ci_trait_type, &trait) ||
            !ci_json_get_string(ctx, trait, "trait", &name))
            return false;
        json_array_append_new(names, text_value(name));
    }
    *ret_names = names;
    return true;
}

static bool read_field(struct ci_ctx *ctx, struct ci_object *object, size_t n, const json_t *value)
{
    json_t *names;

    if (object->type->fields[n].kind != CI_KIND_TRAITS || ci_json_kind(value) == CI_JSON_NULL)
        return ci_field_from_json(ctx, object, n, value);
    return read_traits(ctx, value, &names) && ci_field_from_json(ctx, object, n, names);
}

static bool read_fields(struct ci_ctx *ctx, struct ci_object *object, const json_t *data)
{
    for (size_t i = 0; i < object->type->count; i++) {
        const json_t *value = json_object_get(data, object->type->fields[i].name);

        if (value && !read_field(ctx, object, i, value))
            return false;
    }
    return true;
}

/* Names that we do not know, or that are not in the data, are left out. */
static bool read_changes(struct ci_ctx *ctx, struct ci_object *object, const json_t *changes)
{
    json_t *name;
    size_t i;

    if (!changes || ci_json_kind(changes) == CI_JSON_NULL)
        return true;
    if (ci_json_kind(changes) != CI_JSON_ARRAY)
        return ci_fail_text(ctx, Invalid, "'%s' must be an array.", CHANGES);
    json_array_foreach(changes, i, name)
    {
        int n;

        if (ci_json_kind(name) != CI_JSON_STRING)
            return ci_fail_text(ctx, Invalid, "'%s' must hold names.", CHANGES);
        n = ci_field_find(object->type, json_string_value(name));
        if (n >= 0 && ci_fieldset_has(&object->set, (size_t)n))
            ci_fieldset_add(&object->changed, (size_t)n);
    }
    return true;
}

/* Makes an object of an older version one of ours. */
static bool upgrade(struct ci_ctx *ctx, struct ci_object *object, enum ci_wire_side side)
{
    const struct ci_type *type = object->type;

    if (object->row_minor == type->minor)
        return true;
    for (size_t i = 0; i < type->count; i++) {
        const struct ci_field *field = &type->fields[i];

        if (field->older == CI_OLDER_KEEP || field->older == CI_OLDER_RESET ||
            ci_fieldset_has(&object->set, i))
            continue;
        ci_field_set_older(object, field);
        ci_object_mark(object, i);
    }
    if (type->convert && !type->convert(ctx, object, type->minor))
        return false;
    if (side == CI_WIRE_CLIENT)
        object->changed = (struct ci_fieldset){.bits = {0}};
    return true;
}

bool ci_wire_read(struct ci_ctx *ctx, const json_t *value, enum ci_wire_side side, void *ret_object)
{
    const struct ci_type *type;
    struct ci_object *object;
    const json_t *data;
    int minor;

    if (!open_envelope(ctx, value, &type, &minor, &data))
        return false;
    if (type->element)
        return ci_fail(ctx, UnsupportedObjectError, type->name);
    object = ci_object_new(ctx->mem, type);
    object->row_minor = minor;
    if (!read_fields(ctx, object, data) ||
        !read_changes(ctx, object, json_object_get(value, CHANGES)) || !upgrade(ctx, object, side))
        return false;
    memcpy(ret_object, &object, sizeof object);
    return true;
}

bool ci_wire_read_answer(struct ci_ctx *ctx, const json_t *value, const struct ci_type *type,
                         void *ret_object)
{
    struct ci_object *object = NULL;
    bool done = value && ci_wire_read(ctx, value, CI_WIRE_CLIENT, &object);
    const char *why;

    if (done && object->type == type) {
        memcpy(ret_object, &object, sizeof object);
        return true;
    }
    if (ci_failed_with(ctx, CI_ERR_IncompatibleObjectVersion))
        return false;
    why = ctx->error ? ci_printf(ctx->mem, ": %s", ci_error_take(ctx)) : ".";
    return ci_fail_text(ctx, IronicException,
                        "A conductor answered with something else than a %s%s", type->name, why);
}
