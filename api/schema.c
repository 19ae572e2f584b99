/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Schema, as far as the API needs it. None is packaged in C.
 *
 * The walk goes down schema and value together; since both are bounded in depth, so is it.
 * The schema is our own (or the operator's network_data schema), the value anybody's.
 */
#include "api/schema.h"

#include "base/utf8.h"

#include <arpa/inet.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64

/* The best fault found so far. */
struct check {
    struct ci_ctx *ctx;
    const json_t *root; /* where $ref points into */
    const char *message;
    int depth;         /* of the value at fault; INT_MAX when there is none */
    bool weak;         /* a fault of anyOf or oneOf counts less than others of its depth */
    const char *cause; /* what is behind an anyOf's fault */
};

static void walk(struct check *check, const json_t *schema, const json_t *value, int depth);

static const char *repr(struct check *check, const json_t *value)
{
    return ci_json_repr(check->ctx->mem, value);
}

static void fault(struct check *check, int depth, bool weak, const char *message)
{
    if (depth > check->depth || (depth == check->depth && (weak || !check->weak)))
        return;
    check->message = message;
    check->depth = depth;
    check->weak = weak;
    check->cause = NULL;
}

static bool is_type(const json_t *value, const char *type)
{
    switch (ci_json_kind(value)) {
    case CI_JSON_NULL:
        return strcmp(type, "null") == 0;
    case CI_JSON_FALSE:
    case CI_JSON_TRUE:
        return strcmp(type, "boolean") == 0;
    case CI_JSON_INT:
        return strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
    case CI_JSON_REAL:
        return strcmp(type, "number") == 0 ||
               (strcmp(type, "integer") == 0 &&
                json_real_value(value) == (double)(int64_t)json_real_value(value));
    case CI_JSON_RAW:
        return strcmp(type, "number") == 0;
    case CI_JSON_STRING:
        return strcmp(type, "string") == 0;
    case CI_JSON_ARRAY:
        return strcmp(type, "array") == 0;
    case CI_JSON_OBJECT:
        return strcmp(type, "object") == 0;
    }
    return false;
}

static void check_type(struct check *check, const json_t *types, const json_t *value, int depth)
{
    struct ci_text *names = ci_text_new(check->ctx->mem, 256);
    const json_t *type;
    size_t i;

    if (json_is_string(types)) {
        if (!is_type(value, json_string_value(types)))
            fault(check, depth, false,
                  ci_printf(check->ctx->mem, "%s is not of type '%s'", repr(check, value),
                            json_string_value(types)));
        return;
    }
    json_array_foreach(types, i, type)
    {
        if (is_type(value, json_string_value(type)))
            return;
        ci_text_printf(names, "%s'%s'", i > 0 ? ", " : "", json_string_value(type));
    }
    fault(check, depth, false,
          ci_printf(check->ctx->mem, "%s is not of type %s", repr(check, value), names->bytes));
}

static void check_enum(struct check *check, const json_t *choices, const json_t *value, int depth)
{
    const json_t *choice;
    size_t i;

    json_array_foreach(choices, i, choice)
    {
        if (ci_json_equal(choice, value))
            return;
    }
    fault(check, depth, false,
          ci_printf(check->ctx->mem, "%s is not one of %s", repr(check, value),
                    repr(check, choices)));
}

static size_t characters(const json_t *value)
{
    const char *text = json_string_value(value);
    size_t n = 0;

    for (size_t i = 0; i < json_string_length(value); i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

/* "ipv4", "ipv6", and "ipv6-prefix", which may have "/64" behind it. */
static bool has_format(const char *format, const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];
    char host[INET6_ADDRSTRLEN] = "";
    size_t length = strcspn(text, strcmp(format, "ipv6-prefix") == 0 ? "/" : "");
    int64_t bits;

    if (length >= sizeof host || (text[length] && !ci_parse_int(text + length + 1, 0, 128, &bits)))
        return false;
    memcpy(host, text, length);
    return inet_pton(strcmp(format, "ipv4") == 0 ? AF_INET : AF_INET6, host, address) == 1;
}

static void check_format(struct check *check, const char *format, const json_t *value, int depth)
{
    if (strlen(json_string_value(value)) != json_string_length(value) ||
        !has_format(format, json_string_value(value)))
        fault(check, depth, false,
              ci_printf(check->ctx->mem, "%s is not a '%s'", repr(check, value), format));
}

static void check_string(struct check *check, const json_t *schema, const json_t *value, int depth)
{
    const json_t *min = json_object_get(schema, "minLength");
    const json_t *max = json_object_get(schema, "maxLength");
    const char *pattern = json_string_value(json_object_get(schema, "pattern"));
    const json_t *shown = json_object_get(schema, "x-pattern");
    regex_t regex;

    if (min && (json_int_t)characters(value) < json_integer_value(min))
        fault(check, depth, false,
              ci_printf(check->ctx->mem, "%s is too short", repr(check, value)));
    if (max && (json_int_t)characters(value) > json_integer_value(max))
        fault(check, depth, false,
              ci_printf(check->ctx->mem, "%s is too long", repr(check, value)));
    if (json_object_get(schema, "format"))
        check_format(check, json_string_value(json_object_get(schema, "format")), value, depth);
    if (!pattern || regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return;
    if (strlen(json_string_value(value)) != json_string_length(value) ||
        regexec(&regex, json_string_value(value), 0, NULL, 0) != 0)
        fault(check, depth, false,
              ci_printf(check->ctx->mem, "%s does not match %s", repr(check, value),
                        repr(check, shown ? shown : json_object_get(schema, "pattern"))));
    regfree(&regex);
}

static void check_number(struct check *check, const json_t *schema, const json_t *value, int depth)
{
    const json_t *min = json_object_get(schema, "minimum");
    const json_t *max = json_object_get(schema, "maximum");

    if (min && json_number_value(value) < json_number_value(min))
        fault(check, depth, false,
              ci_printf(check->ctx->mem, "%s is less than the minimum of %s", repr(check, value),
                        repr(check, min)));
    if (max && json_number_value(value) > json_number_value(max))
        fault(check, depth, false,
              ci_printf(check->ctx->mem, "%s is greater than the maximum of %s", repr(check, value),
                        repr(check, max)));
}

static bool has_doubles(const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        for (size_t j = i + 1; j < json_array_size(value); j++) {
            if (ci_json_equal(json_array_get(value, i), json_array_get(value, j)))
                return true;
        }
    }
    return false;
}

static void check_array(struct check *check, const json_t *schema, const json_t *value, int depth)
{
    const json_t *items = json_object_get(schema, "items");
    const json_t *min = json_object_get(schema, "minItems");
    const json_t *max = json_object_get(schema, "maxItems");
    const json_t *item;
    size_t i;

    if (min && (json_int_t)json_array_size(value) < json_integer_value(min))
        fault(check, depth, false,
              ci_printf(check->ctx->mem, "%s is too short", repr(check, value)));
    if (max && (json_int_t)json_array_size(value) > json_integer_value(max))
        fault(check, depth, false,
              ci_printf(check->ctx->mem, "%s is too long", repr(check, value)));
    if (json_is_true(json_object_get(schema, "uniqueItems")) && has_doubles(value))
        fault(check, depth, false,
              ci_printf(check->ctx->mem, "%s has non-unique elements", repr(check, value)));
    if (!json_is_object(items))
        return;
    json_array_foreach(value, i, item) walk(check, items, item, depth + 1);
}

/* "Additional properties are not allowed ('a', 'b' were unexpected)" */
static void check_additional(struct check *check, const json_t *schema, const json_t *value,
                             int depth)
{
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *more = json_object_get(schema, "additionalProperties");
    struct ci_text *names = ci_text_new(check->ctx->mem, 900);
    const char *key;
    json_t *member;
    size_t n = 0;

    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        if (json_object_get(properties, key))
            continue;
        if (json_is_object(more))
            walk(check, more, member, depth + 1);
        if (!json_is_false(more))
            continue;
        ci_text_printf(names, "%s%s", n++ > 0 ? ", " : "",
                       repr(check, ci_json(check->ctx, json_string(key))));
    }
    if (n > 0)
        fault(check, depth, false,
              ci_printf(check->ctx->mem, "Additional properties are not allowed (%s %s unexpected)",
                        names->bytes, n == 1 ? "was" : "were"));
}

/* "'b' is a dependency of 'a'" */
static void check_dependent(struct check *check, const json_t *dependent, const json_t *value,
                            int depth)
{
    const json_t *name;
    const char *key;
    json_t *names;
    size_t i;

    json_object_foreach((json_t *)(uintptr_t)dependent, key, names)
    {
        if (!json_object_get(value, key))
            continue;
        json_array_foreach(names, i, name)
        {
            if (!json_object_get(value, json_string_value(name)))
                fault(check, depth, false,
                      ci_printf(check->ctx->mem, "'%s' is a dependency of '%s'",
                                json_string_value(name), key));
        }
    }
}

static void check_object(struct check *check, const json_t *schema, const json_t *value, int depth)
{
    json_t *properties = json_object_get(schema, "properties"), *property;
    const json_t *required = json_object_get(schema, "required"), *name;
    const char *key;
    size_t i;

    json_object_foreach(properties, key, property)
    {
        const json_t *member = json_object_get(value, key);

        if (member)
            walk(check, property, member, depth + 1);
    }
    json_array_foreach(required, i, name)
    {
        if (!json_object_get(value, json_string_value(name)))
            fault(
                check, depth, false,
                ci_printf(check->ctx->mem, "'%s' is a required property", json_string_value(name)));
    }
    check_dependent(check, json_object_get(schema, "dependentRequired"), value, depth);
    if (json_object_get(schema, "additionalProperties"))
        check_additional(check, schema, value, depth);
}

static struct check sub_check(const struct check *check)
{
    return (struct check){.ctx = check->ctx, .root = check->root, .depth = INT32_MAX};
}

/* Of oneOf, when more than one choice fits: those after the first are named, then the first. */
static void check_one(struct check *check, const json_t *choices, const json_t *value, int depth)
{
    struct ci_text *names = ci_text_new(check->ctx->mem, 4096);
    const json_t *choice, *first = NULL;
    size_t i;

    json_array_foreach(choices, i, choice)
    {
        struct check sub = sub_check(check);

        walk(&sub, choice, value, depth);
        if (sub.message)
            continue;
        if (first)
            ci_text_printf(names, "%s, ", repr(check, choice));
        else
            first = choice;
    }
    if (names->length > 0)
        fault(check, depth, true,
              ci_printf(check->ctx->mem, "%s is valid under each of %s%s", repr(check, value),
                        names->bytes, repr(check, first)));
}

/* anyOf and oneOf: jsonschema names the value, and Ironic adds the best of the causes. */
static void check_any(struct check *check, const json_t *choices, const json_t *value, int depth)
{
    const char *cause = NULL;
    const json_t *choice;
    int deepest = -1;
    size_t i;

    json_array_foreach(choices, i, choice)
    {
        struct check sub = sub_check(check);

        walk(&sub, choice, value, depth);
        if (!sub.message)
            return;
        if (sub.depth > deepest) {
            deepest = sub.depth;
            cause = sub.cause ? sub.cause : sub.message;
        }
    }
    fault(check, depth, true,
          ci_printf(check->ctx->mem, "%s is not valid under any of the given schemas",
                    repr(check, value)));
    if (check->depth == depth && check->weak)
        check->cause = cause;
}

static const json_t *resolve(const struct check *check, const json_t *schema)
{
    const char *ref = json_string_value(json_object_get(schema, "$ref"));
    const char *prefix = "#/definitions/";

    if (!ref || strncmp(ref, prefix, strlen(prefix)) != 0)
        return schema;
    return json_object_get(json_object_get(check->root, "definitions"), ref + strlen(prefix));
}

static void walk(struct check *check, const json_t *schema, const json_t *value, int depth)
{
    const json_t *all, *each;
    size_t i;

    if (depth > DEPTH_MAX)
        return;
    schema = resolve(check, schema);
    if (json_object_get(schema, "type"))
        check_type(check, json_object_get(schema, "type"), value, depth);
    if (json_object_get(schema, "enum"))
        check_enum(check, json_object_get(schema, "enum"), value, depth);
    switch (ci_json_kind(value)) {
    case CI_JSON_STRING:
        check_string(check, schema, value, depth);
        break;
    case CI_JSON_INT:
    case CI_JSON_REAL:
        check_number(check, schema, value, depth);
        break;
    case CI_JSON_ARRAY:
        check_array(check, schema, value, depth);
        break;
    case CI_JSON_OBJECT:
        check_object(check, schema, value, depth);
        break;
    default:
        break;
    }
    if (json_object_get(schema, "anyOf"))
        check_any(check, json_object_get(schema, "anyOf"), value, depth);
    if (json_object_get(schema, "oneOf")) {
        check_any(check, json_object_get(schema, "oneOf"), value, depth);
        check_one(check, json_object_get(schema, "oneOf"), value, depth);
    }
    all = json_object_get(schema, "allOf");
    json_array_foreach(all, i, each) walk(check, each, value, depth);
}

const char *ci_schema_fault(struct ci_ctx *ctx, const json_t *schema, const json_t *value)
{
    struct check check = {.ctx = ctx, .root = schema, .depth = INT32_MAX};

    walk(&check, schema, value, 0);
    if (check.message && check.cause)
        return ci_printf(ctx->mem, "%s. Possible root cause: %s", check.message, check.cause);
    return check.message;
}

bool ci_schema_check_texts(struct ci_ctx *ctx, const char *name, const json_t *document)
{
    json_t *value;
    const char *key;

    json_object_foreach((json_t *)(uintptr_t)document, key, value)
    {
        if (ci_json_kind(value) == CI_JSON_STRING &&
            !ci_utf8_is_text(json_string_value(value), json_string_length(value)))
            return ci_fail_text(ctx, InvalidParameterValue,
                                "Schema error for %s: %s has characters that cannot be stored",
                                name, ci_json_repr(ctx->mem, value));
    }
    return true;
}

bool ci_schema_check(struct ci_ctx *ctx, const json_t *schema, const char *name,
                     const json_t *value)
{
    const char *message = ci_schema_fault(ctx, schema, value);

    if (message)
        return ci_fail_text(ctx, InvalidParameterValue, "Schema error for %s: %s", name, message);
    return ci_schema_check_texts(ctx, name, value);
}

/* What values a field of the kind takes, as Ironic's schemas say. */
static const char *kind_schema(enum ci_kind kind)
{
    switch (kind) {
    case CI_KIND_INT:
        return "{\"type\": [\"integer\", \"null\"]}";
    case CI_KIND_BOOL:
        return "{\"type\": [\"string\", \"boolean\", \"null\"]}";
    case CI_KIND_TIME:
    case CI_KIND_STR:
    case CI_KIND_UUID:
    case CI_KIND_MAC:
        return "{\"type\": [\"string\", \"null\"], \"maxLength\": 255}";
    case CI_KIND_DICT:
        return "{\"type\": [\"object\", \"null\"]}";
    case CI_KIND_LIST:
    case CI_KIND_DICTS:
    case CI_KIND_TRAITS:
        return "{\"type\": [\"array\", \"null\"]}";
    }
    return "{}";
}

/* Reads our own schema text; it lives as long as the process. */
static json_t *own(const char *text)
{
    struct ci_ctx ctx = {.mem = ci_arena_new()};
    json_t *value = NULL;

    if (!ci_json_read(&ctx, text, strlen(text), &ci_json_trusted, &value))
        abort();
    json_incref(value);
    ci_arena_free(ctx.mem);
    return value;
}

const json_t *ci_schema_of_type(const struct ci_type *type, unsigned access,
                                const struct ci_field_rule *rules, const char *const *required)
{
    json_t *schema = own("{\"type\": \"object\", \"properties\": {}, \"required\": [], "
                         "\"additionalProperties\": false}");
    json_t *properties = json_object_get(schema, "properties");

    for (size_t i = 0; i < type->count; i++) {
        if (type->fields[i].access & access)
            json_object_set_new(properties, type->fields[i].name,
                                own(kind_schema(type->fields[i].kind)));
    }
    for (; rules && rules->field; rules++) {
        int n = ci_field_find(type, rules->field);

        if (n < 0 || type->fields[n].access & access)
            json_object_set_new(properties, rules->field, own(rules->schema));
    }
    for (; required && *required; required++)
        json_array_append_new(json_object_get(schema, "required"), json_string(*required));
    return schema;
}
