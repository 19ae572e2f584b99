/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * The hash ring: which of a group's conductors answers for a node. Agrees point for point with
 * Ironic's, since both kinds of service share nodes in one cluster.
 */
struct ci_ring;

/*
 * The ring of these hosts with 2**exponent points each; `algorithm` is a digest's name ("md5").
 * Lives in `mem`, the host names copied. NULL when there is no such digest, or the exponent is
 * not from 0 to 20.
 */
struct ci_ring *ci_ring_make(struct ci_arena *mem, const char *algorithm, int exponent,
                             const char *const *hosts, size_t n);

/*
 * Where a key falls among the ring's points, and the host there. The ring is not empty, and is
 * asked by one thread at a time: it has one digest for all keys.
 */
size_t ci_ring_position(struct ci_ring *ring, const char *key);
const char *ci_ring_host(struct ci_ring *ring, const char *key);

/*
 * The rings of all groups and hardware types, as the database knows live conductors; shared by
 * all threads. Kept for [DEFAULT]hash_ring_reset_interval, with SQLite for as long as they
 * serve, and read anew when they lack what is asked for.
 */
struct ci_rings;
struct ci_rings *ci_rings_new(void);
void ci_rings_free(struct ci_rings *rings);

/* Drops what is kept: conductors are known to have come or gone. */
void ci_rings_reset(struct ci_rings *rings);

/*
 * The conductor that answers for a node of that driver and group. Fails with DriverNotFound
 * when none has the driver enabled in the group, with TemporaryFailure when there is none at all.
 * The name belongs to the context's arena.
 */
ci_must_check bool ci_rings_find(struct ci_ctx *ctx, struct ci_rings *rings, const char *driver,
                                 const char *group, const char *uuid, const char **ret_host);

/*
 * For many nodes at once: reads the rings if they are too old, and then tells of each node which
 * conductor answers for it, without asking the database again; NULL when none does.
 */
ci_must_check bool ci_rings_refresh(struct ci_ctx *ctx, struct ci_rings *rings);
const char *ci_rings_known(struct ci_ctx *ctx, struct ci_rings *rings, const char *driver,
                           const char *group, const char *uuid);

/*
 * Any live conductor with the driver, whatever its group; asks the database each time. Fails
 * with DriverNotFound.
 */
ci_must_check bool ci_rings_any_with_driver(struct ci_ctx *ctx, const char *driver,
                                            const char **ret_host);

/* Any live conductor; fails with TemporaryFailure. */
ci_must_check bool ci_rings_any(struct ci_ctx *ctx, const char **ret_host);
