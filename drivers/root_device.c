/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holding disks against root device hints, by the grammar of oslo.utils' specs_matcher.
 *
 * An expression begins with an operator or is a value as a whole. Texts are percent-encoded before
 * they are compared, so that a value is one word; what a disk does not tell counts as "none".
 */
#include "drivers/root_device.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "objects/info.h"

#define GIB 1073741824.0

enum hint_kind { HINT_TEXT, HINT_SIZE, HINT_BOOL };

static const struct hint {
    const char *name;
    enum hint_kind kind;
} known[] = {
    {"size", HINT_SIZE},
    {"model", HINT_TEXT},
    {"wwn", HINT_TEXT},
    {"serial", HINT_TEXT},
    {"vendor", HINT_TEXT},
    {"wwn_with_extension", HINT_TEXT},
    {"wwn_vendor_extension", HINT_TEXT},
    {"name", HINT_TEXT},
    {"rotational", HINT_BOOL},
    {"hctl", HINT_TEXT},
    {"by_path", HINT_TEXT},
};

static const struct hint *find_hint(const char *name)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].name, name) == 0)
            return &known[i];
    }
    return NULL;
}

/* Operators, those that begin like another before it. */
static const char *const operators[] = {
    "<or>", "<all-in>", "<range-in>", "==",  "=",   "!=", "<in>", ">=", "<=",
    ">",    "<",        "s==",        "s!=", "s<=", "s<", "s>=",  "s>", NULL};

/* The operator that the text begins with, "" for none. */
static const char *operator_of(const char *text)
{
    for (size_t i = 0; operators[i]; i++) {
        if (strncmp(text, operators[i], strlen(operators[i])) == 0)
            return operators[i];
    }
    return "";
}

/* An operator and what it is followed by; more than one value with <or> only. */
struct expression {
    const char *operator;
    const char *const *values; /* NULL-ended */
};

static char *trimmed(struct ci_arena *mem, const char *text, size_t n)
{
    while (n > 0 && strchr(" \t\r\n\v\f", *text)) {
        text++;
        n--;
    }
    while (n > 0 && strchr(" \t\r\n\v\f", text[n - 1]))
        n--;
    return ci_strndup(mem, text, n);
}

/* What JSON has as Python's str() has it, in lower case and without blanks around it. */
static const char *plain(struct ci_arena *mem, const json_t *value)
{
    const char *text = ci_json_kind(value) == CI_JSON_STRING ? json_string_value(value)
                       : value                               ? ci_json_repr(mem, value)
                                                             : "None";
    char *copy = trimmed(mem, text, strlen(text));

    for (char *c = copy; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    return copy;
}

/* False: the operator is followed by nothing, or by another. */
static bool read_expression(struct ci_arena *mem, const char *text, struct expression *ret)
{
    const char *operator= operator_of(text), *at = text + strlen(operator), *next;
    size_t n = 0, most = 1;
    const char **values;

    for (next = at; *operator&&(next = strstr(next, operator)); next++)
        most++;
    values = ci_alloc_array(mem, most + 1, sizeof *values);
    for (;;) {
        next = *operator? strstr(at, operator) : NULL;
        values[n] = trimmed(mem, at, next ? (size_t)(next - at) : strlen(at));
        if (*operator&&(!*values[n] || *operator_of(values[n])))
            return false;
        n++;
        if (!next)
            break;
        at = next + strlen(operator);
    }
    *ret = (struct expression){operator, values };
    return n == 1 || strcmp(operator, "<or>") == 0;
}

static const char *encoded(struct ci_arena *mem, const char *text)
{
    struct ci_text *out = ci_text_new(mem, 3 * strlen(text) + 1);

    for (; *text; text++) {
        char c = *text;

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            strchr("_.-~/", c))
            ci_text_addn(out, &c, 1);
        else
            ci_text_printf(out, "%%%02X", (unsigned char)c);
    }
    ci_text_add(out, "");
    return out->bytes ? out->bytes : "";
}

/* Wholly a number, as JSON writes it? */
static bool read_number(struct ci_ctx *ctx, const char *text, double *ret_number)
{
    json_t *value;

    if (!ci_json_read(ctx, text, strlen(text), &ci_json_trusted, &value)) {
        ci_error_clear(ctx);
        return false;
    }
    *ret_number = ci_json_number(value);
    return !isnan(*ret_number);
}

static bool is_bool(const char *text, bool *ret_value)
{
    static const char *const yes[] = {"1", "t", "true", "on", "y", "yes", NULL};
    static const char *const no[] = {"0", "f", "false", "off", "n", "no", NULL};

    *ret_value = ci_one_of(text, yes);
    return *ret_value || ci_one_of(text, no);
}

