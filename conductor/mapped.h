/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/service.h"
#include "db/db.h"

/*
 * The nodes of this conductor: those of a query that the hash ring maps to it, as the periodic
 * jobs and the start go through them.
 *
 * Two conductors may believe for a while that a node is theirs: whoever changes one takes its
 * lock and looks at it again.
 */
struct ci_mapped {
    size_t count;
    const struct ci_rows *rows;
    const size_t *picked; /* the rows of those that are ours */
};

struct ci_mapped_query {
    const char *columns; /* ", reservation": more than each has; "" for none */
    const char *where;   /* our own SQL, and what follows it ("… ORDER BY …") */
    size_t n;
    const char *const *values;
};

/* One query, and the rings read anew if they are too old. The result lives in ctx's arena. */
ci_must_check bool ci_mapped_find(struct ci_conductor *conductor, struct ci_ctx *ctx,
                                  const struct ci_mapped_query *query,
                                  struct ci_mapped *ret_mapped);

const char *ci_mapped_uuid(const struct ci_mapped *mapped, size_t i);
/* Of all of them, in order. */
int64_t *ci_mapped_ids(struct ci_ctx *ctx, const struct ci_mapped *mapped);
/* The more columns, from 0 on. */
const char *ci_mapped_text(const struct ci_mapped *mapped, size_t i, size_t column);
