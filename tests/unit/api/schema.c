/* SPDX-License-Identifier: Apache-2.0 */
#include "api/schema.h"

#include <string.h>

#include "base/json.h"
#include "objects/port.h"
#include "tests/unit/unit.h"

static const json_t *read(const char *text)
{
    json_t *value = NULL;

    ck_assert_msg(ci_json_read(unit_ctx(), text, strlen(text), &ci_json_trusted, &value), "%s",
                  text);
    return value;
}

/* The words are those of Python's jsonschema for the same schema and value; NULL: it fits. */
static const struct {
    const char *schema, *value, *words;
} cases[] = {
    {"{\"type\": \"object\"}", "{}", NULL},
    {"{\"type\": \"object\"}", "[]", "[] is not of type 'object'"},
    {"{\"type\": [\"string\", \"null\"]}", "5", "5 is not of type 'string', 'null'"},
    {"{\"type\": \"integer\"}", "true", "True is not of type 'integer'"},
    {"{\"type\": \"integer\"}", "1.0", NULL},
    {"{\"type\": \"boolean\"}", "\"yes\"", "'yes' is not of type 'boolean'"},
    {"{\"enum\": [\"a\", \"b\"]}", "\"c\"", "'c' is not one of ['a', 'b']"},
    {"{\"minLength\": 2}", "\"a\"", "'a' is too short"},
    {"{\"maxLength\": 2}", "\"\\u00e4\\u00e4\"", NULL},
    {"{\"maxLength\": 2}", "\"abc\"", "'abc' is too long"},
    {"{\"minimum\": 1}", "0", "0 is less than the minimum of 1"},
    {"{\"maximum\": 1}", "2.5", "2.5 is greater than the maximum of 1"},
    {"{\"uniqueItems\": true}", "[1, 1]", "[1, 1] has non-unique elements"},
    {"{\"items\": {\"type\": \"string\"}}", "[\"a\", 1]", "1 is not of type 'string'"},
    {"{\"required\": [\"a\"]}", "{}", "'a' is a required property"},
    {"{\"properties\": {\"a\": {\"type\": \"null\"}}, \"required\": [\"b\"]}", "{\"a\": 1}",
     "'b' is a required property"},
    {"{\"properties\": {}, \"additionalProperties\": false}", "{\"a\": 1}",
     "Additional properties are not allowed ('a' was unexpected)"},
    {"{\"properties\": {}, \"additionalProperties\": false}", "{\"a\": 1, \"b\": 2}",
     "Additional properties are not allowed ('a', 'b' were unexpected)"},
    {"{\"dependentRequired\": {\"a\": [\"b\"]}}", "{\"a\": 1}", "'b' is a dependency of 'a'"},
    {"{\"dependentRequired\": {\"a\": [\"b\"]}}", "{\"b\": 1}", NULL},
    {"{\"oneOf\": [{\"required\": [\"a\"]}, {\"required\": [\"b\"]}]}", "{\"a\": 1}", NULL},
    {"{\"oneOf\": [{\"required\": [\"a\"]}, {\"required\": [\"b\"]}]}", "{\"a\": 1, \"b\": 2}",
     "{'a': 1, 'b': 2} is valid under each of {'required': ['b']}, {'required': ['a']}"},
    {"{\"oneOf\": [{\"required\": [\"a\"]}, {\"required\": [\"b\"]}]}", "{}",
     "{} is not valid under any of the given schemas. Possible root cause: 'a' is a required "
     "property"},
    {"{\"anyOf\": [{\"required\": [\"a\"]}, {\"required\": [\"b\"]}]}", "{\"a\": 1, \"b\": 2}",
     NULL},
};

START_TEST(faults_have_the_words_of_jsonschema)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const json_t *schema = read(cases[i].schema), *value = read(cases[i].value);
        const char *words = ci_schema_fault(unit_ctx(), schema, value);

        ck_assert_msg(ci_same(words, cases[i].words), "%s of %s: %s", cases[i].value,
                      cases[i].schema, words ? words : "fits");
    }
}
END_TEST

START_TEST(a_fault_is_an_invalid_parameter_with_its_name)
{
    struct ci_ctx *ctx = unit_ctx();

    ck_assert(!ci_schema_check(ctx, read("{\"type\": \"object\"}"), "thing", read("1")));
    ck_assert(ci_failed_with(ctx, CI_ERR_InvalidParameterValue));
    ck_assert_str_eq(ctx->error->message, "Schema error for thing: 1 is not of type 'object'");
}
END_TEST

START_TEST(the_schema_of_a_type_has_its_writable_fields_and_the_rules)
{
    static const struct ci_field_rule rules[] = {
        {"address", "{\"type\": \"string\"}"}, {"more", "{\"type\": \"null\"}"}, {0}};
    static const char *const required[] = {"address", NULL};
    static const json_t *schema; /* lives as long as the process */
    const json_t *properties;

    schema = ci_schema_of_type(&ci_port_type, CI_CREATE | CI_PATCH, rules, required);
    properties = json_object_get(schema, "properties");
    ck_assert_ptr_nonnull(json_object_get(properties, "pxe_enabled"));
    ck_assert_ptr_nonnull(json_object_get(properties, "more"));
    ck_assert_ptr_null(json_object_get(properties, "internal_info"));
    ck_assert_ptr_null(json_object_get(properties, "id"));
    ck_assert_str_eq(ci_schema_fault(unit_ctx(), schema, read("{}")),
                     "'address' is a required property");
    ck_assert_str_eq(ci_schema_fault(unit_ctx(), schema, read("{\"address\": \"a\", \"id\": 1}")),
                     "Additional properties are not allowed ('id' was unexpected)");
}
END_TEST

UNIT_MAIN("api/schema", faults_have_the_words_of_jsonschema,
          a_fault_is_an_invalid_parameter_with_its_name,
          the_schema_of_a_type_has_its_writable_fields_and_the_rules)
