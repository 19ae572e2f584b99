/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schemas of what clients send to create and change objects, from the field tables.
 */
#include <stdlib.h>
#include <string.h>

#include "api/schema.h"

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
