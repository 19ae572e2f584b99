/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * For developers: begins the next revision of the schema. Makes db/revisions/ID.sql below the
 * current folder, which must be that of the sources, and prints the row for db/revisions.def.
 */
ci_must_check bool ci_new_revision(struct ci_ctx *ctx, const char *meaning);
