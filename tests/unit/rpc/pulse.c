/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/pulse.h"

#include <stdatomic.h>
#include <time.h>

#include "tests/unit/unit.h"

static void count(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void wait_for(atomic_int *beats, int n)
{
    const struct timespec moment = {.tv_nsec = 1000000};

    for (int i = 0; i < 20000 && atomic_load(beats) < n; i++)
        nanosleep(&moment, NULL);
}

START_TEST(it_beats_until_it_ends)
{
    struct ci_pulses *pulses = ci_pulses_new();
    struct ci_pulse pulse;
    atomic_int beats = 0;
    int at_end;

    ci_pulse_start(pulses, &pulse, 5, count, &beats);
    wait_for(&beats, 3);
    ci_pulse_end(&pulse);
    at_end = atomic_load(&beats);
    ck_assert_int_ge(at_end, 3);
    nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
    ck_assert_int_eq(atomic_load(&beats), at_end);
    ci_pulses_free(pulses);
}
END_TEST

START_TEST(what_ends_early_never_beats)
{
    struct ci_pulses *pulses = ci_pulses_new();
    struct ci_pulse pulse;
    atomic_int beats = 0;

    ci_pulse_start(pulses, &pulse, 3600000, count, &beats);
    ci_pulse_end(&pulse);
    ck_assert_int_eq(atomic_load(&beats), 0);
    ci_pulses_free(pulses);
}
END_TEST

/* The thread sleeps for an hour by then: it has to be woken for the second one. */
START_TEST(each_beats_in_its_own_time)
{
    struct ci_pulses *pulses = ci_pulses_new();
    struct ci_pulse slow, quick, third;
    atomic_int slow_beats = 0, quick_beats = 0, third_beats = 0;

    ci_pulse_start(pulses, &slow, 3600000, count, &slow_beats);
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    ci_pulse_start(pulses, &quick, 5, count, &quick_beats);
    ci_pulse_start(pulses, &third, 5, count, &third_beats);
    wait_for(&quick_beats, 3);
    wait_for(&third_beats, 3);
    ci_pulse_end(&quick);
    ci_pulse_end(&slow);
    ci_pulse_end(&third);
    ck_assert_int_ge(atomic_load(&quick_beats), 3);
    ck_assert_int_ge(atomic_load(&third_beats), 3);
    ck_assert_int_eq(atomic_load(&slow_beats), 0);
    ci_pulses_free(pulses);
}
END_TEST

UNIT_MAIN("rpc/pulse", it_beats_until_it_ends, what_ends_early_never_beats,
          each_beats_in_its_own_time)
