/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that does the same again and again.
 */
#include "rpc/pulse.h"

#include <errno.h>
#include <time.h>

#include "base/time.h"

enum { STACK_BYTES = 256 * 1024 };

/* Waits for the next beat; false at the end. */
static bool wait_for_beat(struct ci_pulse *pulse, int64_t at_ns)
{
    const struct timespec at = {.tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000};
    bool ended;

    pthread_mutex_lock(&pulse->lock);
    while (!pulse->ended && pthread_cond_timedwait(&pulse->changed, &pulse->lock, &at) != ETIMEDOUT)
        ;
    ended = pulse->ended;
    pthread_mutex_unlock(&pulse->lock);
    return !ended;
}

static void *run(void *arg)
{
    struct ci_pulse *pulse = arg;

    while (wait_for_beat(pulse, ci_time_monotonic_ns() + pulse->every_ms * 1000000))
        pulse->beat(pulse->arg);
    return NULL;
}

void ci_pulse_start(struct ci_pulse *pulse, int64_t every_ms, void (*beat)(void *arg), void *arg)
{
    pthread_condattr_t monotonic;
    pthread_attr_t attributes;

    *pulse = (struct ci_pulse){.beat = beat, .arg = arg, .every_ms = every_ms};
    pthread_mutex_init(&pulse->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pulse->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pulse->running = pthread_create(&pulse->thread, &attributes, run, pulse) == 0;
    pthread_attr_destroy(&attributes);
}

void ci_pulse_end(struct ci_pulse *pulse)
{
    pthread_mutex_lock(&pulse->lock);
    pulse->ended = true;
    pthread_cond_signal(&pulse->changed);
    pthread_mutex_unlock(&pulse->lock);
    if (pulse->running)
        pthread_join(pulse->thread, NULL);
    pthread_cond_destroy(&pulse->changed);
    pthread_mutex_destroy(&pulse->lock);
}
