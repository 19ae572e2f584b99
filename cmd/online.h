/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/* castiron-dbsync online_data_migrations: what the command line gives. */
struct ci_online_request {
    const char *max_count;      /* NULL: batches until there is nothing left */
    const char *const *options; /* MIGRATION.KEY=VALUE */
    size_t n_options;
};

/*
 * Runs the migrations and prints, as ironic-dbsync does, how far each came. Gives the exit code:
 * 0 done, 1 stopped at max_count (there may be more) or failed, 2 not now, 127 misused.
 */
int ci_online_command(struct ci_ctx *ctx, const struct ci_online_request *request);
