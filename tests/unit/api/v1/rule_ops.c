/* SPDX-License-Identifier: Apache-2.0 */
#include "api/v1/rule_ops.h"

#include <string.h>

#include "api/schema.h"
#include "tests/unit/api/request.h"

/* What is said of a list of conditions or actions; NULL: nothing. */
static const struct {
    enum ci_rule_part part;
    const char *list, *message;
} cases[] = {
    {CI_RULE_CONDITION, "[]", NULL},
    {CI_RULE_CONDITION, "[{\"op\": \"eq\", \"args\": [1, 1]}]", NULL},
    {CI_RULE_CONDITION, "[{\"op\": \"!eq\", \"args\": {\"values\": [1, 1]}}]", NULL},
    {CI_RULE_CONDITION, "[{\"op\": \"eq\", \"args\": {}}]", "missing required argument(s): values"},
    {CI_RULE_CONDITION, "[{\"op\": \"eq\", \"args\": {\"values\": [], \"more\": 1}}]",
     "unexpected argument(s): more"},
    {CI_RULE_CONDITION, "[{\"op\": \"set-attribute\", \"args\": {}}]", "Unsupported operator"},
    {CI_RULE_ACTION, "[{\"op\": \"eq\", \"args\": [1, 1]}]", "Unsupported operator"},
    {CI_RULE_ACTION, "[{\"op\": \"!set-attribute\", \"args\": [\"/a\", 1]}]",
     "Unsupported operator"},
    {CI_RULE_ACTION, "[{\"op\": \"set-attribute\", \"args\": [\"/a\", 1]}]", NULL},
    {CI_RULE_ACTION, "[{\"op\": \"set-attribute\", \"args\": [\"/a\"]}]",
     "Not enough arguments provided. Missing: value"},
    {CI_RULE_ACTION, "[{\"op\": \"set-attribute\", \"args\": {\"value\": 1, \"x\": 2}}]",
     "missing required argument(s): path; unexpected argument(s): x"},
};

START_TEST(arguments_are_those_of_the_operator)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ci_request *req = unit_request("POST", "/v1/inspection_rules", NULL);
        bool fits = ci_rule_check(req, cases[i].part, unit_json(req->ctx, cases[i].list));

        ck_assert_msg(fits == !cases[i].message, "%s", cases[i].list);
        if (!fits) {
            ck_assert_str_eq(req->ctx->error->message, cases[i].message);
            ck_assert_int_eq(req->ctx->error->status, 400);
        }
    }
}
END_TEST

START_TEST(only_conditions_are_turned_round_and_only_they_may_be_none)
{
    static const struct {
        enum ci_rule_part part;
        const char *list;
        bool fits;
    } lists[] = {
        {CI_RULE_CONDITION, "[]", true},
        {CI_RULE_ACTION, "[]", false},
        {CI_RULE_CONDITION, "[{\"op\": \"!eq\", \"args\": []}]", true},
        {CI_RULE_ACTION, "[{\"op\": \"!fail\", \"args\": []}]", false},
        {CI_RULE_ACTION, "[{\"op\": \"fail\", \"args\": []}]", true},
        {CI_RULE_CONDITION, "[{\"op\": \"fail\", \"args\": []}]", false},
        {CI_RULE_CONDITION, "[{\"op\": \"eq\", \"args\": [], \"multiple\": \"all\"}]", true},
        {CI_RULE_CONDITION, "[{\"op\": \"eq\", \"args\": [], \"multiple\": \"some\"}]", false},
        {CI_RULE_CONDITION, "[{\"op\": \"eq\"}]", false},
        {CI_RULE_CONDITION, "[{\"op\": \"eq\", \"args\": 5}]", false},
    };

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct ci_ctx *ctx = unit_request("POST", "/", NULL)->ctx;
        const json_t *schema = unit_json(ctx, ci_rule_schema(ctx->mem, lists[i].part));

        ck_assert_msg(!ci_schema_fault(ctx, schema, unit_json(ctx, lists[i].list)) == lists[i].fits,
                      "%s", lists[i].list);
    }
}
END_TEST

UNIT_MAIN("api/v1/rule_ops", arguments_are_those_of_the_operator,
          only_conditions_are_turned_round_and_only_they_may_be_none)
