/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Schema, as far as the API needs it. None is packaged in C.
 *
 * The walk goes down schema and value together, keyword by keyword in the schema's order, and
 * meets every fault; which of them is told is jsonschema's choice (best_match), since clients
 * read its words. The schema is our own (or the operator's network_data schema), the value
 * anybody's: the walk is bounded in depth and in steps.
 */
#include "api/schema.h"

#include "base/ident.h"
#include "base/utf8.h"

#include <arpa/inet.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define NESTING_MAX 100
#define STEPS_MAX 4000000

struct fault;

/*
 * The faults of one walk, of which these three are ever asked for: the most relevant one, and
 * the two least relevant ones. Of equals the first.
 */
struct faults {
    struct fault *best, *least, *second;
};

struct fault {
    int depth;      /* of the value at fault */
    bool weak;      /* anyOf and oneOf count less than others of their depth */
    bool fits_type; /* the schema at fault has a type, and the value is of it */
    const char *message;
    struct faults context; /* of an anyOf or oneOf: the faults of its choices */
};

/* What all walks of one check share. */
struct check {
    struct ci_ctx *ctx;
    const json_t *root; /* where $ref points into */
    int steps;
    const char *pattern; /* the one that is compiled, or NULL */
    regex_t regex;
};

/* Where a walk is. */
struct place {
    struct check *check;
    struct faults *faults;
    const json_t *schema, *value;
    int depth;   /* of the value */
    int nesting; /* of the walk */
};

typedef void keyword_function(const struct place *at, const json_t *operand);

static void walk(const struct place *at);

static const char *repr(const struct place *at, const json_t *value)
{
    return ci_json_repr(at->check->ctx->mem, value);
}

static const char *shown(const struct place *at)
{
    return repr(at, at->value);
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
                json_real_value(value) == __builtin_trunc(json_real_value(value)));
    case CI_JSON_RAW:
        /* NaN and Infinity are no integers, longer numbers are. */
        return strcmp(type, "number") == 0 ||
               (strcmp(type, "integer") == 0 && !strpbrk(ci_json_raw_text(value), "NIeE."));
    case CI_JSON_STRING:
        return strcmp(type, "string") == 0;
    case CI_JSON_ARRAY:
        return strcmp(type, "array") == 0;
    case CI_JSON_OBJECT:
        return strcmp(type, "object") == 0;
    }
    return false;
}

/* Is the value of the type, or of one of the types? */
static bool is_of(const json_t *types, const json_t *value)
{
    const json_t *type;
    size_t i;

    if (json_is_string(types))
        return is_type(value, json_string_value(types));
    json_array_foreach(types, i, type)
    {
        if (json_is_string(type) && is_type(value, json_string_value(type)))
            return true;
    }
    return false;
}

/* Below zero: a is the less relevant one. */
static int relevance(const struct fault *a, const struct fault *b)
{
    if (a->depth != b->depth)
        return a->depth > b->depth ? -1 : 1;
    if (a->weak != b->weak)
        return a->weak ? -1 : 1;
    return (a->fits_type ? 0 : 1) - (b->fits_type ? 0 : 1);
}

static struct fault fault_at(const struct place *at)
{
    return (struct fault){.depth = at->depth,
                          .fits_type = is_of(json_object_get(at->schema, "type"), at->value)};
}

/* Would the fault be one of the three? If not, its words need not be found. */
static bool is_wanted(const struct faults *faults, const struct fault *fault)
{
    return !faults->best || !faults->second || relevance(fault, faults->best) > 0 ||
           relevance(fault, faults->second) < 0;
}

static void add(struct faults *faults, struct fault *fault)
{
    if (!faults->best || relevance(fault, faults->best) > 0)
        faults->best = fault;
    if (!faults->least || relevance(fault, faults->least) < 0) {
        faults->second = faults->least;
        faults->least = fault;
    } else if (!faults->second || relevance(fault, faults->second) < 0) {
        faults->second = fault;
    }
}

