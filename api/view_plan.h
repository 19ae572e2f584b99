/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "api/view.h"

/*
 * The plan of one answer: what is selected, and what is written in which order. Shared by
 * view.c (one row) and list.c (many); nobody else needs it.
 */
#define CI_VIEW_EXTRAS_MAX 16

struct ci_view_plan {
    struct ci_request *req;
    const struct ci_view *view;
    enum ci_shape shape;
    const char *const *fields; /* of CI_SHAPE_FIELDS */
    struct ci_text *select;    /* SELECT "uuid", "name", (SELECT …): to be completed */
    short column_count;
    short column_of_field[CI_FIELDS_MAX]; /* column + 1, or 0 */
    short column_of_extra[CI_VIEW_EXTRAS_MAX];
    short shown[CI_FIELDS_MAX], extras[CI_VIEW_EXTRAS_MAX];
    size_t shown_count, extra_count;
    short owner_column, lessee_column; /* column + 1, or 0 */
};

/* `needs` (may be NULL) are further fields to select, ended by -1. */
void ci_view_plan_init(struct ci_view_plan *plan, struct ci_request *req,
                       const struct ci_view *view, enum ci_shape shape, const char *const *fields,
                       const short *needs);

/* Selects one more field that is read but not shown. */
void ci_view_plan_need(struct ci_view_plan *plan, size_t field);

/* Loads what the rows of `row` show of other tables, into its `parts`. */
ci_must_check bool ci_view_load_parts(struct ci_view_row *row);

/* Appends the row as a JSON object. */
void ci_view_write(struct ci_text *text, const struct ci_view_row *row);
