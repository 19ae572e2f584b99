/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/service.h"

/*
 * Fails the nodes of this conductor that stand in a state whose work died with a former process
 * (deploying, cleaning, …), so that verbs lead on from there. Locks of that process are
 * taken back before. A node that cannot be moved is logged and left.
 *
 * ci_stuck_sweep(), a job of periodic.def, does the same for nodes that nobody has had locked for
 * [conductor]heartbeat_timeout: their conductor gave the lock back and died, or was ended, before
 * it could write how the work ended. Ironic leaves them to the next start.
 */
ci_must_check bool ci_stuck_fail(struct ci_conductor *conductor, struct ci_ctx *ctx);

/*
 * The same for a node whose work ended in this process while the database was away, so that its
 * state could not be written; its lock is given back. One that is held again is left alone.
 */
void ci_stuck_fail_left(struct ci_conductor *conductor, const char *uuid);
