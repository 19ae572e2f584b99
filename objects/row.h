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
 * `where` is our own SQL ("uuid = $1"), its values in order; NULL for all rows. ret_object
 * points at a pointer to the object's struct, ret_objects at one to an array of such pointers.
 */

/* Loads the one row; *ret_object is NULL (and the answer true) when there is none. */
ci_must_check bool ci_row_load(struct ci_ctx *ctx, const struct ci_type *type, const char *where,
                               size_t n, const char *const values[], void *ret_object);

/*
 * Runs an UPDATE of at most one row and gives the row as it is now; *ret_object is NULL (and the
 * answer true) when none was changed.
 */
ci_must_check bool ci_row_update(struct ci_ctx *ctx, const struct ci_type *type, const char *sql,
                                 size_t n, const char *const values[], void *ret_object);

/* Loads all that match; `tail` ("ORDER BY … LIMIT …") may be NULL, which orders by the key. */
ci_must_check bool ci_row_load_all(struct ci_ctx *ctx, const struct ci_type *type,
                                   const char *where, const char *tail, size_t n,
                                   const char *const values[], size_t *ret_count,
                                   void *ret_objects);

/* Makes an object of one row of a result whose columns are the type's, in order (ci_row_columns).
 */
ci_must_check bool ci_row_read(struct ci_ctx *ctx, const struct ci_type *type,
                               const struct ci_rows *rows, size_t row, void *ret_object);

/*
 * Reads a row's version column ("1.37"); a third component is ignored. Fails with
 * IncompatibleObjectVersion above our own version, at another major one, and for NULL.
 */
ci_must_check bool ci_row_version(struct ci_ctx *ctx, const struct ci_type *type,
                                  const char *version, int *ret_minor);

/* "version, id, uuid, …": the columns that ci_row_read expects, optionally with a table prefix. */
const char *ci_row_columns(struct ci_arena *mem, const struct ci_type *type, const char *prefix);

/*
 * Inserts: unset fields get the default of their column; the object gets its key, the defaults
 * and created_at. Nothing is changed any more afterwards, here and in ci_row_save().
 */
ci_must_check bool ci_row_insert(struct ci_ctx *ctx, void *object);

/*
 * Saves the changed fields, the version and updated_at; gives false with `missing` of the
 * type's NotFound left to the caller: *ret_found says whether the row was there (may be NULL).
 */
ci_must_check bool ci_row_save(struct ci_ctx *ctx, void *object, bool *ret_found);
/* The same, if the row's column `name` has that value now: *ret_found says so. */
ci_must_check bool ci_row_save_while(struct ci_ctx *ctx, void *object, const char *name,
                                     const char *value, bool *ret_found);

/*
 * Ends a transaction by how its work went: commits when well is true, rolls back (keeping the
 * error) when it is not; false unless all is committed.
 *
 *     return ci_db_begin(ctx) && ci_row_end(ctx, work(ctx, …));
 */
ci_must_check bool ci_row_end(struct ci_ctx *ctx, bool well);

/* Deletes the object's row. */
ci_must_check bool ci_row_delete(struct ci_ctx *ctx, const void *object, bool *ret_found);
