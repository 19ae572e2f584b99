/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON printer: what Python's json.dumps and repr() write, byte for byte.
 *
 * Floats have the fewest digits that read back as the same number. Like the reader it relies
 * on no numeric locale being set.
 */
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonchars.h"
#include "base/jsontext.h"
#include "base/jsonwalk.h"

enum style { STYLE_JSON, STYLE_COMPACT, STYLE_REPR };

/* A positive number as digits "d.ddd…e±x". */
struct decimal {
    char digits[24];
    int count;
    int exponent; /* of the first digit */
};

static void split_decimal(struct decimal *decimal, double value, int count)
{
    char text[40];

    snprintf(text, sizeof text, "%.*e", count - 1, value);
    decimal->digits[0] = text[0];
    memcpy(decimal->digits + 1, text + 2, (size_t)count - 1);
    decimal->count = count;
    decimal->exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    while (decimal->count > 1 && decimal->digits[decimal->count - 1] == '0')
        decimal->count--;
}

static double join_decimal(const struct decimal *decimal)
{
    char text[48];

    snprintf(text, sizeof text, "%.*se%d", decimal->count, decimal->digits,
             decimal->exponent - (decimal->count - 1));
    return strtod(text, NULL);
}

/* The next larger number of as many digits. */
static void round_up(struct decimal *decimal, int count)
{
    int i = count - 1;

    memset(decimal->digits + decimal->count, '0', (size_t)(count - decimal->count));
    decimal->count = count;
    while (i >= 0 && decimal->digits[i] == '9')
        decimal->digits[i--] = '0';
    if (i >= 0) {
        decimal->digits[i]++;
    } else {
        decimal->digits[0] = '1';
        decimal->exponent++;
    }
    while (decimal->count > 1 && decimal->digits[decimal->count - 1] == '0')
        decimal->count--;
}

/*
 * The shortest digits that give `value` back. Up to 15 digits survive the way into a double and
 * back, so the 15 digits nearest to it, without their zeros, are the shortest when they give it
 * back; else 16 or 17 are needed. Numbers too small for full precision are tried from one
 * digit on, and so are powers of two: the gap below them is half the one above, and the
 * shortest may be above while the nearest is below.
 */
static void shortest(struct decimal *decimal, double value)
{
    uint64_t bits;
    bool power;

    memcpy(&bits, &value, sizeof bits);
    power = (bits & 0xfffffffffffffu) == 0;

    for (int count = power || value < 0x1p-1022 ? 1 : 15; count <= 17; count++) {
        split_decimal(decimal, value, count);
        if (join_decimal(decimal) == value)
            return;
        if (!power)
            continue;
        round_up(decimal, count);
        if (join_decimal(decimal) == value)
            return;
    }
}

static void print_scientific(struct ci_text *text, const struct decimal *decimal)
{
    ci_text_addn(text, decimal->digits, 1);
    if (decimal->count > 1) {
        ci_text_addn(text, ".", 1);
        ci_text_addn(text, decimal->digits + 1, (size_t)decimal->count - 1);
    }
    ci_text_printf(text, "e%c%02d", decimal->exponent < 0 ? '-' : '+', abs(decimal->exponent));
}

static void print_positional(struct ci_text *text, const struct decimal *decimal)
{
    static const char zeros[] = "0000000000000000";
    int whole = decimal->exponent + 1, count = decimal->count;

    if (whole <= 0) {
        ci_text_add(text, "0.");
        ci_text_addn(text, zeros, (size_t)-whole);
        ci_text_addn(text, decimal->digits, (size_t)count);
    } else if (whole >= count) {
        ci_text_addn(text, decimal->digits, (size_t)count);
        ci_text_addn(text, zeros, (size_t)(whole - count));
        ci_text_add(text, ".0");
    } else {
        ci_text_addn(text, decimal->digits, (size_t)whole);
        ci_text_addn(text, ".", 1);
        ci_text_addn(text, decimal->digits + whole, (size_t)(count - whole));
    }
}

void ci_json_print_real(struct ci_text *text, double value)
{
    struct decimal decimal;

    if (__builtin_signbit(value))
        ci_text_addn(text, "-", 1);
    value = __builtin_fabs(value);
    if (value < 1e15 && value == (double)(int64_t)value) {
        ci_text_int(text, (int64_t)value);
        ci_text_addn(text, ".0", 2);
        return;
    }
    shortest(&decimal, value);
    if (decimal.exponent >= 16 || decimal.exponent < -4)
        print_scientific(text, &decimal);
    else
        print_positional(text, &decimal);
}

/*
 * What repr() escapes beyond ASCII: controls, formats, separators, private use. Unassigned
 * characters, which depend on the release of Unicode that Python knows, are printed as they are.
 */
static bool is_printable(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {{0x00, 0x1f},       {0x7f, 0xa0},       {0xad, 0xad},       {0x600, 0x605},
                  {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x890, 0x891},
                  {0x8e2, 0x8e2},     {0x1680, 0x1680},   {0x180e, 0x180e},   {0x2000, 0x200f},
                  {0x2028, 0x202f},   {0x205f, 0x206f},   {0x3000, 0x3000},   {0xd800, 0xf8ff},
                  {0xfeff, 0xfeff},   {0xfff0, 0xfffb},   {0xfffe, 0xffff},   {0x110bd, 0x110bd},
                  {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
                  {0xe0000, 0xe00ff}, {0xe01f0, 0x10ffff}};

    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0] && hidden[i].first <= c; i++) {
        if (c <= hidden[i].last)
            return false;
    }
    return true;
}

