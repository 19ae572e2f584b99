/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Something that is done again and again, on a thread of its own, while other work goes on: the
 * signs of life of a call whose caller watches it. On the stack of whoever does that work.
 */
struct ci_pulse {
    void (*beat)(void *arg);
    void *arg;
    int64_t every_ms;
    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* guards ended */
    pthread_cond_t changed;
    bool ended;
};

/* Calls beat(arg) every every_ms, first after that time. Without a thread it never does. */
void ci_pulse_start(struct ci_pulse *pulse, int64_t every_ms, void (*beat)(void *arg), void *arg);

/* After this beat() is not called, nor running, any more. */
void ci_pulse_end(struct ci_pulse *pulse);
