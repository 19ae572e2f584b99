/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/view.h"
#include "base/json.h"

/*
 * The parts of openapi/baremetal.yaml, from the tables. Values are new references. What a table
 * lacks is told on stderr and makes the printer fail: see ci_openapi_complain().
 */

/* A resource that is shown straight from a field table. */
struct ci_openapi_resource {
    const char *name; /* of its schema: "Node" */
    const struct ci_view *view;
    bool no_sort_key, no_fields; /* its lists do not take these parameters */
};
/* Ends with a NULL name. */
extern const struct ci_openapi_resource ci_openapi_resources[];

/* All schemas; also those that operations refer to by name. */
json_t *ci_openapi_schemas(struct ci_ctx *ctx);

/* Paths, their operations and parameters; gives the tags, too. */
json_t *ci_openapi_paths(struct ci_ctx *ctx, json_t **ret_tags);

/* {"$ref": "#/components/KIND/NAME"} */
json_t *ci_openapi_ref(struct ci_ctx *ctx, const char *kind, const char *name);

/* {"min-ver": "1.N"}, and "max-ver" unless it is 0. */
json_t *ci_openapi_versions(int min, int max);

/* Our own JSON text; "min-ver" in it may name a row of microversions.def. */
json_t *ci_openapi_read(struct ci_ctx *ctx, const char *text);

/* Says what is missing; ci_openapi_complaints() counts. */
void ci_openapi_complain(const char *what, const char *name);
int ci_openapi_complaints(void);
