/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "db/revision.h"

/*
 * What an upgrade and its plan share; inside this folder.
 */

/* Which revisions are to be gone through: those after `from` up to `to`, places both. */
struct ci_upgrade_way {
    bool is_empty; /* there is no schema at all: the newest is to be made */
    int from, to;
};

/* Finds the way to the revision of that name (NULL: the newest); fails as ci_migrate_upgrade(). */
ci_must_check bool ci_upgrade_way(struct ci_ctx *ctx, const char *name, struct ci_upgrade_way *ret);
