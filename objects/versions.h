/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * May rows of this database be read here? Fails with DatabaseVersionTooOld, in Ironic's words and
 * with the command to run, when a row has no version or one that no release of releases.def had:
 * older than all of them, of a release whose migrations were not finished, or newer than ours.
 * Tables that are not there yet, and a database without a revision, are no reason.
 */
ci_must_check bool ci_versions_check(struct ci_ctx *ctx);

/*
 * Can this release work on the schema? Asks for its revision (ci_migrate_check()), and then for
 * every column that objects are read from and written to: fails with DatabaseVersionTooOld,
 * naming the first that lacks. For the start of a service.
 */
ci_must_check bool ci_versions_check_schema(struct ci_ctx *ctx);
