/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "db/db.h"

/*
 * The schema: making it, and telling which one a database has by the revision in its table
 * alembic_version, which Ironic's own tools read and write too.
 */

/* A row of revisions.def. */
struct ci_revision {
    const char *id, *parent, *meaning;
};

/* The revisions since 21.4, oldest first; the last is the one this program works with. */
const struct ci_revision *ci_migrate_revisions(size_t *ret_count);
const char *ci_migrate_newest(void);

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
 * Brings the database to the newest revision. Offered for an empty database and for one that
 * is there already; fails with DatabaseVersionTooOld on any other, saying what is missing.
 */
ci_must_check bool ci_migrate_upgrade(struct ci_ctx *ctx);

/*
 * Can this program work on the database? Fails with DatabaseVersionTooOld unless it has the
 * newest revision; the message names the command to run. For the start of a service.
 */
ci_must_check bool ci_migrate_check(struct ci_ctx *ctx);
