/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the conditions of inspection rules ask.
 */
#include <arpa/inet.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/pattern.h"
#include "base/text.h"
#include "conductor/rule.h"

typedef bool asks(const struct ci_rule_run *run, const json_t *args, bool *ret_holds);

/* What Python calls the type of a value. */
static const char *type_name(const json_t *value)
{
    switch (ci_json_kind(value)) {
    case CI_JSON_NULL:
        return "NoneType";
    case CI_JSON_FALSE:
    case CI_JSON_TRUE:
        return "bool";
    case CI_JSON_INT:
        return "int";
    case CI_JSON_REAL:
    case CI_JSON_RAW:
        return "float";
    case CI_JSON_STRING:
        return "str";
    case CI_JSON_ARRAY:
        return "list";
    case CI_JSON_OBJECT:
        return "dict";
    }
    return "";
}

static bool is_number(const json_t *value)
{
    return strchr("bif", type_name(value)[0]) != NULL;
}

/* a < b, of two texts or two numbers; others have no order, and Python says so. */
static bool is_less(const struct ci_rule_run *run, const json_t *a, const json_t *b, char sign,
                    bool *ret_less)
{
    if (ci_json_kind(a) == CI_JSON_STRING && ci_json_kind(b) == CI_JSON_STRING) {
        *ret_less = strcmp(json_string_value(a), json_string_value(b)) < 0;
        return true;
    }
    if (is_number(a) && is_number(b)) {
        *ret_less = ci_json_number(a) < ci_json_number(b);
        return true;
    }
    return ci_fail_text(run->task->ctx, IronicException,
                        "'%c' not supported between instances of '%s' and '%s'", sign,
                        type_name(sign == '<' ? a : b), type_name(sign == '<' ? b : a));
}

/* Does the relation hold between each value and the next? */
static bool compare(const struct ci_rule_run *run, const json_t *args, char sign, const char *name,
                    bool *ret_holds)
{
    const json_t *values = json_object_get(args, "values");
    bool as_text = json_is_true(json_object_get(args, "force_strings"));

    *ret_holds = true;
    if (!json_is_array(values))
        return ci_fail(run->task->ctx, RuleConditionCheckFailure,
                       ci_printf(run->task->ctx->mem,
                                 "Failed to check condition: '%s' on values: %s: Expected list for "
                                 "'values', got: %s",
                                 name, ci_rule_text(run, values), type_name(values)));
    for (size_t i = 0; *ret_holds && i + 1 < json_array_size(values); i++) {
        const json_t *a = json_array_get(values, i), *b = json_array_get(values, i + 1);

        if (as_text) {
            a = ci_json(run->task->ctx, json_string(ci_rule_text(run, a)));
            b = ci_json(run->task->ctx, json_string(ci_rule_text(run, b)));
        }
        if (sign == '=')
            *ret_holds = ci_json_equal(a, b);
        else if (!is_less(run, sign == '<' ? a : b, sign == '<' ? b : a, sign, ret_holds))
            return false;
    }
    return true;
}

static bool ask_eq(const struct ci_rule_run *run, const json_t *args, bool *ret_holds)
{
    return compare(run, args, '=', "eq", ret_holds);
}

static bool ask_lt(const struct ci_rule_run *run, const json_t *args, bool *ret_holds)
{
    return compare(run, args, '<', "lt", ret_holds);
}

static bool ask_gt(const struct ci_rule_run *run, const json_t *args, bool *ret_holds)
{
    return compare(run, args, '>', "gt", ret_holds);
}

static const char *text_arg(const struct ci_rule_run *run, const json_t *args, const char *name)
{
    return ci_rule_text(run, json_object_get(args, name));
}

static bool ask_is_empty(const struct ci_rule_run *run, const json_t *args, bool *ret_holds)
{
    static const char *const empty[] = {"", "None", "[]", "{}", NULL};

    *ret_holds = ci_one_of(text_arg(run, args, "value"), empty);
    return true;
}

/* An address as bytes, 4 or 16 of them; 0 when it is none. */
static int parse_address(const char *text, unsigned char bytes[16])
{
    if (inet_pton(AF_INET, text, bytes) == 1)
        return 4;
    return inet_pton(AF_INET6, text, bytes) == 1 ? 16 : 0;
}

static bool bad_address(const struct ci_rule_run *run, const char *text)
{
    return ci_fail(run->task->ctx, InspectionRuleExecutionFailure,
                   ci_printf(run->task->ctx->mem, "invalid value: %s", text));
}

