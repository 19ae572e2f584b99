/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all objects share: making, copying, comparing, and a field as database text or JSON.
 *
 * Walks the field tables. JSON columns are held as text, since most work passes them through.
 */
#include "objects/object.h"

#include "base/json.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

/* How the member is held in C. */
enum shape { SHAPE_INT, SHAPE_BOOL, SHAPE_TEXT };

static enum shape shape_of(const struct ci_field *field)
{
    switch (field->kind) {
    case CI_KIND_INT:
    case CI_KIND_TIME:
        return SHAPE_INT;
    case CI_KIND_BOOL:
        return SHAPE_BOOL;
    case CI_KIND_STR:
    case CI_KIND_UUID:
    case CI_KIND_MAC:
    case CI_KIND_DICT:
    case CI_KIND_LIST:
    case CI_KIND_DICTS:
    case CI_KIND_TRAITS:
        return SHAPE_TEXT;
    }
    __builtin_unreachable();
}

/* CI_NULL_TIME and CI_NULL_INT are one value. */
_Static_assert(CI_NULL_TIME == CI_NULL_INT, "one null for all numbers");

static int64_t *int_at(void *object, const struct ci_field *field)
{
    return ci_field_at(object, field);
}

static int8_t *bool_at(void *object, const struct ci_field *field)
{
    return ci_field_at(object, field);
}

static const char **text_at(void *object, const struct ci_field *field)
{
    return ci_field_at(object, field);
}

/* The same to look at only. */
static const void *peek(const void *object, const struct ci_field *field)
{
    return (const char *)object + field->offset;
}

static const struct ci_field *field_of(const void *object, size_t n)
{
    const struct ci_object *head = object;

    return &head->type->fields[n];
}

static void set_null(void *object, const struct ci_field *field)
{
    switch (shape_of(field)) {
    case SHAPE_INT:
        *int_at(object, field) = CI_NULL_INT;
        break;
    case SHAPE_BOOL:
        *bool_at(object, field) = CI_NULL_BOOL;
        break;
    case SHAPE_TEXT:
        *text_at(object, field) = NULL;
        break;
    }
}

void *ci_object_new(struct ci_arena *mem, const struct ci_type *type)
{
    struct ci_object *object = ci_alloc(mem, type->size);

    object->type = type;
    object->row_minor = type->minor;
    for (size_t i = 0; i < type->count; i++)
        set_null(object, &type->fields[i]);
    return object;
}

void *ci_object_copy(struct ci_arena *mem, const void *object)
{
    const struct ci_type *type = ((const struct ci_object *)object)->type;
    void *copy = ci_alloc(mem, type->size);

    memcpy(copy, object, type->size);
    for (size_t i = 0; i < type->count; i++) {
        if (shape_of(&type->fields[i]) == SHAPE_TEXT) {
            const char **text = text_at(copy, &type->fields[i]);
            *text = ci_strdup(mem, *text);
        }
    }
    return copy;
}

int ci_field_find(const struct ci_type *type, const char *name)
{
    for (size_t i = 0; i < type->count; i++)
        if (strcmp(type->fields[i].name, name) == 0)
            return (int)i;
    return -1;
}

bool ci_field_is_null(const void *object, const struct ci_field *field)
{
    switch (shape_of(field)) {
    case SHAPE_INT:
        return *(const int64_t *)peek(object, field) == CI_NULL_INT;
    case SHAPE_BOOL:
        return *(const int8_t *)peek(object, field) == CI_NULL_BOOL;
    case SHAPE_TEXT:
        return !*(const char *const *)peek(object, field);
    }
    __builtin_unreachable();
}

bool ci_field_is_json(const struct ci_field *field)
{
    return field->kind == CI_KIND_DICT || field->kind == CI_KIND_LIST ||
           field->kind == CI_KIND_DICTS || field->kind == CI_KIND_TRAITS;
}

const char *ci_field_empty(const struct ci_field *field)
{
    return field->kind == CI_KIND_DICT ? "{}" : "[]";
}

/* Are two JSON texts the same value? Text that is no JSON is only equal to itself. */
static bool json_text_equal(const char *a, const char *b)
{
    struct ci_ctx ctx = {.mem = NULL};
    json_t *x, *y;
    bool equal;

    if (strcmp(a, b) == 0)
        return true;
    ctx.mem = ci_arena_new();
    equal = ci_json_read(&ctx, a, strlen(a), &ci_json_trusted, &x) &&
            ci_json_read(&ctx, b, strlen(b), &ci_json_trusted, &y) && ci_json_equal(x, y);
    ci_arena_free(ctx.mem);
    return equal;
}

