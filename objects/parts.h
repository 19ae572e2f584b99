/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "db/db.h"

/*
 * Rows that hang on rows of another table (steps of templates and runbooks, traits), for many
 * owners by one question.
 */

/* Where they are: the column that names the owner's number, what is read, and in which order. */
struct ci_part_table {
    const char *table, *owner;
    const char *columns; /* of our own tables, with commas */
    const char *order;   /* within an owner */
};

/* Those of one owner: `count` rows from `first` on. Column 0 is the owner, then the columns. */
struct ci_parts {
    const struct ci_rows *rows;
    size_t first, count;
};

/* Gives n of them, in the order of the owners' numbers, which are database text. */
ci_must_check bool ci_parts_load(struct ci_ctx *ctx, const struct ci_part_table *table,
                                 const char *const owners[], size_t n,
                                 const struct ci_parts **ret_parts);

/* Deletes all of one owner. */
ci_must_check bool ci_parts_delete(struct ci_ctx *ctx, const struct ci_part_table *table,
                                   const char *owner);
