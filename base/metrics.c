/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters and timers, and Prometheus' text (version 0.0.4), for which there is no C client that
 * Debian has.
 */
#include "base/metrics.h"

#include <inttypes.h>

#define NS_PER_S 1000000000

/* From a read that a cache answers to the longest a client waits. */
static const struct {
    int64_t ns;
    const char *seconds;
} bounds[CI_DURATION_BOUNDS] = {
    {100000, "0.0001"}, {250000, "0.00025"}, {1000000, "0.001"},  {2500000, "0.0025"},
    {10000000, "0.01"}, {25000000, "0.025"}, {100000000, "0.1"},  {250000000, "0.25"},
    {1000000000, "1"},  {5000000000, "5"},   {30000000000, "30"}, {120000000000, "120"},
};

void ci_durations_add(struct ci_durations *durations, int64_t ns)
{
    size_t i = 0;

    while (i < CI_DURATION_BOUNDS && ns > bounds[i].ns)
        i++;
    ci_counter_add(&durations->counts[i]);
    atomic_fetch_add_explicit(&durations->sum_ns, ns > 0 ? (uint64_t)ns : 0, memory_order_relaxed);
}

static uint64_t get(const ci_counter *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

uint64_t ci_durations_count(const struct ci_durations *durations)
{
    uint64_t count = 0;

    for (size_t i = 0; i <= CI_DURATION_BOUNDS; i++)
        count += get(&durations->counts[i]);
    return count;
}

void ci_metrics_family(struct ci_metrics *to, const char *name, const char *type,
                       const char *meaning)
{
    to->family(to, name, type, meaning);
}

void ci_metrics_sample(struct ci_metrics *to, const char *name, const char *labels, uint64_t value)
{
    to->sample(to, name, labels, value);
}

void ci_metrics_durations(struct ci_metrics *to, const char *name, const char *labels,
                          const struct ci_durations *durations)
{
    if (ci_durations_count(durations) > 0)
        to->durations(to, name, labels, durations);
}

void ci_metrics_one(struct ci_metrics *to, const char *name, const char *type, const char *meaning,
                    uint64_t value)
{
    ci_metrics_family(to, name, type, meaning);
    ci_metrics_sample(to, name, "", value);
}

void ci_metrics_write(struct ci_metrics *to, const struct ci_metrics_source *sources)
{
    for (; sources->write; sources++)
        sources->write(to, sources->arg);
}

struct prometheus {
    struct ci_metrics base;
    struct ci_text *text;
};

static struct ci_text *text_of(struct ci_metrics *to)
{
    return ((struct prometheus *)to)->text;
}

static void write_family(struct ci_metrics *to, const char *name, const char *type,
                         const char *meaning)
{
    ci_text_printf(text_of(to), "# HELP %s %s\n# TYPE %s %s\n", name, meaning, name, type);
}

static void write_sample(struct ci_metrics *to, const char *name, const char *labels,
                         uint64_t value)
{
    if (labels[0])
        ci_text_printf(text_of(to), "%s{%s} %" PRIu64 "\n", name, labels, value);
    else
        ci_text_printf(text_of(to), "%s %" PRIu64 "\n", name, value);
}

static void write_durations(struct ci_metrics *to, const char *name, const char *labels,
                            const struct ci_durations *durations)
{
    const char *comma = labels[0] ? "," : "", *open = labels[0] ? "{" : "",
               *close = labels[0] ? "}" : "";
    struct ci_text *text = text_of(to);
    uint64_t count = 0, sum_ns;

    for (size_t i = 0; i < CI_DURATION_BOUNDS; i++) {
        count += get(&durations->counts[i]);
        ci_text_printf(text, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, labels, comma,
                       bounds[i].seconds, count);
    }
    count += get(&durations->counts[CI_DURATION_BOUNDS]);
    ci_text_printf(text, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, comma, count);
    sum_ns = get(&durations->sum_ns);
    ci_text_printf(text, "%s_sum%s%s%s %" PRIu64 ".%09" PRIu64 "\n", name, open, labels, close,
                   sum_ns / NS_PER_S, sum_ns % NS_PER_S);
    ci_text_printf(text, "%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, count);
}

struct ci_metrics *ci_metrics_prometheus(struct ci_arena *mem, struct ci_text *text)
{
    struct prometheus *reader = ci_new(mem, struct prometheus);

    reader->base = (struct ci_metrics){
        .mem = mem, .family = write_family, .sample = write_sample, .durations = write_durations};
    reader->text = text;
    return &reader->base;
}
