/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies that set traits.
 */
#include "api/v1/traits.h"

#include <string.h>

#include "api/schema.h"
#include "api/v1/contract.h"

const char *const ci_traits_schema =
    "{\"type\": \"object\", \"properties\": {\"traits\": {\"type\": \"array\", \"items\": "
    "{\"type\": \"string\", \"minLength\": 1, \"maxLength\": 255}}}, "
    "\"additionalProperties\": false}";

bool ci_traits_refuse(struct ci_request *req, const struct ci_traits_of *of)
{
    return ci_fail_text(req->ctx, Invalid,
                        "A single %1$s trait may be added via PUT /v1/%2$s/<%1$s "
                        "identifier>/traits/<trait> with no body, or all %1$s traits may be "
                        "replaced via PUT /v1/%2$s/<%1$s identifier>/traits with the list of "
                        "traits specified in the request body.",
                        of->what, of->collection);
}

bool ci_traits_read(struct ci_request *req, const struct ci_traits_of *of,
                    const json_t **ret_traits)
{
    const json_t *traits, *trait;
    json_t *schema;
    size_t i;

    if (!ci_json_read(req->ctx, ci_traits_schema, strlen(ci_traits_schema), &ci_json_trusted,
                      &schema) ||
        (req->json && !ci_schema_check(req->ctx, schema, "body", req->json)))
        return false;
    traits = json_object_get(req->json, "traits");
    if (!traits)
        return ci_traits_refuse(req, of);
    json_array_foreach(traits, i, trait)
    {
        if (!ci_schema_check_trait(req->ctx, "body", json_string_value(trait)))
            return false;
    }
    *ret_traits = traits;
    return true;
}

bool ci_traits_hold(const json_t *names, const char *name)
{
    const json_t *one;
    size_t i;

    json_array_foreach(names, i, one)
    {
        if (strcmp(json_string_value(one), name) == 0)
            return true;
    }
    return false;
}