static void print_repr_char(struct ci_text *text, uint32_t c, char quote)
{
    char bytes[4];

    if (c == '\n')
        ci_text_addn(text, "\\n", 2);
    else if (c == '\r')
        ci_text_addn(text, "\\r", 2);
    else if (c == '\t')
        ci_text_addn(text, "\\t", 2);
    else if (c == '\\' || c == (uint32_t)quote)
        ci_text_printf(text, "\\%c", (int)c);
    else if (is_printable(c))
        ci_text_addn(text, bytes, ci_json_encode(bytes, c));
    else if (c < 0x100)
        ci_text_printf(text, "\\x%02x", (unsigned)c);
    else if (c < 0x10000)
        ci_text_printf(text, "\\u%04x", (unsigned)c);
    else
        ci_text_printf(text, "\\U%08x", (unsigned)c);
}

/* Single quotes, unless there are some in the text and no double ones. */
static void print_repr_string(struct ci_text *text, const char *bytes, size_t length)
{
    bool swap = memchr(bytes, '\'', length) && !memchr(bytes, '"', length);
    const char *quote = swap ? "\"" : "'", *end = bytes + length;
    uint32_t c;

    ci_text_addn(text, quote, 1);
    while (bytes < end) {
        size_t n = ci_json_decode(bytes, end, &c);

        if (n == 0) {
            c = 0xfffd;
            n = 1;
        }
        print_repr_char(text, c, quote[0]);
        bytes += n;
    }
    ci_text_addn(text, quote, 1);
}

static void print_string(struct ci_text *text, const char *bytes, size_t length, enum style style)
{
    if (style == STYLE_REPR)
        print_repr_string(text, bytes, length);
    else
        ci_jsontext_stringn(text, bytes, length);
}

static void print_raw(struct ci_text *text, const json_t *value, enum style style)
{
    const char *raw = ci_json_raw_text(value);

    if (style == STYLE_REPR && strcmp(raw, "NaN") == 0)
        raw = "nan";
    else if (style == STYLE_REPR && strcmp(raw, "Infinity") == 0)
        raw = "inf";
    else if (style == STYLE_REPR && strcmp(raw, "-Infinity") == 0)
        raw = "-inf";
    ci_text_add(text, raw);
}

/* A scalar whole; of a container only its opening. */
static void print_value(struct ci_text *text, const json_t *value, enum style style)
{
    bool repr = style == STYLE_REPR;

    switch (ci_json_kind(value)) {
    case CI_JSON_NULL:
        ci_text_add(text, repr ? "None" : "null");
        break;
    case CI_JSON_FALSE:
        ci_text_add(text, repr ? "False" : "false");
        break;
    case CI_JSON_TRUE:
        ci_text_add(text, repr ? "True" : "true");
        break;
    case CI_JSON_INT:
        ci_text_int(text, json_integer_value(value));
        break;
    case CI_JSON_REAL:
        ci_json_print_real(text, json_real_value(value));
        break;
    case CI_JSON_RAW:
        print_raw(text, value, style);
        break;
    case CI_JSON_STRING:
        print_string(text, json_string_value(value), json_string_length(value), style);
        break;
    case CI_JSON_ARRAY:
        ci_text_addn(text, "[", 1);
        break;
    case CI_JSON_OBJECT:
        ci_text_addn(text, "{", 1);
        break;
    }
}

static void print(struct ci_text *text, const json_t *value, enum style style)
{
    size_t space = style == STYLE_COMPACT ? 1 : 2;
    struct ci_json_stack stack;

    ci_json_stack_init(&stack);
    print_value(text, value, style);
    if (json_is_array(value) || json_is_object(value))
        ci_json_push(&stack, value, NULL);
    while (stack.depth > 0) {
        struct ci_json_frame *top = &stack.frames[stack.depth - 1];
        bool first = top->index == 0;
        const char *key = NULL;
        size_t key_length = 0;
        const json_t *child = ci_json_next(top, &key, &key_length);

        if (!child) {
            ci_text_addn(text, json_is_array(top->value) ? "]" : "}", 1);
            stack.depth--;
            continue;
        }
        if (!first)
            ci_text_addn(text, ", ", space);
        if (key) {
            print_string(text, key, key_length, style);
            ci_text_addn(text, ": ", space);
        }
        print_value(text, child, style);
        if (json_is_array(child) || json_is_object(child))
            ci_json_push(&stack, child, NULL);
    }
    ci_json_stack_done(&stack);
}

void ci_json_print(struct ci_text *text, const json_t *value)
{
    print(text, value, STYLE_JSON);
}

void ci_json_print_compact(struct ci_text *text, const json_t *value)
{
    print(text, value, STYLE_COMPACT);
}

void ci_json_print_repr(struct ci_text *text, const json_t *value)
{
    print(text, value, STYLE_REPR);
}

static const char *printed(struct ci_arena *mem, const json_t *value, enum style style)
{
    struct ci_text text;
    const char *copy;

    /* The tree was bounded when it was read; what it prints as is not cut. */
    ci_text_init(&text, SIZE_MAX / 4);
    print(&text, value, style);
    copy = ci_strndup(mem, text.bytes, text.length);
    ci_text_done(&text);
    return copy;
}

const char *ci_json_text(struct ci_arena *mem, const json_t *value)
{
    return printed(mem, value, STYLE_JSON);
}

const char *ci_json_repr(struct ci_arena *mem, const json_t *value)
{
    return printed(mem, value, STYLE_REPR);
}