static bool wrong(struct ci_ctx *ctx, const char *name, const char *what, const json_t *expression)
{
    return ci_fail_text(ctx, InvalidParameterValue, "Root device hint \"%s\" %s %s", name, what,
                        ci_json_kind(expression) == CI_JSON_STRING
                            ? json_string_value(expression)
                            : ci_json_repr(ctx->mem, expression));
}

static bool check_size(struct ci_ctx *ctx, const char *name, const json_t *value,
                       const struct expression *expression)
{
    int64_t number;

    if (strcmp(expression->operator, "<range-in>") == 0)
        return true;
    for (const char *const *one = expression->values; *one; one++) {
        if (!ci_parse_int(*one, INT64_MIN, INT64_MAX, &number))
            return wrong(ctx, name, "is not an integer value. Current value:", value);
        if (number <= 0)
            return wrong(ctx, name, "should be a positive integer. Current value:", value);
    }
    return true;
}

/* A hint whose form is right: how it is to be compared. */
static bool read_hint(struct ci_ctx *ctx, const char *name, const json_t *value,
                      struct expression *ret_expression)
{
    const struct hint *hint = find_hint(name);
    const char *text = plain(ctx->mem, value);
    bool ignored;

    if (!hint)
        return ci_fail_text(ctx, InvalidParameterValue, "The hints \"%s\" are invalid.", name);
    if (!*text)
        return ci_fail_text(ctx, InvalidParameterValue,
                            "Root device hint \"%s\" expression is empty", name);
    if (!read_expression(ctx->mem, text, ret_expression))
        return wrong(ctx, name, "has an operator without its value. Hint expression:", value);
    switch (hint->kind) {
    case HINT_SIZE:
        return check_size(ctx, name, value, ret_expression);
    case HINT_BOOL:
        return is_bool(text, &ignored) ||
               wrong(ctx, name, "is not a Boolean value. Current value:", value);
    case HINT_TEXT:
        break;
    }
    return ci_json_kind(value) == CI_JSON_STRING ||
           wrong(ctx, name, "is not a string value. Hint expression:", value);
}

/* -1, 0, 1; of NaN, which is not equal to anything, 2. */
static int order(double a, double b)
{
    return a < b ? -1 : a > b ? 1 : a == b ? 0 : 2;
}

/* What ==, <= and the like say of an order; *ret_known is false for another operator. */
static bool holds(const char *operator, int found, bool *ret_known)
{
    static const struct {
        const char *operator;
        int a, b;
    } orders[] = {{"==", 0, 0},  {"=", 0, 1}, {">=", 0, 1},
                  {"<=", -1, 0}, {">", 1, 1}, {"<", -1, -1}};

    *ret_known = true;
    if (strcmp(operator, "!=") == 0)
        return found != 0;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        if (strcmp(operator, orders[i].operator) == 0)
            return found == orders[i].a || found == orders[i].b;
    }
    *ret_known = false;
    return false;
}

static bool cannot(struct ci_ctx *ctx, const char *operator, const char * name)
{
    return ci_fail_text(ctx, InvalidParameterValue,
                        "The operator %s cannot be held against the %s of a disk.", operator, name);
}

/* "[ 10 20 ]", a bracket that is round leaves its end out. */
static bool is_in_range(struct ci_ctx *ctx, const char *text, double number, bool *ret_matches)
{
    size_t n = strlen(text);
    char open = *text, close = n > 2 ? text[n - 1] : 0;
    const char *inner = n > 2 ? trimmed(ctx->mem, text + 1, n - 2) : "";
    size_t first = strcspn(inner, " ");
    double low, high;

    if ((open != '[' && open != '(') || (close != ']' && close != ')') ||
        !read_number(ctx, ci_strndup(ctx->mem, inner, first), &low) ||
        !read_number(ctx, trimmed(ctx->mem, inner + first, strlen(inner + first)), &high) ||
        low > high)
        return false;
    *ret_matches = (open == '[' ? number >= low : number > low) &&
                   (close == ']' ? number <= high : number < high);
    return true;
}

