/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock of periodic work.
 *
 * One thread waits for the next job that is due and hands it to the conductor's workers; what
 * they are told is whether the job may begin, so that the lock is never held while one runs.
 */
#include "conductor/periodic.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/config.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "conductor/task_private.h"

#define NS_PER_S INT64_C(1000000000)

#define PERIODIC(name, function, interval, condition)                                              \
    static int64_t every_##name(const struct ci_config *config)                                    \
    {                                                                                              \
        return (condition) && config->interval > 0 ? config->interval : 0;                         \
    }
#include "conductor/periodic.def"
#undef PERIODIC

static const struct kind {
    const char *name;
    int64_t (*every_s)(const struct ci_config *config); /* 0: off */
    ci_periodic_job *run;
} kinds[] = {
#define PERIODIC(name, function, interval, condition) {#name, every_##name, function},
#include "conductor/periodic.def"
#undef PERIODIC
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* Of each kind, so far. Any thread. */
static struct {
    struct ci_durations took;
    ci_counter failed; /* those that found no worker, too */
} ran[KINDS];

struct job {
    struct ci_periodic *periodic;
    const struct kind *kind;
    bool busy;        /* a worker has it */
    int64_t begun_ns; /* the last run; before it, the start */
    int64_t due_ns;
};

struct ci_periodic {
    struct ci_arena *mem; /* holds all of it */
    struct ci_conductor *conductor;
    pthread_t thread;
    bool started;

    pthread_mutex_t lock; /* guards what follows, jobs included */
    pthread_cond_t wake;
    bool ended;
    struct job jobs[KINDS];
};

int64_t ci_periodic_interval(const struct ci_config *config, const char *name)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].every_s(config);
    }
    return 0;
}

void ci_periodic_write_metrics(struct ci_metrics *to)
{
    ci_metrics_family(to, "castiron_conductor_periodic_seconds", "histogram",
                      "Time that runs of periodic work took.");
    for (size_t i = 0; i < KINDS; i++)
        ci_metrics_durations(to, "castiron_conductor_periodic_seconds",
                             ci_printf(to->mem, "job=\"%s\"", kinds[i].name), &ran[i].took);
    ci_metrics_family(to, "castiron_conductor_periodic_failures_total", "counter",
                      "Runs of periodic work that failed, or found no worker.");
    for (size_t i = 0; i < KINDS; i++)
        ci_metrics_sample(to, "castiron_conductor_periodic_failures_total",
                          ci_printf(to->mem, "job=\"%s\"", kinds[i].name), ran[i].failed);
}

int64_t ci_periodic_next(int64_t began_ns, int64_t ended_ns, int64_t interval_ns)
{
    return began_ns + ((ended_ns - began_ns) / interval_ns + 1) * interval_ns;
}

static int64_t interval_ns(const struct job *job)
{
    const struct ci_config *config = ci_conductor_config(job->periodic->conductor);

    return job->kind->every_s(config) * NS_PER_S;
}

/* With the lock held. Off: looked at again when something else wakes the thread. */
static void set_due(struct job *job, int64_t now_ns)
{
    int64_t interval = interval_ns(job);

    job->due_ns = interval > 0 ? ci_periodic_next(job->begun_ns, now_ns, interval) : INT64_MAX;
}

static void let_go(struct job *job)
{
    struct ci_periodic *periodic = job->periodic;

    pthread_mutex_lock(&periodic->lock);
    job->busy = false;
    set_due(job, ci_time_monotonic_ns());
    pthread_cond_signal(&periodic->wake);
    pthread_mutex_unlock(&periodic->lock);
}

static void run_once(const struct kind *kind, struct ci_conductor *conductor, struct ci_ctx *ctx)
{
    const int64_t began_ns = ci_time_monotonic_ns();
    const bool done = kind->run(conductor, ctx);

    ci_durations_add(&ran[kind - kinds].took, ci_time_monotonic_ns() - began_ns);
    if (done)
        return;
    ci_counter_add(&ran[kind - kinds].failed);
    ci_warning(ctx, "Periodic work failed", "job=%s error=%s", kind->name, ctx->error->message);
}

