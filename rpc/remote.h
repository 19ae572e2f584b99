/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rpc/local.h"

/*
 * Calls to conductors over RabbitMQ ([DEFAULT]rpc_transport=oslo), theirs and ours alike.
 *
 * A call waits for its answer as long as [DEFAULT]rpc_response_timeout says, and then fails with
 * MessagingTimeout as Ironic does. What cannot be handed to the broker within a few seconds
 * fails with ServiceUnavailable, 503, whose message says why; nothing was done then. A call
 * whose connection breaks in between is sent again under its old id, which receivers know. A
 * cast that was not refused is the broker's.
 */

/*
 * The transport that ctx->config tells of; `program` names its connections. Waits a moment for
 * the broker and goes on without it. Fails with what is wrong with the configuration. Ends
 * with ci_rpc_free(), when nobody calls any more.
 */
ci_must_check bool ci_rpc_remote_new(struct ci_ctx *ctx, const char *program,
                                     struct ci_rpc **ret_rpc);