static bool ask_in_net(const struct ci_rule_run *run, const json_t *args, bool *ret_holds)
{
    const char *subnet = text_arg(run, args, "subnet"), *address = text_arg(run, args, "address");
    const char *slash = strchr(subnet, '/');
    unsigned char net[16], own[16];
    int size = parse_address(
            slash ? ci_strndup(run->task->ctx->mem, subnet, (size_t)(slash - subnet)) : subnet,
            net),
        own_size = parse_address(address, own);
    int64_t bits = 8 * (int64_t)size;

    if (size == 0 || (slash && !ci_parse_int(slash + 1, 0, 8 * size, &bits)))
        return bad_address(run, subnet);
    if (own_size == 0)
        return bad_address(run, address);
    *ret_holds = own_size == size;
    for (int64_t i = 0; *ret_holds && i < bits; i++)
        *ret_holds = ((net[i / 8] ^ own[i / 8]) >> (7 - i % 8) & 1) == 0;
    return true;
}

static bool match(const struct ci_rule_run *run, const json_t *args, enum ci_pattern_how how,
                  bool *ret_holds)
{
    struct ci_ctx *ctx = run->task->ctx;

    return ci_pattern_matches(ctx, text_arg(run, args, "regex"), text_arg(run, args, "value"), how,
                              ret_holds) ||
           ci_fail(ctx, InspectionRuleExecutionFailure, ci_error_take(ctx));
}

static bool ask_matches(const struct ci_rule_run *run, const json_t *args, bool *ret_holds)
{
    return match(run, args, CI_PATTERN_WHOLE, ret_holds);
}

static bool ask_contains(const struct ci_rule_run *run, const json_t *args, bool *ret_holds)
{
    return match(run, args, CI_PATTERN_ANYWHERE, ret_holds);
}

/* Python's `in`: of a list, a part of a text, a key. */
static bool ask_one_of(const struct ci_rule_run *run, const json_t *args, bool *ret_holds)
{
    const json_t *value = json_object_get(args, "value"), *values = json_object_get(args, "values");

    *ret_holds = false;
    for (size_t i = 0; i < json_array_size(values); i++)
        *ret_holds = *ret_holds || ci_json_equal(value, json_array_get(values, i));
    if (ci_json_kind(value) == CI_JSON_STRING)
        *ret_holds = *ret_holds || json_object_get(values, json_string_value(value)) ||
                     (ci_json_kind(values) == CI_JSON_STRING &&
                      strstr(json_string_value(values), json_string_value(value)));
    (void)run;
    return true;
}

static bool ask_is_none(const struct ci_rule_run *run, const json_t *args, bool *ret_holds)
{
    (void)run;
    *ret_holds = ci_json_kind(json_object_get(args, "value")) == CI_JSON_NULL;
    return true;
}

/* A truth value, a number, or one of these two words. */
static bool is_truth(const json_t *value, bool wanted, const char *word, const char *other)
{
    const char *text = ci_json_kind(value) == CI_JSON_STRING ? json_string_value(value) : NULL;

    if (text)
        return strcasecmp(text, word) == 0 || strcasecmp(text, other) == 0;
    return is_number(value) && (ci_json_number(value) != 0) == wanted;
}

static bool ask_is_true(const struct ci_rule_run *run, const json_t *args, bool *ret_holds)
{
    (void)run;
    *ret_holds = is_truth(json_object_get(args, "value"), true, "yes", "true");
    return true;
}

static bool ask_is_false(const struct ci_rule_run *run, const json_t *args, bool *ret_holds)
{
    const json_t *value = json_object_get(args, "value");

    (void)run;
    *ret_holds = ci_json_kind(value) == CI_JSON_NULL || is_truth(value, false, "no", "false");
    return true;
}

static asks *const questions[CI_RULE_OP_COUNT] = {
    [CI_RULE_OP_eq] = ask_eq,
    [CI_RULE_OP_lt] = ask_lt,
    [CI_RULE_OP_gt] = ask_gt,
    [CI_RULE_OP_is_empty] = ask_is_empty,
    [CI_RULE_OP_in_net] = ask_in_net,
    [CI_RULE_OP_matches] = ask_matches,
    [CI_RULE_OP_contains] = ask_contains,
    [CI_RULE_OP_one_of] = ask_one_of,
    [CI_RULE_OP_is_none] = ask_is_none,
    [CI_RULE_OP_is_true] = ask_is_true,
    [CI_RULE_OP_is_false] = ask_is_false,
};

bool ci_rule_ask(const struct ci_rule_run *run, const struct ci_rule_op *op, const json_t *args,
                 bool *ret_holds)
{
    return questions[op - ci_rule_ops](run, args, ret_holds);
}
