/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "conductor/service.h"

/*
 * Periodic work: the jobs of periodic.def, each run in a worker of its own when its interval is
 * over.
 *
 * The first run is one interval after the start. A job never overlaps itself: one that takes
 * longer than its interval runs again at the next multiple of it. Intervals are read from the
 * configuration as it is then; one of 0 or less turns the job off. When no worker is free a run
 * is left out. To add a job: write the function and its row.
 */

/*
 * One run, with an arena of its own. Between nodes it looks at ci_conductor_is_staying() and ends
 * early when that is false. What it fails with is logged; each node is work of its own.
 */
typedef bool ci_periodic_job(struct ci_conductor *conductor, struct ci_ctx *ctx);

#define PERIODIC(name, function, interval, condition) ci_periodic_job function;
#include "conductor/periodic.def"
#undef PERIODIC

/* Starts the thread that sees to it. Fails where there is no thread. */
struct ci_periodic;
ci_must_check bool ci_periodic_start(struct ci_ctx *ctx, struct ci_conductor *conductor,
                                     struct ci_periodic **ret_periodic);

/* No job begins any more; accepts NULL, and being called again. */
void ci_periodic_stop(struct ci_periodic *periodic);

/* After the conductor's workers have ended; accepts NULL. */
void ci_periodic_free(struct ci_periodic *periodic);

/* How often the job of that name runs under the configuration; 0 when it is off or unknown. */
int64_t ci_periodic_interval(const struct ci_config *config, const char *name);

/* How long runs took, and how many failed, to whoever reads figures. */
struct ci_metrics;
void ci_periodic_write_metrics(struct ci_metrics *to);

/*
 * When a job is due again that began and ended then: at the next multiple of its interval after
 * its beginning, as Ironic's jobs are. Nanoseconds.
 */
int64_t ci_periodic_next(int64_t began_ns, int64_t ended_ns, int64_t interval_ns);
