/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * A conductor's rows: itself in conductors, what it has enabled in
 * conductor_hardware_interfaces, and the locks of its nodes. All by plain values, so that it
 * does not matter which process asks.
 */

/* What the row of a host says. */
struct ci_registration {
    bool online;
    int64_t updated_at; /* CI_NULL_TIME when there is no row, or never */
};
ci_must_check bool ci_registry_look(struct ci_ctx *ctx, const char *host,
                                    struct ci_registration *ret_registration);

/*
 * Takes back what a former process of this host held: pending power targets (their nodes say
 * so in last_error), then the locks.
 */
ci_must_check bool ci_registry_forget_locks(struct ci_ctx *ctx, const char *host);

/* Makes or renews the host's row, online from now on, and the rows of its interfaces. */
ci_must_check bool ci_registry_enter(struct ci_ctx *ctx, const char *host, int64_t *ret_id);

/* A sign of life. `online` is false once it is about to leave. */
ci_must_check bool ci_registry_touch(struct ci_ctx *ctx, const char *host, bool online);

/* The end: interfaces gone, row offline. */
ci_must_check bool ci_registry_leave(struct ci_ctx *ctx, const char *host, int64_t id);

/* How many other conductors are online? */
ci_must_check bool ci_registry_others(struct ci_ctx *ctx, const char *host, int64_t *ret_count);

/* How many nodes does the host hold? */
ci_must_check bool ci_registry_held(struct ci_ctx *ctx, const char *host, int64_t *ret_count);
