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
    struct ci_pulse pulse;
    atomic_int beats = 0;
    int at_end;

    ci_pulse_start(&pulse, 5, count, &beats);
    wait_for(&beats, 3);
    ci_pulse_end(&pulse);
    at_end = atomic_load(&beats);
    ck_assert_int_ge(at_end, 3);
    nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
    ck_assert_int_eq(atomic_load(&beats), at_end);
}
END_TEST

START_TEST(what_ends_early_never_beats)
{
    struct ci_pulse pulse;
    atomic_int beats = 0;

    ci_pulse_start(&pulse, 3600000, count, &beats);
    ci_pulse_end(&pulse);
    ck_assert_int_eq(atomic_load(&beats), 0);
}
END_TEST

UNIT_MAIN("rpc/pulse", it_beats_until_it_ends, what_ends_early_never_beats)
