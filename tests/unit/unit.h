/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What every unit test starts from: a context with an arena and default configuration, and
 * the main() of a Check suite.
 *
 *     START_TEST(a_sentence_that_is_proven) { struct ci_ctx *ctx = unit_ctx(); … } END_TEST
 *     UNIT_MAIN("rpc/ring", a_sentence_that_is_proven, …)
 */
#include <check.h>
#include <stdlib.h>

#include "base/ctx.h"

static struct ci_ctx unit_context;

static inline struct ci_ctx *unit_ctx(void)
{
    unit_context = (struct ci_ctx){.mem = unit_context.mem};
    return &unit_context;
}

static inline void unit_setup(void)
{
    unit_context.mem = ci_arena_new();
}

static inline void unit_teardown(void)
{
    ci_arena_free(unit_context.mem);
    unit_context.mem = NULL;
}

static inline int unit_run(const char *name, const TTest *const *tests, size_t n)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, unit_setup, unit_teardown);
    tcase_set_timeout(tcase, 60);
    for (size_t i = 0; i < n; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define UNIT_MAIN(name, ...)                                                                       \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        return unit_run(name, tests, sizeof tests / sizeof tests[0]);                              \
    }
