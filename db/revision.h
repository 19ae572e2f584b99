/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "db/db.h"

/*
 * The revisions of the schema: their order, the steps from each to the next, and the names by
 * which a command line may call one.
 */

/* How long a step keeps others from its table. */
enum ci_step_work {
    CI_STEP_CATALOG, /* for a moment, whatever the size of the table */
    CI_STEP_INDEX,   /* reads the table; PostgreSQL lets others read and write meanwhile */
    CI_STEP_COPY     /* writes every row; PostgreSQL a few at a time */
};

/*
 * One statement of a revision. On PostgreSQL each runs by itself and may be repeated: what it
 * makes may be there already. On SQLite those of a revision are one transaction.
 */
struct ci_step {
    const char *sql;
    const char *table, *lock; /* what it locks, and how, in PostgreSQL's words */
    enum ci_step_work work;
};

/* A row of revisions.def. */
struct ci_revision {
    const char *id, *parent, *meaning;
    const struct ci_step *pg, *sqlite; /* each ends with a NULL sql; use ci_revision_steps() */
};

/* The revisions since 21.4, oldest first; the last is the one this program works with. */
const struct ci_revision *ci_revisions(size_t *ret_count);
const char *ci_revision_newest(void);

/* The steps that bring a database of the parent to this revision; ends with a NULL sql. */
const struct ci_step *ci_revision_steps(const struct ci_db *db, const struct ci_revision *revision);

/* Its place among ci_revisions(), or -1. */
int ci_revision_place(const char *id);

/* Is it one of those before 21.4? */
bool ci_revision_is_older(const char *id);

/* The place of no revision at all, Ironic's "base". */
#define CI_REVISION_BASE (-1)

/*
 * The place of a revision as a command line names it: its id or the beginning of it, "head",
 * "heads", "base", and any of these, or nothing (which is then `current`), with +N or -N.
 * NULL is "head". Fails with InvalidParameterValue when there is no such revision.
 */
ci_must_check bool ci_revision_find(struct ci_ctx *ctx, const char *name, int current,
                                    int *ret_place);
