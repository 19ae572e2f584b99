/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/text.h"
#include "db/db.h"

/*
 * The schema: making it, bringing it from revision to revision, and telling which one a database
 * has by the revision in its table alembic_version, which Ironic's own tools read and write too.
 */

/* The revision that the database is stamped with; NULL when it has none. */
ci_must_check bool ci_migrate_version(struct ci_ctx *ctx, const char **ret_revision);

/*
 * Makes all tables of the newest schema and stamps them, in one transaction. Fails with
 * DatabaseVersionTooOld when the database is stamped already, and with Conflict when tables
 * are there without a stamp.
 */
ci_must_check bool ci_migrate_create_schema(struct ci_ctx *ctx);

/* The same, but does nothing where a schema is. ret_created may be NULL. */
ci_must_check bool ci_migrate_create_if_empty(struct ci_ctx *ctx, bool *ret_created);

/*
 * Writes the revision (as ci_revision_find() names it; NULL: none at all, as Ironic's) into the
 * database and changes nothing else.
 */
ci_must_check bool ci_migrate_stamp(struct ci_ctx *ctx, const char *name);

/*
 * Brings the database to the revision (NULL: the newest), step by step; does nothing when it is
 * there or beyond. An empty one gets the newest schema. It may be interrupted at any point and
 * run again, and services may work on the database meanwhile: a step waits for a lock only for a
 * moment and tries again, for ten minutes at most (then it fails with MustWait). Of several at
 * once one works and the others wait for it.
 *
 * Fails with DatabaseVersionTooOld on a database that no step begins from, saying what to run.
 */
ci_must_check bool ci_migrate_upgrade(struct ci_ctx *ctx, const char *name);

/* Adds to the text what ci_migrate_upgrade() would do, statement by statement, and does nothing. */
ci_must_check bool ci_migrate_plan(struct ci_ctx *ctx, const char *name, struct ci_text *text);

/*
 * Is the schema that of this release, or of a later one? Fails with DatabaseVersionTooOld where it
 * is older, or none; the message names the command to run. A revision that is not known here is one
 * of a later release, whoever's tool has brought the database there, and is warned of: the schema
 * goes first when releases follow each other, and a service that is started again meanwhile
 * must come up. Whether it has what is read and written here, ci_versions_check_schema() asks.
 */
ci_must_check bool ci_migrate_check(struct ci_ctx *ctx);
