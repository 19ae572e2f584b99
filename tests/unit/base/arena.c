/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdint.h>
#include <string.h>

static int order[3], calls;

static void note(void *number)
{
    order[calls++] = *(int *)number;
}

START_TEST(memory_is_zeroed_and_aligned)
{
    for (size_t n = 1; n < 5000; n += 37) {
        char *p = ci_alloc(unit_ctx()->mem, n);

        ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < n; i++)
            ck_assert_int_eq(p[i], 0);
        memset(p, 0xff, n);
    }
}
END_TEST

START_TEST(deferred_calls_run_last_in_first_out_and_once)
{
    static int one = 1, two = 2, three = 3;
    struct ci_arena *mem = ci_arena_new();

    calls = 0;
    ci_defer(mem, note, &one);
    ci_defer(mem, note, &two);
    ci_defer(mem, note, &three);
    ci_arena_reset(mem);
    ck_assert_int_eq(calls, 3);
    ck_assert(order[0] == 3 && order[1] == 2 && order[2] == 1);
    ci_arena_free(mem);
    ck_assert_int_eq(calls, 3);
}
END_TEST

START_TEST(a_reset_arena_serves_again)
{
    struct ci_arena *mem = ci_arena_new();

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1000; i++)
            ck_assert_str_eq(ci_printf(mem, "%d-%s", i, "x"), ci_printf(mem, "%d-x", i));
        ck_assert_uint_gt(ci_arena_used(mem), 0);
        ci_arena_reset(mem);
        ck_assert_uint_eq(ci_arena_used(mem), 0);
    }
    ci_arena_free(mem);
}
END_TEST

UNIT_MAIN("base/arena", memory_is_zeroed_and_aligned, deferred_calls_run_last_in_first_out_and_once,
          a_reset_arena_serves_again)
