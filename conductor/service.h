/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/workers.h"
#include "rpc/client.h"
#include "rpc/ring.h"

/*
 * The conductor: registers itself, keeps its row alive, answers calls, runs work on nodes and
 * periodic jobs, and leaves in order.
 *
 * One per process, made and ended by cmd/; shared by all its threads. What is below its lock
 * is private to service.c.
 */
struct ci_conductor {
    const char *host;
    int64_t id; /* of its row in conductors */
    struct ci_db *db;
    struct ci_workers *workers;         /* refuses when full: NoFreeConductorWorker */
    struct ci_rings *rings;             /* who has which node */
    struct ci_sync_counts *sync_counts; /* failed power syncs (sync_power.h) */
    struct ci_holds *holds;             /* the locks that its tasks have; task.c's */
    struct ci_nova *nova;               /* NULL: it is told nothing (nova.h) */
    struct ci_conductor_private *own;
};

/*
 * Starts: checks hardware types, clears the locks that a former process of this host left,
 * registers, fails stuck states, starts the heartbeat. Fails with what is wrong with the
 * configuration or the database, and with ConductorAlreadyRegistered where it is clear at once
 * that one of the same name is running. ctx->db, ctx->config and ctx->rpc outlive it.
 */
ci_must_check bool ci_conductor_start(struct ci_ctx *ctx, struct ci_conductor **ret_conductor);

/*
 * The same, where calls come from other processes: `open(ctx, conductor, arg)` lets them come. It
 * runs once, on whichever thread, when no former process of this name can be alive and before
 * anybody can read in the database that this one is.
 */
typedef void ci_conductor_open(struct ci_ctx *ctx, struct ci_conductor *conductor, void *arg);
ci_must_check bool ci_conductor_start_open(struct ci_ctx *ctx, ci_conductor_open *open, void *arg,
                                           struct ci_conductor **ret_conductor);

/*
 * Has the start, which goes on in the background while a former process of the same name may be
 * alive, come to nothing? SIGTERM was sent to the process then; it should exit with 1.
 */
bool ci_conductor_is_refused(const struct ci_conductor *conductor);

/*
 * How to leave (architecture.md, "Leaving"): at once, within
 * [conductor]graceful_shutdown_timeout, or within [DEFAULT]drain_shutdown_timeout.
 */
enum ci_leave { CI_LEAVE_NOW, CI_LEAVE_GRACEFUL, CI_LEAVE_DRAIN };

/*
 * Begins to leave, where calls come from other processes: offline for them, it goes on answering
 * until they know, and comes back then. Nothing more is to be let in after that. Accepts NULL.
 */
void ci_conductor_leave(struct ci_conductor *conductor, enum ci_leave how);

/*
 * Leaves; accepts NULL. Nobody calls any more who is in this process. False when work is left
 * that did not end in time: the conductor is not freed, and the process should exit at once.
 */
bool ci_conductor_stop(struct ci_conductor *conductor, enum ci_leave how);

/* Answers one call: the ci_rpc_dispatch of rpc/local.h; `service` is a struct ci_conductor. */
bool ci_conductor_dispatch(struct ci_ctx *ctx, enum ci_rpc_method method, json_t *args,
                           json_t **ret_result, void *service);

/* Is it registered, so that calls may come? They fail with TemporaryFailure before. */
bool ci_conductor_is_ready(const struct ci_conductor *conductor);

/* Is it registered, and not leaving? Periodic work ends early when it is not. */
bool ci_conductor_is_staying(const struct ci_conductor *conductor);

/*
 * Do its heartbeats arrive, for at least a heartbeat_timeout since they last did not? Only then
 * does the age of others' heartbeats tell that they are gone: when the database was away, they
 * could not write one either.
 */
bool ci_conductor_is_steady(const struct ci_conductor *conductor);

/* The configuration as it is now; valid until SIGHUP brings another. */
const struct ci_config *ci_conductor_config(const struct ci_conductor *conductor);

/*
 * The same, after the moment in which it enters: messages come in before its rows are written,
 * since they may have waited in its queue, and are no reason to send anybody away.
 */
bool ci_conductor_await_ready(struct ci_conductor *conductor);

/* Has calls.def a function for the method? */
bool ci_conductor_answers(enum ci_rpc_method method);

/*
 * A context for work that no caller waits for, with the identity and request id of `from`; with
 * NULL the conductor's own work under a new request id. Ends with ci_conductor_ctx_free().
 */
struct ci_ctx *ci_conductor_ctx_new(struct ci_conductor *conductor, const struct ci_ctx *from);
void ci_conductor_ctx_free(struct ci_ctx *ctx);