static struct fault *keep(const struct place *at, struct fault fault)
{
    struct fault *kept = ci_new(at->check->ctx->mem, struct fault);

    *kept = fault;
    add(at->faults, kept);
    return kept;
}

static bool wants_fault(const struct place *at)
{
    struct fault fault = fault_at(at);

    return is_wanted(at->faults, &fault);
}

/* To be called where wants_fault(). */
static void ci_format(2, 3) fail(const struct place *at, const char *format, ...)
{
    struct fault fault = fault_at(at);
    va_list args;

    va_start(args, format);
    fault.message = ci_vprintf(at->check->ctx->mem, format, args);
    va_end(args);
    keep(at, fault);
}

/* Of several faults the shallowest is told; of a choice's the deepest, unless they are equals. */
static const struct fault *best_match(const struct faults *faults)
{
    const struct fault *best = faults->best;

    while (best && best->context.best) {
        const struct faults *context = &best->context;

        if (context->second && relevance(context->least, context->second) == 0)
            return best;
        best = context->least;
    }
    return best;
}

static void check_type(const struct place *at, const json_t *types)
{
    struct ci_text *names;
    const json_t *type;
    size_t i;

    if (is_of(types, at->value) || !wants_fault(at))
        return;
    if (!json_is_array(types)) {
        fail(at, "%s is not of type %s", shown(at), repr(at, types));
        return;
    }
    names = ci_text_new(at->check->ctx->mem, 4096);
    json_array_foreach(types, i, type)
        ci_text_printf(names, "%s%s", i > 0 ? ", " : "", repr(at, type));
    fail(at, "%s is not of type %s", shown(at), names->bytes);
}

static bool is_bool(const json_t *value)
{
    return ci_json_kind(value) == CI_JSON_TRUE || ci_json_kind(value) == CI_JSON_FALSE;
}

/* True is 1 to Python, but not to jsonschema. */
static bool is_equal(const json_t *a, const json_t *b)
{
    return is_bool(a) == is_bool(b) && ci_json_equal(a, b);
}

static void check_enum(const struct place *at, const json_t *choices)
{
    const json_t *choice;
    size_t i;

    json_array_foreach(choices, i, choice)
    {
        if (is_equal(choice, at->value))
            return;
    }
    if (wants_fault(at))
        fail(at, "%s is not one of %s", shown(at), repr(at, choices));
}

