/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/json.h"
#include "base/text.h"
#include "objects/object.h"
#include "objects/parts.h"

/*
 * What has steps: deploy templates and runbooks, whose `steps` are rows of a table of their own.
 * The field holds them as JSON text, as messages do.
 */
struct ci_stepped {
    const struct ci_type *type;
    const char *number; /* what a step is ordered by: "priority", "order" */
    struct ci_part_table steps;
    const struct ci_part_table *traits; /* of runbooks, or NULL */
};

/*
 * Loads the one that the UUID or name names, with its steps and traits; *ret_object is NULL when
 * there is none.
 */
ci_must_check bool ci_stepped_load(struct ci_ctx *ctx, const struct ci_stepped *what,
                                   const char *ident, void *ret_object);

/*
 * Inserts, saves what changed, and deletes, steps included. An object whose steps alone changed is
 * not touched itself, as in Ironic. Fail with UniqueViolation, and with InvalidParameterValue when
 * a step's number is none that a column holds.
 */
ci_must_check bool ci_stepped_insert(struct ci_ctx *ctx, const struct ci_stepped *what,
                                     void *object);
ci_must_check bool ci_stepped_save(struct ci_ctx *ctx, const struct ci_stepped *what, void *object,
                                   bool *ret_found);
ci_must_check bool ci_stepped_delete(struct ci_ctx *ctx, const struct ci_stepped *what,
                                     const void *object, bool *ret_found);

/* Appends the steps as a JSON array; the second hides secrets in their args. */
void ci_steps_write(struct ci_text *text, const struct ci_stepped *what,
                    const struct ci_parts *steps);
void ci_steps_write_masked(struct ci_text *text, const struct ci_stepped *what,
                           const struct ci_parts *steps);

/* Appends the first column of each as a JSON array of texts: traits. */
void ci_parts_write_names(struct ci_text *text, const struct ci_parts *parts);
