/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values: their kinds, keeping them, looking into them, comparing them. Reading is in
 * jsonread.c, printing in jsonprint.c.
 *
 * A number that only its text can hold is a json_string whose first byte is 0xFF, which no
 * UTF-8 text contains.
 */
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonwalk.h"

const struct ci_json_limits ci_json_trusted = {.depth = 1000, .bytes = (size_t)256 * 1024 * 1024};

enum ci_json_kind ci_json_kind(const json_t *value)
{
    if (!value)
        return CI_JSON_NULL;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return CI_JSON_OBJECT;
    case JSON_ARRAY:
        return CI_JSON_ARRAY;
    case JSON_STRING:
        return (unsigned char)json_string_value(value)[0] == 0xff ? CI_JSON_RAW : CI_JSON_STRING;
    case JSON_INTEGER:
        return CI_JSON_INT;
    case JSON_REAL:
        return CI_JSON_REAL;
    case JSON_TRUE:
        return CI_JSON_TRUE;
    case JSON_FALSE:
        return CI_JSON_FALSE;
    case JSON_NULL:
        return CI_JSON_NULL;
    }
    return CI_JSON_NULL;
}

const char *ci_json_raw_text(const json_t *value)
{
    return json_string_value(value) + 1;
}

double ci_json_number(const json_t *value)
{
    switch (ci_json_kind(value)) {
    case CI_JSON_INT:
    case CI_JSON_REAL:
        return json_number_value(value);
    case CI_JSON_RAW:
        return strtod(ci_json_raw_text(value), NULL);
    default:
        return __builtin_nan("");
    }
}

bool ci_json_truth(const json_t *value)
{
    switch (ci_json_kind(value)) {
    case CI_JSON_NULL:
    case CI_JSON_FALSE:
        return false;
    case CI_JSON_TRUE:
        return true;
    case CI_JSON_INT:
    case CI_JSON_REAL:
    case CI_JSON_RAW:
        return ci_json_number(value) != 0; /* as NaN is */
    case CI_JSON_STRING:
        return json_string_length(value) > 0;
    case CI_JSON_ARRAY:
        return json_array_size(value) > 0;
    case CI_JSON_OBJECT:
        return json_object_size(value) > 0;
    }
    return false;
}

static void decref(void *value)
{
    json_decref(value);
}

json_t *ci_json(struct ci_ctx *ctx, json_t *value)
{
    if (value)
        ci_defer(ctx->mem, decref, value);
    return value;
}

size_t ci_json_depth(const json_t *value)
{
    struct ci_json_stack stack;
    size_t deepest = 0, key_length;
    const char *key;

    ci_json_stack_init(&stack);
    if (json_is_array(value) || json_is_object(value))
        ci_json_push(&stack, value, NULL);
    while (stack.depth > 0) {
        const json_t *child = ci_json_next(&stack.frames[stack.depth - 1], &key, &key_length);

        if (stack.depth > deepest)
            deepest = stack.depth;
        if (!child)
            stack.depth--;
        else if (json_is_array(child) || json_is_object(child))
            ci_json_push(&stack, child, NULL);
    }
    ci_json_stack_done(&stack);
    return deepest;
}

static const json_t *member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return ci_json_kind(value) == CI_JSON_NULL ? NULL : value;
}

static bool wrong_kind(struct ci_ctx *ctx, const char *expected, const char *key,
                       const json_t *value)
{
    return ci_fail_text(ctx, Invalid, "Expected %s for %s: %s", expected, key,
                        ci_json_repr(ctx->mem, value));
}

static bool take_string(struct ci_ctx *ctx, const char *key, const json_t *value,
                        const char **ret_value)
{
    if (ci_json_kind(value) != CI_JSON_STRING)
        return wrong_kind(ctx, "string", key, value);
    if (memchr(json_string_value(value), '\0', json_string_length(value)))
        return ci_fail_text(ctx, Invalid, "A NUL character is not allowed in %s", key);
    *ret_value = json_string_value(value);
    return true;
}

bool ci_json_get_string(struct ci_ctx *ctx, const json_t *object, const char *key,
                        const char **ret_value)
{
    const json_t *value = json_object_get(object, key);

    if (!value)
        return ci_fail_text(ctx, Invalid, "Missing mandatory parameter: %s", key);
    return take_string(ctx, key, value, ret_value);
}

bool ci_json_opt_string(struct ci_ctx *ctx, const json_t *object, const char *key,
                        const char *if_absent, const char **ret_value)
{
    const json_t *value = member(object, key);

    if (value)
        return take_string(ctx, key, value, ret_value);
    *ret_value = if_absent;
    return true;
}

