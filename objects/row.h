/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "db/db.h"
#include "objects/object.h"

/*
 * Objects <-> rows. Written at the version that pin_release_version asks for
 * (ci_release_minor() of releases.h): fields that came later are reset to their `older` value, and
 * the version column says so. Read at any version up to our own; a newer row fails with
 * IncompatibleObjectVersion.
 *
 * `where` is our own SQL ("uuid = $1"), its values in order.
 */

/* Loads the one row; *ret_object is NULL (and the answer true) when there is none. */
ci_must_check bool ci_row_load(struct ci_ctx *ctx, const struct ci_type *type, const char *where,
                               size_t n, const char *const values[], void *ret_object);

/* Loads all that match, in order of the key; `tail` ("ORDER BY … LIMIT …") may be NULL. */
ci_must_check bool ci_row_load_all(struct ci_ctx *ctx, const struct ci_type *type,
                                   const char *where, const char *tail, size_t n,
                                   const char *const values[], size_t *ret_count,
                                   void *ret_objects);

/* Makes an object of one row of a result whose columns are the type's, in order (ci_row_columns).
 */
ci_must_check bool ci_row_read(struct ci_ctx *ctx, const struct ci_type *type,
                               const struct ci_rows *rows, size_t row, void *ret_object);

/* "version, id, uuid, …": the columns that ci_row_read expects, optionally with a table prefix. */
const char *ci_row_columns(struct ci_arena *mem, const struct ci_type *type, const char *prefix);

/* Inserts the set fields (created_at now); the object gets its key and timestamps. */
ci_must_check bool ci_row_insert(struct ci_ctx *ctx, void *object);

/*
 * Saves the changed fields, the version and updated_at; gives false with `missing` of the
 * type's NotFound left to the caller: *ret_found says whether the row was there (may be NULL).
 */
ci_must_check bool ci_row_save(struct ci_ctx *ctx, void *object, bool *ret_found);

/* Deletes the object's row. */
ci_must_check bool ci_row_delete(struct ci_ctx *ctx, const void *object, bool *ret_found);
