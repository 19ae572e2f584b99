/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/workers.h"
#include "rpc/client.h"

/*
 * The conductor: registers itself, keeps its row alive, answers calls, runs work on nodes and
 * periodic jobs, and leaves in order.
 *
 * One per process, made and ended by cmd/; shared by all its threads. What is below its lock
 * is private to service.c.
 */
struct ci_conductor {
    const char *host;
    int64_t id;                     /* of its row in conductors */
    struct ci_db *db;
    struct ci_workers *workers;     /* refuses when full: NoFreeConductorWorker */
    struct ci_conductor_private *own;
};

/*
 * Starts: clears the locks that a former process of this host left, checks hardware types,
 * registers, fails stuck states, starts heartbeat and periodic jobs. Fails with what is wrong
 * with the configuration or the database.
 */
ci_must_check bool ci_conductor_start(struct ci_ctx *ctx, struct ci_conductor **ret_conductor);

/* How to leave (architecture.md, "Leaving"). */
enum ci_leave { CI_LEAVE_NOW, CI_LEAVE_GRACEFUL, CI_LEAVE_DRAIN };
void ci_conductor_stop(struct ci_conductor *conductor, enum ci_leave how);

/* Answers one call: the ci_rpc_dispatch of rpc/local.h; `service` is a struct ci_conductor. */
bool ci_conductor_dispatch(struct ci_ctx *ctx, enum ci_rpc_method method, json_t *args,
                           json_t **ret_result, void *service);

/* Is it registered, so that calls may come? They fail with TemporaryFailure before. */
bool ci_conductor_is_ready(const struct ci_conductor *conductor);

/* Has calls.def a function for the method? */
bool ci_conductor_answers(enum ci_rpc_method method);

/*
 * A context for work that no caller waits for, with the identity and request id of `from`; with
 * NULL the conductor's own work under a new request id. Ends with ci_conductor_ctx_free().
 */
struct ci_ctx *ci_conductor_ctx_new(struct ci_conductor *conductor, const struct ci_ctx *from);
void ci_conductor_ctx_free(struct ci_ctx *ctx);
