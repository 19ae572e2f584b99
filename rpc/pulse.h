/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Things that are done again and again while other work goes on: the signs of life of calls
 * whose callers watch them. One thread does them all, from the first one on; a call that ends
 * before its first beat costs it nothing.
 */
struct ci_pulses;

struct ci_pulses *ci_pulses_new(void);
/* No pulse may be left; accepts NULL. */
void ci_pulses_free(struct ci_pulses *pulses);

/* One of them, on the stack of whoever does the work. */
struct ci_pulse {
    struct ci_pulses *of;
    struct ci_pulse *next;
    void (*beat)(void *arg);
    void *arg;
    int64_t every_ns, at_ns;
};

/*
 * Calls beat(arg) every every_ms, first after that time, later when others take long. Without a
 * thread it never does.
 */
void ci_pulse_start(struct ci_pulses *pulses, struct ci_pulse *pulse, int64_t every_ms,
                    void (*beat)(void *arg), void *arg);

/* After this beat() is not called, nor running, any more. */
void ci_pulse_end(struct ci_pulse *pulse);
