/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rpc/local.h"

/*
 * Calls to conductors over HTTP ([DEFAULT]rpc_transport=json-rpc), theirs and ours alike.
 *
 * A call waits for its answer as long as [json_rpc]timeout says. What did not reach the conductor,
 * or was turned away by it, fails with ServiceUnavailable, 503: nothing was done. What may have
 * reached it fails with TemporaryFailure, 503. Nothing is sent twice, but for a token that the
 * conductor no longer knows: then a new one is got and the call made again.
 */

/*
 * The transport that ctx->config tells of; `program` names it to peers. Connects to nobody yet.
 * Fails with what is wrong with the configuration. Ends with ci_rpc_free(), when nobody calls
 * any more.
 */
ci_must_check bool ci_jsonrpc_client_new(struct ci_ctx *ctx, const char *program,
                                         struct ci_rpc **ret_rpc);