bool ci_field_equal(const void *a, const void *b, const struct ci_field *field)
{
    const void *x = peek(a, field), *y = peek(b, field);
    const char *s, *t;

    switch (shape_of(field)) {
    case SHAPE_INT:
        return *(const int64_t *)x == *(const int64_t *)y;
    case SHAPE_BOOL:
        return *(const int8_t *)x == *(const int8_t *)y;
    case SHAPE_TEXT:
        s = *(const char *const *)x;
        t = *(const char *const *)y;
        if (!ci_field_is_json(field))
            return ci_same(s, t);
        return json_text_equal(s ? s : ci_field_empty(field), t ? t : ci_field_empty(field));
    }
    __builtin_unreachable();
}

void ci_object_mark_set(void *object, size_t n)
{
    ci_fieldset_add(&((struct ci_object *)object)->set, n);
}

static bool bad_value(struct ci_ctx *ctx, const struct ci_field *field, const char *wanted)
{
    return ci_fail_text(ctx, Invalid, "Field %s must be %s.", field->name, wanted);
}

/* Booleans come as 1 and 0, from PostgreSQL as t and f. */
static int8_t bool_from_db(const char *text)
{
    return text[0] == '1' || text[0] == 't' || text[0] == 'T';
}

bool ci_field_from_db(struct ci_ctx *ctx, void *object, size_t n, const char *text)
{
    const struct ci_field *field = field_of(object, n);
    int64_t number;

    ci_object_mark_set(object, n);
    if (!text) {
        set_null(object, field);
        return true;
    }
    switch (field->kind) {
    case CI_KIND_INT:
        if (!ci_parse_int(text, INT64_MIN + 1, INT64_MAX, &number))
            return bad_value(ctx, field, "a number");
        *int_at(object, field) = number;
        return true;
    case CI_KIND_TIME:
        if (!ci_time_parse(text, &number))
            return bad_value(ctx, field, "a time");
        *int_at(object, field) = number;
        return true;
    case CI_KIND_BOOL:
        *bool_at(object, field) = bool_from_db(text);
        return true;
    case CI_KIND_STR:
    case CI_KIND_UUID:
    case CI_KIND_MAC:
        *text_at(object, field) = ci_strdup(ctx->mem, text);
        return true;
    case CI_KIND_DICT:
    case CI_KIND_LIST:
    case CI_KIND_DICTS:
    case CI_KIND_TRAITS:
        /* Python peers never store an empty text nor null, and read both as empty. */
        *text_at(object, field) =
            text[0] == '\0' || strcmp(text, "null") == 0 ? NULL : ci_strdup(ctx->mem, text);
        return true;
    }
    __builtin_unreachable();
}

/* A text, as Ironic's String field takes it: numbers become their digits. */
static bool text_from_json(struct ci_ctx *ctx, void *object, const struct ci_field *field,
                           const json_t *value)
{
    switch (ci_json_kind(value)) {
    case CI_JSON_STRING:
        if (strlen(json_string_value(value)) != json_string_length(value))
            return bad_value(ctx, field, "a text without NUL characters");
        *text_at(object, field) = ci_strdup(ctx->mem, json_string_value(value));
        return true;
    case CI_JSON_INT:
    case CI_JSON_REAL:
        *text_at(object, field) = ci_json_text(ctx->mem, value);
        return true;
    case CI_JSON_RAW:
        *text_at(object, field) = ci_strdup(ctx->mem, ci_json_raw_text(value));
        return true;
    case CI_JSON_NULL:
    case CI_JSON_FALSE:
    case CI_JSON_TRUE:
    case CI_JSON_ARRAY:
    case CI_JSON_OBJECT:
        break;
    }
    return bad_value(ctx, field, "a string");
}

static bool time_from_json(struct ci_ctx *ctx, void *object, const struct ci_field *field,
                           const json_t *value)
{
    if (ci_json_kind(value) != CI_JSON_STRING ||
        !ci_time_parse(json_string_value(value), int_at(object, field)))
        return bad_value(ctx, field, "a time in ISO 8601 form");
    return true;
}

/* Are all members of an array of this kind? */
static bool all_are(const json_t *array, enum ci_json_kind kind)
{
    size_t i;
    json_t *member;

    json_array_foreach(array, i, member) if (ci_json_kind(member) != kind) return false;
    return true;
}

static bool tree_from_json(struct ci_ctx *ctx, void *object, const struct ci_field *field,
                           const json_t *value)
{
    enum ci_json_kind kind = ci_json_kind(value);

    if (field->kind == CI_KIND_DICT) {
        if (kind != CI_JSON_OBJECT)
            return bad_value(ctx, field, "an object");
    } else if (kind != CI_JSON_ARRAY) {
        return bad_value(ctx, field, "an array");
    } else if (field->kind == CI_KIND_DICTS) {
        if (!all_are(value, CI_JSON_OBJECT))
            return bad_value(ctx, field, "an array of objects");
    } else if (!all_are(value, CI_JSON_STRING)) {
        return bad_value(ctx, field, "an array of strings");
    }
    *text_at(object, field) = ci_json_text(ctx->mem, value);
    return true;
}

