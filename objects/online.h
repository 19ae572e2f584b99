/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/ctx.h"

/*
 * Online data migrations: what a release wants changed in rows, done in batches while services
 * work. Every batch is a transaction, and what is done is told by the rows themselves, so that a
 * run may be killed and started again. A row that somebody holds is passed over and tried later.
 */

/* One run through the batches; lives in the arena and remembers where each table stands. */
struct ci_online *ci_online_new(struct ci_arena *mem);

/* What a migration did in one batch; total counts what there was to do before it. */
struct ci_online_count {
    int64_t total, done;
};

/* The names of the migrations, in the order in which they run; ends with NULL. */
const char *const *ci_online_names(void);

/* Runs migration number n for at most `limit` rows. */
ci_must_check bool ci_online_run(struct ci_ctx *ctx, struct ci_online *online, size_t n,
                                 int64_t limit, struct ci_online_count *ret_count);

/*
 * May rows be brought to the newest versions? Fails with Conflict, naming the step that is
 * missing, while a pin is set or a live conductor writes older rows: one newer row is enough to
 * make an older service fail.
 */
ci_must_check bool ci_online_check(struct ci_ctx *ctx);

/*
 * Who is connected without a name, as the same user: "192.0.2.1 (3), …", with the number of
 * sessions; NULL when nobody is. Ironic's own services connect so, castiron's do not. It is all
 * that can be seen of an older API, which leaves no row.
 */
ci_must_check bool ci_online_nameless(struct ci_ctx *ctx, const char **ret_from);
