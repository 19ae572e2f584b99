/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents of create and patch, between what clients send and the fields of an object.
 */
#include "api/patch.h"

#include <stdlib.h>
#include <string.h>

#include "api/args.h"
#include "api/schema.h"
#include "api/version.h"
#include "base/ident.h"
#include "base/jsonpatch.h"
#include "objects/wire.h"

/* Ironic's; \w of Python, for ASCII, is written out. */
const char *const ci_patch_schema =
    "{\"type\": \"array\", \"items\": {\"type\": \"object\", \"properties\": {"
    "\"op\": {\"type\": \"string\", \"enum\": [\"add\", \"replace\", \"remove\"]}, "
    "\"path\": {\"type\": \"string\", \"pattern\": \"^(/([A-Za-z0-9_-]|[^ -~])+)+$\", "
    "\"x-pattern\": \"^(/[\\\\w-]+)+$\"}, "
    "\"value\": {}}, \"additionalProperties\": false, \"required\": [\"op\", \"path\"]}}";

#define UUID_BYTES 36

static const char *path_of(const json_t *operation)
{
    return json_string_value(json_object_get(operation, "path"));
}

static bool is_remove(const json_t *operation)
{
    return strcmp(json_string_value(json_object_get(operation, "op")), "remove") == 0;
}

/* "extra" of "/extra/a/b". */
static const char *root_of(struct ci_request *req, const json_t *operation)
{
    const char *path = path_of(operation) + 1;

    return ci_strndup(req->ctx->mem, path, strcspn(path, "/"));
}

static bool check_shape(struct ci_request *req)
{
    json_t *shape;

    if (!req->json)
        req->json = ci_json(req->ctx, json_object());
    return ci_json_read(req->ctx, ci_patch_schema, strlen(ci_patch_schema), &ci_json_trusted,
                        &shape) &&
           ci_schema_check(req->ctx, shape, "patch", req->json);
}

/* A field that is newer than the API served is not known at all. */
static bool is_allowed(const struct ci_request *req, const struct ci_patch_rules *rules,
                       const char *name)
{
    int n = ci_field_find(rules->type, name);

    return ci_one_of(name, rules->allowed) &&
           (n < 0 || rules->type->fields[n].rest == CI_NEVER ||
            rules->type->fields[n].rest <= ci_version_max(req->ctx));
}

static bool refuse_field(struct ci_request *req, const struct ci_patch_rules *rules,
                         const json_t *operation)
{
    struct ci_text *names = ci_text_new(req->ctx->mem, 1024);

    for (size_t i = 0; rules->allowed[i]; i++) {
        if (is_allowed(req, rules, rules->allowed[i]))
            ci_text_printf(names, "%s%s", names->length > 0 ? ", " : "", rules->allowed[i]);
    }
    return ci_fail_text(req->ctx, Invalid,
                        "Cannot patch %.200s. Only the following can be updated: %s",
                        path_of(operation), names->bytes);
}

/* What is set as a whole becomes a column; what is set below it stays JSON. */
static bool check_texts(struct ci_request *req)
{
    const json_t *operation;
    size_t i;

    json_array_foreach(req->json, i, operation)
    {
        if (!strchr(path_of(operation) + 1, '/') &&
            !ci_schema_check_texts(req->ctx, "patch", operation))
            return false;
    }
    return true;
}

bool ci_patch_check(struct ci_request *req, const struct ci_patch_rules *rules)
{
    const json_t *operation;
    size_t i;

    if (!check_shape(req) || !check_texts(req))
        return false;
    json_array_foreach(req->json, i, operation)
    {
        if (!is_allowed(req, rules, root_of(req, operation)))
            return refuse_field(req, rules, operation);
    }
    if (rules->versions_elsewhere)
        return true;
    json_array_foreach(req->json, i, operation)
    {
        int n = ci_field_find(rules->type, root_of(req, operation));

        if (n >= 0 && !is_remove(operation) && rules->type->fields[n].rest != CI_NEVER &&
            !ci_version_needs(req, rules->type->fields[n].rest))
            return false;
    }
    return true;
}

const json_t *ci_patch_value(const struct ci_request *req, const char *path)
{
    const json_t *operation, *value = NULL;
    size_t i;

    json_array_foreach(req->json, i, operation)
    {
        if (!is_remove(operation) && strcmp(path_of(operation), path) == 0)
            value = json_object_get(operation, "value");
    }
    return value;
}

static bool touches(const json_t *operation, const char *path)
{
    const char *touched = path_of(operation);
    size_t length = strlen(path);

    return strncmp(touched, path, length) == 0 &&
           (touched[length] == '\0' || touched[length] == '/');
}

bool ci_patch_touches(const struct ci_request *req, const char *path)
{
    const json_t *operation;
    size_t i;

    json_array_foreach(req->json, i, operation)
    {
        if (touches(operation, path))
            return true;
    }
    return false;
}

bool ci_patch_begins_with(const struct ci_request *req, const char *path)
{
    return json_array_size(req->json) > 0 && touches(json_array_get(req->json, 0), path);
}

