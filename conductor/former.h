/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * Is there another process of this host's name? Two of one name would each take the other's
 * locks for their own, so the second does not start.
 *
 * A row that is online and whose heartbeats go on says that one is running. One that was
 * killed looks the same until its heartbeat fails to come. With SQLite no heartbeats are
 * written: a lock on a file beside the database says at once whether its process lives.
 */

/*
 * With SQLite: takes the lock, which dies with the process or with close(*ret_fd); -1 where the
 * database is in memory and nobody else can have it. Fails with ConductorAlreadyRegistered.
 */
ci_must_check bool ci_former_lock(struct ci_ctx *ctx, const char *host, int *ret_fd);

/* The last heartbeat of a row that is online and not too old; else CI_NULL_TIME. */
ci_must_check bool ci_former_look(struct ci_ctx *ctx, const char *host, int64_t *ret_seen_us);

/* Fails with ConductorAlreadyRegistered, naming the option; `how` says how it is known. */
bool ci_former_fail(struct ci_ctx *ctx, const char *host, const char *how);
