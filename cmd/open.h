/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rpc/jsonrpc_server.h"

/*
 * What several programs stand on.
 */

/*
 * Opens [database]connection as ctx->db, waits for it and checks that its schema is ours and
 * that its rows can be read. The
 * schema of an SQLite file that is empty is made: it is nobody else's.
 */
ci_must_check bool ci_open_database(struct ci_ctx *ctx);

/*
 * For a service that is alone in its process: fails with InvalidParameterValue when
 * [DEFAULT]rpc_transport is not one that joins processes.
 */
ci_must_check bool ci_open_check_transport(struct ci_ctx *ctx, const char *program);

/* Makes ctx->rpc the way to conductors in other processes that [DEFAULT]rpc_transport names. */
ci_must_check bool ci_open_client(struct ci_ctx *ctx, const char *program);

/* A conductor's side of it: one of the two is there. */
struct ci_open_server {
    struct ci_rpc_server *amqp;
    struct ci_jsonrpc_server *http;
};

/* The functions of rpc/server.h and rpc/jsonrpc_server.h, for the one that is there. */
ci_must_check bool ci_open_server_new(struct ci_ctx *ctx,
                                      const struct ci_rpc_server_options *options,
                                      struct ci_open_server *ret_server);
void ci_open_server_open(struct ci_ctx *ctx, const struct ci_open_server *server, void *service);
bool ci_open_server_stop(const struct ci_open_server *server, int limit_ms);
void ci_open_server_free(const struct ci_open_server *server);

/* What its threads are at; a write of struct ci_metrics_source. `server`: a struct ci_open_server.
 */
struct ci_metrics;
void ci_open_server_write_metrics(struct ci_metrics *to, void *server);
