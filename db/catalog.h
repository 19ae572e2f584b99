/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "db/db.h"

/*
 * What a database has, asked of its catalog: for work on schemas that are not the newest.
 */
ci_must_check bool ci_catalog_has_table(struct ci_ctx *ctx, const char *table, bool *ret_has);
ci_must_check bool ci_catalog_has_column(struct ci_ctx *ctx, const char *table, const char *column,
                                         bool *ret_has);
/* The names of a table's columns, one a row; none when there is no such table. */
ci_must_check bool ci_catalog_columns(struct ci_ctx *ctx, const char *table,
                                      struct ci_rows **ret_columns);
ci_must_check bool ci_catalog_has_index(struct ci_ctx *ctx, const char *table, const char *index,
                                        bool *ret_has);
