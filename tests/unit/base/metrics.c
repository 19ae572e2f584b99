/* SPDX-License-Identifier: Apache-2.0 */
#include "base/metrics.h"

#include <pthread.h>

#include "base/json.h"
#include "tests/unit/unit.h"

enum { THREADS = 4, ROUNDS = 10000 };

static ci_counter counter;
static struct ci_durations durations;

static void *count(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        ci_counter_add(&counter);
        ci_durations_add(&durations, i % 2 ? 1 : 200000);
    }
    return NULL;
}

START_TEST(nothing_is_lost_between_threads)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(counter, THREADS * ROUNDS);
    ck_assert_uint_eq(ci_durations_count(&durations), THREADS * ROUNDS);
    ck_assert_uint_eq(durations.counts[0], THREADS * ROUNDS / 2);
    ck_assert_uint_eq(durations.sum_ns, THREADS * ROUNDS / 2 * 200001ULL);
}
END_TEST

START_TEST(a_duration_is_below_the_bound_that_it_equals)
{
    static struct ci_durations some;

    ci_durations_add(&some, 100000);
    ci_durations_add(&some, 100001);
    ci_durations_add(&some, INT64_C(1000000000000));
    ci_durations_add(&some, -5); /* a clock that went back */
    ck_assert_uint_eq(some.counts[0], 2);
    ck_assert_uint_eq(some.counts[1], 1);
    ck_assert_uint_eq(some.counts[CI_DURATION_BOUNDS], 1);
}
END_TEST

START_TEST(the_text_is_that_of_prometheus)
{
    static struct ci_durations some;
    struct ci_arena *mem = unit_ctx()->mem;
    struct ci_text *text = ci_text_new(mem, 10000);
    struct ci_metrics *to = ci_metrics_prometheus(mem, text);

    ci_durations_add(&some, 1500000000);
    ci_durations_add(&some, 200000);
    ci_metrics_family(to, "things_total", "counter", "Things.");
    ci_metrics_sample(to, "things_total", "", 5);
    ci_metrics_sample(to, "things_total", "of=\"a\"", 7);
    ck_assert_str_eq(text->bytes, "# HELP things_total Things.\n# TYPE things_total counter\n"
                                  "things_total 5\nthings_total{of=\"a\"} 7\n");
    ci_text_clear(text);
    ci_metrics_durations(to, "t", "of=\"a\"", &some);
    ck_assert_str_eq(text->bytes, "t_bucket{of=\"a\",le=\"0.0001\"} 0\n"
                                  "t_bucket{of=\"a\",le=\"0.00025\"} 1\n"
                                  "t_bucket{of=\"a\",le=\"0.001\"} 1\n"
                                  "t_bucket{of=\"a\",le=\"0.0025\"} 1\n"
                                  "t_bucket{of=\"a\",le=\"0.01\"} 1\n"
                                  "t_bucket{of=\"a\",le=\"0.025\"} 1\n"
                                  "t_bucket{of=\"a\",le=\"0.1\"} 1\n"
                                  "t_bucket{of=\"a\",le=\"0.25\"} 1\n"
                                  "t_bucket{of=\"a\",le=\"1\"} 1\n"
                                  "t_bucket{of=\"a\",le=\"5\"} 2\n"
                                  "t_bucket{of=\"a\",le=\"30\"} 2\n"
                                  "t_bucket{of=\"a\",le=\"120\"} 2\n"
                                  "t_bucket{of=\"a\",le=\"+Inf\"} 2\n"
                                  "t_sum{of=\"a\"} 1.500200000\nt_count{of=\"a\"} 2\n");
    ci_text_clear(text);
    ci_metrics_durations(to, "t", "", &some);
    ck_assert(strstr(text->bytes, "t_bucket{le=\"+Inf\"} 2\nt_sum 1.500200000\nt_count 2\n"));
}
END_TEST

START_TEST(the_object_is_that_of_ironics_collector)
{
    static struct ci_durations some, none;
    struct ci_ctx *ctx = unit_ctx();
    json_t *into = ci_json(ctx, json_object());
    struct ci_metrics *to = ci_metrics_collector(ctx->mem, into);

    ci_durations_add(&some, 1500000);
    ci_durations_add(&some, 1000000);
    ci_metrics_one(to, "open", "gauge", "Open.", 3);
    ci_metrics_family(to, "done", "counter", "Done.");
    ci_metrics_sample(to, "done", "how=\"well\",of=\"a\"", 7);
    ci_metrics_family(to, "took", "histogram", "Took.");
    ci_metrics_durations(to, "took", "of=\"a\"", &some);
    ci_metrics_durations(to, "took", "of=\"b\"", &none);
    ck_assert_str_eq(ci_json_text(ctx->mem, into),
                     "{\"open\": {\"type\": \"gauge\", \"value\": 3}, "
                     "\"done.well.a\": {\"type\": \"counter\", \"count\": 7}, "
                     "\"took.a\": {\"type\": \"timer\", \"count\": 2, \"sum\": 2.5}}");
}
END_TEST

UNIT_MAIN("base/metrics", the_object_is_that_of_ironics_collector, nothing_is_lost_between_threads,
          a_duration_is_below_the_bound_that_it_equals, the_text_is_that_of_prometheus)