static size_t characters(const json_t *value)
{
    const char *text = json_string_value(value);
    size_t n = 0;

    for (size_t i = 0; i < json_string_length(value); i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

static bool is_text(const struct place *at)
{
    return ci_json_kind(at->value) == CI_JSON_STRING;
}

/* No C function sees behind a NUL. */
static bool has_nul(const json_t *value)
{
    return strlen(json_string_value(value)) != json_string_length(value);
}

static void check_min_length(const struct place *at, const json_t *min)
{
    if (is_text(at) && (json_int_t)characters(at->value) < json_integer_value(min) &&
        wants_fault(at))
        fail(at, "%s is too short", shown(at));
}

static void check_max_length(const struct place *at, const json_t *max)
{
    if (is_text(at) && (json_int_t)characters(at->value) > json_integer_value(max) &&
        wants_fault(at))
        fail(at, "%s is too long", shown(at));
}

/* "ipv4", "ipv6", and "ipv6-prefix", which may have "/64" behind it. Others take anything. */
static bool has_format(const char *format, const char *text)
{
    static const char *const formats[] = {"ipv4", "ipv6", "ipv6-prefix", NULL};
    unsigned char address[sizeof(struct in6_addr)];
    char host[INET6_ADDRSTRLEN] = "";
    size_t length = strcspn(text, strcmp(format, "ipv6-prefix") == 0 ? "/" : "");
    int64_t bits;

    if (!ci_one_of(format, formats))
        return true;
    if (length >= sizeof host || (text[length] && !ci_parse_int(text + length + 1, 0, 128, &bits)))
        return false;
    memcpy(host, text, length);
    return inet_pton(strcmp(format, "ipv4") == 0 ? AF_INET : AF_INET6, host, address) == 1;
}

static void check_format(const struct place *at, const json_t *format)
{
    if (!is_text(at) || !json_is_string(format) ||
        (!has_nul(at->value) &&
         has_format(json_string_value(format), json_string_value(at->value))))
        return;
    if (wants_fault(at))
        fail(at, "%s is not a %s", shown(at), repr(at, format));
}

/* Compiles the pattern unless it is the last one that was: items mostly share one. */
static bool compile(struct check *check, const char *pattern)
{
    if (check->pattern == pattern)
        return true;
    if (check->pattern)
        regfree(&check->regex);
    check->pattern =
        regcomp(&check->regex, pattern, REG_EXTENDED | REG_NOSUB) == 0 ? pattern : NULL;
    return check->pattern;
}

static void check_pattern(const struct place *at, const json_t *pattern)
{
    const json_t *python = json_object_get(at->schema, "x-pattern");

    if (!is_text(at) || !json_is_string(pattern) || !compile(at->check, json_string_value(pattern)))
        return;
    if (!has_nul(at->value) &&
        regexec(&at->check->regex, json_string_value(at->value), 0, NULL, 0) == 0)
        return;
    if (wants_fault(at))
        fail(at, "%s does not match %s", shown(at), repr(at, python ? python : pattern));
}

static void check_minimum(const struct place *at, const json_t *min)
{
    if (ci_json_number(at->value) < ci_json_number(min) && wants_fault(at))
        fail(at, "%s is less than the minimum of %s", shown(at), repr(at, min));
}

static void check_maximum(const struct place *at, const json_t *max)
{
    if (ci_json_number(at->value) > ci_json_number(max) && wants_fault(at))
        fail(at, "%s is greater than the maximum of %s", shown(at), repr(at, max));
}

static void check_min_items(const struct place *at, const json_t *min)
{
    if (json_is_array(at->value) &&
        (json_int_t)json_array_size(at->value) < json_integer_value(min) && wants_fault(at))
        fail(at, "%s is too short", shown(at));
}

static void check_max_items(const struct place *at, const json_t *max)
{
    if (json_is_array(at->value) &&
        (json_int_t)json_array_size(at->value) > json_integer_value(max) && wants_fault(at))
        fail(at, "%s is too long", shown(at));
}

/* Each comparison is a step. */
static bool has_doubles(struct check *check, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        for (size_t j = 0; j < i && check->steps < STEPS_MAX; j++) {
            check->steps++;
            if (is_equal(json_array_get(value, i), json_array_get(value, j)))
                return true;
        }
    }
    return false;
}

static void check_unique(const struct place *at, const json_t *unique)
{
    if (json_is_true(unique) && has_doubles(at->check, at->value) && wants_fault(at))
        fail(at, "%s has non-unique elements", shown(at));
}

/* Goes on with a part of the value. */
static void walk_part(const struct place *at, const json_t *schema, const json_t *part)
{
    struct place below = *at;

    below.schema = schema;
    below.value = part;
    below.depth++;
    walk(&below);
}

static void check_items(const struct place *at, const json_t *items)
{
    const json_t *item;
    size_t i;

    json_array_foreach(at->value, i, item) walk_part(at, items, item);
}

static void check_properties(const struct place *at, const json_t *properties)
{
    json_t *property, *member;
    const char *key;
    size_t length;

    json_object_keylen_foreach((json_t *)(uintptr_t)properties, key, length, property)
    {
        member = json_object_getn(at->value, key, length);
        if (member)
            walk_part(at, property, member);
    }
}

static const char *repr_key(const struct place *at, const char *key, size_t length)
{
    return repr(at, ci_json(at->check->ctx, json_stringn_nocheck(key, length)));
}

struct key {
    const char *text;
    size_t length;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct key *)a)->text, ((const struct key *)b)->text);
}

