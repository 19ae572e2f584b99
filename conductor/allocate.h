/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/service.h"
#include "objects/allocation.h"

/*
 * Searches for nodes that go on after their conductor ended: on the caller's thread, each with a
 * context of its own. What becomes of one stands in the allocation; false means that the database
 * could not be asked.
 */

/* Those that a former process of this host began. */
ci_must_check bool ci_allocate_resume(struct ci_conductor *conductor, struct ci_ctx *ctx);

/* One of a conductor that is gone, unless another conductor has taken it over already. */
ci_must_check bool ci_allocate_take_over(struct ci_conductor *conductor, struct ci_ctx *ctx,
                                         struct ci_allocation *allocation);
