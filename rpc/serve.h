/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"
#include "base/workers.h"

/* What the servers of calls (rpc/server.h, rpc/jsonrpc_server.h) have in common. */

/* The pool that runs calls: [DEFAULT]executor_thread_pool_size threads. The caller frees it. */
struct ci_workers *ci_serve_workers(const struct ci_config *config, int queue_limit);

/* How many threads such a pool has at most. */
int ci_serve_threads(const struct ci_config *config);

/*
 * Logs ctx's error, with which a call failed: its caller is told, so that it is a warning only
 * where nobody is, or where it is not the caller's own doing.
 */
void ci_serve_log_failure(const struct ci_ctx *ctx, const char *method, bool is_cast);