/* "Additional properties are not allowed ('a', 'b' were unexpected)" */
static void fail_additional(const struct place *at, struct key *keys, size_t n)
{
    struct ci_text *list = ci_text_new(at->check->ctx->mem, 900);

    qsort(keys, n, sizeof *keys, by_text);
    for (size_t i = 0; i < n && !list->overflow; i++)
        ci_text_printf(list, "%s%s", i > 0 ? ", " : "", repr_key(at, keys[i].text, keys[i].length));
    fail(at, "Additional properties are not allowed (%s %s unexpected)", list->bytes,
         n == 1 ? "was" : "were");
}

static void check_additional(const struct place *at, const json_t *more)
{
    const json_t *properties = json_object_get(at->schema, "properties");
    bool is_fault = json_is_false(more) && wants_fault(at);
    struct key *keys = NULL, key;
    json_t *member;
    size_t n = 0;

    json_object_keylen_foreach((json_t *)(uintptr_t)at->value, key.text, key.length, member)
    {
        if (json_object_getn(properties, key.text, key.length))
            continue;
        if (json_is_object(more))
            walk_part(at, more, member);
        if (!is_fault)
            continue;
        if (!keys)
            keys = ci_alloc_array(at->check->ctx->mem, json_object_size(at->value), sizeof *keys);
        keys[n++] = key;
    }
    if (n > 0)
        fail_additional(at, keys, n);
}

static void check_required(const struct place *at, const json_t *required)
{
    const json_t *name;
    size_t i;

    if (!json_is_object(at->value))
        return;
    json_array_foreach(required, i, name)
    {
        if (json_is_string(name) && !json_object_get(at->value, json_string_value(name)) &&
            wants_fault(at))
            fail(at, "%s is a required property", repr(at, name));
    }
}

static void check_dependent(const struct place *at, const json_t *dependent)
{
    const json_t *name;
    const char *key;
    json_t *names;
    size_t i;

    json_object_foreach((json_t *)(uintptr_t)dependent, key, names)
    {
        if (!json_object_get(at->value, key))
            continue;
        json_array_foreach(names, i, name)
        {
            if (json_is_string(name) && !json_object_get(at->value, json_string_value(name)) &&
                wants_fault(at))
                fail(at, "%s is a dependency of %s", repr(at, name),
                     repr_key(at, key, strlen(key)));
        }
    }
}

/* Tries one of several schemas on the same value; its faults go to `faults`. */
static bool fits(const struct place *at, const json_t *schema, struct faults *faults)
{
    struct faults own = {0};
    struct place place = *at;

    place.schema = schema;
    place.faults = &own;
    walk(&place);
    /* In the order in which they were met, so that the first of equals stays the first. */
    if (own.least)
        add(faults, own.best);
    if (own.least && own.least != own.best)
        add(faults, own.least);
    if (own.second && own.second != own.best)
        add(faults, own.second);
    return !own.best;
}

/* The number of the first choice that fits, or all of them when none does, which is a fault. */
static size_t find_choice(const struct place *at, const json_t *choices)
{
    struct fault fault = fault_at(at);
    const json_t *choice;
    size_t i;

    fault.weak = true;
    json_array_foreach(choices, i, choice)
    {
        if (fits(at, choice, &fault.context))
            return i;
    }
    if (!is_wanted(at->faults, &fault))
        return i;
    fault.message =
        ci_printf(at->check->ctx->mem, "%s is not valid under any of the given schemas", shown(at));
    keep(at, fault);
    return i;
}

static void check_any(const struct place *at, const json_t *choices)
{
    if (json_is_array(choices))
        (void)find_choice(at, choices);
}

/* When more than one choice fits, those after the first are named, then the first. */
static void check_one(const struct place *at, const json_t *choices)
{
    struct ci_text *names = ci_text_new(at->check->ctx->mem, 4096);
    struct fault fault = fault_at(at);
    size_t first;

    if (!json_is_array(choices))
        return;
    first = find_choice(at, choices);
    for (size_t i = first + 1; i < json_array_size(choices); i++) {
        struct faults ignored = {0};

        if (fits(at, json_array_get(choices, i), &ignored))
            ci_text_printf(names, "%s, ", repr(at, json_array_get(choices, i)));
    }
    if (names->length == 0)
        return;
    fault.weak = true;
    fault.message = ci_printf(at->check->ctx->mem, "%s is valid under each of %s%s", shown(at),
                              names->bytes, repr(at, json_array_get(choices, first)));
    keep(at, fault);
}

