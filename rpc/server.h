/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rpc/local.h"

/*
 * A conductor's side of calls over RabbitMQ: consumes the queue all conductors share, the one of
 * its name and its fanout queue, hands each message to a thread, and replies.
 *
 * A message is acknowledged before it is run, as Ironic does: a crash loses the call, and
 * nothing is run twice. A message that comes again is known by its _unique_id and dropped.
 */
struct ci_rpc_server;

struct ci_rpc_server_options {
    const char *program;       /* names the connections */
    const char *host;          /* whose queue is consumed */
    ci_rpc_dispatch *dispatch; /* answers each call, on a thread of the pool */
};

/*
 * Begins to connect, and consumes nothing yet. Calls are answered with the database and the
 * transport of ctx, which outlive the server. Fails with what is wrong with the configuration.
 * Ends with ci_rpc_server_free().
 */
ci_must_check bool ci_rpc_server_new(struct ci_ctx *ctx,
                                     const struct ci_rpc_server_options *options,
                                     struct ci_rpc_server **ret_server);

/*
 * Consumes from now on; `service` is what the dispatcher gets. Waits a moment for the broker,
 * and goes on without it: calls come once it is there. Once only.
 */
void ci_rpc_server_open(struct ci_ctx *ctx, struct ci_rpc_server *server, void *service);

/*
 * Takes no more messages, and finishes those that were taken, within the time. False when calls
 * are left then: nothing is to be freed, the process should exit. Accepts NULL.
 */
bool ci_rpc_server_stop(struct ci_rpc_server *server, int limit_ms);

/* The threads that run calls, to be looked at. */
struct ci_workers *ci_rpc_server_workers(const struct ci_rpc_server *server);

/* After a stop that gave true; sends the last replies. Accepts NULL. */
void ci_rpc_server_free(struct ci_rpc_server *server);
