/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * What several programs stand on.
 */

/*
 * Opens [database]connection as ctx->db, waits for it and checks that its schema is ours. The
 * schema of an SQLite file that is empty is made: it is nobody else's.
 */
ci_must_check bool ci_open_database(struct ci_ctx *ctx);

/*
 * For a service that is alone in its process: fails with InvalidParameterValue when
 * [DEFAULT]rpc_transport is not one that joins processes.
 */
ci_must_check bool ci_open_check_transport(struct ci_ctx *ctx, const char *program);
