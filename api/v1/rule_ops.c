/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of inspection rules and their arguments.
 */
#include "api/v1/rule_ops.h"

#include <string.h>

#include "base/text.h"

/* Adds the names of a part's operators, each with the prefix, to an enum. */
static void add_names(struct ci_text *text, enum ci_rule_part part, const char *prefix)
{
    for (size_t i = 0; i < CI_RULE_OP_COUNT; i++) {
        if (ci_rule_ops[i].part == part)
            ci_text_printf(text, "%s\"%s%s\"", text->bytes[text->length - 1] == '[' ? "" : ", ",
                           prefix, ci_rule_ops[i].op);
    }
}

const char *ci_rule_schema(struct ci_arena *mem, enum ci_rule_part part)
{
    struct ci_text *text = ci_text_new(mem, 4096);

    ci_text_printf(text,
                   "{\"type\": \"array\", \"minItems\": %d, \"items\": {\"type\": \"object\", "
                   "\"required\": [\"op\", \"args\"], \"properties\": {"
                   "\"args\": {\"type\": [\"array\", \"object\"]}, "
                   "\"loop\": {\"type\": [\"array\", \"object\"]}, ",
                   part == CI_RULE_ACTION);
    if (part == CI_RULE_CONDITION)
        ci_text_add(text, "\"multiple\": {\"enum\": [\"any\", \"all\", \"first\", \"last\"]}, ");
    ci_text_add(text, "\"op\": {\"enum\": [");
    add_names(text, part, "");
    if (part == CI_RULE_CONDITION)
        add_names(text, part, "!");
    ci_text_add(text, "]}}}}");
    return text->bytes;
}

static bool refuse(struct ci_request *req, const char *message)
{
    return ci_fail_status(req->ctx, InspectionRuleValidationFailure, 400, "%s", message);
}

static size_t count(const char *const *names)
{
    size_t n = 0;

    while (names[n])
        n++;
    return n;
}

/* Arguments by place; the data of hooks comes by itself. */
static bool check_list(struct ci_request *req, const struct ci_rule_op *row, const json_t *args)
{
    const char *const *required = ci_split(req->ctx->mem, row->required, ' ');
    struct ci_text *missing = ci_text_new(req->ctx->mem, 512);
    size_t given = json_array_size(args) + row->plugin_data;

    for (size_t i = given; i < count(required); i++)
        ci_text_printf(missing, "%s%s", missing->length > 0 ? ", " : "", required[i]);
    return missing->length == 0 ||
           refuse(req, ci_printf(req->ctx->mem, "Not enough arguments provided. Missing: %s",
                                 missing->bytes));
}

static bool check_names(struct ci_request *req, const struct ci_rule_op *row, const json_t *args)
{
    const char *const *required = ci_split(req->ctx->mem, row->required, ' ');
    const char *const *optional = ci_split(req->ctx->mem, row->optional, ' ');
    struct ci_text *missing = ci_text_new(req->ctx->mem, 512);
    struct ci_text *unexpected = ci_text_new(req->ctx->mem, 600);
    json_t *value;
    const char *name;

    for (size_t i = 0; required[i]; i++) {
        if (!json_object_get(args, required[i]))
            ci_text_printf(missing, "%s%s", missing->length > 0 ? ", " : "", required[i]);
    }
    json_object_foreach((json_t *)(uintptr_t)args, name, value)
    {
        if (!ci_one_of(name, required) && !ci_one_of(name, optional))
            ci_text_printf(unexpected, "%s%.80s", unexpected->length > 0 ? ", " : "", name);
    }
    if (missing->length == 0 && unexpected->length == 0)
        return true;
    return refuse(req, ci_printf(req->ctx->mem, "%s%s%s%s%s",
                                 missing->length > 0 ? "missing required argument(s): " : "",
                                 missing->bytes ? missing->bytes : "",
                                 missing->length > 0 && unexpected->length > 0 ? "; " : "",
                                 unexpected->length > 0 ? "unexpected argument(s): " : "",
                                 unexpected->bytes ? unexpected->bytes : ""));
}

bool ci_rule_check(struct ci_request *req, enum ci_rule_part part, const json_t *list)
{
    const json_t *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        const char *op = json_string_value(json_object_get(one, "op"));
        /* A condition may be turned round: "!eq". */
        const struct ci_rule_op *row =
            ci_rule_op_find(part, op + (part == CI_RULE_CONDITION && op[0] == '!'));
        json_t *args = json_object_get(one, "args");

        if (!row)
            return refuse(req, "Unsupported operator");
        if (row->plugin_data && json_is_object(args))
            json_object_set_new(args, "plugin_data", json_object());
        if (json_is_object(args) ? !check_names(req, row, args) : !check_list(req, row, args))
            return false;
    }
    return true;
}