/* Leaves only what the schema has. */
static json_t *pruned(struct ci_request *req, const struct ci_patch_rules *rules,
                      const json_t *document)
{
    const json_t *properties = json_object_get(rules->schema, "properties");
    json_t *result = ci_json(req->ctx, json_object()), *value;
    const char *key;

    json_object_foreach((json_t *)(uintptr_t)document, key, value)
    {
        if (json_object_get(properties, key))
            json_object_set_nocheck(result, key, value);
    }
    return result;
}

bool ci_patch_apply(struct ci_request *req, const struct ci_patch_rules *rules, const void *object,
                    const json_t *more, json_t **ret_document)
{
    json_t *message, *document, *patched;

    if (!ci_wire_write_at(req->ctx, object, rules->type->minor, &message))
        return false;
    document = json_object_get(message, "ironic_object.data");
    if (more)
        json_object_update(document, (json_t *)(uintptr_t)more);
    if (!ci_jsonpatch_apply(req->ctx, document, req->json, &patched))
        return false;
    *ret_document = pruned(req, rules, patched);
    return ci_schema_check(req->ctx, rules->schema, "patch", *ret_document);
}

/* What a field has when it is taken out: its default where it cannot be null. */
static const json_t *removed(const struct ci_field *field)
{
    return field->nulls == CI_NOT_NULL && field->older == CI_OLDER_FALSE ? json_false()
                                                                         : json_null();
}

bool ci_patch_update(struct ci_request *req, const struct ci_patch_rules *rules, void *object,
                     const json_t *document)
{
    const json_t *properties = json_object_get(rules->schema, "properties");
    void *wanted = ci_object_copy(req->ctx->mem, object);
    const struct ci_type *type = rules->type;

    for (size_t i = 0; i < type->count; i++) {
        const json_t *value = json_object_get(document, type->fields[i].name);

        if (!json_object_get(properties, type->fields[i].name))
            continue;
        if (!value)
            value = removed(&type->fields[i]);
        if (!ci_field_from_json(req->ctx, wanted, i, value))
            return false;
        if (ci_field_equal(object, wanted, &type->fields[i]))
            continue;
        if (!ci_field_from_json(req->ctx, object, i, value))
            return false;
        ci_object_mark(object, i);
    }
    return true;
}

/* What is created has a UUID from the beginning: listeners are told it before it is stored. */
static void name_it(struct ci_request *req, void *object)
{
    const struct ci_type *type = ((struct ci_object *)object)->type;
    const int n = ci_field_find(type, "uuid");

    if (n < 0 || !ci_field_is_null(object, &type->fields[n]))
        return;
    *(const char **)ci_field_at(object, &type->fields[n]) = ci_uuid_new(req->ctx->mem);
    ci_object_mark(object, (size_t)n);
}

bool ci_create_fill(struct ci_request *req, void *object, const json_t *document)
{
    const struct ci_type *type = ((struct ci_object *)object)->type;
    json_t *value;
    const char *key;

    json_object_foreach((json_t *)(uintptr_t)document, key, value)
    {
        int n = ci_field_find(type, key);

        if (n < 0)
            continue;
        if (ci_json_kind(value) != CI_JSON_NULL && type->fields[n].rest != CI_NEVER &&
            !ci_version_needs(req, type->fields[n].rest))
            return false;
    }
    json_object_foreach((json_t *)(uintptr_t)document, key, value)
    {
        int n = ci_field_find(type, key);

        if (n < 0 || (ci_json_kind(value) == CI_JSON_NULL && type->fields[n].nulls == CI_NOT_NULL))
            continue;
        if (!ci_field_from_json(req->ctx, object, (size_t)n, value))
            return false;
        ci_object_mark(object, (size_t)n);
    }
    name_it(req, object);
    return true;
}

bool ci_document_bools(struct ci_request *req, json_t *document, const struct ci_type *type)
{
    for (size_t i = 0; i < type->count; i++) {
        const char *name = type->fields[i].name;
        json_t *value = json_object_get(document, name);
        int truth;

        if (type->fields[i].kind != CI_KIND_BOOL || !value || ci_json_kind(value) != CI_JSON_STRING)
            continue;
        truth = ci_bool_from_text(json_string_value(value));
        if (truth < 0)
            return ci_bool_refuse(req, name, json_string_value(value));
        json_object_set_new(document, name, json_boolean(truth));
    }
    return true;
}

bool ci_document_uuids(struct ci_request *req, const json_t *document, const char *const *names)
{
    for (; *names; names++) {
        const json_t *member = json_object_get(document, *names);
        const char *value = json_string_value(member);

        /* Some forms that Python takes are longer than the columns. */
        if (value && (strlen(value) != json_string_length(member) || strlen(value) > UUID_BYTES ||
                      !ci_uuid_is_like(value)))
            return ci_fail_text(req->ctx, InvalidParameterValue, "Expected UUID for %s: %.200s",
                                *names, value);
    }
    return true;
}

bool ci_document_mac(struct ci_request *req, json_t *document, const char *name)
{
    const json_t *value = json_object_get(document, name);
    const char *address = json_string_value(value);

    if (!address)
        return true;
    if (strlen(address) != json_string_length(value) || !ci_mac_is_valid(address))
        return ci_fail_text(req->ctx, InvalidParameterValue,
                            "Expected valid MAC address for %s: %.200s", name, address);
    return json_object_set_new(document, name,
                               json_string(ci_mac_normal(req->ctx->mem, address))) == 0;
}
