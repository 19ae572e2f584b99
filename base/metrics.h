/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <jansson.h>

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
 * Who reads figures: whoever has some tells them by the functions below, a family's head, then its
 * samples. `labels` is what stands between Prometheus' braces, of words that need no escape:
 * method="GET",status="200"; "" for none. Made of `mem`, which is also for labels.
 */
struct ci_metrics {
    struct ci_arena *mem;
    void (*family)(struct ci_metrics *to, const char *name, const char *type, const char *meaning);
    void (*sample)(struct ci_metrics *to, const char *name, const char *labels, uint64_t value);
    void (*durations)(struct ci_metrics *to, const char *name, const char *labels,
                      const struct ci_durations *durations);
};

/* type: "counter", "gauge" or "histogram". */
void ci_metrics_family(struct ci_metrics *to, const char *name, const char *type,
                       const char *meaning);
void ci_metrics_sample(struct ci_metrics *to, const char *name, const char *labels, uint64_t value);
/* Those of a family of the type histogram, in seconds; nothing while nothing is counted. */
void ci_metrics_durations(struct ci_metrics *to, const char *name, const char *labels,
                          const struct ci_durations *durations);
/* A family of one sample without labels. */
void ci_metrics_one(struct ci_metrics *to, const char *name, const char *type, const char *meaning,
                    uint64_t value);

/* Whoever has figures: tells them all. Any thread, and more than one at a time. */
struct ci_metrics_source {
    void (*write)(struct ci_metrics *to, void *arg); /* NULL ends a list of them */
    void *arg;
};
void ci_metrics_write(struct ci_metrics *to, const struct ci_metrics_source *sources);

/*
 * The reader that fills an object as Ironic's collector does: names with the values of their labels
 * behind them, "calls.get_node", and {"type": "timer", "count", "sum" in milliseconds},
 * {"type": "counter", "count"} or {"type": "gauge", "value"}. The object is borrowed.
 */
struct ci_metrics *ci_metrics_collector(struct ci_arena *mem, json_t *into);

/* The reader that appends Prometheus' text. */
struct ci_metrics *ci_metrics_prometheus(struct ci_arena *mem, struct ci_text *text);
#define CI_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