/* The same value, another schema. */
static void walk_schema(const struct place *at, const json_t *schema)
{
    struct place place = *at;

    place.schema = schema;
    walk(&place);
}

static void check_all(const struct place *at, const json_t *schemas)
{
    const json_t *schema;
    size_t i;

    json_array_foreach(schemas, i, schema) walk_schema(at, schema);
}

static void check_ref(const struct place *at, const json_t *ref)
{
    const char *path = json_string_value(ref), *prefix = "#/definitions/";

    if (path && strncmp(path, prefix, strlen(prefix)) == 0)
        walk_schema(at, json_object_get(json_object_get(at->check->root, "definitions"),
                                        path + strlen(prefix)));
}

static const struct keyword {
    const char *name;
    keyword_function *check;
} keywords[] = {
    {"$ref", check_ref},
    {"additionalProperties", check_additional},
    {"allOf", check_all},
    {"anyOf", check_any},
    {"dependentRequired", check_dependent},
    {"enum", check_enum},
    {"format", check_format},
    {"items", check_items},
    {"maxItems", check_max_items},
    {"maxLength", check_max_length},
    {"maximum", check_maximum},
    {"minItems", check_min_items},
    {"minLength", check_min_length},
    {"minimum", check_minimum},
    {"oneOf", check_one},
    {"pattern", check_pattern},
    {"properties", check_properties},
    {"required", check_required},
    {"type", check_type},
    {"uniqueItems", check_unique},
};

static void walk(const struct place *from)
{
    struct place at = *from;
    const char *name;
    json_t *operand;

    if (at.nesting++ == NESTING_MAX || at.check->steps++ >= STEPS_MAX)
        return;
    json_object_foreach((json_t *)(uintptr_t)at.schema, name, operand)
    {
        for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
            if (strcmp(keywords[i].name, name) == 0)
                keywords[i].check(&at, operand);
        }
    }
}

/* jsonschema's words, and what Ironic adds: the best of the causes. */
static const char *words_of(struct ci_ctx *ctx, const struct faults *faults)
{
    const struct fault *fault = best_match(faults), *cause = fault;

    if (!fault)
        return NULL;
    while (cause->context.best)
        cause = best_match(&cause->context);
    if (cause == fault)
        return fault->message;
    return ci_printf(ctx->mem, "%s. Possible root cause: %s", fault->message, cause->message);
}

const char *ci_schema_fault(struct ci_ctx *ctx, const json_t *schema, const json_t *value)
{
    struct check check = {.ctx = ctx, .root = schema};
    struct faults faults = {0};

    walk(&(struct place){.check = &check, .faults = &faults, .schema = schema, .value = value});
    if (check.pattern)
        regfree(&check.regex);
    if (check.steps >= STEPS_MAX)
        return "There is more to check than the service takes";
    return words_of(ctx, &faults);
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
        return ci_fail_text(ctx, InvalidParameterValue, "Schema error%s%s: %s", name ? " for " : "",
                            name ? name : "", message);
    return ci_schema_check_texts(ctx, name ? name : "body", value);
}

bool ci_schema_check_trait(struct ci_ctx *ctx, const char *name, const char *trait)
{
    const char *shown;

    if (ci_trait_is_valid(trait))
        return true;
    shown = ci_json_repr(ctx->mem, ci_json(ctx, json_string(trait)));
    return ci_fail_text(ctx, InvalidParameterValue,
                        "Schema error%s%s: %s is not valid under any of the given schemas. "
                        "Possible root cause: %s does not match '^CUSTOM_[A-Z0-9_]+$'",
                        name ? " for " : "", name ? name : "", shown, shown);
}
