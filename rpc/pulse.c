/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that does what is due. It sleeps until the earliest beat that it knew of when it
 * went to sleep, whether that work has ended since or not, and is woken for earlier ones only.
 */
#include "rpc/pulse.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/time.h"

enum { STACK_BYTES = 256 * 1024 };
#define NEVER INT64_MAX

struct ci_pulses {
    struct ci_arena *mem;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed, idle;
    struct ci_pulse *first;
    const struct ci_pulse *beating;
    int64_t wake_ns; /* when the thread looks again by itself */
    bool running, ended;
};

static struct ci_pulse *earliest(const struct ci_pulses *pulses)
{
    struct ci_pulse *found = pulses->first;

    for (struct ci_pulse *p = found; p; p = p->next)
        if (p->at_ns < found->at_ns)
            found = p;
    return found;
}

static void sleep_until(struct ci_pulses *pulses, int64_t at_ns)
{
    const struct timespec at = {.tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000};

    pulses->wake_ns = at_ns;
    if (at_ns == NEVER)
        pthread_cond_wait(&pulses->changed, &pulses->lock);
    else
        (void)pthread_cond_timedwait(&pulses->changed, &pulses->lock, &at);
}

static void beat(struct ci_pulses *pulses, struct ci_pulse *pulse)
{
    pulses->beating = pulse;
    pthread_mutex_unlock(&pulses->lock);
    pulse->beat(pulse->arg);
    pthread_mutex_lock(&pulses->lock);
    pulses->beating = NULL;
    pulse->at_ns = ci_time_monotonic_ns() + pulse->every_ns;
    pthread_cond_broadcast(&pulses->idle);
}

static void *run(void *arg)
{
    struct ci_pulses *pulses = arg;

    pthread_mutex_lock(&pulses->lock);
    while (!pulses->ended) {
        struct ci_pulse *next = earliest(pulses);

        if (next && next->at_ns <= ci_time_monotonic_ns())
            beat(pulses, next);
        else
            sleep_until(pulses, next ? next->at_ns : NEVER);
    }
    pthread_mutex_unlock(&pulses->lock);
    return NULL;
}

struct ci_pulses *ci_pulses_new(void)
{
    struct ci_arena *mem = ci_arena_new();
    struct ci_pulses *pulses = ci_new(mem, struct ci_pulses);
    pthread_condattr_t monotonic;

    pulses->mem = mem;
    pthread_mutex_init(&pulses->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pulses->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_cond_init(&pulses->idle, NULL);
    return pulses;
}

void ci_pulses_free(struct ci_pulses *pulses)
{
    if (!pulses)
        return;
    if (pulses->running) {
        pthread_mutex_lock(&pulses->lock);
        pulses->ended = true;
        pthread_cond_signal(&pulses->changed);
        pthread_mutex_unlock(&pulses->lock);
        pthread_join(pulses->thread, NULL);
    }
    pthread_cond_destroy(&pulses->idle);
    pthread_cond_destroy(&pulses->changed);
    pthread_mutex_destroy(&pulses->lock);
    ci_arena_free(pulses->mem);
}

static bool start_thread(struct ci_pulses *pulses)
{
    pthread_attr_t attributes;
    bool started;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    started = pthread_create(&pulses->thread, &attributes, run, pulses) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}

void ci_pulse_start(struct ci_pulses *pulses, struct ci_pulse *pulse, int64_t every_ms,
                    void (*beat_it)(void *arg), void *arg)
{
    *pulse = (struct ci_pulse){
        .of = pulses, .beat = beat_it, .arg = arg, .every_ns = every_ms * 1000000};
    pulse->at_ns = ci_time_monotonic_ns() + pulse->every_ns;
    pthread_mutex_lock(&pulses->lock);
    pulse->next = pulses->first;
    pulses->first = pulse;
    if (!pulses->running)
        pulses->running = start_thread(pulses);
    else if (pulse->at_ns < pulses->wake_ns)
        pthread_cond_signal(&pulses->changed);
    pthread_mutex_unlock(&pulses->lock);
}

void ci_pulse_end(struct ci_pulse *pulse)
{
    struct ci_pulses *pulses = pulse->of;
    struct ci_pulse **at = &pulses->first;

    pthread_mutex_lock(&pulses->lock);
    while (pulses->beating == pulse)
        pthread_cond_wait(&pulses->idle, &pulses->lock);
    while (*at != pulse)
        at = &(*at)->next;
    *at = pulse->next;
    pthread_mutex_unlock(&pulses->lock);
}
