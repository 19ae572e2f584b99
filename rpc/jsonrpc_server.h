/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rpc/server.h"

/*
 * A conductor's side of calls over HTTP: listens at [json_rpc]host_ip and port, or at its
 * unix_socket, asks who calls by [json_rpc]auth_strategy, and runs each call on a thread of a
 * pool. A cast is answered, with 204, when it has been run, as Ironic does.
 *
 * Bodies are bounded like those of REST: [api]max_json_body_size_provision, and
 * [api]max_json_body_depth with what a message wraps around an argument.
 */
struct ci_jsonrpc_server;

/*
 * Listens at once, and answers 503 until it is opened. Calls are answered with the database and
 * the transport of ctx, which outlive the server. Fails with what is wrong with the
 * configuration or the address. Ends with ci_jsonrpc_server_free().
 */
ci_must_check bool ci_jsonrpc_server_new(struct ci_ctx *ctx,
                                         const struct ci_rpc_server_options *options,
                                         struct ci_jsonrpc_server **ret_server);

/* The port that is really listened on; 0 for a Unix socket. */
int ci_jsonrpc_server_port(const struct ci_jsonrpc_server *server);

/* Runs calls from now on; `service` is what the dispatcher gets. Once only. */
void ci_jsonrpc_server_open(struct ci_jsonrpc_server *server, void *service);

/*
 * Takes no more calls, and finishes those that were taken, within the time. False when calls are
 * left then: nothing is to be freed, the process should exit. Accepts NULL.
 */
bool ci_jsonrpc_server_stop(struct ci_jsonrpc_server *server, int limit_ms);

/* After a stop that gave true. Accepts NULL. */
void ci_jsonrpc_server_free(struct ci_jsonrpc_server *server);

/* The threads that run calls, to be looked at. */
struct ci_workers *ci_jsonrpc_server_workers(const struct ci_jsonrpc_server *server);