static bool match_size(struct ci_ctx *ctx, const json_t *size, const struct expression *expression,
                       bool *ret_matches)
{
    const char *operator= * expression->operator? expression->operator: "==";
    double number = ci_json_number(size) / GIB, wanted;
    bool is_known;

    if (isnan(number))
        return cannot(ctx, operator, "missing size");
    if (strcmp(operator, "<range-in>") == 0)
        return is_in_range(ctx, expression->values[0], number, ret_matches) ||
               cannot(ctx, operator, "size");
    /* A number is equal to no text. */
    *ret_matches = strcmp(operator, "s!=") == 0;
    if (*ret_matches || strcmp(operator, "s==") == 0 || strcmp(operator, "<or>") == 0)
        return true;
    if (!read_number(ctx, expression->values[0], &wanted))
        return cannot(ctx, operator, "size");
    *ret_matches = holds(operator, order(number, wanted), &is_known);
    return is_known || cannot(ctx, operator, "size");
}

static bool match_text(struct ci_ctx *ctx, const char *name, const json_t *value,
                       const struct expression *expression, bool *ret_matches)
{
    const char *operator= * expression->operator? expression->operator: "s==";
    const char *text = encoded(ctx->mem, plain(ctx->mem, value));
    const char *wanted = encoded(ctx->mem, expression->values[0]);
    double a, b;
    bool is_known = true;
    int found;

    *ret_matches = false;
    if (!*text) /* Ironic passes over a disk with an empty value. */
        return true;
    if (strcmp(operator, "<or>") == 0) {
        for (const char *const *one = expression->values; *one; one++)
            *ret_matches |= strcmp(text, encoded(ctx->mem, *one)) == 0;
        return true;
    }
    if (strcmp(operator, "<in>") == 0) {
        *ret_matches = strstr(text, wanted) != NULL;
        return true;
    }
    if (*operator== 's') {
        found = strcmp(text, wanted);
        found = (found > 0) - (found < 0);
        operator++;
    } else if (read_number(ctx, text, &a) && read_number(ctx, wanted, &b)) {
        found = order(a, b);
    } else {
        return cannot(ctx, operator, name);
    }
    *ret_matches = holds(operator, found, &is_known);
    return is_known || cannot(ctx, operator, name);
}

static bool match(struct ci_ctx *ctx, const char *name, const json_t *disk,
                  const struct expression *expression, bool *ret_matches)
{
    const json_t *value = json_object_get(disk, name);
    bool own, wanted;

    switch (find_hint(name)->kind) {
    case HINT_SIZE:
        return match_size(ctx, value, expression, ret_matches);
    case HINT_BOOL:
        *ret_matches = is_bool(plain(ctx->mem, value), &own) &&
                       is_bool(expression->values[0], &wanted) && own == wanted;
        return true;
    case HINT_TEXT:
        break;
    }
    return match_text(ctx, name, value, expression, ret_matches);
}

bool ci_root_device_find(struct ci_ctx *ctx, const json_t *disks, const json_t *hints,
                         json_t **ret_disks)
{
    json_t *found = ci_json(ctx, json_array()), *disk, *value;
    struct expression expressions[sizeof known / sizeof known[0]];
    const char *name;
    size_t i, n = 0;

    if (!json_is_object(hints))
        return ci_fail_text(ctx, InvalidParameterValue, "Root device hints are no dictionary: %s",
                            ci_json_repr(ctx->mem, hints));
    /* Hints that are not known fail, so that there are never more than there is room for. */
    json_object_foreach((json_t *)(uintptr_t)hints, name, value)
    {
        if (!read_hint(ctx, name, value, &expressions[n++]))
            return false;
    }
    json_array_foreach((json_t *)(uintptr_t)disks, i, disk)
    {
        bool matches = n > 0;

        n = 0;
        json_object_foreach((json_t *)(uintptr_t)hints, name, value)
        {
            if (matches && !match(ctx, name, disk, &expressions[n], &matches))
                return false;
            n++;
        }
        if (matches)
            json_array_append(found, disk);
    }
    *ret_disks = found;
    return true;
}

bool ci_root_device_check(struct ci_task *task)
{
    struct ci_ctx *ctx = task->ctx;
    const char *source = "instance_info";
    json_t *info, *properties, *hints, *none;

    if (!ci_info_read(ctx, task->node->instance_info, &info) ||
        !ci_info_read(ctx, task->node->properties, &properties))
        return false;
    hints = json_object_get(info, "root_device");
    if (!ci_json_truth(hints)) {
        source = "properties";
        hints = json_object_get(properties, "root_device");
    }
    /* Without disks all that is left to fail is the hints themselves. */
    if (!ci_json_truth(hints) || ci_root_device_find(ctx, ci_json(ctx, json_array()), hints, &none))
        return true;
    return ci_fail_text(ctx, InvalidParameterValue,
                        "Failed to validate the root device hints %s (from the node's %s) for node "
                        "%s: %s",
                        ci_json_repr(ctx->mem, hints), source, task->node->uuid,
                        ci_error_take(ctx));
}