/* A ci_job. */
static void run(void *arg)
{
    struct job *job = arg;
    struct ci_conductor *conductor = job->periodic->conductor;
    struct ci_ctx *ctx = ci_conductor_ctx_new(conductor, NULL);

    if (ci_conductor_is_staying(conductor))
        run_once(job->kind, conductor, ctx);
    ci_conductor_ctx_free(ctx);
    let_go(job);
}

/* A job that is due, which is busy then; else NULL, and when the next one will be. */
static struct job *take_due(struct ci_periodic *periodic, int64_t *ret_next_ns)
{
    int64_t now_ns = ci_time_monotonic_ns();

    *ret_next_ns = INT64_MAX;
    for (size_t i = 0; i < KINDS; i++) {
        struct job *job = &periodic->jobs[i];

        if (job->busy)
            continue;
        if (job->due_ns <= now_ns) {
            job->busy = true;
            job->begun_ns = now_ns;
            return job;
        }
        if (job->due_ns < *ret_next_ns)
            *ret_next_ns = job->due_ns;
    }
    return NULL;
}

/* The next job to be run; NULL at the end. */
static struct job *await_due(struct ci_periodic *periodic)
{
    struct job *job = NULL;
    int64_t next_ns;

    pthread_mutex_lock(&periodic->lock);
    while (!periodic->ended) {
        job = take_due(periodic, &next_ns);
        if (job)
            break;
        if (next_ns == INT64_MAX) {
            pthread_cond_wait(&periodic->wake, &periodic->lock);
        } else {
            const struct timespec until = {.tv_sec = next_ns / NS_PER_S,
                                           .tv_nsec = next_ns % NS_PER_S};

            pthread_cond_timedwait(&periodic->wake, &periodic->lock, &until);
        }
    }
    pthread_mutex_unlock(&periodic->lock);
    return job;
}

static void *keep_time(void *arg)
{
    struct ci_periodic *periodic = arg;
    struct job *job;

    while ((job = await_due(periodic)) != NULL) {
        if (ci_workers_submit_ordinary(periodic->conductor->workers, run, job))
            continue;
        ci_warning(NULL, "No free conductor worker, periodic work is left out", "job=%s",
                   job->kind->name);
        ci_counter_add(&ran[job->kind - kinds].failed);
        let_go(job);
    }
    return NULL;
}

static struct ci_periodic *periodic_new(struct ci_conductor *conductor)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_periodic *periodic = ci_new(mem, struct ci_periodic);
    int64_t now_ns = ci_time_monotonic_ns();
    pthread_condattr_t monotonic;

    periodic->mem = mem;
    periodic->conductor = conductor;
    pthread_mutex_init(&periodic->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&periodic->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (size_t i = 0; i < KINDS; i++) {
        periodic->jobs[i] =
            (struct job){.periodic = periodic, .kind = &kinds[i], .begun_ns = now_ns};
        set_due(&periodic->jobs[i], now_ns);
    }
    return periodic;
}

bool ci_periodic_start(struct ci_ctx *ctx, struct ci_conductor *conductor,
                       struct ci_periodic **ret_periodic)
{
    struct ci_periodic *periodic = periodic_new(conductor);
    int error = pthread_create(&periodic->thread, NULL, keep_time, periodic);

    if (error != 0) {
        ci_periodic_free(periodic);
        return ci_fail_text(ctx, IronicException, "No thread for periodic work: %s",
                            strerror(error));
    }
    periodic->started = true;
    *ret_periodic = periodic;
    return true;
}

void ci_periodic_stop(struct ci_periodic *periodic)
{
    if (!periodic || !periodic->started)
        return;
    pthread_mutex_lock(&periodic->lock);
    periodic->ended = true;
    pthread_cond_signal(&periodic->wake);
    pthread_mutex_unlock(&periodic->lock);
    pthread_join(periodic->thread, NULL);
    periodic->started = false;
}

void ci_periodic_free(struct ci_periodic *periodic)
{
    if (!periodic)
        return;
    ci_periodic_stop(periodic);
    pthread_cond_destroy(&periodic->wake);
    pthread_mutex_destroy(&periodic->lock);
    ci_arena_free(periodic->mem);
}
