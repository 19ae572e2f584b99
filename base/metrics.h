/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/text.h"

/*
 * Counters and timers, and how Prometheus reads them.
 *
 * What is counted belongs to who counts it, as plain static memory that begins with zeros; any
 * thread may count. Counts are exact, one by one; a text printed while others count is of no
 * single moment.
 */
typedef _Atomic uint64_t ci_counter;

static inline void ci_counter_add(ci_counter *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* How long something took, many times. */
enum { CI_DURATION_BOUNDS = 12 };
struct ci_durations {
    ci_counter counts[CI_DURATION_BOUNDS + 1]; /* up to each bound, and beyond the last */
    _Atomic uint64_t sum_ns;
};

void ci_durations_add(struct ci_durations *durations, int64_t ns);
uint64_t ci_durations_count(const struct ci_durations *durations);

/*
 * Prometheus' text: a family's head, then its samples. `labels` is what stands between the
 * braces, of words that need no escape: method="GET",status="200"; "" for none.
 */
void ci_metrics_family(struct ci_text *text, const char *name, const char *type,
                       const char *meaning);
void ci_metrics_sample(struct ci_text *text, const char *name, const char *labels, uint64_t value);
/* Those of a family of the type histogram, in seconds. */
void ci_metrics_durations(struct ci_text *text, const char *name, const char *labels,
                          const struct ci_durations *durations);
