/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rpc/client.h"

/*
 * Calls in process: the all-in-one program's transport ([DEFAULT]rpc_transport=none).
 *
 * Arguments and results pass through their message form into the callee's own arena, since the
 * caller's dies at its 202 while the work goes on. cmd/ hands in the conductor's dispatcher,
 * so that this floor does not look up.
 */

/* Answers one call: `args` and *ret_result belong to ctx's arena. */
typedef bool ci_rpc_dispatch(struct ci_ctx *ctx, enum ci_rpc_method method, json_t *args,
                             json_t **ret_result, void *service);

/* One transport to the conductor `host` in this process; ends with ci_rpc_free(). */
struct ci_rpc *ci_rpc_local_new(const char *host, ci_rpc_dispatch *dispatch, void *service);
void ci_rpc_free(struct ci_rpc *rpc);
