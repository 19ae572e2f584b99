/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "objects/conductor.h"

/* How a conductor writes itself into the database, and what it asks of it when it leaves. */

/*
 * Makes or renews the host's row, online from now on, with all enabled hardware types and
 * their interfaces.
 */
ci_must_check bool ci_registry_enter(struct ci_ctx *ctx, const char *host,
                                     struct ci_conductor_record **ret_record);

/*
 * Takes back what a former process of this host held: pending power targets (their nodes say
 * so in last_error), then the locks.
 */
ci_must_check bool ci_registry_forget_locks(struct ci_ctx *ctx, const char *host);

/* How many other conductors are alive? */
ci_must_check bool ci_registry_others(struct ci_ctx *ctx, const char *host, size_t *ret_count);

/* How many nodes does the host hold? */
ci_must_check bool ci_registry_held(struct ci_ctx *ctx, const char *host, int64_t *ret_count);
