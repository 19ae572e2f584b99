/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/json.h"
#include "objects/object.h"

/*
 * The part of JSON Schema that the API uses, with the words of Python's jsonschema in its
 * errors: type, enum, required, properties, additionalProperties, items, minItems, maxItems,
 * uniqueItems, minLength, maxLength, pattern, format (ipv4, ipv6), minimum, maximum, anyOf, oneOf,
 * allOf, dependentRequired, $ref to #/definitions. Keywords it does not know are ignored.
 */

/*
 * Fails with InvalidParameterValue "Schema error for NAME: …" ("Schema error: …" without a name,
 * as Ironic's newer controllers say) unless the value fits and no text among its members has a NUL
 * or a lone surrogate, which no column holds. Of several faults the shallowest is named, as
 * jsonschema's best_match() picks it. Patterns are POSIX extended ones, so \w and \d are written
 * out in our schemas.
 */
ci_must_check bool ci_schema_check(struct ci_ctx *ctx, const json_t *schema, const char *name,
                                   const json_t *value);

/* That check of an object's members alone; what is no object has none. */
ci_must_check bool ci_schema_check_texts(struct ci_ctx *ctx, const char *name,
                                         const json_t *document);

/* Is it the name of a trait, standard or custom? Fails with the words of Ironic's schema if not. */
ci_must_check bool ci_schema_check_trait(struct ci_ctx *ctx, const char *name, const char *trait);

/* The words alone: NULL when the value fits. */
const char *ci_schema_fault(struct ci_ctx *ctx, const json_t *schema, const json_t *value);

/* What a field's kind does not say about the values it takes. */
struct ci_field_rule {
    const char *field;  /* NULL ends a list */
    const char *schema; /* JSON text, in place of the kind's own schema */
};

/*
 * The schema of an object's body, made once: the fields that have the access (CI_CREATE or
 * CI_PATCH) by their kinds, and the rules; fields that are not of the type (chassis_uuid) are
 * added by their rules. Strings are at most 255 long where no rule says otherwise: what the
 * columns hold. `required` ends with NULL. Lives as long as the process.
 */
const json_t *ci_schema_of_type(const struct ci_type *type, unsigned access,
                                const struct ci_field_rule *rules, const char *const *required);