bool ci_json_opt_int(struct ci_ctx *ctx, const json_t *object, const char *key, int64_t if_absent,
                     int64_t *ret_value)
{
    const json_t *value = member(object, key);

    if (value && ci_json_kind(value) != CI_JSON_INT)
        return wrong_kind(ctx, "an integer", key, value);
    *ret_value = value ? json_integer_value(value) : if_absent;
    return true;
}

bool ci_json_opt_bool(struct ci_ctx *ctx, const json_t *object, const char *key, bool if_absent,
                      bool *ret_value)
{
    const json_t *value = member(object, key);

    if (value && !json_is_boolean(value))
        return wrong_kind(ctx, "boolean", key, value);
    *ret_value = value ? json_is_true(value) : if_absent;
    return true;
}

/* Exactly, not after rounding the integer: 2**53 + 1 is not 2.0**53. */
static bool int_equals_real(int64_t i, double d)
{
    return d >= -0x1p63 && d < 0x1p63 && (int64_t)d == i && (double)(int64_t)d == d;
}

static bool raw_equals_real(const char *raw, double d)
{
    char digits[400];

    /* Raw integers are beyond these bounds, where no number has a fraction. */
    if (d > -0x1p63 && d < 0x1p63)
        return false;
    snprintf(digits, sizeof digits, "%.0f", d);
    return strcmp(raw, digits) == 0;
}

static bool is_int(enum ci_json_kind kind)
{
    return kind == CI_JSON_INT || kind == CI_JSON_TRUE || kind == CI_JSON_FALSE;
}

static int64_t int_of(const json_t *value)
{
    return json_is_integer(value) ? json_integer_value(value) : json_is_true(value);
}

static bool strings_equal(const json_t *a, const json_t *b)
{
    size_t length = json_string_length(a);

    return length == json_string_length(b) &&
           memcmp(json_string_value(a), json_string_value(b), length) == 0;
}

static bool scalars_equal(const json_t *a, const json_t *b)
{
    enum ci_json_kind ka = ci_json_kind(a), kb = ci_json_kind(b);

    if (is_int(ka) && is_int(kb))
        return int_of(a) == int_of(b);
    if (is_int(ka) && kb == CI_JSON_REAL)
        return int_equals_real(int_of(a), json_real_value(b));
    if (ka == CI_JSON_REAL && is_int(kb))
        return int_equals_real(int_of(b), json_real_value(a));
    if (ka == CI_JSON_RAW && kb == CI_JSON_REAL)
        return raw_equals_real(ci_json_raw_text(a), json_real_value(b));
    if (ka == CI_JSON_REAL && kb == CI_JSON_RAW)
        return raw_equals_real(ci_json_raw_text(b), json_real_value(a));
    if (ka != kb)
        return false;
    if (ka == CI_JSON_REAL)
        return json_real_value(a) == json_real_value(b);
    return ka == CI_JSON_NULL || strings_equal(a, b);
}

/* Equal as far as can be seen without going down: of containers, kind and size. */
static bool alike(struct ci_json_stack *stack, const json_t *a, const json_t *b)
{
    enum ci_json_kind ka = ci_json_kind(a), kb = ci_json_kind(b);

    if (a == b)
        return true;
    if (ka != CI_JSON_ARRAY && ka != CI_JSON_OBJECT)
        return kb != CI_JSON_ARRAY && kb != CI_JSON_OBJECT && scalars_equal(a, b);
    if (ka != kb || json_array_size(a) != json_array_size(b) ||
        json_object_size(a) != json_object_size(b))
        return false;
    ci_json_push(stack, a, b);
    return true;
}

bool ci_json_equal(const json_t *a, const json_t *b)
{
    struct ci_json_stack stack;
    bool equal;

    ci_json_stack_init(&stack);
    equal = alike(&stack, a, b);
    while (equal && stack.depth > 0) {
        struct ci_json_frame *top = &stack.frames[stack.depth - 1];
        const char *key = NULL;
        size_t key_length = 0;
        const json_t *other, *child = ci_json_next(top, &key, &key_length);

        if (!child) {
            stack.depth--;
            continue;
        }
        other = key ? json_object_getn(top->other, key, key_length)
                    : json_array_get(top->other, top->index - 1);
        equal = other && alike(&stack, child, other);
    }
    ci_json_stack_done(&stack);
    return equal;
}