static bool bool_from_json(struct ci_ctx *ctx, void *object, const struct ci_field *field,
                           const json_t *value)
{
    enum ci_json_kind kind = ci_json_kind(value);

    if (kind == CI_JSON_INT)
        *bool_at(object, field) = json_integer_value(value) != 0;
    else if (kind == CI_JSON_TRUE || kind == CI_JSON_FALSE)
        *bool_at(object, field) = kind == CI_JSON_TRUE;
    else
        return bad_value(ctx, field, "true or false");
    return true;
}

static bool int_from_json(struct ci_ctx *ctx, void *object, const struct ci_field *field,
                          const json_t *value)
{
    if (ci_json_kind(value) == CI_JSON_INT && json_integer_value(value) != CI_NULL_INT) {
        *int_at(object, field) = json_integer_value(value);
        return true;
    }
    if (ci_json_kind(value) == CI_JSON_STRING &&
        ci_parse_int(json_string_value(value), INT64_MIN + 1, INT64_MAX, int_at(object, field)))
        return true;
    return bad_value(ctx, field, "an integer");
}

bool ci_field_from_json(struct ci_ctx *ctx, void *object, size_t n, const void *json_value)
{
    const struct ci_field *field = field_of(object, n);
    const json_t *value = json_value;

    ci_object_mark_set(object, n);
    if (ci_json_kind(value) == CI_JSON_NULL) {
        if (field->nulls == CI_NOT_NULL)
            return ci_fail_text(ctx, Invalid, "Field `%s' cannot be None", field->name);
        set_null(object, field);
        return true;
    }
    switch (field->kind) {
    case CI_KIND_INT:
        return int_from_json(ctx, object, field, value);
    case CI_KIND_BOOL:
        return bool_from_json(ctx, object, field, value);
    case CI_KIND_TIME:
        return time_from_json(ctx, object, field, value);
    case CI_KIND_STR:
    case CI_KIND_UUID:
    case CI_KIND_MAC:
        return text_from_json(ctx, object, field, value);
    case CI_KIND_DICT:
    case CI_KIND_LIST:
    case CI_KIND_DICTS:
    case CI_KIND_TRAITS:
        return tree_from_json(ctx, object, field, value);
    }
    __builtin_unreachable();
}

const char *ci_field_to_db(struct ci_arena *mem, const void *object, size_t n)
{
    const struct ci_field *field = field_of(object, n);
    const void *at = peek(object, field);

    if (ci_field_is_null(object, field))
        return ci_field_is_json(field) ? ci_field_empty(field) : NULL;
    switch (field->kind) {
    case CI_KIND_INT:
        return ci_printf(mem, "%" PRId64, *(const int64_t *)at);
    case CI_KIND_TIME:
        return ci_time_db(mem, *(const int64_t *)at);
    case CI_KIND_BOOL:
        return *(const int8_t *)at ? "1" : "0";
    case CI_KIND_STR:
    case CI_KIND_UUID:
    case CI_KIND_MAC:
    case CI_KIND_DICT:
    case CI_KIND_LIST:
    case CI_KIND_DICTS:
    case CI_KIND_TRAITS:
        return *(const char *const *)at;
    }
    __builtin_unreachable();
}

/* The value that older versions imply, as database text. */
static const char *older_text(const struct ci_field *field)
{
    switch (field->older) {
    case CI_OLDER_KEEP:
    case CI_OLDER_NONE:
    case CI_OLDER_FILL:
    case CI_OLDER_RESET:
        return NULL;
    case CI_OLDER_FALSE:
        return "0";
    case CI_OLDER_TRUE:
        return "1";
    case CI_OLDER_DICT:
        return "{}";
    case CI_OLDER_EMPTY:
        return "";
    }
    __builtin_unreachable();
}

void ci_field_set_older(void *object, const struct ci_field *field)
{
    const char *text = older_text(field);

    if (!text || ci_field_is_json(field))
        set_null(object, field);
    else if (field->kind == CI_KIND_BOOL)
        *bool_at(object, field) = text[0] == '1';
    else
        *text_at(object, field) = text;
}

bool ci_field_is_older(const void *object, const struct ci_field *field)
{
    const char *text = older_text(field);
    const void *at = peek(object, field);

    if (ci_field_is_json(field)) {
        const char *value = *(const char *const *)at;
        return !value || strcmp(value, ci_field_empty(field)) == 0;
    }
    if (!text)
        return ci_field_is_null(object, field);
    if (field->kind == CI_KIND_BOOL)
        return *(const int8_t *)at == (text[0] == '1');
    return ci_same(*(const char *const *)at, text);
}
