/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/metrics.h"

/*
 * The figures of a conductor: its nodes, their moves, steps, calls, workers and periodic work. To
 * add one: count it where it happens, and have what tells of it called here.
 */

/* All of them; a write of struct ci_metrics_source. `conductor` is a struct ci_conductor. */
void ci_conductor_write_metrics(struct ci_metrics *to, void *conductor);

/* Of dispatch.c: how long calls took. */
void ci_conductor_write_calls(struct ci_metrics *to);
